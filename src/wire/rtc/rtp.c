#include "wire/rtc/rtp.h"

#include "base/big.h"

enum { VERSION = 2, PADDED = 0x20, EXTENDED = 0x10, EXTENSION_HEAD_BYTES = 4 };

/* Where the payload begins; beyond len when the header is longer than the packet. */
static size_t head_len(const uint8_t *bytes, size_t len) {
    size_t head = RTP_HEAD_BYTES + 4 * (size_t)(bytes[0] & 0x0f);
    if (!(bytes[0] & EXTENDED))
        return head;
    if (len < head + EXTENSION_HEAD_BYTES)
        return len + 1;
    return head + EXTENSION_HEAD_BYTES + 4 * (size_t)big_u16(bytes + head + 2);
}

bool rtp_parse(const uint8_t *bytes, size_t len, struct rtp_packet *packet) {
    if (len < RTP_HEAD_BYTES || bytes[0] >> 6 != VERSION)
        return false;
    size_t head = head_len(bytes, len);
    if (head > len)
        return false;
    size_t padding = 0;
    if (bytes[0] & PADDED) {
        padding = bytes[len - 1];
        if (padding == 0 || padding > len - head)
            return false;
    }
    *packet = (struct rtp_packet){
        .payload_type = bytes[1] & 0x7f,
        .marker = bytes[1] >> 7,
        .seq = big_u16(bytes + 2),
        .timestamp = big_u32(bytes + 4),
        .ssrc = big_u32(bytes + 8),
        .payload = slice_of(bytes + head, len - head - padding),
    };
    return true;
}

int64_t rtp_unwrap_seq(int64_t near, uint16_t seq) {
    uint16_t ahead = (uint16_t)(seq - (uint16_t)near);
    return near + (ahead <= UINT16_C(0x8000) ? ahead : ahead - (INT64_C(1) << 16));
}

int64_t rtp_unwrap_time(int64_t near, uint32_t timestamp) {
    uint32_t ahead = timestamp - (uint32_t)near;
    return near + (ahead <= UINT32_C(0x80000000) ? ahead : ahead - (INT64_C(1) << 32));
}
