#include "meeting/rules_file.h"

#include "base/mem.h"
#include "meeting/rule.h"
#include "wire/web/json.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* One setting. */
struct change {
    struct rules_cursor at;
    double value;
};

/* What is said for one organization ("": all) and one kind ("": all). */
struct layer {
    char *organization, *kind;
    struct change *changes;
    size_t count;
};

struct rules_file {
    struct layer *layers;
    size_t count;
};

struct reader {
    struct slice text; /* without its comments, line for line as it was */
    struct rules_file *file;
    struct buf *problem;
};

/* ---- Comments ---- */

/* The first byte after the comment that begins at `at`, or SIZE_MAX if it does not end. */
static size_t comment_end(struct slice text, size_t at) {
    if (text.ptr[at + 1] == '/') {
        size_t rest = slice_find_byte(slice_skip(text, at), '\n');
        return at + rest;
    }
    for (size_t i = at + 3; i < text.len; i++)
        if (text.ptr[i - 1] == '*' && text.ptr[i] == '/')
            return i + 1;
    return SIZE_MAX;
}

static bool is_comment(struct slice text, size_t at) {
    return at + 1 < text.len && text.ptr[at] == '/' &&
           (text.ptr[at + 1] == '/' || text.ptr[at + 1] == '*');
}

static unsigned line_at(struct slice text, size_t at) {
    unsigned line = 1;
    for (size_t i = 0; i < at && i < text.len; i++)
        line += text.ptr[i] == '\n';
    return line;
}

/* Comments become spaces, so that lines stay where they are. */
static int comments_remove(struct slice text, struct buf *out, struct buf *problem) {
    bool is_string = false;
    for (size_t i = 0; i < text.len;) {
        if (!is_string && is_comment(text, i)) {
            size_t end = comment_end(text, i);
            if (end == SIZE_MAX) {
                buf_printf(problem, "line %u: a comment that does not end", line_at(text, i));
                return EINVAL;
            }
            for (; i < end; i++)
                buf_add_byte(out, text.ptr[i] == '\n' ? '\n' : ' ');
            continue;
        }
        if (text.ptr[i] == '"')
            is_string = !is_string;
        if (is_string && text.ptr[i] == '\\' && i + 1 < text.len)
            buf_add_byte(out, text.ptr[i++]);
        buf_add_byte(out, text.ptr[i++]);
    }
    return 0;
}

/* ---- Reading ---- */

static unsigned line_of(const struct reader *reader, struct slice token) {
    return line_at(reader->text, (size_t)(token.ptr - reader->text.ptr));
}

/* "line 7: ", to which the caller adds why. */
static int refuse(struct reader *reader, struct slice token) {
    buf_printf(reader->problem, "line %u: ", line_of(reader, token));
    return EINVAL;
}

static int need_object(struct reader *reader, struct slice value, const char *what) {
    if (json_kind(value) == JSON_KIND_OBJECT)
        return 0;
    refuse(reader, value);
    buf_printf(reader->problem, "%s must be an object: {...}", what);
    return EINVAL;
}

/* A key without its quotes; false where it holds escapes or is too long for any name. */
static bool key_text(struct slice key, struct slice *text) {
    *text = slice_of(key.ptr + 1, key.len - 2);
    return text->len > 0 && text->len <= RULES_NAME_MAX && !memchr(text->ptr, '\\', text->len);
}

/* A switch may be said as true or false. */
static bool value_number(const struct rule_setting *setting, struct slice value, double *number) {
    enum json_kind kind = json_kind(value);
    bool is_switch = strcmp(setting->field, "enabled") == 0;
    if (is_switch && (kind == JSON_KIND_TRUE || kind == JSON_KIND_FALSE)) {
        *number = kind == JSON_KIND_TRUE;
        return true;
    }
    return kind == JSON_KIND_NUMBER && slice_to_real(value, number) && *number >= setting->min &&
           *number <= setting->max;
}

