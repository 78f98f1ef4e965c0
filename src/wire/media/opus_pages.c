#include "wire/media/opus_pages.h"

#include "base/little.h"
#include "wire/media/ogg.h"
#include "wire/media/opus_packet.h"

#include <assert.h>
#include <string.h>

enum { HEAD_BYTES = 19, VERSION = 1, LACING_FULL = 255 };

/* Lacing values of a packet: 255 for each whole 255 bytes, and one less that ends it. */
static unsigned lacings_of(size_t len) {
    return (unsigned)(len / LACING_FULL) + 1;
}

static void lacing_put(struct opus_pages *pages, size_t len) {
    pages->last_lacings = (uint8_t)lacings_of(len);
    for (; len >= LACING_FULL; len -= LACING_FULL)
        pages->lacing[pages->lacings++] = LACING_FULL;
    pages->lacing[pages->lacings++] = (uint8_t)len;
}

static void head_write(struct opus_pages *pages, struct buf *out) {
    uint8_t head[HEAD_BYTES] = "OpusHead";
    head[8] = VERSION;
    head[9] = (uint8_t)pages->channels;
    little_put_u16(head + 10, OPUS_LEAD_TICKS);
    little_put_u32(head + 12, OPUS_RATE_HZ);
    const uint8_t lacing = HEAD_BYTES;
    ogg_write_page(out,
                   &(struct ogg_page){
                       .flags = OGG_FIRST, .serial = pages->serial, .sequence = pages->sequence++},
                   &lacing, 1, slice_of(head, sizeof head));
}

static void tags_write(struct opus_pages *pages, struct buf *out) {
    static const char vendor[] = "prosa";
    uint8_t tags[8 + 4 + sizeof vendor - 1 + 4] = "OpusTags";
    little_put_u32(tags + 8, sizeof vendor - 1);
    memcpy(tags + 12, vendor, sizeof vendor - 1);
    const uint8_t lacing = sizeof tags;
    ogg_write_page(out, &(struct ogg_page){.serial = pages->serial, .sequence = pages->sequence++},
                   &lacing, 1, slice_of(tags, sizeof tags));
}

void opus_pages_open(struct opus_pages *pages, uint32_t serial, unsigned channels,
                     struct buf *out) {
    *pages = (struct opus_pages){.serial = serial, .channels = channels};
    head_write(pages, out);
    tags_write(pages, out);
}

/* Writes the first packets of the page, all or all but the last. */
static void page_write(struct opus_pages *pages, bool is_last, struct buf *out) {
    unsigned count = is_last ? pages->lacings : pages->lacings - pages->last_lacings;
    size_t bytes = is_last ? pages->body.len : pages->body.len - pages->last_bytes;
    uint64_t granule = is_last ? pages->ticks : pages->ticks - pages->last_ticks;
    const struct ogg_page page = {
        .flags = is_last ? OGG_LAST : 0,
        .granule = (int64_t)granule,
        .serial = pages->serial,
        .sequence = pages->sequence++,
    };
    ogg_write_page(out, &page, pages->lacing, count, slice_of(pages->body.data, bytes));
    memmove(pages->lacing, pages->lacing + count, pages->lacings - count);
    pages->lacings -= count;
    buf_consume(&pages->body, bytes);
    pages->page_ticks = 0;
}

void opus_pages_flush(struct opus_pages *pages, struct buf *out) {
    if (pages->lacings > pages->last_lacings)
        page_write(pages, false, out);
}

void opus_pages_add(struct opus_pages *pages, struct slice packet, unsigned ticks,
                    struct buf *out) {
    assert(packet.len > 0 && packet.len <= OPUS_PAGE_BYTES && ticks > 0);
    pages->page_ticks += pages->last_ticks;
    bool is_full = pages->lacings + lacings_of(packet.len) > sizeof pages->lacing ||
                   pages->body.len >= OPUS_PAGE_BYTES || pages->page_ticks >= OPUS_PAGE_TICKS;
    /* The packet that was kept back goes with its page. */
    if (is_full) {
        pages->last_lacings = 0;
        pages->last_bytes = pages->last_ticks = 0;
        opus_pages_flush(pages, out);
    }
    lacing_put(pages, packet.len);
    buf_add_slice(&pages->body, packet);
    pages->last_bytes = packet.len;
    pages->last_ticks = ticks;
    pages->ticks += ticks;
}

unsigned opus_pages_add_silence(struct opus_pages *pages, uint64_t ticks, struct buf *out) {
    uint8_t packet[OPUS_SILENCE_MAX];
    unsigned len, written;
    while ((len = opus_packet_silence(packet, pages->channels, ticks, &written)) > 0) {
        opus_pages_add(pages, slice_of(packet, len), written, out);
        ticks -= written;
    }
    return (unsigned)ticks;
}

void opus_pages_close(struct opus_pages *pages, struct buf *out) {
    if (pages->lacings > 0)
        page_write(pages, true, out);
    buf_free(&pages->body);
}
