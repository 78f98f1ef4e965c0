#include "outside/mix/mix_file.h"

#include "base/macros.h"
#include "base/mem.h"
#include "outside/mix/mix_decoder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MARK_BYTES = 4, RATE_MIN_HZ = 8000, RATE_MAX_HZ = 192000 };

struct mix_file {
    int fd;
    struct mix_decoder *decoder;
};

static const struct {
    const char *mark; /* how its files begin */
    int (*open)(struct mix_decoder **, int fd);
} formats[] = {
    {"RIFF", mix_wav_open},
    {"RF64", mix_wav_open},
    {"fLaC", mix_flac_open},
    {"OggS", mix_opus_open},
};

static int decoder_open(struct mix_decoder **out, int fd) {
    char mark[MARK_BYTES];
    if (pread(fd, mark, sizeof mark, 0) != sizeof mark)
        return EINVAL;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (memcmp(mark, formats[i].mark, sizeof mark) == 0)
            return formats[i].open(out, fd);
    return EINVAL;
}

int mix_file_open(struct mix_file **out, int fd) {
    struct mix_decoder *decoder = NULL;
    int err = decoder_open(&decoder, fd);
    if (!err && (decoder->rate_hz < RATE_MIN_HZ || decoder->rate_hz > RATE_MAX_HZ)) {
        decoder->close(decoder);
        err = EINVAL;
    }
    if (err) {
        close(fd);
        return err;
    }
    struct mix_file *file = mem_alloc(sizeof *file);
    *file = (struct mix_file){fd, decoder};
    *out = file;
    return 0;
}

void mix_file_close(struct mix_file *file) {
    if (!file)
        return;
    file->decoder->close(file->decoder);
    close(file->fd);
    mem_free(file);
}

uint32_t mix_file_rate_hz(const struct mix_file *file) {
    return file->decoder->rate_hz;
}

uint64_t mix_file_frames(const struct mix_file *file) {
    return file->decoder->frames;
}

void mix_file_read(struct mix_file *file, int64_t from, size_t count, float *out) {
    struct mix_decoder *decoder = file->decoder;
    size_t done = 0;
    if (from < 0) {
        done = (uint64_t)-from < count ? (size_t)-from : count;
        memset(out, 0, done * sizeof *out);
    }
    while (done < count && (uint64_t)(from + (int64_t)done) < decoder->frames) {
        size_t got =
            decoder->read(decoder, (uint64_t)(from + (int64_t)done), count - done, out + done);
        if (got == 0)
            break;
        done += got;
    }
    memset(out + done, 0, (count - done) * sizeof *out);
}