static int read_setting(struct reader *reader, struct layer *layer, struct slice rule,
                        struct slice key, struct slice value) {
    struct rules_cursor at;
    struct slice field;
    if (!key_text(key, &field) || rules_find(&at, rule, field) != 0) {
        refuse(reader, key);
        buf_printf(reader->problem, "%.*s has no setting %.*s", SLICE_ARG(rule), SLICE_ARG(key));
        return EINVAL;
    }
    double number;
    if (!value_number(at.setting, value, &number)) {
        refuse(reader, value);
        buf_printf(reader->problem, "%.*s.%.*s is %.*s: it must be a number from %g to %g",
                   SLICE_ARG(rule), SLICE_ARG(field), SLICE_ARG(slice_take(value, RULES_NAME_MAX)),
                   at.setting->min, at.setting->max);
        return EINVAL;
    }
    layer->changes = mem_resize(layer->changes, (layer->count + 1) * sizeof *layer->changes);
    layer->changes[layer->count++] = (struct change){at, number};
    return 0;
}

static int read_rule(struct reader *reader, struct layer *layer, struct slice key,
                     struct slice value) {
    struct rules_cursor at;
    struct slice rule, member_key, member;
    if (!key_text(key, &rule) || (rules_find(&at, rule, SLICE_NONE), at.type == FEEDBACK_TYPES)) {
        refuse(reader, key);
        buf_printf(reader->problem, "there is no rule %.*s", SLICE_ARG(key));
        return EINVAL;
    }
    int err = need_object(reader, value, "a rule");
    struct slice rest = err ? SLICE_NONE : json_inside(value);
    while (!err && json_next_member(&rest, &member_key, &member))
        err = read_setting(reader, layer, rule, member_key, member);
    return err;
}

/* {"volume_baixo": {...}, ...} */
static int read_rules(struct reader *reader, struct slice organization, struct slice kind,
                      struct slice value) {
    struct rules_file *file = reader->file;
    struct slice key, member;
    int err = need_object(reader, value, "a set of rules");
    if (err)
        return err;
    file->layers = mem_resize(file->layers, (file->count + 1) * sizeof *file->layers);
    struct layer *layer = &file->layers[file->count++];
    *layer = (struct layer){slice_copy_text(organization), slice_copy_text(kind), NULL, 0};
    struct slice rest = json_inside(value);
    while (!err && json_next_member(&rest, &key, &member))
        err = read_rule(reader, layer, key, member);
    return err;
}

/* Refuses names that nothing can have. */
static int read_name(struct reader *reader, struct slice key, struct slice *name) {
    if (key_text(key, name))
        return 0;
    refuse(reader, key);
    buf_printf(reader->problem, "a name must have 1 to %d bytes, and no \\", RULES_NAME_MAX);
    return EINVAL;
}

/* {"aula": {...}, ...} */
static int read_kinds(struct reader *reader, struct slice organization, struct slice value) {
    struct slice key, member, kind;
    int err = need_object(reader, value, "\"kinds\"");
    struct slice rest = err ? SLICE_NONE : json_inside(value);
    while (!err && json_next_member(&rest, &key, &member)) {
        err = read_name(reader, key, &kind);
        if (!err)
            err = read_rules(reader, organization, kind, member);
    }
    return err;
}

static int refuse_member(struct reader *reader, struct slice key, const char *known) {
    refuse(reader, key);
    buf_printf(reader->problem, "%.*s is not known here; there are %s", SLICE_ARG(key), known);
    return EINVAL;
}

