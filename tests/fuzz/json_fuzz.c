/* Whatever json_check() accepts, jansson must accept too (but for what it is known to refuse), and
 * the walk functions must give back every value as JSON again. json_read() gives a tree of every
 * document that json_check() accepts, whatever values are in it. */
#include "wire/web/json.h"
#include "wire/web/json_read.h"

#include "base/text.h"
#include "wire/web/json_clean.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void walk(struct slice value) {
    enum json_kind kind = json_kind(value);
    struct slice rest = json_inside(value), key, item;
    struct buf plain = {0};

    require(json_check(value) && json_is_shallow(value));
    switch (kind) {
    case JSON_KIND_OBJECT:
        while (json_next_member(&rest, &key, &item)) {
            walk(key);
            walk(item);
        }
        require(rest.len == 0);
        break;
    case JSON_KIND_ARRAY:
        while (json_next_item(&rest, &item))
            walk(item);
        require(rest.len == 0);
        break;
    case JSON_KIND_STRING:
        json_unquote(&plain, value);
        require(text_is_utf8(buf_slice(&plain)));
        break;
    default:
        break;
    }
    buf_free(&plain);
}

/* What was read can be written, and is read again as the same. */
static void read_whole(struct slice text) {
    bool is_marked = slice_has_prefix(text, SLICE("\xEF\xBB\xBF"));
    struct slice plain = is_marked ? slice_skip(text, 3) : text;
    enum json_kind kind = json_kind(plain);
    bool is_document = (kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY) && json_check(plain);
    json_t *tree = json_read(text);
    require(is_document == (tree != NULL));
    if (tree) {
        char *again = json_dumps(tree, JSON_COMPACT);
        require(again);
        json_t *same = json_read(slice_from(again));
        require(json_equal(tree, same));
        json_decref(same);
        free(again);
    }
    json_decref(tree);
}

/* Whoever cannot read text that is cleaned can read nothing, and cleaning it again changes
 * nothing. */
static void clean(struct slice text) {
    struct buf once = {0}, twice = {0};
    json_error_t error;
    json_clean(&once, text, 7);
    json_t *tree = json_loadb(once.data, once.len,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL |
                                  JSON_ALLOW_NUL,
                              &error);
    /* jansson takes no zero in a name. */
    require(tree || memmem(once.data, once.len, "\\u0000", 6));
    json_decref(tree);
    json_clean(&twice, buf_slice(&once), 7);
    require(slice_is_equal(buf_slice(&once), buf_slice(&twice)));
    require(once.len <= json_text_bytes(text) * 6);
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice text = slice_of(data, size);
    json_error_t error;
    json_t *tree;
    bool good;

    read_whole(text);
    /* jansson takes a zero byte for the end of the text. */
    if (!text_is_utf8(text) || memchr(data, 0, size))
        return 0;
    good = json_check(text);
    if (good) {
        walk(text);
        clean(text);
    }
    tree = json_loadb((const char *)data, size,
                      JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
    /* jansson knows no white space but ours and no deeper nesting than 2048. */
    if (tree && json_is_shallow(text))
        require(good);
    if (good && !tree)
        require(json_error_code(&error) == json_error_numeric_overflow ||
                json_error_code(&error) == json_error_null_byte_in_key ||
                json_error_code(&error) == json_error_invalid_syntax);
    json_decref(tree);
    return 0;
}
