#include "base/slice.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct slice slice_of(const void *ptr, size_t len) {
    return (struct slice){ptr, len};
}

struct slice slice_from(const char *text) {
    return text ? (struct slice){text, strlen(text)} : SLICE_NONE;
}

bool slice_is_equal(struct slice a, struct slice b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool slice_has_prefix_nocase(struct slice s, struct slice prefix) {
    if (s.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (to_lower(s.ptr[i]) != to_lower(prefix.ptr[i]))
            return false;
    return true;
}

bool slice_is_equal_nocase(struct slice a, struct slice b) {
    return a.len == b.len && slice_has_prefix_nocase(a, b);
}

bool slice_has_prefix(struct slice s, struct slice prefix) {
    return s.len >= prefix.len && slice_is_equal(slice_take(s, prefix.len), prefix);
}

bool slice_has_suffix(struct slice s, struct slice suffix) {
    return s.len >= suffix.len && slice_is_equal(slice_skip(s, s.len - suffix.len), suffix);
}

int slice_compare(struct slice a, struct slice b) {
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Each byte equals the one before it. */
bool slice_is_zero(struct slice s) {
    return s.len == 0 || (s.ptr[0] == 0 && memcmp(s.ptr, s.ptr + 1, s.len - 1) == 0);
}

const char *slice_end(struct slice s) {
    return s.ptr ? s.ptr + s.len : NULL;
}

size_t slice_find_byte(struct slice s, char byte) {
    const char *hit = s.len ? memchr(s.ptr, byte, s.len) : NULL;
    return hit ? (size_t)(hit - s.ptr) : s.len;
}

struct slice slice_skip(struct slice s, size_t count) {
    if (count >= s.len)
        return (struct slice){slice_end(s), 0};
    return (struct slice){s.ptr + count, s.len - count};
}

struct slice slice_take(struct slice s, size_t count) {
    return (struct slice){s.ptr, count < s.len ? count : s.len};
}

struct slice slice_trim(struct slice s) {
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = slice_skip(s, 1);
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool slice_cut(struct slice *rest, char separator, struct slice *part) {
    if (!rest->ptr)
        return false;
    size_t at = slice_find_byte(*rest, separator);
    *part = slice_take(*rest, at);
    *rest = at < rest->len ? slice_skip(*rest, at + 1) : SLICE_NONE;
    return true;
}

bool slice_split(struct slice s, char separator, struct slice *before, struct slice *after) {
    size_t at = slice_find_byte(s, separator);
    if (at == s.len)
        return false;
    *before = slice_take(s, at);
    *after = slice_skip(s, at + 1);
    return true;
}

bool slice_to_uint(struct slice s, uint64_t max, uint64_t *out) {
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

bool slice_to_real(struct slice s, double *out) {
    char text[32] = "", *rest;
    if (s.len == 0 || s.len >= sizeof text)
        return false;
    memcpy(text, s.ptr, s.len);
    if (strspn(text, "+-.0123456789") != s.len)
        return false;
    double value = strtod(text, &rest);
    if (*rest != '\0')
        return false;
    *out = value;
    return true;
}

char *slice_copy_text(struct slice s) {
    char *text = mem_alloc_raw(s.len + 1);
    if (s.len)
        memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return text;
}

void slice_replace_text(char **text, struct slice s) {
    char *old = *text;
    *text = slice_copy_text(s);
    mem_free(old);
}
