#include "app/objects/object_key.h"

#include "base/buf.h"

#include <string.h>

char *object_key(const char *prefix, bool is_video, struct slice path) {
    struct buf key = {0};
    struct slice before = slice_from(prefix);
    buf_add_slice(&key, before);
    if (before.len > 0 && !slice_has_suffix(before, SLICE("/")))
        buf_add_byte(&key, '/');
    buf_printf(&key, "%s/%.*s", is_video ? "video" : "audio", SLICE_ARG(path));
    return buf_take_text(&key);
}

/* The part before the last '.', of the last name in the path. */
static struct slice stem_of(struct slice key) {
    size_t at = key.len;
    while (at > 0 && key.ptr[at - 1] != '.' && key.ptr[at - 1] != '/')
        at--;
    return at > 0 && key.ptr[at - 1] == '.' ? slice_take(key, at - 1) : key;
}

/* "a_n12": 12, and the stem becomes "a". Without such an end: 1. */
static uint64_t take_number(struct slice *stem) {
    size_t digits = 0;
    while (digits < stem->len && stem->ptr[stem->len - 1 - digits] >= '0' &&
           stem->ptr[stem->len - 1 - digits] <= '9')
        digits++;
    uint64_t number;
    struct slice before = slice_take(*stem, stem->len - digits);
    if (!slice_has_suffix(before, SLICE("_n")) ||
        !slice_to_uint(slice_skip(*stem, before.len), 1000000, &number))
        return 1;
    *stem = slice_take(before, before.len - 2);
    return number;
}

char *object_key_next(struct slice key) {
    struct slice stem = stem_of(key), ending = slice_skip(key, stem.len);
    uint64_t number = take_number(&stem);
    struct buf next = {0};
    buf_printf(&next, "%.*s_n%u%.*s", SLICE_ARG(stem), (unsigned)number + 1, SLICE_ARG(ending));
    return buf_take_text(&next);
}

char *object_key_sidecar(struct slice key) {
    struct buf name = {0};
    buf_printf(&name, "%.*s.json", SLICE_ARG(stem_of(key)));
    return buf_take_text(&name);
}
