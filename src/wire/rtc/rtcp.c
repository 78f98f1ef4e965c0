#include "wire/rtc/rtcp.h"

#include "base/big.h"

#include <assert.h>
#include <string.h>

enum {
    VERSION_BITS = 2 << 6,
    PADDED = 0x20,
    HEAD_BYTES = 4,
    SENDER_REPORT_BYTES = 28,
    BLOCK_BYTES = 24,
    NACK_FORMAT = 1,
    PICTURE_LOSS_FORMAT = 1,
};

enum packet_type {
    SENDER_REPORT = 200,
    RECEIVER_REPORT = 201,
    DESCRIPTION = 202,
    BYE = 203,
    TRANSPORT_FEEDBACK = 205,
    PAYLOAD_FEEDBACK = 206,
};

enum description_item { ITEM_END = 0, ITEM_CNAME = 1, ITEM_MID = 15 };

/* ---- Reading ---- */

static bool read_sender_report(const uint8_t *bytes, size_t len, struct rtcp_packet *packet) {
    if (len < SENDER_REPORT_BYTES + (size_t)(bytes[0] & 0x1f) * BLOCK_BYTES)
        return false;
    packet->ssrc = big_u32(bytes + 4);
    packet->ntp = big_u64(bytes + 8);
    packet->rtp_time = big_u32(bytes + 16);
    packet->packets = big_u32(bytes + 20);
    packet->octets = big_u32(bytes + 24);
    return true;
}

/* The first chunk only: a server describes one source in each packet. */
static bool read_description(const uint8_t *bytes, size_t len, struct rtcp_packet *packet) {
    if ((bytes[0] & 0x1f) == 0)
        return true;
    if (len < HEAD_BYTES + 4)
        return false;
    packet->ssrc = big_u32(bytes + HEAD_BYTES);
    for (size_t at = HEAD_BYTES + 4; at < len && bytes[at] != ITEM_END;) {
        if (len - at < 2 || len - at - 2 < bytes[at + 1])
            return false;
        struct slice value = slice_of(bytes + at + 2, bytes[at + 1]);
        if (bytes[at] == ITEM_CNAME)
            packet->cname = value;
        else if (bytes[at] == ITEM_MID)
            packet->mid = value;
        at += 2 + value.len;
    }
    return true;
}

static bool read_bye(const uint8_t *bytes, size_t len, struct rtcp_packet *packet) {
    size_t sources = bytes[0] & 0x1f;
    if (len < HEAD_BYTES + 4 * sources)
        return false;
    packet->ssrc = sources > 0 ? big_u32(bytes + HEAD_BYTES) : 0;
    return true;
}

static bool read_packet(const uint8_t *bytes, size_t len, struct rtcp_packet *packet) {
    switch (bytes[1]) {
    case SENDER_REPORT:
        packet->type = RTCP_SENDER_REPORT;
        return read_sender_report(bytes, len, packet);
    case DESCRIPTION:
        packet->type = RTCP_DESCRIPTION;
        return read_description(bytes, len, packet);
    case BYE:
        packet->type = RTCP_BYE;
        return read_bye(bytes, len, packet);
    default:
        return true;
    }
}

enum rtcp_result rtcp_next(struct slice *compound, struct rtcp_packet *packet) {
    if (compound->len == 0)
        return RTCP_END;
    const uint8_t *bytes = (const uint8_t *)compound->ptr;
    if (compound->len < HEAD_BYTES || (bytes[0] & 0xc0) != VERSION_BITS)
        return RTCP_BAD;
    size_t whole = HEAD_BYTES + 4 * (size_t)big_u16(bytes + 2), len = whole;
    if (whole > compound->len)
        return RTCP_BAD;
    if (bytes[0] & PADDED) {
        size_t padding = bytes[whole - 1];
        if (padding == 0 || padding > whole - HEAD_BYTES)
            return RTCP_BAD;
        len -= padding;
    }
    struct rtcp_packet read = {.type = RTCP_OTHER};
    if (!read_packet(bytes, len, &read))
        return RTCP_BAD;
    *packet = read;
    *compound = slice_skip(*compound, whole);
    return RTCP_PACKET;
}

