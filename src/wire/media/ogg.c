#include "wire/media/ogg.h"

#include "base/little.h"

#include <string.h>

enum {
    HEADER_BYTES = 27,
    GRANULE_AT = 6,
    SERIAL_AT = 14,
    SEQUENCE_AT = 18,
    CRC_AT = 22,
    COUNT_AT = 26
};

/* Of each value of four bits, which shifts out of the top. */
static const uint32_t crc_table[16] = {
    0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9, 0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
    0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61, 0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd};

static uint32_t add_byte(uint32_t crc, uint8_t byte) {
    crc ^= (uint32_t)byte << 24;
    crc = crc << 4 ^ crc_table[crc >> 28];
    return crc << 4 ^ crc_table[crc >> 28];
}

/* Polynomial 0x04c11db7, not reflected, from 0, over the page with its own field as zeros. */
static uint32_t checksum(const uint8_t *page, size_t len) {
    uint32_t crc = 0;
    for (size_t i = 0; i < len; i++)
        crc = add_byte(crc, i >= CRC_AT && i < CRC_AT + 4 ? 0 : page[i]);
    return crc;
}

enum ogg_result ogg_parse(const uint8_t *bytes, size_t len, struct ogg_page *page) {
    if (memcmp(bytes, "OggS", len < 4 ? len : 4) != 0 || (len > 4 && bytes[4] != 0))
        return OGG_BAD;
    if (len < HEADER_BYTES)
        return OGG_MORE;
    size_t body = HEADER_BYTES + bytes[COUNT_AT];
    if (len < body)
        return OGG_MORE;
    size_t whole = body;
    for (size_t i = HEADER_BYTES; i < body; i++)
        whole += bytes[i];
    if (len < whole)
        return OGG_MORE;
    if (checksum(bytes, whole) != little_u32(bytes + CRC_AT))
        return OGG_BAD;
    *page = (struct ogg_page){
        .len = whole,
        .flags = bytes[OGG_FLAGS_AT],
        .granule = (int64_t)little_u64(bytes + GRANULE_AT),
        .serial = little_u32(bytes + SERIAL_AT),
        .sequence = little_u32(bytes + SEQUENCE_AT),
        .body = body,
    };
    return OGG_PAGE;
}

void ogg_set_flags(uint8_t *page, size_t len, uint8_t flags) {
    page[OGG_FLAGS_AT] = flags;
    little_put_u32(page + CRC_AT, checksum(page, len));
}

void ogg_write_page(struct buf *out, const struct ogg_page *page, const uint8_t *lacing,
                    unsigned count, struct slice body) {
    size_t len = HEADER_BYTES + count + body.len;
    uint8_t *at = (uint8_t *)buf_reserve(out, len);
    memcpy(at, "OggS", 4);
    at[4] = 0;
    at[OGG_FLAGS_AT] = page->flags;
    little_put_u64(at + GRANULE_AT, (uint64_t)page->granule);
    little_put_u32(at + SERIAL_AT, page->serial);
    little_put_u32(at + SEQUENCE_AT, page->sequence);
    at[COUNT_AT] = (uint8_t)count;
    memcpy(at + HEADER_BYTES, lacing, count);
    if (body.len > 0)
        memcpy(at + HEADER_BYTES + count, body.ptr, body.len);
    little_put_u32(at + CRC_AT, checksum(at, len));
    out->len += len;
}
