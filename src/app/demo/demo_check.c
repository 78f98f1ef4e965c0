#include "app/demo/demo_check.h"

#include "base/buf.h"
#include "wire/media/wav.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_recording(const char *name, const char *track) {
    char ending[128];
    snprintf(ending, sizeof ending, "_%s.wav", track);
    size_t len = strlen(name), end = strlen(ending);
    return len > end && !strcmp(name + len - end, ending);
}

static int folder_search(char path[DEMO_PATH_SIZE], const char *folder, const char *track) {
    DIR *dir = opendir(folder);
    if (!dir)
        return errno;
    int err = ENOENT;
    const struct dirent *entry;
    while (err && (entry = readdir(dir))) {
        if (is_recording(entry->d_name, track) &&
            snprintf(path, DEMO_PATH_SIZE, "%s/%s", folder, entry->d_name) < DEMO_PATH_SIZE)
            err = 0;
    }
    closedir(dir);
    return err;
}

int demo_check_find(char path[DEMO_PATH_SIZE], const char *dir, const char *track) {
    char audio[DEMO_PATH_SIZE], folder[DEMO_PATH_SIZE];
    snprintf(audio, sizeof audio, "%s/storage/egress/audio", dir);
    DIR *meetings = opendir(audio);
    if (!meetings)
        return errno;
    int err = ENOENT;
    const struct dirent *entry;
    while (err && (entry = readdir(meetings))) {
        if (entry->d_name[0] != '.' &&
            snprintf(folder, sizeof folder, "%s/%s", audio, entry->d_name) < DEMO_PATH_SIZE)
            err = folder_search(path, folder, track);
    }
    closedir(meetings);
    return err;
}

static int file_read(struct buf *out, const char *path) {
    FILE *file = fopen(path, "re");
    if (!file)
        return errno;
    size_t got;
    do {
        got = fread(buf_reserve(out, 1 << 20), 1, 1 << 20, file);
        out->len += got;
    } while (got > 0);
    int err = ferror(file) ? EIO : 0;
    fclose(file);
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
    struct buf file = {0};
    int err = file_read(&file, path);
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
