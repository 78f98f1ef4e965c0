#include "wire/media/h264.h"

#include <string.h>

enum {
    NAL_IDR = 5,
    NAL_SPS = 7,
    NAL_PPS = 8,
    NAL_DELIMITER = 9,
    NAL_SPS_EXTENSION = 13,
    FORBIDDEN_BIT = 0x80,
    RECORD_HEAD_BYTES = 6,
    RECORD_TAIL_BYTES = 4,
    RECORD_LENGTH_BYTES = 2,
};

/* Offset of the byte behind the next start code, or `len`. */
static size_t find_nal(const uint8_t *bytes, size_t len, size_t from) {
    for (size_t i = from; i + 3 < len; i++)
        if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1)
            return i + 3;
    return len;
}

bool h264_is_key(const uint8_t *bytes, size_t len) {
    size_t at = find_nal(bytes, len, 0);
    if (at < len && (bytes[at] & 0x1f) == NAL_DELIMITER)
        at = find_nal(bytes, len, at);
    return at < len && ((bytes[at] & 0x1f) == NAL_IDR || (bytes[at] & 0x1f) == NAL_SPS);
}

bool h264_has_start_code(const uint8_t *bytes, size_t len) {
    size_t zeros = 0;
    while (zeros < len && bytes[zeros] == 0)
        zeros++;
    return zeros >= 2 && zeros < len && bytes[zeros] == 1;
}

static size_t length_at(const uint8_t *bytes, unsigned length_bytes) {
    size_t length = 0;
    for (unsigned i = 0; i < length_bytes; i++)
        length = length << 8 | bytes[i];
    return length;
}

/* The unit at *at, behind its length; *at becomes its end. False: none is whole there. */
static bool next_unit(const uint8_t *bytes, size_t len, unsigned length_bytes, size_t *at,
                      size_t *unit_bytes) {
    if (len - *at <= length_bytes)
        return false;
    size_t unit = length_at(bytes + *at, length_bytes), begin = *at + length_bytes;
    if (unit == 0 || unit > len - begin || (bytes[begin] & FORBIDDEN_BIT))
        return false;
    *at = begin + unit;
    *unit_bytes = unit;
    return true;
}

static void add_unit(struct buf *units, const uint8_t *bytes, size_t len) {
    static const uint8_t start_code[] = {0, 0, 0, 1};
    buf_add(units, start_code, sizeof start_code);
    buf_add(units, bytes, len);
}

bool h264_add_units(struct buf *units, const uint8_t *bytes, size_t len, unsigned length_bytes) {
    size_t at = 0, unit;
    while (at < len)
        if (!next_unit(bytes, len, length_bytes, &at, &unit))
            return false;
    for (at = 0; at < len;) {
        next_unit(bytes, len, length_bytes, &at, &unit);
        add_unit(units, bytes + at - unit, unit);
    }
    return len > 0;
}

/* `count` parameter sets of one type, each behind two bytes of length. */
static bool are_sets(const uint8_t *bytes, size_t len, unsigned count, unsigned type, size_t *at) {
    for (size_t unit; count > 0; count--)
        if (!next_unit(bytes, len, RECORD_LENGTH_BYTES, at, &unit) ||
            (bytes[*at - unit] & 0x1f) != type)
            return false;
    return true;
}

bool h264_read_record(struct h264_record *record, const uint8_t *bytes, size_t len,
                      struct buf *units) {
    if (len < RECORD_HEAD_BYTES || bytes[0] != 1 || (bytes[4] & 0xfc) != 0xfc ||
        (bytes[5] & 0xe0) != 0xe0)
        return false;
    unsigned length_bytes = (bytes[4] & 3u) + 1;
    size_t sps_at = RECORD_HEAD_BYTES, sps_end = sps_at;
    if (length_bytes == 3 || !are_sets(bytes, len, bytes[5] & 0x1f, NAL_SPS, &sps_end) ||
        sps_end == len)
        return false;
    size_t pps_at = sps_end + 1, pps_end = pps_at;
    if (!are_sets(bytes, len, bytes[sps_end], NAL_PPS, &pps_end))
        return false;
    if (sps_end > sps_at)
        h264_add_units(units, bytes + sps_at, sps_end - sps_at, RECORD_LENGTH_BYTES);
    if (pps_end > pps_at)
        h264_add_units(units, bytes + pps_at, pps_end - pps_at, RECORD_LENGTH_BYTES);
    /* Four bytes that only high profiles have, and more sets behind them. */
    static const uint8_t high[] = {100, 110, 122, 144};
    bool is_high = memchr(high, bytes[1], sizeof high) != NULL;
    bool has_tail = is_high && len - pps_end >= RECORD_TAIL_BYTES &&
                    (bytes[pps_end] & 0xfc) == 0xfc && (bytes[pps_end + 1] & 0xf8) == 0xf8 &&
                    (bytes[pps_end + 2] & 0xf8) == 0xf8;
    size_t end = pps_end + (has_tail ? RECORD_TAIL_BYTES : 0);
    if (has_tail && !are_sets(bytes, len, bytes[end - 1], NAL_SPS_EXTENSION, &end))
        end = pps_end + RECORD_TAIL_BYTES;
    *record = (struct h264_record){length_bytes, end};
    return true;
}
