/* Frames from anybody: parsed whole and in pieces they tell the same; and what we write, we
 * read. */
#include "base/buf.h"
#include "base/text.h"
#include "wire/web/ws.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 4096 };

/* Complete messages, control frames and the end, in one canonical form. */
static void tell(struct buf *story, struct buf *message, const struct ws_event *event) {
    if (event->type == WS_EVENT_NONE)
        return;
    if (event->type == WS_EVENT_DATA) {
        if (event->first)
            buf_clear(message);
        buf_add_slice(message, event->payload);
        assert(message->len <= LIMIT);
        if (!event->last)
            return;
        assert(event->opcode == WS_BINARY || text_is_utf8(buf_slice(message)));
        buf_printf(story, "m%d %zu ", event->opcode, message->len);
        buf_add(story, message->data, message->len);
        return;
    }
    assert(event->type != WS_EVENT_CLOSE || event->code == WS_CLOSE_NO_STATUS ||
           ws_close_code_is_valid(event->code));
    buf_printf(story, "e%d %u %zu ", event->type, event->code, event->payload.len);
    buf_add_slice(story, event->payload);
}

static struct buf parse(enum ws_role role, const uint8_t *data, size_t size, size_t piece) {
    struct ws_parser parser;
    struct buf story = {0}, message = {0};
    ws_parser_init(&parser, role, LIMIT);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(n);
        memcpy(copy, data + at, n);
        for (size_t used = 0; used < n;) {
            struct ws_event event;
            size_t more = ws_parse(&parser, copy + used, n - used, &event);
            assert(more > 0 && more <= n - used);
            used += more;
            tell(&story, &message, &event);
        }
        free(copy);
    }
    buf_free(&message);
    return story;
}

static void check_pieces(enum ws_role role, const uint8_t *data, size_t size) {
    struct buf whole = parse(role, data, size, size);
    const size_t pieces[] = {1, 3, 16};
    for (size_t i = 0; i < 3; i++) {
        struct buf other = parse(role, data, size, pieces[i]);
        assert(slice_is_equal(buf_slice(&whole), buf_slice(&other)));
        buf_free(&other);
    }
    buf_free(&whole);
}

/* The input as a message of two fragments. */
static void check_round_trip(const uint8_t *data, size_t size) {
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    struct buf frames = {0};
    size_t n = size < LIMIT ? size : LIMIT, half = n / 2, parts[] = {half, n - half};
    for (int i = 0; i < 2; i++) {
        uint8_t head[WS_HEAD_MAX];
        size_t head_n =
            ws_write_head(head, i == 0 ? WS_BINARY : WS_CONTINUATION, i == 1, parts[i], mask);
        buf_add(&frames, head, head_n);
        buf_add(&frames, data + (i == 0 ? 0 : half), parts[i]);
        if (parts[i] > 0)
            ws_mask((uint8_t *)frames.data + frames.len - parts[i], parts[i], mask, 0);
    }
    struct buf story = parse(WS_SERVER, (const uint8_t *)frames.data, frames.len, 5);
    struct buf expected = {0};
    buf_printf(&expected, "m%d %zu ", WS_BINARY, n);
    buf_add(&expected, data, n);
    assert(slice_is_equal(buf_slice(&story), buf_slice(&expected)));
    buf_free(&frames);
    buf_free(&story);
    buf_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    check_pieces(data[0] & 1 ? WS_CLIENT : WS_SERVER, data + 1, size - 1);
    check_round_trip(data, size);
    return 0;
}
