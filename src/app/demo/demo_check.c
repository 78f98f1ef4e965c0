#include "app/demo/demo_check.h"

#include "outside/files/file.h"
#include "wire/media/wav.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int demo_check_find(char path[DEMO_PATH_SIZE], const char *dir, const char *track) {
    char pattern[DEMO_PATH_SIZE];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/storage/egress/audio/*/*_%s.wav", dir, track);
    int err = glob(pattern, GLOB_NOSORT, NULL, &found) ? ENOENT : 0;
    if (!err)
        snprintf(path, DEMO_PATH_SIZE, "%s", found.gl_pathv[0]);
    globfree(&found);
    return err;
}

static bool is_same(struct slice data, unsigned channels, const int16_t *pcm, size_t samples) {
    if (data.len != samples * channels * sizeof *pcm)
        return false;
    for (size_t i = 0; i < samples * channels; i++)
        if (memcmp(data.ptr + i * sizeof *pcm, &pcm[i / channels], sizeof *pcm))
            return false;
    return true;
}

int demo_check_compare(const char *path, const int16_t *pcm, size_t samples) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    struct buf file = {0};
    int err = file_read_all(fd, SIZE_MAX, &file);
    close(fd);
    if (!err) {
        struct wav_parser parser = {0};
        enum wav_result result;
        size_t used = wav_parse(&parser, (const uint8_t *)file.data, file.len, &result);
        struct slice data = slice_skip(buf_slice(&file), used);
        if (result != WAV_DONE || parser.info.data_bytes != data.len ||
            !is_same(data, parser.info.format.channels, pcm, samples))
            err = EBADMSG;
    }
    buf_free(&file);
    return err;
}
