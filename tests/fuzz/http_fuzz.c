/* Requests, replies and chunked bodies from anybody: whole and byte by byte give the same, and what
 * is accepted can be read in one way only. */
#include "base/buf.h"
#include "wire/web/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum http_result parse_fn(struct http_head *, struct slice, size_t *, size_t *);

static enum http_result parse_request(struct http_head *head, struct slice bytes, size_t *scanned,
                                      size_t *used) {
    return http_parse_request(head, bytes, HTTP_HEAD_MAX, scanned, used);
}

static void check_accepted(const struct http_head *head, struct slice bytes, size_t used) {
    assert(used <= bytes.len && used <= HTTP_HEAD_MAX);
    assert(memcmp(bytes.ptr + used - 4, "\r\n\r\n", 4) == 0);
    assert(!(head->is_chunked && head->content_length >= 0));
    assert(http_count_headers(head, "content-length") <= 1);
    assert(memchr(bytes.ptr, 0, used) == NULL);
    size_t lines = 0, lead = 0;
    while (slice_has_prefix(slice_skip(bytes, lead), SLICE("\r\n")))
        lead += 2; /* empty lines in front of a request */
    for (size_t i = lead; i < used; i++)
        lines += bytes.ptr[i] == '\n';
    assert(lines == head->header_count + 2);
    for (size_t i = 0; i < head->header_count; i++) {
        struct slice name = head->headers[i].name, value = head->headers[i].value;
        assert(name.len > 0 && name.ptr[name.len] == ':');
        assert(value.len == 0 || value.ptr + value.len <= bytes.ptr + used);
    }
}

static size_t check_head(parse_fn *parse, struct slice bytes) {
    static struct http_head head, slowly;
    size_t scanned = 0, used = 0, slow_scanned = 0, slow_used = 0;
    enum http_result result = parse(&head, bytes, &scanned, &used), slow = HTTP_MORE;
    for (size_t n = 1; n <= bytes.len && slow == HTTP_MORE; n++)
        slow = parse(&slowly, slice_take(bytes, n), &slow_scanned, &slow_used);
    assert(result == slow);
    if (result == HTTP_BAD)
        assert(head.refusal == slowly.refusal && head.refusal >= 400 && head.why);
    if (result != HTTP_DONE)
        return 0;
    assert(used == slow_used);
    check_accepted(&head, bytes, used);
    return used;
}

static enum http_result decode(struct slice bytes, size_t piece, struct buf *out, size_t *end) {
    const struct http_head chunked = {.is_chunked = true, .content_length = -1};
    struct http_body body;
    enum http_result result = HTTP_MORE;
    size_t at = 0;
    http_body_init(&body, &chunked);
    while (at < bytes.len && result == HTTP_MORE) {
        size_t n = bytes.len - at < piece ? bytes.len - at : piece, used;
        struct slice part;
        result = http_body_parse(&body, slice_of(bytes.ptr + at, n), &used, &part);
        assert(used <= n && (used > 0 || result != HTTP_MORE));
        buf_add_slice(out, part);
        at += used;
    }
    assert(body.received == out->len);
    *end = at;
    return result;
}

static void check_body(struct slice bytes) {
    struct buf whole = {0}, slow = {0};
    size_t whole_end, slow_end;
    enum http_result result = decode(bytes, bytes.len, &whole, &whole_end);
    assert(result == decode(bytes, 1, &slow, &slow_end));
    assert(whole_end == slow_end && slice_is_equal(buf_slice(&whole), buf_slice(&slow)));
    buf_free(&whole);
    buf_free(&slow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    /* A copy without anything behind it, so that reading on is noticed. */
    char *copy = malloc(size + !size);
    memcpy(copy, data, size);
    struct slice bytes = slice_of(copy, size);
    size_t used = check_head(parse_request, bytes);
    check_head(http_parse_reply, bytes);
    if (size > used)
        check_body(slice_skip(bytes, used));
    free(copy);
    return 0;
}
