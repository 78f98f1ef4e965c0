#include "outside/mix/mix_file.h"

#include "base/mem.h"
#include "wire/media/wav.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096, PCM_TAG = 1, BLOCK_FRAMES = 4096 };

struct mix_file {
    int fd;
    struct wav_info info;
    uint64_t frames;
    int16_t block[BLOCK_FRAMES * 2];
};

static int read_head(struct mix_file *file) {
    uint8_t head[HEAD_BYTES];
    struct wav_parser parser = {0};
    enum wav_result result = WAV_MORE;
    ssize_t got = pread(file->fd, head, sizeof head, 0);
    if (got < 0)
        return errno;
    size_t at = 0;
    while (result == WAV_MORE && at < (size_t)got) {
        size_t used = wav_parse(&parser, head + at, (size_t)got - at, &result);
        at += used;
        if (used == 0)
            break;
    }
    file->info = parser.info;
    return result == WAV_DONE ? 0 : EINVAL;
}

int mix_file_open(struct mix_file **out, int fd) {
    struct mix_file *file = mem_alloc(sizeof *file);
    struct stat stat;
    file->fd = fd;
    int err = read_head(file);
    const struct wav_format *format = &file->info.format;
    if (!err && (format->tag != PCM_TAG || format->bits != 16 || format->channels < 1 ||
                 format->channels > 2 || format->frame_bytes != 2 * format->channels ||
                 format->rate_hz < 8000 || format->rate_hz > 192000))
        err = EINVAL;
    if (!err && fstat(fd, &stat))
        err = errno;
    if (err) {
        mix_file_close(file);
        return err;
    }
    /* The header of a file that is being written is behind. */
    uint64_t bytes = (uint64_t)stat.st_size > file->info.data_offset
                         ? (uint64_t)stat.st_size - file->info.data_offset
                         : 0;
    file->frames = bytes / format->frame_bytes;
    *out = file;
    return 0;
}

void mix_file_close(struct mix_file *file) {
    if (!file)
        return;
    close(file->fd);
    mem_free(file);
}

uint32_t mix_file_rate_hz(const struct mix_file *file) {
    return file->info.format.rate_hz;
}

uint64_t mix_file_frames(const struct mix_file *file) {
    return file->frames;
}

static size_t read_block(struct mix_file *file, uint64_t from, size_t count, float *out) {
    const struct wav_format *format = &file->info.format;
    if (count > BLOCK_FRAMES)
        count = BLOCK_FRAMES;
    if (from >= file->frames)
        return 0;
    if (count > file->frames - from)
        count = (size_t)(file->frames - from);
    off_t at = (off_t)(file->info.data_offset + from * format->frame_bytes);
    ssize_t got = pread(file->fd, file->block, count * format->frame_bytes, at);
    size_t frames = got > 0 ? (size_t)got / format->frame_bytes : 0;
    for (size_t i = 0; i < frames; i++)
        out[i] = format->channels == 1
                     ? (float)file->block[i]
                     : 0.5f * ((float)file->block[2 * i] + (float)file->block[2 * i + 1]);
    return frames;
}

void mix_file_read(struct mix_file *file, int64_t from, size_t count, float *out) {
    size_t done = 0;
    if (from < 0) {
        size_t before = (uint64_t)-from < count ? (size_t)-from : count;
        memset(out, 0, before * sizeof *out);
        done = before;
    }
    while (done < count) {
        size_t got = read_block(file, (uint64_t)(from + (int64_t)done), count - done, out + done);
        if (got == 0)
            break;
        done += got;
    }
    memset(out + done, 0, (count - done) * sizeof *out);
}
