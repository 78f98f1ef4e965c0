#include "wire/web/json_clean.h"

#include "base/map.h"
#include "base/text.h"
#include "wire/web/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DOUBLE_CHARS = 24, DIGITS_EXACT = 18 };

/* What is read, and what it becomes. */
struct cleaning {
    const char *p, *end;
    struct buf *out;
    uint64_t seed;
};

static void clean_value(struct cleaning *c);

static void skip_space(struct cleaning *c) {
    c->p = json_skip_space(c->p, c->end);
}

/* ---- Strings and numbers ---- */

static struct slice take_string(struct cleaning *c) {
    const char *start = c->p;
    c->p = json_skip_string(start, c->end);
    return slice_of(start, (size_t)(c->p - start));
}

static void add_string(struct buf *out, struct slice token) {
    if (!memchr(token.ptr, '\\', token.len)) {
        buf_add_slice(out, token);
        return;
    }
    struct buf plain = {0};
    json_unquote(&plain, token);
    text_add_json(out, buf_slice(&plain));
    buf_free(&plain);
}

static bool is_integer(struct slice token) {
    for (size_t i = 0; i < token.len; i++) {
        if (strchr(".eE", token.ptr[i]))
            return false;
    }
    return true;
}

static bool fits_64_bits(const char *text) {
    char *end;
    errno = 0;
    if (text[0] == '-')
        (void)strtoll(text, &end, 10);
    else
        (void)strtoull(text, &end, 10);
    return errno == 0;
}

static void add_number(struct buf *out, struct slice token) {
    bool is_whole = is_integer(token);
    if (is_whole && token.len <= DIGITS_EXACT) {
        buf_add_slice(out, token);
        return;
    }
    struct buf text = {0};
    buf_add_slice(&text, token);
    buf_add_byte(&text, 0);
    double number = strtod(text.data, NULL);
    if (is_whole && fits_64_bits(text.data))
        buf_add_slice(out, token);
    else if (!isfinite(number))
        buf_add_text(out, "null");
    else if (number == 0)
        buf_add_text(out, token.ptr[0] == '-' ? "-0" : "0");
    else if (!is_whole && token.len <= DOUBLE_CHARS)
        buf_add_slice(out, token);
    else
        buf_printf(out, "%.17g", number);
    buf_free(&text);
}

/* ---- Arrays and objects ---- */

/* Where a member was written. */
struct member {
    size_t start, end;
};

struct members {
    struct map by_name; /* the name as written -> its place in `all`, plus one */
    struct buf all;     /* struct member */
    bool has_doubles;
};

static struct member *member_at(const struct members *members, size_t i) {
    return (struct member *)(void *)members->all.data + i;
}

/* The member from `start` to the end of the text; an earlier one of that name is left empty. */
static void note_member(struct members *members, struct buf *out, size_t start, size_t name_end) {
    struct slice name = slice_of(out->data + start, name_end - start);
    size_t count = members->all.len / sizeof(struct member);
    struct member member = {start, out->len};
    buf_add(&members->all, &member, sizeof member);
    void *old = map_set(&members->by_name, name, (void *)(uintptr_t)(count + 1));
    if (!old)
        return;
    struct member *earlier = member_at(members, (uintptr_t)old - 1);
    earlier->end = earlier->start;
    members->has_doubles = true;
}

/* Moves the members that stay over those that do not. */
static void drop_doubles(const struct members *members, struct buf *out, size_t begin) {
    size_t to = begin;
    for (size_t i = 0; i < members->all.len / sizeof(struct member); i++) {
        const struct member *member = member_at(members, i);
        size_t len = member->end - member->start;
        if (len == 0)
            continue;
        if (to > begin)
            out->data[to++] = ',';
        memmove(out->data + to, out->data + member->start, len);
        to += len;
    }
    out->len = to;
}

static void clean_object(struct cleaning *c) {
    struct members members = {0};
    map_init(&members.by_name, c->seed);
    buf_add_byte(c->out, '{');
    size_t begin = c->out->len;
    c->p++;
    for (skip_space(c); c->p < c->end && *c->p != '}'; skip_space(c)) {
        if (*c->p == ',') {
            c->p++;
            buf_add_byte(c->out, ',');
            skip_space(c);
        }
        size_t start = c->out->len;
        add_string(c->out, take_string(c));
        size_t name_end = c->out->len;
        skip_space(c);
        c->p++; /* the colon */
        buf_add_byte(c->out, ':');
        clean_value(c);
        note_member(&members, c->out, start, name_end);
    }
    c->p++;
    if (members.has_doubles)
        drop_doubles(&members, c->out, begin);
    buf_add_byte(c->out, '}');
    map_free(&members.by_name);
    buf_free(&members.all);
}

/* The values up to the closing bracket, or to the end of the text. */
static void clean_items(struct cleaning *c) {
    for (skip_space(c); c->p < c->end && *c->p != ']'; skip_space(c)) {
        if (*c->p == ',') {
            c->p++;
            buf_add_byte(c->out, ',');
        }
        clean_value(c);
    }
}

/* Its recursion is bounded, because the text has passed json_check(). */
static void clean_value(struct cleaning *c) {
    skip_space(c);
    const char *start = c->p;
    if (c->p == c->end)
        return;
    switch (*c->p) {
    case '{':
        clean_object(c);
        return;
    case '[':
        c->p++;
        buf_add_byte(c->out, '[');
        clean_items(c);
        c->p++;
        buf_add_byte(c->out, ']');
        return;
    case '"':
        add_string(c->out, take_string(c));
        return;
    default:
        c->p = json_skip_scalar(start, c->end);
    }
    struct slice token = slice_of(start, (size_t)(c->p - start));
    if (strchr("tfn", *start))
        buf_add_slice(c->out, token);
    else
        add_number(c->out, token);
}

void json_clean(struct buf *out, struct slice list, uint64_t seed) {
    struct cleaning c = {list.ptr, slice_end(list), out, seed};
    clean_items(&c);
}
