#include "base/mem.h"
#include "base/text.h"
#include "wire/redis/msgpack.h"
#include "wire/web/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The first byte of each form. */
enum {
    NIL = 0xc0,
    FALSE = 0xc2,
    TRUE = 0xc3,
    BINARY_8 = 0xc4,
    FLOAT_64 = 0xcb,
    UINT_8 = 0xcc,
    INT_8 = 0xd0,
    TEXT_8 = 0xd9,
    ARRAY_16 = 0xdc,
    MAP_16 = 0xde,
    SMALL_MAP = 0x80,
    SMALL_ARRAY = 0x90,
    SMALL_TEXT = 0xa0,
};

static void add_big_endian(struct buf *out, uint64_t value, unsigned bytes) {
    while (bytes-- > 0)
        buf_add_byte(out, (char)(value >> 8 * bytes));
}

/* The form for 1, 2, 4 or 8 bytes is the first of its family, and so many behind it. */
static void add_sized(struct buf *out, unsigned family, uint64_t value, unsigned log2_bytes) {
    buf_add_byte(out, (char)(family + log2_bytes));
    add_big_endian(out, value, 1u << log2_bytes);
}

void msgpack_add_nil(struct buf *out) {
    buf_add_byte(out, (char)NIL);
}

void msgpack_add_bool(struct buf *out, bool value) {
    buf_add_byte(out, (char)(value ? TRUE : FALSE));
}

void msgpack_add_uint(struct buf *out, uint64_t number) {
    if (number < 0x80)
        buf_add_byte(out, (char)number);
    else
        add_sized(out, UINT_8, number,
                  (number > UINT8_MAX) + (number > UINT16_MAX) + (number > UINT32_MAX));
}

void msgpack_add_int(struct buf *out, int64_t number) {
    if (number >= 0)
        msgpack_add_uint(out, (uint64_t)number);
    else if (number >= -32)
        buf_add_byte(out, (char)number);
    else
        add_sized(out, INT_8, (uint64_t)number,
                  (number < INT8_MIN) + (number < INT16_MIN) + (number < INT32_MIN));
}

void msgpack_add_real(struct buf *out, double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    buf_add_byte(out, (char)FLOAT_64);
    add_big_endian(out, bits, 8);
}

static void add_text_head(struct buf *out, size_t len) {
    if (len < 32)
        buf_add_byte(out, (char)(SMALL_TEXT | len));
    else
        add_sized(out, TEXT_8, len, (len > UINT8_MAX) + (len > UINT16_MAX));
}

/* Writes the text with each byte that belongs to no character replaced. */
static void add_mended(struct buf *out, struct slice text) {
    struct buf json = {0}, plain = {0};
    text_add_json(&json, text);
    json_unquote(&plain, buf_slice(&json));
    add_text_head(out, plain.len);
    buf_add_slice(out, buf_slice(&plain));
    buf_free(&json);
    buf_free(&plain);
}

void msgpack_add_text(struct buf *out, struct slice text) {
    if (!text_is_utf8(text)) {
        add_mended(out, text);
        return;
    }
    add_text_head(out, text.len);
    buf_add_slice(out, text);
}

void msgpack_add_binary(struct buf *out, struct slice bytes) {
    add_sized(out, BINARY_8, bytes.len, (bytes.len > UINT8_MAX) + (bytes.len > UINT16_MAX));
    buf_add_slice(out, bytes);
}

static void open_list(struct buf *out, unsigned small, unsigned family_16, uint32_t count) {
    if (count < 16) {
        buf_add_byte(out, (char)(small | count));
        return;
    }
    unsigned is_wide = count > UINT16_MAX;
    buf_add_byte(out, (char)(family_16 + is_wide));
    add_big_endian(out, count, 2u << is_wide);
}

void msgpack_open_array(struct buf *out, uint32_t count) {
    open_list(out, SMALL_ARRAY, ARRAY_16, count);
}

void msgpack_open_map(struct buf *out, uint32_t count) {
    open_list(out, SMALL_MAP, MAP_16, count);
}

/* ---- From JSON ---- */

/* What is read, and what it becomes. */
struct packing {
    const char *p, *end;
    struct buf *out;
    const struct slice *binaries;
    unsigned binary_count;
    struct buf lengths; /* uint32_t of each array and object, in the order in which they open */
    size_t next_length; /* offset in it */
};

static void skip_space(struct packing *packing) {
    packing->p = json_skip_space(packing->p, packing->end);
}

