#include "wire/media/h264.h"

enum { NAL_IDR = 5, NAL_SPS = 7, NAL_DELIMITER = 9 };

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