/* ---- Writing ---- */

/* Puts the head of the packet from `start` to `end`; the length is counted in words less one. */
static void write_head(uint8_t *start, const uint8_t *end, uint8_t count, enum packet_type type) {
    size_t len = (size_t)(end - start);
    assert(len % 4 == 0 && count < 32);
    start[0] = (uint8_t)(VERSION_BITS | count);
    start[1] = (uint8_t)type;
    big_put_u16(start + 2, (uint16_t)(len / 4 - 1));
}

static uint8_t *write_block(uint8_t *p, const struct rtcp_block *block) {
    const int32_t most = (1 << 23) - 1, least = -(1 << 23);
    int32_t lost = block->lost > most ? most : block->lost < least ? least : block->lost;
    p = big_put_u32(p, block->ssrc);
    p = big_put_u32(p, (uint32_t)block->fraction_lost << 24 | ((uint32_t)lost & 0xffffff));
    p = big_put_u32(p, block->highest_seq);
    p = big_put_u32(p, block->jitter);
    p = big_put_u32(p, block->last_report);
    return big_put_u32(p, block->since_report);
}

static uint8_t *write_description(uint8_t *start, uint32_t ssrc, struct slice cname) {
    uint8_t *p = big_put_u32(start + HEAD_BYTES, ssrc);
    *p++ = ITEM_CNAME;
    *p++ = (uint8_t)cname.len;
    memcpy(p, cname.ptr, cname.len);
    p += cname.len;
    do
        *p++ = ITEM_END;
    while ((p - start) % 4 != 0);
    write_head(start, p, 1, DESCRIPTION);
    return p;
}

size_t rtcp_write_report(uint8_t out[RTCP_WRITE_MAX], uint32_t ssrc, struct slice cname,
                         const struct rtcp_block *blocks, size_t count) {
    assert(count <= RTCP_REPORTS_MAX && cname.len > 0 && cname.len <= RTCP_NAME_MAX);
    uint8_t *p = big_put_u32(out + HEAD_BYTES, ssrc);
    for (size_t i = 0; i < count; i++)
        p = write_block(p, &blocks[i]);
    write_head(out, p, (uint8_t)count, RECEIVER_REPORT);
    return (size_t)(write_description(p, ssrc, cname) - out);
}

static uint8_t *begin_feedback(uint8_t *out, uint32_t ssrc, uint32_t media_ssrc) {
    return big_put_u32(big_put_u32(out + HEAD_BYTES, ssrc), media_ssrc);
}

/* Each pair names a packet, and by bits which of the sixteen behind it are missing as well
 * (RFC 4585, 6.2.1). */
size_t rtcp_write_nack(uint8_t out[RTCP_WRITE_MAX], uint32_t ssrc, uint32_t media_ssrc,
                       const uint16_t *missing, size_t count, size_t *taken) {
    uint8_t *p = begin_feedback(out, ssrc, media_ssrc);
    size_t at = 0;
    for (int pairs = 0; pairs < RTCP_NACKS_MAX && at < count; pairs++) {
        uint16_t first = missing[at++], more = 0;
        for (; at < count; at++) {
            uint16_t ahead = (uint16_t)(missing[at] - first);
            if (ahead == 0 || ahead > 16)
                break;
            more |= (uint16_t)(1 << (ahead - 1));
        }
        p = big_put_u16(big_put_u16(p, first), more);
    }
    *taken = at;
    write_head(out, p, NACK_FORMAT, TRANSPORT_FEEDBACK);
    return (size_t)(p - out);
}

size_t rtcp_write_picture_loss(uint8_t out[RTCP_WRITE_MAX], uint32_t ssrc, uint32_t media_ssrc) {
    uint8_t *p = begin_feedback(out, ssrc, media_ssrc);
    write_head(out, p, PICTURE_LOSS_FORMAT, PAYLOAD_FEEDBACK);
    return (size_t)(p - out);
}
