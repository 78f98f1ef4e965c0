#include "base/mem.h"
#include "outside/mix/mix_decoder.h"
#include "wire/media/wav.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096, PCM_TAG = 1, BLOCK_FRAMES = 4096 };

struct mix_wav {
    struct mix_decoder decoder;
    int fd;
    struct wav_info info;
    int16_t block[BLOCK_FRAMES * 2];
};

static size_t wav_read(struct mix_decoder *decoder, uint64_t from, size_t count, float *out) {
    struct mix_wav *wav = (struct mix_wav *)decoder;
    const struct wav_format *format = &wav->info.format;
    if (count > BLOCK_FRAMES)
        count = BLOCK_FRAMES;
    if (count > decoder->frames - from)
        count = (size_t)(decoder->frames - from);
    off_t at = (off_t)(wav->info.data_offset + from * format->frame_bytes);
    ssize_t got = pread(wav->fd, wav->block, count * format->frame_bytes, at);
    size_t frames = got > 0 ? (size_t)got / format->frame_bytes : 0;
    for (size_t i = 0; i < frames; i++)
        out[i] = format->channels == 1
                     ? (float)wav->block[i]
                     : 0.5f * ((float)wav->block[2 * i] + (float)wav->block[2 * i + 1]);
    return frames;
}

static void wav_close(struct mix_decoder *decoder) {
    mem_free(decoder);
}

static int read_head(int fd, struct wav_info *info) {
    uint8_t head[HEAD_BYTES];
    struct wav_parser parser = {0};
    enum wav_result result = WAV_MORE;
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got < 0)
        return errno;
    size_t at = 0, used = 1;
    while (result == WAV_MORE && at < (size_t)got && used > 0)
        at += used = wav_parse(&parser, head + at, (size_t)got - at, &result);
    *info = parser.info;
    return result == WAV_DONE ? 0 : EINVAL;
}

int mix_wav_open(struct mix_decoder **out, int fd) {
    struct wav_info info;
    struct stat stat;
    int err = read_head(fd, &info);
    if (!err && fstat(fd, &stat))
        err = errno;
    if (err)
        return err;
    const struct wav_format *format = &info.format;
    if (format->tag != PCM_TAG || format->bits != 16 || format->channels < 1 ||
        format->channels > 2 || format->frame_bytes != 2 * format->channels)
        return EINVAL;
    struct mix_wav *wav = mem_alloc(sizeof *wav);
    uint64_t size = (uint64_t)stat.st_size;
    /* By the file's size: the header of one that is being written is behind. */
    uint64_t bytes = size > info.data_offset ? size - info.data_offset : 0;
    wav->decoder = (struct mix_decoder){.rate_hz = format->rate_hz,
                                        .frames = bytes / format->frame_bytes,
                                        .read = wav_read,
                                        .close = wav_close};
    wav->fd = fd;
    wav->info = info;
    *out = &wav->decoder;
    return 0;
}
