#include "outside/files/repair_media.h"

#include "outside/files/file.h"

#include <FLAC/stream_decoder.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

/* STREAMINFO is the first block: "fLaC", a block header of 4 bytes, then its 34. */
enum { INFO_AT = 8, INFO_BYTES = 34, RATE_AT = 10, TOTAL_AT = 13, MD5_AT = 18, MD5_BYTES = 16 };
enum { CHANNELS_MAX = 8, MIN_FILE_BYTES = INFO_AT + INFO_BYTES };

/*
 * Decodes the whole file, the only way to know how many samples there are and where the last whole
 * frame ends.
 */
struct flac_walk {
    int fd;
    uint64_t position;
    uint64_t end; /* behind the last whole frame */
    uint64_t frames;
    bool is_odd; /* not 16 bits: not one of ours */
    EVP_MD_CTX *md5;
    int err;
};

static FLAC__StreamDecoderReadStatus flac_walk_on_read(const FLAC__StreamDecoder *decoder,
                                                       FLAC__byte *bytes, size_t *len, void *arg) {
    struct flac_walk *walk = arg;
    int err = file_read_at(walk->fd, bytes, *len, walk->position, len);
    if (err) {
        walk->err = err;
        return FLAC__STREAM_DECODER_READ_STATUS_ABORT;
    }
    walk->position += *len;
    return *len == 0 ? FLAC__STREAM_DECODER_READ_STATUS_END_OF_STREAM
                     : FLAC__STREAM_DECODER_READ_STATUS_CONTINUE;
}

static FLAC__StreamDecoderTellStatus flac_walk_on_tell(const FLAC__StreamDecoder *decoder,
                                                       FLAC__uint64 *offset, void *arg) {
    *offset = ((const struct flac_walk *)arg)->position;
    return FLAC__STREAM_DECODER_TELL_STATUS_OK;
}

/* The MD5 of STREAMINFO is that of the samples, interleaved, little-endian. */
static void digest(struct flac_walk *walk, const FLAC__int32 *const channels[], unsigned count,
                   size_t frames) {
    uint8_t bytes[512 * 2 * CHANNELS_MAX];
    for (size_t done = 0; done < frames;) {
        size_t n = frames - done < 512 ? frames - done : 512, at = 0;
        for (size_t i = done; i < done + n; i++) {
            for (unsigned channel = 0; channel < count; channel++) {
                bytes[at++] = (uint8_t)channels[channel][i];
                bytes[at++] = (uint8_t)(channels[channel][i] >> 8);
            }
        }
        EVP_DigestUpdate(walk->md5, bytes, at);
        done += n;
    }
}

static FLAC__StreamDecoderWriteStatus flac_walk_on_frame(const FLAC__StreamDecoder *decoder,
                                                         const FLAC__Frame *frame,
                                                         const FLAC__int32 *const channels[],
                                                         void *arg) {
    struct flac_walk *walk = arg;
    if (walk->err) /* a frame after a damaged place */
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    if (frame->header.bits_per_sample != 16 || frame->header.channels > CHANNELS_MAX) {
        walk->is_odd = true;
        return FLAC__STREAM_DECODER_WRITE_STATUS_ABORT;
    }
    digest(walk, channels, frame->header.channels, frame->header.blocksize);
    walk->frames += frame->header.blocksize;
    return FLAC__STREAM_DECODER_WRITE_STATUS_CONTINUE;
}

static void flac_walk_on_error(const FLAC__StreamDecoder *decoder,
                               FLAC__StreamDecoderErrorStatus status, void *arg) {
    struct flac_walk *walk = arg;
    if (!walk->err)
        walk->err = EILSEQ; /* what follows is not whole */
}

static void decode(struct flac_walk *walk) {
    FLAC__StreamDecoder *decoder = FLAC__stream_decoder_new();
    if (!decoder ||
        FLAC__stream_decoder_init_stream(decoder, flac_walk_on_read, NULL, flac_walk_on_tell, NULL,
                                         NULL, flac_walk_on_frame, NULL, flac_walk_on_error,
                                         walk) != FLAC__STREAM_DECODER_INIT_STATUS_OK) {
        walk->err = ENOMEM;
    } else if (FLAC__stream_decoder_process_until_end_of_metadata(decoder)) {
        FLAC__uint64 end;
        for (uint64_t before = UINT64_MAX; !walk->err && before != walk->frames;) {
            if (FLAC__stream_decoder_get_decode_position(decoder, &end))
                walk->end = end;
            before = walk->frames;
            if (!FLAC__stream_decoder_process_single(decoder))
                break;
        }
    }
    if (decoder)
        FLAC__stream_decoder_delete(decoder);
}

/* 36 bits of sample count follow 20 of rate, 3 of channels and 5 of width. */
static void put_total(uint8_t *info, uint64_t frames) {
    info[TOTAL_AT] = (uint8_t)((info[TOTAL_AT] & 0xf0) | (frames >> 32 & 0x0f));
    for (int i = 0; i < 4; i++)
        info[TOTAL_AT + 1 + i] = (uint8_t)(frames >> (24 - 8 * i));
}

static int rewrite(int fd, const uint8_t *info, uint64_t end, uint64_t file_bytes) {
    if (end < file_bytes && ftruncate(fd, (off_t)end))
        return errno;
    return file_write_at(fd, info, INFO_BYTES, INFO_AT);
}

int repair_flac(int fd, uint64_t file_bytes, bool dry, struct media *media) {
    *media = (struct media){.is_empty = file_bytes == 0};
    if (media->is_empty)
        return 0;
    uint8_t head[MIN_FILE_BYTES];
    size_t got;
    int err = file_read_at(fd, head, sizeof head, 0, &got);
    if (err)
        return err;
    if (got < sizeof head || memcmp(head, "fLaC", 4) != 0 || (head[4] & 0x7f) != 0)
        return EINVAL;
    uint8_t *info = head + INFO_AT;
    struct flac_walk walk = {.fd = fd, .md5 = EVP_MD_CTX_new()};
    EVP_DigestInit_ex(walk.md5, EVP_md5(), NULL);
    decode(&walk);
    uint8_t before[INFO_BYTES], md5[MD5_BYTES];
    memcpy(before, info, INFO_BYTES);
    EVP_DigestFinal_ex(walk.md5, md5, NULL);
    EVP_MD_CTX_free(walk.md5);
    if (walk.is_odd || walk.end < MIN_FILE_BYTES)
        return EINVAL;
    if (walk.err && walk.err != EILSEQ)
        return walk.err;

    put_total(info, walk.frames);
    memcpy(info + MD5_AT, md5, MD5_BYTES);
    media->bytes = walk.end;
    media->frames = walk.frames;
    media->rate_hz = (uint32_t)info[RATE_AT] << 12 | (uint32_t)info[RATE_AT + 1] << 4 |
                     (uint32_t)info[RATE_AT + 2] >> 4;
    media->channels = (info[RATE_AT + 2] >> 1 & 7u) + 1;
    media->is_changed = walk.end < file_bytes || memcmp(before, info, INFO_BYTES) != 0;
    return media->is_changed && !dry ? rewrite(fd, info, walk.end, file_bytes) : 0;
}
