#include "base/text.h"
#include "wire/redis/msgpack.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIME_EXTENSION = -1, NANOS_PER_MS = 1000000 };

/* ---- One value ---- */

static bool take_bytes(struct slice *rest, uint64_t count, struct slice *bytes) {
    if (rest->len < count)
        return false;
    *bytes = slice_take(*rest, (size_t)count);
    *rest = slice_skip(*rest, (size_t)count);
    return true;
}

/* An unsigned number of so many bytes, the highest first. */
static bool take_number(struct slice *rest, unsigned count, uint64_t *number) {
    struct slice bytes;
    if (!take_bytes(rest, count, &bytes))
        return false;
    *number = 0;
    for (unsigned i = 0; i < count; i++)
        *number = *number << 8 | (uint8_t)bytes.ptr[i];
    return true;
}

static bool take_real(struct slice *rest, unsigned bytes, double *real) {
    uint64_t bits;
    if (!take_number(rest, bytes, &bits))
        return false;
    uint32_t low = (uint32_t)bits;
    float narrow;
    memcpy(&narrow, &low, sizeof narrow);
    memcpy(real, &bits, sizeof *real);
    if (bytes == 4)
        *real = (double)narrow;
    return true;
}

static bool take_int(struct slice *rest, unsigned bytes, struct msgpack_item *out) {
    uint64_t bits;
    if (!take_number(rest, bytes, &bits))
        return false;
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    out->kind = bits & sign ? MSGPACK_INT : MSGPACK_UINT;
    out->count = bits;
    out->number = (int64_t)((bits ^ sign) - sign);
    return true;
}

/* Of a value that says its length in so many bytes: what follows. */
static bool take_sized(struct slice *rest, unsigned bytes, struct msgpack_item *out) {
    uint64_t len, type;
    if (!take_number(rest, bytes, &len))
        return false;
    if (out->kind == MSGPACK_EXTENSION) {
        if (!take_number(rest, 1, &type))
            return false;
        out->extension = (int8_t)type;
    }
    return take_bytes(rest, len, &out->bytes);
}

static bool take_fixed_extension(struct slice *rest, unsigned bytes, struct msgpack_item *out) {
    uint64_t type;
    if (!take_number(rest, 1, &type))
        return false;
    out->kind = MSGPACK_EXTENSION;
    out->extension = (int8_t)type;
    return take_bytes(rest, bytes, &out->bytes);
}

/* First bytes 0xc0 to 0xdf. */
static bool take_by_code(struct slice *rest, unsigned code, struct msgpack_item *out) {
    if (code == 0xc0) {
        out->kind = MSGPACK_NIL;
    } else if (code == 0xc2 || code == 0xc3) {
        out->kind = MSGPACK_BOOL;
        out->is_true = code == 0xc3;
    } else if (code >= 0xc4 && code <= 0xc6) {
        out->kind = MSGPACK_BINARY;
        return take_sized(rest, 1u << (code - 0xc4), out);
    } else if (code >= 0xc7 && code <= 0xc9) {
        out->kind = MSGPACK_EXTENSION;
        return take_sized(rest, 1u << (code - 0xc7), out);
    } else if (code == 0xca || code == 0xcb) {
        out->kind = MSGPACK_REAL;
        return take_real(rest, code == 0xca ? 4 : 8, &out->real);
    } else if (code >= 0xcc && code <= 0xcf) {
        out->kind = MSGPACK_UINT;
        return take_number(rest, 1u << (code - 0xcc), &out->count);
    } else if (code >= 0xd0 && code <= 0xd3) {
        return take_int(rest, 1u << (code - 0xd0), out);
    } else if (code >= 0xd4 && code <= 0xd8) {
        return take_fixed_extension(rest, 1u << (code - 0xd4), out);
    } else if (code >= 0xd9 && code <= 0xdb) {
        out->kind = MSGPACK_TEXT;
        return take_sized(rest, 1u << (code - 0xd9), out);
    } else if (code >= 0xdc) {
        out->kind = code >= 0xde ? MSGPACK_MAP : MSGPACK_ARRAY;
        return take_number(rest, code & 1 ? 4 : 2, &out->count);
    } else {
        return false;
    }
    return true;
}

bool msgpack_next(struct slice *rest, struct msgpack_item *out) {
    uint64_t code;
    *out = (struct msgpack_item){0};
    if (!take_number(rest, 1, &code))
        return false;
    if (code < 0x80) {
        out->kind = MSGPACK_UINT;
        out->count = code;
    } else if (code < 0xa0) {
        out->kind = code < 0x90 ? MSGPACK_MAP : MSGPACK_ARRAY;
        out->count = code & 0x0f;
    } else if (code < 0xc0) {
        out->kind = MSGPACK_TEXT;
        return take_bytes(rest, code & 0x1f, &out->bytes);
    } else if (code >= 0xe0) {
        out->kind = MSGPACK_INT;
        out->number = (int8_t)code;
    } else {
        return take_by_code(rest, (unsigned)code, out);
    }
    return true;
}

/* ---- To JSON ---- */

/* As JavaScript prints it: the fewest digits that mean this number, and an exponent beyond 21
 * places before the point or 6 zeros behind it. */
