#include "base/mem.h"
#include "outside/mix/mix_decoder.h"

#include <FLAC/stream_decoder.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FULL_BITS = 16, TAIL_BYTES = 128 * 1024 /* some frames of the largest size */ };

struct mix_flac {
    struct mix_decoder decoder;
    int fd;
    FLAC__StreamDecoder *stream;
    uint64_t offset, size;
    /* Decoded and not yet given. */
    float *ready;
    uint64_t ready_at;
    size_t ready_count, ready_cap;
};

static FLAC__StreamDecoderReadStatus on_read(const FLAC__StreamDecoder *stream, FLAC__byte buffer[],
                                             size_t *bytes, void *user) {
    struct mix_flac *flac = user;
    ssize_t got = pread(flac->fd, buffer, *bytes, (off_t)flac->offset);
    *bytes = got > 0 ? (size_t)got : 0;
    flac->offset += *bytes;
    return got < 0    ? FLAC__STREAM_DECODER_READ_STATUS_ABORT
           : got == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM
                      : FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static FLAC__StreamDecoderSeekStatus on_seek(const FLAC__StreamDecoder *stream, FLAC__uint64 offset,
                                             void *user) {
    struct mix_flac *flac = user;
    flac->offset = offset;
    return FLAC__STREAM_DECODER_SEEK_STATUS_OK;
}

static FLAC__StreamDecoderTellStatus on_tell(const FLAC__StreamDecoder *stream,
                                             FLAC__uint64 *offset, void *user) {
    const struct mix_flac *flac = user;
    *offset = flac->offset;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

static FLAC__StreamDecoderLengthStatus on_length(const FLAC__StreamDecoder *stream,
                                                 FLAC__uint64 *length, void *user) {
    const struct mix_flac *flac = user;
    *length = flac->size;
    return FLAC__STREAM_DECODER_LENGTH_STATUS_OK;
}

static FLAC__bool on_eof(const FLAC__StreamDecoder *stream, void *user) {
    const struct mix_flac *flac = user;
    return flac->offset >= flac->size;
}

static FLAC__StreamDecoderWriteStatus on_write(const FLAC__StreamDecoder *stream,
                                               const FLAC__Frame *frame,
                                               const FLAC__int32 *const buffer[], void *user) {
    struct mix_flac *flac = user;
    const FLAC__FrameHeader *head = &frame->header;
    if (head->bits_per_sample != FULL_BITS || head->channels < 1 || head->channels > 2)
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    if (head->blocksize > flac->ready_cap) {
        flac->ready_cap = head->blocksize;
        flac->ready = mem_resize(flac->ready, flac->ready_cap * sizeof *flac->ready);
    }
    for (unsigned i = 0; i < head->blocksize; i++)
        flac->ready[i] = head->channels == 1 ? (float)buffer[0][i]
                                             : 0.5f * ((float)buffer[0][i] + (float)buffer[1][i]);
    flac->ready_at = head->number.sample_number;
    flac->ready_count = head->blocksize;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void on_error(const FLAC__StreamDecoder *stream, FLAC__StreamDecoderErrorStatus status,
                     void *user) {
}

static bool is_ready(const struct mix_flac *flac, uint64_t from) {
    return from >= flac->ready_at && from < flac->ready_at + flac->ready_count;
}

static size_t flac_read(struct mix_decoder *decoder, uint64_t from, size_t count, float *out) {
    struct mix_flac *flac = (struct mix_flac *)decoder;
    bool is_next = from == flac->ready_at + flac->ready_count;
    if (!is_ready(flac, from) && is_next)
        FLAC__stream_decoder_process_single(flac->stream);
    if (!is_ready(flac, from) && !FLAC__stream_decoder_seek_absolute(flac->stream, from)) {
        FLAC__stream_decoder_flush(flac->stream);
        return 0;
    }
    if (!is_ready(flac, from))
        return 0;
    size_t skip = (size_t)(from - flac->ready_at);
    if (count > flac->ready_count - skip)
        count = flac->ready_count - skip;
    memcpy(out, flac->ready + skip, count * sizeof *out);
    return count;
}

static void flac_close(struct mix_decoder *decoder) {
    struct mix_flac *flac = (struct mix_flac *)decoder;
    FLAC__stream_decoder_delete(flac->stream);
    mem_free(flac->ready);
    mem_free(flac);
}

/* How long a file is whose head does not say so, since it is still being written: to the end of the
 * last whole frame in it. */
static uint64_t frames_so_far(struct mix_flac *flac) {
    uint64_t end = flac->ready_at + flac->ready_count;
    if (flac->size > TAIL_BYTES && flac->offset < flac->size - TAIL_BYTES) {
        flac->offset = flac->size - TAIL_BYTES;
        FLAC__stream_decoder_flush(flac->stream);
    }
    while (FLAC__stream_decoder_process_single(flac->stream) &&
           FLAC__stream_decoder_get_state(flac->stream) < FLAC__STREAM_DECODER_END_OF_STREAM)
        if (flac->ready_at + flac->ready_count > end)
            end = flac->ready_at + flac->ready_count;
    FLAC__stream_decoder_flush(flac->stream);
    return end;
}

int mix_flac_open(struct mix_decoder **out, int fd) {
    struct stat stat;
    if (fstat(fd, &stat))
        return errno;
    struct mix_flac *flac = mem_alloc(sizeof *flac);
    flac->fd = fd;
    flac->size = (uint64_t)stat.st_size;
    flac->stream = FLAC__stream_decoder_new();
    bool is_good = flac->stream &&
                   FLAC__stream_decoder_init_stream(flac->stream, on_read, on_seek, on_tell,
                                                    on_length, on_eof, on_write, NULL, on_error,
                                                    flac) == FLAC__STREAM_DECODER_INIT_STATUS_OK &&
                   FLAC__stream_decoder_process_until_end_of_metadata(flac->stream) &&
                   FLAC__stream_decoder_process_single(flac->stream) && flac->ready_count > 0;
    if (is_good)
        flac->decoder =
            (struct mix_decoder){.rate_hz = FLAC__stream_decoder_get_sample_rate(flac->stream),
                                 .frames = FLAC__stream_decoder_get_total_samples(flac->stream),
                                 .read = flac_read,
                                 .close = flac_close};
    if (is_good && flac->decoder.frames == 0)
        flac->decoder.frames = frames_so_far(flac);
    if (!is_good) {
        if (flac->stream)
            FLAC__stream_decoder_delete(flac->stream);
        mem_free(flac->ready);
        mem_free(flac);
        return EINVAL;
    }
    *out = &flac->decoder;
    return 0;
}
