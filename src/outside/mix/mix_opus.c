#include "base/little.h"
#include "base/mem.h"
#include "outside/files/file.h"
#include "outside/mix/mix_decoder.h"
#include "wire/media/ogg.h"
#include "wire/media/opus_packet.h"

#include <errno.h>
#include <opus/opus.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum {
    HEAD_BYTES = 19,
    PRE_SKIP_AT = 10,
    CHANNELS_AT = 9,
    LACING_AT = 27,
    COUNT_AT = 26,
    PACKET_MAX = 61440,
    PREROLL = 3840,         /* 80 ms: the decoder has settled (RFC 7845, 4.6) */
    NEAR_BYTES = 64 * 1024, /* so near, pages are walked */
    BUFFER_BYTES = NEAR_BYTES + OGG_PAGE_MAX,
};

struct mix_opus {
    struct mix_decoder decoder;
    int fd;
    OpusDecoder *opus;
    unsigned channels, pre_skip;
    uint64_t size, first; /* bytes of the file, and where its sound begins */
    uint8_t *bytes;       /* BUFFER_BYTES */
    /* The page that is decoded: in `bytes` from `body`, its lacing values from `lace` on. */
    struct ogg_page page;
    uint64_t next; /* offset of the page behind it */
    unsigned lace, laces;
    size_t body;
    uint8_t packet[PACKET_MAX];
    size_t packet_bytes;
    bool is_whole; /* `packet` is no rest of one whose beginning was not read */
    int64_t at;    /* granule at which the next packet begins */
    float ready[OPUS_TICKS_MAX * 2];
    int64_t ready_at;
    size_t ready_count;
};

/* ---- Pages ---- */

/* The first whole page at or behind an offset, into `bytes`. False: there is none near. */
static bool find_page(struct mix_opus *opus, uint64_t offset, struct ogg_page *page, uint64_t *at) {
    size_t got;
    if (offset >= opus->size || file_read_at(opus->fd, opus->bytes, BUFFER_BYTES, offset, &got))
        return false;
    for (size_t i = 0; i + LACING_AT < got && i < NEAR_BYTES; i++) {
        if (memcmp(opus->bytes + i, "OggS", 4) != 0 ||
            ogg_parse(opus->bytes + i, got - i, page) != OGG_PAGE)
            continue;
        memmove(opus->bytes, opus->bytes + i, page->len);
        *at = offset + i;
        return true;
    }
    return false;
}

static bool take_page(struct mix_opus *opus) {
    uint64_t at;
    if (!find_page(opus, opus->next, &opus->page, &at))
        return false;
    if (at != opus->next)
        opus->packet_bytes = 0;
    opus->next = at + opus->page.len;
    opus->lace = 0;
    opus->laces = opus->bytes[COUNT_AT];
    opus->body = opus->page.body;
    bool goes_on = opus->page.flags & OGG_CONTINUED;
    opus->is_whole = goes_on == (opus->packet_bytes > 0);
    if (!goes_on)
        opus->packet_bytes = 0;
    return true;
}

/* ---- Packets ---- */

/* Gathers the next whole packet. False: that was all. */
static bool take_packet(struct mix_opus *opus) {
    for (;;) {
        if (opus->lace == opus->laces) {
            if (opus->laces > 0 && opus->page.granule >= 0 && !(opus->page.flags & OGG_LAST))
                opus->at = opus->page.granule;
            if (!take_page(opus))
                return false;
            continue;
        }
        unsigned piece = opus->bytes[LACING_AT + opus->lace++];
        if (opus->packet_bytes + piece <= PACKET_MAX)
            memcpy(opus->packet + opus->packet_bytes, opus->bytes + opus->body, piece);
        opus->packet_bytes += piece;
        opus->body += piece;
        if (piece < 255)
            return true;
    }
}

static bool decode_next(struct mix_opus *opus) {
    if (!take_packet(opus))
        return false;
    size_t bytes = opus->packet_bytes;
    int got = 0;
    opus->packet_bytes = 0;
    if (opus->is_whole && bytes > 0 && bytes <= PACKET_MAX)
        got = opus_decode_float(opus->opus, opus->packet, (opus_int32)bytes, opus->ready,
                                OPUS_TICKS_MAX, 0);
    opus->is_whole = true;
    opus->ready_at = opus->at;
    opus->ready_count = got > 0 ? (size_t)got : 0;
    opus->at += (int64_t)opus->ready_count;
    for (size_t i = 0; i < opus->ready_count; i++)
        opus->ready[i] =
            32768 * (opus->channels == 1 ? opus->ready[i]
                                         : 0.5f * (opus->ready[2 * i] + opus->ready[2 * i + 1]));
    return true;
}

