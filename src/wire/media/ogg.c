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

static uint32_t add_byte(uint32_t crc, uint8_t byte) {
    crc ^= (uint32_t)byte << 24;
    for (int bit = 0; bit < 8; bit++)
        crc = crc << 1 ^ (crc & UINT32_C(0x80000000) ? UINT32_C(0x04c11db7) : 0);
    return crc;
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
