#include "wire/media/h264.h"

#include <string.h>

enum { NAL_IDR = 5, NAL_SPS = 7, NAL_DELIMITER = 9, LENGTH_BYTES = 4, FORBIDDEN_BIT = 0x80 };

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

static uint32_t length_at(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool are_units(const uint8_t *bytes, size_t len) {
    size_t at = 0;
    while (at < len) {
        if (len - at <= LENGTH_BYTES)
            return false;
        uint32_t unit = length_at(bytes + at);
        at += LENGTH_BYTES;
        if (unit == 0 || unit > len - at || (bytes[at] & FORBIDDEN_BIT))
            return false;
        at += unit;
    }
    return len > 0;
}

bool h264_replace_lengths(uint8_t *bytes, size_t len) {
    if (!are_units(bytes, len))
        return false;
    for (size_t at = 0; at < len;) {
        uint32_t unit = length_at(bytes + at);
        memcpy(bytes + at, (const uint8_t[]){0, 0, 0, 1}, LENGTH_BYTES);
        at += LENGTH_BYTES + unit;
    }
    return true;
}
