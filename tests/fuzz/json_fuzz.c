/* Whatever json_check() accepts, jansson must accept too (but for what it is known to refuse), and
 * the walk functions must give back every value as JSON again. json_read() gives a tree of every
 * document that json_check() accepts, whatever values are in it. */
#include "wire/web/json.h"
#include "wire/web/json_read.h"

#include "base/text.h"

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
    if (good)
        walk(text);
    tree = json_loadb((const char *)data, size,
                      JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
    /* jansson knows no white space but ours and no deeper nesting than 2048. */
    if (tree && json_is_shallow(text))
        require(good);
    if (good && !tree)
        require(json_error_code(&error) == json_error_numeric_overflow ||
                json_error_code(&error) == json_error_invalid_syntax);
    json_decref(tree);
    return 0;
}
