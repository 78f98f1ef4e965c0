#include "app/rooms/room_names.h"

/* The length of the first character: a byte that begins one, and those that go on. */
static size_t character(struct slice s) {
    size_t len = s.len > 0;
    while (len < s.len && ((unsigned char)s.ptr[len] & 0xC0) == 0x80)
        len++;
    return len;
}

/* The last * takes one character more whenever the rest does not fit, so the time is bounded by the
 * product of both lengths. */
static bool fits(struct slice pattern, struct slice name) {
    struct slice after_star = SLICE_NONE, name_there = SLICE_NONE;
    bool has_star = false;
    while (name.len) {
        if (pattern.len && pattern.ptr[0] == '*') {
            pattern = after_star = slice_skip(pattern, 1);
            name_there = name;
            has_star = true;
        } else if (pattern.len && pattern.ptr[0] == '?') {
            pattern = slice_skip(pattern, 1);
            name = slice_skip(name, character(name));
        } else if (pattern.len && pattern.ptr[0] == name.ptr[0]) {
            pattern = slice_skip(pattern, 1);
            name = slice_skip(name, 1);
        } else if (has_star) {
            name = name_there = slice_skip(name_there, 1);
            pattern = after_star;
        } else {
            return false;
        }
    }
    while (pattern.len && pattern.ptr[0] == '*')
        pattern = slice_skip(pattern, 1);
    return pattern.len == 0;
}

bool room_names_fit(struct slice patterns, struct slice name) {
    struct slice pattern;
    while (slice_cut(&patterns, ',', &pattern)) {
        pattern = slice_trim(pattern);
        if (pattern.len && fits(pattern, name))
            return true;
    }
    return false;
}
