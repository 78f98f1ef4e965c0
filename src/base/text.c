#include "base/text.h"

#include "base/map.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool begin_char(struct text_utf8 *state, uint8_t byte) {
    state->low = 0x80;
    state->high = 0xbf;
    if (byte < 0x80)
        return true;
    if (byte >= 0xc2 && byte <= 0xdf) {
        state->need = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        state->need = 2;
        if (byte == 0xe0)
            state->low = 0xa0; /* shorter forms exist below */
        if (byte == 0xed)
            state->high = 0x9f; /* surrogates lie above */
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        state->need = 3;
        if (byte == 0xf0)
            state->low = 0x90;
        if (byte == 0xf4)
            state->high = 0x8f;
    } else {
        return false;
    }
    return true;
}

/* How many bytes at the start of s are plain ASCII, eight at a time. */
static size_t skip_ascii(struct slice s) {
    size_t i = 0;
    for (; i + 8 <= s.len; i += 8) {
        uint64_t word;
        memcpy(&word, s.ptr + i, 8);
        if (word & 0x8080808080808080)
            break;
    }
    return i;
}

bool text_utf8_feed(struct text_utf8 *state, struct slice part) {
    for (size_t i = 0; i < part.len; i++) {
        if (state->need == 0) {
            i += skip_ascii(slice_skip(part, i));
            if (i == part.len)
                break;
        }
        uint8_t byte = (uint8_t)part.ptr[i];
        if (state->need == 0) {
            if (!begin_char(state, byte))
                return false;
            continue;
        }
        if (byte < state->low || byte > state->high)
            return false;
        state->need--;
        state->low = 0x80;
        state->high = 0xbf;
    }
    return true;
}

bool text_utf8_is_complete(const struct text_utf8 *state) {
    return state->need == 0;
}

bool text_is_utf8(struct slice s) {
    struct text_utf8 state = {0};
    return text_utf8_feed(&state, s) && text_utf8_is_complete(&state);
}

bool text_is_identity(struct slice s, size_t max) {
    if (s.len == 0 || s.len > max || !text_is_utf8(s))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.ptr[i];
        bool c1 = byte == 0xc2 && i + 1 < s.len && (uint8_t)s.ptr[i + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f || c1)
            return false;
    }
    return true;
}

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool text_reduce(struct slice s, char out[TEXT_NAME_SIZE]) {
    size_t len = 0;
    bool changed = false;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t byte = (uint8_t)s.ptr[i];
        if (i > 0 && (byte & 0xc0) == 0x80)
            continue; /* one '_' for a whole character */
        if (len == TEXT_NAME_MAX) {
            changed = true;
            break;
        }
        bool keep = is_name_char((char)byte);
        changed |= !keep;
        out[len++] = keep ? (char)byte : '_';
    }
    out[len] = '\0';
    if (len == 0 || strcmp(out, ".") == 0 || strcmp(out, "..") == 0) {
        memset(out, '_', len ? len : 1);
        out[len ? len : 1] = '\0';
        changed = true;
    }
    return changed;
}

void text_reduce_unique(struct slice s, char out[TEXT_NAME_SIZE]) {
    if (!text_reduce(s, out))
        return;
    enum { HASH_LEN = 9 }; /* '-' and eight digits */
    size_t len = strlen(out);
    if (len > TEXT_NAME_MAX - HASH_LEN)
        len = TEXT_NAME_MAX - HASH_LEN;
    snprintf(out + len, HASH_LEN + 1, "-%08x", (unsigned)map_hash(0, s));
}

