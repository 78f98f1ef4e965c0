#include "outside/store/feedback_id.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>

/*
 * 48 bits of time, the version, 12 bits of mark, the variant, 30 bits of mark, 32 bits of random
 * number.
 */
#define TIME_MAX ((UINT64_C(1) << 48) - 1)
#define MARK     0x5a0u
#define MARK_LOW UINT64_C(0x26f05a)

enum { DIGITS = 32 };

static bool parse_base36(struct slice text, uint64_t max, uint64_t *out) {
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool is_digit = c >= '0' && c <= '9';
        if ((!is_digit && (c < 'a' || c > 'z')) || value > max / 36)
            return false;
        value = value * 36 + (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *out = value;
    return text.len > 0 && value <= max && (text.len == 1 || text.ptr[0] != '0');
}

bool feedback_id_to_uuid(struct slice id, char uuid[FEEDBACK_UUID_SIZE]) {
    struct slice first, second;
    uint64_t time, random;
    if (!slice_split(id, '-', &first, &second) || !parse_base36(first, TIME_MAX, &time) ||
        !parse_base36(second, UINT32_MAX, &random))
        return false;
    const uint64_t words[] = {time << 16 | 0x8000 | MARK,
                              UINT64_C(2) << 62 | MARK_LOW << 32 | random};
    unsigned char bytes[DIGITS / 2];
    char hex[DIGITS + 1];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(words[i / 8] >> (56 - i % 8 * 8));
    text_hex(bytes, sizeof bytes, hex);
    snprintf(uuid, FEEDBACK_UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
             hex + 16, hex + 20);
    return true;
}

bool feedback_id_from_uuid(struct slice uuid, char id[FEEDBACK_ID_SIZE]) {
    char first[14], second[14], again[FEEDBACK_UUID_SIZE];
    unsigned digits = 0;
    uint64_t high = 0, low = 0;
    for (size_t i = 0; i < uuid.len; i++) {
        if (uuid.ptr[i] == '-')
            continue;
        const int value = text_hex_value(uuid.ptr[i]);
        if (value < 0 || digits == DIGITS)
            return false;
        high = high << 4 | low >> 60;
        low = low << 4 | (uint64_t)value;
        digits++;
    }
    if (digits != DIGITS)
        return false;
    text_base36(high >> 16, first);
    text_base36(low & UINT32_MAX, second);
    snprintf(id, FEEDBACK_ID_SIZE, "%s-%s", first, second);
    return feedback_id_to_uuid(slice_from(id), again) &&
           slice_is_equal_nocase(uuid, slice_from(again));
}