/* MessagePack says first how much follows: a pass of its own counts it. */
static void measure(struct packing *packing) {
    struct buf *lengths = &packing->lengths;
    size_t open[MSGPACK_DEPTH_MAX], depth = 0;
    for (const char *p = packing->p, *end = packing->end; p < end;) {
        char c = *p;
        if (c == '"') {
            p = json_skip_string(p, end);
            continue;
        }
        p++;
        if (c == '[' || c == '{') {
            p = json_skip_space(p, end);
            uint32_t length = p < end && *p != ']' && *p != '}';
            open[depth++] = lengths->len;
            buf_add(lengths, &length, sizeof length);
        } else if (c == ']' || c == '}') {
            depth--;
        } else if (c == ',' && depth > 0) {
            uint32_t length;
            memcpy(&length, lengths->data + open[depth - 1], sizeof length);
            length++;
            memcpy(lengths->data + open[depth - 1], &length, sizeof length);
        }
    }
}

static uint32_t take_length(struct packing *packing) {
    uint32_t length;
    memcpy(&length, packing->lengths.data + packing->next_length, sizeof length);
    packing->next_length += sizeof length;
    return length;
}

static void add_number(struct buf *out, struct slice token) {
    char *text = slice_copy_text(token);
    bool is_negative = text[0] == '-';
    errno = strpbrk(text, ".eE") ? EDOM : 0;
    int64_t below = errno == 0 && is_negative ? strtoll(text, NULL, 10) : 0;
    uint64_t above = errno == 0 && !is_negative ? strtoull(text, NULL, 10) : 0;
    if (errno != 0)
        msgpack_add_real(out, strtod(text, NULL));
    else if (is_negative)
        msgpack_add_int(out, below);
    else
        msgpack_add_uint(out, above);
    mem_free(text);
}

static void add_string(struct packing *packing) {
    const char *start = packing->p;
    packing->p = json_skip_string(start, packing->end);
    struct slice token = slice_of(start, (size_t)(packing->p - start));
    if (!memchr(token.ptr, '\\', token.len)) {
        msgpack_add_text(packing->out, slice_of(token.ptr + 1, token.len - 2));
        return;
    }
    struct buf plain = {0};
    json_unquote(&plain, token);
    msgpack_add_text(packing->out, buf_slice(&plain));
    buf_free(&plain);
}

/* Whether the object at the position stands for a binary; goes behind it then. No placeholder is
 * longer, or holds a bracket, so looking for one takes no second walk through big objects. */
static bool take_placeholder(struct packing *packing, uint64_t *number) {
    enum { LONGEST = 80 };
    struct slice ahead = slice_of(packing->p, (size_t)(packing->end - packing->p));
    size_t close = slice_find_byte(slice_take(ahead, LONGEST), '}');
    struct slice object = slice_take(ahead, close + 1);
    if (packing->binary_count == 0 || close >= LONGEST || object.len <= close ||
        !json_check(object) || json_kind(json_member(object, "_placeholder")) != JSON_KIND_TRUE)
        return false;
    if (!json_to_count(json_member(object, "num"), number) || *number >= packing->binary_count)
        return false;
    packing->p += object.len;
    packing->next_length += sizeof(uint32_t);
    return true;
}

static void add_value(struct packing *packing);

static void add_array(struct packing *packing) {
    uint32_t length = take_length(packing);
    msgpack_open_array(packing->out, length);
    packing->p++;
    for (uint32_t i = 0; i < length; i++) {
        add_value(packing);
        packing->p += i + 1 < length; /* the comma */
    }
    skip_space(packing);
    packing->p++;
}

static void add_object(struct packing *packing) {
    uint64_t number;
    if (take_placeholder(packing, &number)) {
        msgpack_add_binary(packing->out, packing->binaries[number]);
        return;
    }
    uint32_t length = take_length(packing);
    msgpack_open_map(packing->out, length);
    packing->p++;
    for (uint32_t i = 0; i < length; i++) {
        skip_space(packing);
        add_string(packing);
        skip_space(packing);
        packing->p++; /* the colon */
        add_value(packing);
        packing->p += i + 1 < length;
    }
    skip_space(packing);
    packing->p++;
}

static void add_scalar(struct packing *packing) {
    const char *start = packing->p;
    packing->p = json_skip_scalar(start, packing->end);
    if (*start == 't' || *start == 'f')
        msgpack_add_bool(packing->out, *start == 't');
    else if (*start == 'n')
        msgpack_add_nil(packing->out);
    else
        add_number(packing->out, slice_of(start, (size_t)(packing->p - start)));
}

/* One value, and the white space around it. */
static void add_value(struct packing *packing) {
    skip_space(packing);
    if (*packing->p == '[')
        add_array(packing);
    else if (*packing->p == '{')
        add_object(packing);
    else if (*packing->p == '"')
        add_string(packing);
    else
        add_scalar(packing);
    skip_space(packing);
}

void msgpack_add_json(struct buf *out, struct slice json, const struct slice *binaries,
                      unsigned count) {
    struct packing packing = {
        .p = json.ptr,
        .end = slice_end(json),
        .out = out,
        .binaries = binaries,
        .binary_count = count,
    };
    measure(&packing);
    add_value(&packing);
    buf_free(&packing.lengths);
}