void text_iso_time(int64_t unix_ms, char out[TEXT_ISO_SIZE]) {
    int64_t ms = unix_ms % 1000;
    if (ms < 0)
        ms += 1000;
    time_t seconds = (time_t)((unix_ms - ms) / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    int year = tm.tm_year + 1900;
    assert(year >= 0 && year <= 9999);
    snprintf(out, TEXT_ISO_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)year % 10000,
             (unsigned)(tm.tm_mon + 1) % 100, (unsigned)tm.tm_mday % 100,
             (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
             (unsigned)ms % 1000);
}

/* Removes `count` digits from the front and reads them. */
static bool take_digits(struct slice *s, size_t count, int *out) {
    uint64_t value;
    if (s->len < count || !slice_to_uint(slice_take(*s, count), 9999, &value))
        return false;
    *out = (int)value;
    *s = slice_skip(*s, count);
    return true;
}

static bool take_char(struct slice *s, char c) {
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = slice_skip(*s, 1);
    return true;
}

static bool take_fraction_ms(struct slice *s, int *ms) {
    *ms = 0;
    if (!take_char(s, '.'))
        return true;
    int scale = 100, digits = 0;
    for (; s->len && s->ptr[0] >= '0' && s->ptr[0] <= '9'; digits++, *s = slice_skip(*s, 1)) {
        *ms += (s->ptr[0] - '0') * scale;
        scale /= 10;
    }
    return digits > 0 && digits <= 9;
}

static bool take_offset_minutes(struct slice *s, int *minutes) {
    *minutes = 0;
    if (take_char(s, 'Z') || take_char(s, 'z'))
        return true;
    int sign = take_char(s, '+') ? 1 : take_char(s, '-') ? -1 : 0;
    int hour, minute;
    if (!sign || !take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool text_parse_iso_time(struct slice s, int64_t *unix_ms) {
    struct tm tm = {0};
    int year, month, ms, offset;
    bool date = take_digits(&s, 4, &year) && take_char(&s, '-') && take_digits(&s, 2, &month) &&
                take_char(&s, '-') && take_digits(&s, 2, &tm.tm_mday) &&
                (take_char(&s, 'T') || take_char(&s, ' '));
    bool time = date && take_digits(&s, 2, &tm.tm_hour) && take_char(&s, ':') &&
                take_digits(&s, 2, &tm.tm_min) && take_char(&s, ':') &&
                take_digits(&s, 2, &tm.tm_sec) && take_fraction_ms(&s, &ms) &&
                take_offset_minutes(&s, &offset) && s.len == 0;
    if (!time || month < 1 || month > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    *unix_ms = ((int64_t)timegm(&tm) - offset * 60) * 1000 + ms;
    return true;
}

/* Length of the well-formed character at the start of s, or 0. */
static size_t char_len(struct slice s) {
    struct text_utf8 state = {0};
    for (size_t len = 1; len <= 4 && len <= s.len; len++) {
        if (!text_utf8_feed(&state, slice_of(s.ptr + len - 1, 1)))
            return 0;
        if (text_utf8_is_complete(&state))
            return len;
    }
    return 0;
}

static void add_escape(struct buf *out, uint8_t byte) {
    static const char short_forms[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                       ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
    if (byte < sizeof short_forms && short_forms[byte]) {
        buf_add_byte(out, '\\');
        buf_add_byte(out, short_forms[byte]);
    } else {
        buf_printf(out, "\\u%04x", byte);
    }
}

void text_add_json(struct buf *out, struct slice s) {
    buf_add_byte(out, '"');
    while (s.len) {
        size_t plain = 0;
        while (plain < s.len) {
            uint8_t byte = (uint8_t)s.ptr[plain];
            size_t len = byte < 0x80 ? 1 : char_len(slice_skip(s, plain));
            if (len == 0 || byte < 0x20 || byte == '"' || byte == '\\')
                break;
            plain += len;
        }
        buf_add(out, s.ptr, plain);
        s = slice_skip(s, plain);
        if (s.len == 0)
            break;
        if ((uint8_t)s.ptr[0] < 0x80)
            add_escape(out, (uint8_t)s.ptr[0]);
        else
            buf_add_slice(out, SLICE("\xef\xbf\xbd"));
        s = slice_skip(s, 1);
    }
    buf_add_byte(out, '"');
}

void text_hex(const void *bytes, size_t len, char *out) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[b[i] >> 4];
        out[2 * i + 1] = digits[b[i] & 15];
    }
    out[2 * len] = '\0';
}

int text_hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void text_base36(uint64_t value, char out[14]) {
    char reversed[14];
    size_t len = 0;
    do {
        reversed[len++] = "0123456789abcdefghijklmnopqrstuvwxyz"[value % 36];
        value /= 36;
    } while (value);
    for (size_t i = 0; i < len; i++)
        out[i] = reversed[len - 1 - i];
    out[len] = '\0';
}