/* ---- Seeking ---- */

/* Decoding begins behind the last page that ends before the granule. */
static void seek(struct mix_opus *opus, int64_t granule) {
    uint64_t low = opus->first, high = opus->size, at, next = opus->first;
    struct ogg_page page;
    int64_t before = 0;
    while (high > low + NEAR_BYTES) {
        uint64_t middle = low + (high - low) / 2;
        if (!find_page(opus, middle, &page, &at) || page.granule < 0 || page.granule > granule) {
            high = middle;
            continue;
        }
        low = at;
        next = at + page.len;
        before = page.granule;
    }
    while (find_page(opus, next, &page, &at) && page.granule >= 0 && page.granule <= granule) {
        next = at + page.len;
        before = page.granule;
    }
    opus->next = next;
    opus->at = before;
    opus->laces = opus->lace = 0;
    opus->packet_bytes = opus->ready_count = 0;
    opus_decoder_ctl(opus->opus, OPUS_RESET_STATE);
}

static bool is_ready(const struct mix_opus *opus, int64_t granule) {
    return granule >= opus->ready_at && granule < opus->ready_at + (int64_t)opus->ready_count;
}

static size_t opus_read(struct mix_decoder *decoder, uint64_t from, size_t count, float *out) {
    struct mix_opus *opus = (struct mix_opus *)decoder;
    int64_t granule = (int64_t)from + opus->pre_skip;
    if (!is_ready(opus, granule) && (granule < opus->at || granule > opus->at + OPUS_RATE_HZ))
        seek(opus, granule > PREROLL ? granule - PREROLL : 0);
    while (!is_ready(opus, granule))
        if (opus->at > granule + OPUS_RATE_HZ || !decode_next(opus))
            return 0;
    size_t skip = (size_t)(granule - opus->ready_at);
    if (count > opus->ready_count - skip)
        count = opus->ready_count - skip;
    memcpy(out, opus->ready + skip, count * sizeof *out);
    return count;
}

/* ---- Life ---- */

static void opus_close(struct mix_decoder *decoder) {
    struct mix_opus *opus = (struct mix_opus *)decoder;
    if (opus->opus)
        opus_decoder_destroy(opus->opus);
    mem_free(opus->bytes);
    mem_free(opus);
}

static bool read_head(struct mix_opus *opus) {
    uint64_t at, tags_at;
    if (!find_page(opus, 0, &opus->page, &at) || at != 0 ||
        opus->page.len - opus->page.body < HEAD_BYTES)
        return false;
    const uint8_t *head = opus->bytes + opus->page.body;
    opus->channels = head[CHANNELS_AT];
    opus->pre_skip = little_u16(head + PRE_SKIP_AT);
    opus->first = opus->page.len;
    bool is_opus = memcmp(head, "OpusHead", 8) == 0;
    /* The comments, of one page or more: sound begins where a granule does. */
    while (find_page(opus, opus->first, &opus->page, &tags_at) && opus->page.granule <= 0)
        opus->first = tags_at + opus->page.len;
    return is_opus && (opus->channels == 1 || opus->channels == 2);
}

/* The granule of the last page. */
static int64_t read_end(struct mix_opus *opus) {
    uint64_t at = opus->size > NEAR_BYTES ? opus->size - NEAR_BYTES : 0, found;
    struct ogg_page page;
    int64_t granule = 0;
    while (find_page(opus, at, &page, &found)) {
        if (page.granule > granule)
            granule = page.granule;
        at = found + page.len;
    }
    return granule;
}

int mix_opus_open(struct mix_decoder **out, int fd) {
    struct stat stat;
    if (fstat(fd, &stat))
        return errno;
    struct mix_opus *opus = mem_alloc(sizeof *opus);
    opus->fd = fd;
    opus->size = (uint64_t)stat.st_size;
    opus->bytes = mem_alloc_raw(BUFFER_BYTES);
    int64_t end = read_head(opus) ? read_end(opus) : 0;
    int err = 0;
    if (end > opus->pre_skip)
        opus->opus = opus_decoder_create(OPUS_RATE_HZ, (int)opus->channels, &err);
    if (!opus->opus) {
        opus_close(&opus->decoder);
        return EINVAL;
    }
    opus->decoder = (struct mix_decoder){.rate_hz = OPUS_RATE_HZ,
                                         .frames = (uint64_t)(end - opus->pre_skip),
                                         .read = opus_read,
                                         .close = opus_close};
    opus->ready_at = -1;
    seek(opus, 0);
    *out = &opus->decoder;
    return 0;
}