static void add_real(struct buf *out, double number) {
    char text[32], digits[20];
    int precision = 0, exponent;
    do
        snprintf(text, sizeof text, "%.*e", precision, fabs(number));
    while (strtod(text, NULL) != fabs(number) && ++precision < 17);
    unsigned count = 0;
    for (const char *p = text; *p != 'e'; p++) {
        if (*p != '.')
            digits[count++] = *p;
    }
    digits[count] = 0;
    exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    int places = exponent + 1; /* before the point */
    if (signbit(number) && number != 0)
        buf_add_byte(out, '-');
    if (places > 21 || places < -5)
        buf_printf(out, "%c%s%se%+d", digits[0], count > 1 ? "." : "", digits + 1, exponent);
    else if (places <= 0)
        buf_printf(out, "0.%.*s%s", -places, "00000", digits);
    else if ((unsigned)places >= count)
        buf_printf(out, "%s%.*s", digits, places - (int)count, "000000000000000000000");
    else
        buf_printf(out, "%.*s.%s", places, digits, digits + places);
}

/* Seconds and nanoseconds in one of three forms. */
static bool read_time(struct slice bytes, int64_t *unix_ms) {
    uint64_t first, second;
    if (bytes.len == 4) {
        take_number(&bytes, 4, &first);
        *unix_ms = (int64_t)first * 1000;
    } else if (bytes.len == 8) {
        take_number(&bytes, 8, &first);
        *unix_ms = (int64_t)(first & UINT64_C(0x3ffffffff)) * 1000 +
                   (int64_t)((first >> 34) / NANOS_PER_MS);
    } else if (bytes.len == 12) {
        static const int64_t year_0_s = -62167219200, year_10000_s = 253402300800;
        take_number(&bytes, 4, &first);
        take_number(&bytes, 8, &second);
        int64_t seconds = (int64_t)second;
        if (seconds < year_0_s || seconds >= year_10000_s)
            return false;
        *unix_ms = seconds * 1000 + (int64_t)(first / NANOS_PER_MS);
    } else {
        return false;
    }
    return true;
}

static void add_placeholder(struct buf *out, struct msgpack_binaries *binaries,
                            struct slice bytes) {
    buf_printf(out, "{\"_placeholder\":true,\"num\":%u}", binaries->count);
    binaries->parts[binaries->count++] = bytes;
}

/* A scalar as JSON; false for what has no such form. */
static bool add_scalar(struct buf *out, const struct msgpack_item *item,
                       struct msgpack_binaries *binaries) {
    int64_t unix_ms;
    char time[TEXT_ISO_SIZE];
    switch (item->kind) {
    case MSGPACK_NIL:
        buf_add_text(out, "null");
        return true;
    case MSGPACK_BOOL:
        buf_add_text(out, item->is_true ? "true" : "false");
        return true;
    case MSGPACK_INT:
        buf_printf(out, "%" PRId64, item->number);
        return true;
    case MSGPACK_UINT:
        buf_printf(out, "%" PRIu64, item->count);
        return true;
    case MSGPACK_REAL:
        if (isfinite(item->real))
            add_real(out, item->real);
        else
            buf_add_text(out, "null");
        return true;
    case MSGPACK_TEXT:
        text_add_json(out, item->bytes);
        return true;
    case MSGPACK_BINARY:
        if (binaries->count == MSGPACK_BINARIES_MAX)
            return false;
        add_placeholder(out, binaries, item->bytes);
        return true;
    case MSGPACK_EXTENSION:
        if (item->extension != TIME_EXTENSION)
            return false;
        if (!read_time(item->bytes, &unix_ms)) {
            buf_add_text(out, "null");
            return true;
        }
        text_iso_time(unix_ms, time);
        text_add_json(out, slice_from(time));
        return true;
    case MSGPACK_ARRAY:
    case MSGPACK_MAP:
        return false;
    }
    return false;
}

/* A member's name: texts as they are, numbers as texts. */
static bool add_key(struct buf *out, struct slice *rest) {
    struct msgpack_item item;
    struct buf text = {0};
    if (!msgpack_next(rest, &item))
        return false;
    bool is_good = item.kind == MSGPACK_TEXT;
    if (is_good) {
        text_add_json(out, item.bytes);
    } else if (item.kind <= MSGPACK_REAL) {
        is_good = add_scalar(&text, &item, NULL);
        text_add_json(out, buf_slice(&text));
    }
    buf_free(&text);
    return is_good;
}

static bool add_value(struct buf *out, struct slice *rest, struct msgpack_binaries *binaries,
                      unsigned depth) {
    struct msgpack_item item;
    if (!msgpack_next(rest, &item))
        return false;
    if (item.kind != MSGPACK_ARRAY && item.kind != MSGPACK_MAP)
        return add_scalar(out, &item, binaries);
    if (depth == 0)
        return false;
    bool is_map = item.kind == MSGPACK_MAP;
    buf_add_byte(out, is_map ? '{' : '[');
    for (uint64_t i = 0; i < item.count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        if (is_map && !add_key(out, rest))
            return false;
        if (is_map)
            buf_add_byte(out, ':');
        if (!add_value(out, rest, binaries, depth - 1))
            return false;
    }
    buf_add_byte(out, is_map ? '}' : ']');
    return true;
}

bool msgpack_to_json(struct buf *out, struct slice *rest, struct msgpack_binaries *binaries) {
    return add_value(out, rest, binaries, MSGPACK_DEPTH_MAX);
}
