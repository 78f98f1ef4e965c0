#include "app/config/near.h"

enum { SHORT_BYTES = 6, LONG_BYTES = 64, LETTERS_MAX = 2 };

static unsigned min_of(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* How many letters have to be left out, added or changed (V. Levenshtein, 1966). */
static unsigned letters_apart(struct slice a, struct slice b) {
    unsigned row[LONG_BYTES + 1];
    for (unsigned j = 0; j <= b.len; j++)
        row[j] = j;
    for (unsigned i = 0; i < a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < b.len; j++) {
            unsigned changed = diagonal + (a.ptr[i] != b.ptr[j]);
            diagonal = row[j + 1];
            row[j + 1] = min_of(changed, min_of(row[j], row[j + 1]) + 1);
        }
    }
    return row[b.len];
}

/* Whether `written` is `name` without some of the words between its first and its last. */
static bool has_left_out_words(struct slice written, struct slice name) {
    struct slice word, other = SLICE_NONE;
    bool is_first = true;
    while (slice_cut(&written, '_', &word)) {
        do {
            if (!slice_cut(&name, '_', &other))
                return false;
        } while (!slice_is_equal(word, other) && !is_first);
        if (!slice_is_equal(word, other))
            return false;
        is_first = false;
    }
    return name.len == 0 && !is_first;
}

bool name_is_near(struct slice written, struct slice name) {
    if (written.len < SHORT_BYTES || written.len > LONG_BYTES || name.len > LONG_BYTES)
        return false;
    bool is_as_long =
        written.len <= name.len + LETTERS_MAX && name.len <= written.len + LETTERS_MAX;
    return (is_as_long && letters_apart(written, name) <= LETTERS_MAX) ||
           has_left_out_words(written, name);
}
