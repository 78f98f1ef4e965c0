#include "app/config/dotenv.h"

#include "base/buf.h"

#include <ctype.h>
#include <string.h>

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct slice dotenv_trim(struct slice s) {
    while (s.len && isspace((unsigned char)s.ptr[0]))
        s = slice_skip(s, 1);
    while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static struct slice skip_blanks(struct slice s) {
    while (s.len && is_blank(s.ptr[0]))
        s = slice_skip(s, 1);
    return s;
}

/* The text between quotes. False unless `s` begins with a quote that is closed, and nothing but a
 * comment follows on the line. */
static bool take_quoted(struct slice s, struct slice *inside, size_t *used) {
    if (!s.len || !strchr("'\"`", s.ptr[0]))
        return false;

    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == '\\' && i + 1 < s.len && s.ptr[i + 1] == s.ptr[0]) {
            i++;
            continue;
        }
        if (s.ptr[i] != s.ptr[0])
            continue;
        struct slice rest = skip_blanks(slice_skip(s, i + 1));
        if (rest.len && rest.ptr[0] != '\n' && rest.ptr[0] != '#')
            return false;
        *inside = slice_of(s.ptr + 1, i - 1);
        *used = i + 1;
        return true;
    }
    return false;
}

/* Escapes count in double quotes only; these two are all there are. */
static void unescape(struct buf *out, struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        bool is_escape = s.ptr[i] == '\\' && i + 1 < s.len;
        if (is_escape && s.ptr[i + 1] == 'n')
            buf_add_byte(out, '\n'), i++;
        else if (is_escape && s.ptr[i + 1] == 'r')
            buf_add_byte(out, '\r'), i++;
        else
            buf_add_byte(out, s.ptr[i]);
    }
}

/* The value at the beginning of `s`; returns how many bytes it took. */
static size_t take_value(struct slice s, struct buf *out) {
    struct slice at = skip_blanks(s);
    size_t blanks = s.len - at.len;
    struct slice inside;
    size_t used;

    if (take_quoted(at, &inside, &used)) {
        if (at.ptr[0] == '"')
            unescape(out, inside);
        else
            buf_add_slice(out, inside);
        return blanks + used;
    }

    used = 0;
    while (used < at.len && at.ptr[used] != '\n' && at.ptr[used] != '#')
        used++;
    struct slice bare = dotenv_trim(slice_take(at, used));
    if (bare.len >= 2 && strchr("'\"`", bare.ptr[0]) && bare.ptr[bare.len - 1] == bare.ptr[0])
        bare = slice_of(bare.ptr + 1, bare.len - 2);
    buf_add_slice(out, bare);
    return blanks + used;
}

/* `NAME=` or `NAME: `, after an optional `export `. Returns how many bytes it took; 0: the line is
 * not an assignment. */
static size_t take_name(struct slice line, struct slice *name) {
    struct slice at = skip_blanks(line);
    if (slice_has_prefix(at, SLICE("export")) && at.len > 6 && is_blank(at.ptr[6]))
        at = skip_blanks(slice_skip(at, 6));

    size_t len = 0;
    while (len < at.len && is_name_byte(at.ptr[len]))
        len++;
    *name = slice_take(at, len);
    at = slice_skip(at, len);
    bool is_colon = at.len > 1 && at.ptr[0] == ':' && (is_blank(at.ptr[1]) || at.ptr[1] == '\n');
    if (!is_colon)
        at = skip_blanks(at);
    if (!len || !at.len || (!is_colon && at.ptr[0] != '='))
        return 0;
    return line.len - at.len + 1;
}

static struct slice skip_line(struct slice s) {
    return slice_skip(s, slice_find_byte(s, '\n') + 1);
}

void dotenv_parse(struct slice text, dotenv_fn *fn, void *arg) {
    struct buf value = {0};

    if (slice_has_prefix(text, SLICE("\xef\xbb\xbf")))
        text = slice_skip(text, 3);
    while (text.len) {
        struct slice name;
        size_t used = take_name(text, &name);
        if (used) {
            buf_clear(&value);
            text = slice_skip(text, used);
            text = slice_skip(text, take_value(text, &value));
            fn(name, buf_slice(&value), arg);
        }
        text = skip_line(text);
    }
    buf_free(&value);
}

/* ---- References ---- */

enum { EXPAND_DEPTH = 10, EXPANDED_MAX = 64 * 1024, REFERENCE_MAX = 4096, REFERENCES_MAX = 1000 };

struct expansion {
    struct buf *out;
    dotenv_find_fn *find;
    void *arg;
    struct slice missing;
    unsigned references;
};

static void expand(struct expansion *expansion, struct slice value, int depth);

/* What stands between "${" and "}". False: it is no reference. */
static bool expand_reference(struct expansion *expansion, struct slice inside, int depth) {
    size_t len = 0;
    while (len < inside.len && (isalnum((unsigned char)inside.ptr[len]) || inside.ptr[len] == '_'))
        len++;
    struct slice name = slice_take(inside, len), rest = slice_skip(inside, len);
    bool has_other = slice_has_prefix(rest, SLICE(":-"));
    if (len == 0 || (rest.len > 0 && !has_other))
        return false;
    if (expansion->references++ >= REFERENCES_MAX)
        return true;

    bool is_final = false;
    const char *found = expansion->find(name, &is_final, expansion->arg);
    if (found && *found && is_final)
        buf_add_text(expansion->out, found);
    else if (found && *found)
        expand(expansion, slice_from(found), depth + 1);
    else if (has_other)
        expand(expansion, slice_skip(rest, 2), depth + 1);
    else if (!expansion->missing.len)
        expansion->missing = name;
    return true;
}

/* The length of the reference that `text` begins with, with its braces; 0: it is none. */
static size_t reference_length(struct slice text) {
    int open = 0;
    for (size_t i = 0; i < text.len && i < REFERENCE_MAX; i++) {
        if (slice_has_prefix(slice_skip(text, i), SLICE("${")))
            open++;
        else if (open == 0)
            return 0;
        else if (text.ptr[i] == '}' && --open == 0)
            return i + 1;
    }
    return 0;
}

static void expand(struct expansion *expansion, struct slice value, int depth) {
    if (depth > EXPAND_DEPTH)
        return;
    for (size_t i = 0; i < value.len && expansion->out->len < EXPANDED_MAX; i++) {
        struct slice rest = slice_skip(value, i);
        size_t len = reference_length(rest);
        if (slice_has_prefix(rest, SLICE("\\${"))) {
            buf_add_text(expansion->out, "${");
            i += 2;
        } else if (len > 0 &&
                   expand_reference(expansion, slice_of(rest.ptr + 2, len - 3), depth)) {
            i += len - 1;
        } else {
            buf_add_byte(expansion->out, value.ptr[i]);
        }
    }
}

struct slice dotenv_expand(struct buf *out, struct slice value, dotenv_find_fn *find, void *arg) {
    struct expansion expansion = {.out = out, .find = find, .arg = arg};
    expand(&expansion, value, 0);
    return expansion.missing;
}