/* {"escola": {"rules": ..., "kinds": ...}, ...} */
static int read_organizations(struct reader *reader, struct slice value) {
    struct slice key, member, inner_key, inner, name;
    int err = need_object(reader, value, "\"organizations\"");
    struct slice rest = err ? SLICE_NONE : json_inside(value);
    while (!err && json_next_member(&rest, &key, &member)) {
        err = read_name(reader, key, &name);
        if (!err)
            err = need_object(reader, member, "an organization");
        struct slice within = err ? SLICE_NONE : json_inside(member);
        while (!err && json_next_member(&within, &inner_key, &inner))
            err = json_text_is(inner_key, "rules") ? read_rules(reader, name, SLICE_NONE, inner)
                  : json_text_is(inner_key, "kinds")
                      ? read_kinds(reader, name, inner)
                      : refuse_member(reader, inner_key, "rules and kinds");
    }
    return err;
}

static int read_file(struct reader *reader, struct slice root) {
    struct slice key, member;
    int err = need_object(reader, root, "the file");
    struct slice rest = err ? SLICE_NONE : json_inside(root);
    while (!err && json_next_member(&rest, &key, &member)) {
        if (json_text_is(key, "rules"))
            err = read_rules(reader, SLICE_NONE, SLICE_NONE, member);
        else if (json_text_is(key, "kinds"))
            err = read_kinds(reader, SLICE_NONE, member);
        else if (json_text_is(key, "organizations"))
            err = read_organizations(reader, member);
        else if (!json_text_is(key, "$schema"))
            err = refuse_member(reader, key, "rules, kinds and organizations");
    }
    return err;
}

/* Without the space around it. */
static struct slice whole_value(struct slice text) {
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]))
        text = slice_skip(text, 1);
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* The grammar, and that no member is there twice. */
static int check_grammar(struct slice text, struct buf *problem) {
    json_error_t error = {.line = 1};
    json_t *tree = NULL;
    if (json_is_shallow(text))
        tree = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    else
        strcpy(error.text, "nested too deep");
    bool is_good = tree && json_check(text);
    json_decref(tree);
    if (!is_good)
        buf_printf(problem, "line %d: %s", error.line < 1 ? 1 : error.line,
                   tree ? "not valid JSON" : error.text);
    return is_good ? 0 : EINVAL;
}

int rules_file_parse(struct rules_file **out, struct slice text, struct buf *problem) {
    if (text.len > RULES_FILE_MAX_BYTES) {
        buf_printf(problem, "line 1: longer than %d bytes", RULES_FILE_MAX_BYTES);
        return EINVAL;
    }
    struct buf plain = {0};
    struct rules_file *file = mem_alloc(sizeof *file);
    int err = comments_remove(text, &plain, problem);
    if (!err)
        err = check_grammar(buf_slice(&plain), problem);
    struct reader reader = {buf_slice(&plain), file, problem};
    if (!err)
        err = read_file(&reader, whole_value(reader.text));
    buf_free(&plain);
    if (err)
        rules_file_free(file);
    else
        *out = file;
    return err;
}

void rules_file_free(struct rules_file *file) {
    if (!file)
        return;
    for (size_t i = 0; i < file->count; i++) {
        mem_free(file->layers[i].organization);
        mem_free(file->layers[i].kind);
        mem_free(file->layers[i].changes);
    }
    mem_free(file->layers);
    mem_free(file);
}

/* ---- Applying ---- */

/* How special the layer is; -1: it is not about these meetings. */
static int layer_rank(const struct layer *layer, struct slice organization, struct slice kind) {
    bool is_all = !layer->organization[0], is_any = !layer->kind[0];
    if ((!is_all && !slice_is_equal(slice_from(layer->organization), organization)) ||
        (!is_any && !slice_is_equal(slice_from(layer->kind), kind)))
        return -1;
    return 2 * !is_all + !is_any;
}

void rules_file_apply(const struct rules_file *file, struct slice organization, struct slice kind,
                      struct rules *rules) {
    for (int rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < file->count; i++) {
            const struct layer *layer = &file->layers[i];
            if (layer_rank(layer, organization, kind) != rank)
                continue;
            for (size_t k = 0; k < layer->count; k++)
                *rules_value(rules, &layer->changes[k].at) = layer->changes[k].value;
        }
}
