/* URLs and queries from anybody: parts lie inside the text and make it up again; what is encoded is
 * decoded. */
#include "wire/web/url.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct slice part, struct slice text) {
    assert(part.len == 0 || (part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len));
}

static void check_url(struct slice text) {
    struct url url;
    if (url_parse(&url, text) != 0)
        return;
    check_inside(url.scheme, text);
    check_inside(url.user, text);
    check_inside(url.password, text);
    check_inside(url.host, text);
    check_inside(url.path, text);
    check_inside(url.query, text);
    assert(url.scheme.len > 0 && url.host.len > 0);
    assert(url.path.len == 0 || url.path.ptr[0] == '/');
    assert(slice_find_byte(url.path, '?') == url.path.len);
}

static void check_escapes(struct slice text) {
    struct buf encoded = {0}, decoded = {0};
    url_encode(&encoded, text);
    assert(url_decode(&decoded, buf_slice(&encoded), true) == 0);
    assert(slice_is_equal(buf_slice(&decoded), text));
    buf_clear(&decoded);
    if (url_decode(&decoded, text, false) == 0)
        assert(decoded.len <= text.len);
    else
        assert(decoded.len == 0);
    buf_free(&encoded);
    buf_free(&decoded);
}

static void check_query(struct slice text) {
    struct slice rest = text, name, value;
    size_t parts = 0, total = 0;
    while (query_next(&rest, &name, &value)) {
        check_inside(name, text);
        check_inside(value, text);
        total += name.len + value.len;
        parts++;
    }
    assert(total <= text.len);
    struct slice first;
    assert(query_find(text, "a", &first) <= parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct slice text = slice_of(data, size);
    check_url(text);
    check_escapes(text);
    check_query(text);
    return 0;
}
