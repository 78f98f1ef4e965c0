#include "base/buf.h"
#include "unit.h"
#include "wire/web/ws.h"

#include <stdio.h>
#include <stdlib.h>

/* Every input is parsed whole, byte by byte and in pieces of seven: all must tell the same
 * story. */

static void tell(struct buf *story, struct buf *message, const struct ws_event *event) {
    switch (event->type) {
    case WS_EVENT_NONE:
        return;
    case WS_EVENT_DATA:
        if (event->first)
            buf_clear(message);
        buf_add_slice(message, event->payload);
        if (event->last)
            buf_printf(story, "%s(%.*s) ", event->opcode == WS_TEXT ? "text" : "binary",
                       (int)message->len, message->data);
        return;
    case WS_EVENT_PING:
    case WS_EVENT_PONG:
        buf_printf(story, "%s(%.*s) ", event->type == WS_EVENT_PING ? "ping" : "pong",
                   SLICE_ARG(event->payload));
        return;
    case WS_EVENT_CLOSE:
        buf_printf(story, "close(%u %.*s) ", event->code, SLICE_ARG(event->payload));
        return;
    case WS_EVENT_BAD:
        assert_non_null(event->why);
        buf_printf(story, "bad(%u) ", event->code);
        return;
    }
}

static char *parse_in_pieces(enum ws_role role, struct slice bytes, size_t piece) {
    struct ws_parser parser;
    struct buf story = {0}, message = {0};
    ws_parser_init(&parser, role, 1000);
    /* A copy of its own for each piece: reading past its end is noticed. */
    for (size_t at = 0; at < bytes.len; at += piece) {
        size_t n = bytes.len - at < piece ? bytes.len - at : piece;
        uint8_t *copy = malloc(n);
        memcpy(copy, bytes.ptr + at, n);
        for (size_t used = 0; used < n;) {
            struct ws_event event;
            size_t more = ws_parse(&parser, copy + used, n - used, &event);
            assert_true(more > 0 && more <= n - used);
            used += more;
            tell(&story, &message, &event);
        }
        free(copy);
    }
    buf_free(&message);
    return buf_take_text(&story);
}

static void assert_story_as(enum ws_role role, struct slice bytes, const char *expected) {
    const size_t pieces[] = {bytes.len, 1, 7};
    for (size_t i = 0; i < 3; i++) {
        char *story = parse_in_pieces(role, bytes, pieces[i]);
        assert_string_equal(story, expected);
        free(story);
    }
}

static struct buf stream; /* the frames of a test so far */

static void frame(unsigned first_byte, const char *payload, size_t n) {
    static const uint8_t mask[4] = {0xa1, 0x02, 0xff, 0x7e};
    uint8_t head[WS_HEAD_MAX];
    size_t head_n = ws_write_head(head, first_byte & 15, first_byte & 0x80, n, mask);
    head[0] = (uint8_t)first_byte;
    buf_add(&stream, head, head_n);
    buf_add(&stream, payload, n);
    if (n > 0)
        ws_mask((uint8_t *)stream.data + stream.len - n, n, mask, 0);
}

#define FRAME(first_byte, literal) frame(first_byte, literal, sizeof(literal) - 1)

static void assert_story(const char *expected) {
    assert_story_as(WS_SERVER, buf_slice(&stream), expected);
    buf_free(&stream);
}

/* ---- frames ---- */

static void masking_is_the_same_at_every_alignment_and_phase(void **state) {
    static const uint8_t mask[4] = {1, 20, 133, 255};
    uint8_t bytes[160], expected[160];
    for (size_t start = 0; start < 20; start++)
        for (size_t n = 0; n < 100; n += n < 40 ? 1 : 13)
            for (uint8_t phase = 0; phase < 4; phase++) {
                for (size_t i = 0; i < sizeof bytes; i++)
                    bytes[i] = expected[i] = (uint8_t)(i * 7);
                for (size_t i = 0; i < n; i++)
                    expected[start + i] ^= mask[(phase + i) % 4];
                assert_int_equal(ws_mask(bytes + start, n, mask, phase), (phase + n) % 4);
                assert_memory_equal(bytes, expected, sizeof bytes);
            }
}

static void a_message_arrives_with_its_kind(void **state) {
    FRAME(0x81, "hello");
    FRAME(0x82, "\x01\xff");
    FRAME(0x81, "");
    assert_story("text(hello) binary(\x01\xff) text() ");
}

static void fragments_make_one_message_around_control_frames(void **state) {
    FRAME(0x01, "a");
    FRAME(0x89, "ping");
    FRAME(0x00, "");
    FRAME(0x8a, "pong");
    FRAME(0x00, "bc");
    FRAME(0x80, "");
    FRAME(0x82, "next");
    assert_story("ping(ping) pong(pong) text(abc) binary(next) ");
}

static void fragments_out_of_order_are_refused(void **state) {
    FRAME(0x80, "nothing to continue");
    assert_story("bad(1002) ");
    FRAME(0x01, "a");
    FRAME(0x81, "b");
    assert_story("bad(1002) ");
    FRAME(0x81, "a");
    FRAME(0x80, "b");
    assert_story("text(a) bad(1002) ");
    FRAME(0x09, "a control frame in fragments");
    assert_story("bad(1002) ");
}

static void reserved_bits_and_opcodes_are_refused(void **state) {
    const unsigned wrong[] = {0xc1, 0xa1, 0x91, 0x83, 0x84, 0x85, 0x86,
                              0x87, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        FRAME(0x81, "fine");
        FRAME(wrong[i], "wrong");
        FRAME(0x81, "never seen");
        assert_story("text(fine) bad(1002) ");
    }
}

static void each_side_insists_on_its_masks(void **state) {
    assert_story_as(WS_SERVER, SLICE("\x81\x02hi"), "bad(1002) ");
    assert_story_as(WS_CLIENT, SLICE("\x81\x02hi\x82\x00"), "text(hi) binary() ");
    assert_story_as(WS_CLIENT, SLICE("\x81\x82\0\0\0\0hi"), "bad(1002) ");
}

static void lengths_must_be_in_their_shortest_form(void **state) {
    assert_story_as(WS_CLIENT, SLICE("\x82\x7e\0\x7d"), "bad(1002) ");
    assert_story_as(WS_CLIENT, SLICE("\x82\x7f\0\0\0\0\0\0\xff\xff"), "bad(1002) ");
    assert_story_as(WS_CLIENT, SLICE("\x82\x7f\x80\0\0\0\0\x01\0\0"), "bad(1002) ");
    char payload[300] = {0};
    memset(payload, 'x', sizeof payload);
    struct buf expected = {0};
    frame(0x82, payload, 126);
    frame(0x82, payload, 300);
    buf_printf(&expected, "binary(%.126s) binary(%.300s) ", payload, payload);
    buf_add_byte(&expected, 0);
    assert_story(expected.data);
    buf_free(&expected);
}

static void heads_are_written_in_their_shortest_form(void **state) {
    uint8_t out[WS_HEAD_MAX];
    assert_int_equal(ws_write_head(out, WS_TEXT, true, 125, NULL), 2);
    assert_memory_equal(out, "\x81\x7d", 2);
    assert_int_equal(ws_write_head(out, WS_BINARY, false, 126, NULL), 4);
    assert_memory_equal(out, "\x02\x7e\0\x7e", 4);
    assert_int_equal(ws_write_head(out, WS_BINARY, true, 65535, NULL), 4);
    assert_int_equal(ws_write_head(out, WS_BINARY, true, 65536, (const uint8_t *)"abcd"), 14);
    assert_memory_equal(out, "\x82\xff\0\0\0\0\0\x01\0\0abcd", 14);
}

static void a_message_over_the_limit_is_refused_by_its_head(void **state) {
    char payload[1001] = {0};
    frame(0x82, payload, 1001);
    assert_story("bad(1009) ");
    memset(payload, 'x', sizeof payload);
    frame(0x02, payload, 600);
    frame(0x80, payload, 401);
    assert_story("bad(1009) ");
    /* Not by adding up to something small. */
    assert_story_as(WS_CLIENT, SLICE("\x02\x01x\x80\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
                    "bad(1009) ");
}

static void control_frames_have_their_own_limit(void **state) {
    char payload[126];
    memset(payload, 'p', sizeof payload);
    struct buf expected = {0};
    frame(0x89, payload, 125);
    frame(0x8a, "", 0);
    buf_printf(&expected, "ping(%.125s) pong() ", payload);
    buf_add_byte(&expected, 0);
    assert_story(expected.data);
    buf_free(&expected);
    frame(0x89, payload, 126);
    assert_story("bad(1002) ");
}

/* ---- text ---- */

static void text_is_utf8_across_fragments(void **state) {
    FRAME(0x01, "\xce");
    FRAME(0x00, "\xba\xe1\xbd");
    FRAME(0x89, "\xff");
    FRAME(0x80, "\xb9");
    assert_story("ping(\xff) text(\xce\xba\xe1\xbd\xb9) ");
    FRAME(0x01, "\xce");
    FRAME(0x80, "");
    assert_story("bad(1007) ");
    FRAME(0x81, "\xed\xa0\x80"); /* a surrogate */
    assert_story("bad(1007) ");
    FRAME(0x82, "\xed\xa0\x80");
    assert_story("binary(\xed\xa0\x80) ");
}

static void a_wrong_byte_is_noticed_when_it_is_seen(void **state) {
    struct ws_parser parser;
    struct ws_event event;
    uint8_t bytes[] = {0x81, 0x7e, 0, 200, 0xce, 0xba, 0xf4, 0x90}; /* 192 more are announced */
    ws_parser_init(&parser, WS_CLIENT, 1000);
    assert_int_equal(ws_parse(&parser, bytes, 7, &event), 7);
    assert_int_equal(event.type, WS_EVENT_DATA);
    assert_true(event.first && !event.last);
    assert_int_equal(ws_parse(&parser, bytes + 7, 1, &event), 1);
    assert_int_equal(event.type, WS_EVENT_BAD);
    assert_int_equal(event.code, WS_CLOSE_BAD_DATA);
}

/* ---- the end ---- */

static void a_close_carries_a_code_and_a_reason(void **state) {
    FRAME(0x88, "\x03\xe8"
                "bye");
    FRAME(0x81, "never seen");
    assert_story("close(1000 bye) ");
    FRAME(0x88, "");
    assert_story("close(1005 ) ");
    FRAME(0x01, "unfinished");
    FRAME(0x88, "\x0f\xa0");
    assert_story("close(4000 ) ");
}

static void invalid_closes_are_refused(void **state) {
    FRAME(0x88, "\x03");
    assert_story("bad(1002) ");
    FRAME(0x88, "\x03\xe8\xce");
    assert_story("bad(1007) ");
    const uint16_t invalid[] = {0,    999,  1004, 1005, 1006, 1015,
                                1016, 1100, 2000, 2999, 5000, 65535};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        char payload[2] = {(char)(invalid[i] >> 8), (char)invalid[i]};
        assert_false(ws_close_code_is_valid(invalid[i]));
        frame(0x88, payload, 2);
        assert_story("bad(1002) ");
    }
    const uint16_t valid[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                              1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
        assert_true(ws_close_code_is_valid(valid[i]));
}

static void closes_are_written_within_their_limit(void **state) {
    uint8_t out[WS_HEAD_MAX + WS_CONTROL_MAX];
    assert_int_equal(ws_write_close(out, 0, SLICE("unused"), NULL), 2);
    assert_memory_equal(out, "\x88\x00", 2);
    assert_int_equal(ws_write_close(out, 1001, SLICE("away"), NULL), 8);
    assert_memory_equal(out,
                        "\x88\x06\x03\xe9"
                        "away",
                        8);
    char reason[130];
    for (size_t i = 0; i < sizeof reason; i += 2)
        memcpy(reason + i, "\xc3\xa9", 2);
    size_t n = ws_write_close(out, 1001, slice_of(reason, sizeof reason), NULL);
    assert_int_equal(n, 2 + 2 + 122); /* 123 would cut a character in two */
    assert_story_as(WS_CLIENT, slice_of(out, 4), "");
    assert_int_equal(ws_write_control(out, WS_PONG, SLICE("pong"), (const uint8_t *)"abcd"), 10);
    assert_story_as(WS_SERVER, slice_of(out, 10), "pong(pong) ");
}

RUN_TESTS(TEST(masking_is_the_same_at_every_alignment_and_phase),
          TEST(a_message_arrives_with_its_kind),
          TEST(fragments_make_one_message_around_control_frames),
          TEST(fragments_out_of_order_are_refused), TEST(reserved_bits_and_opcodes_are_refused),
          TEST(each_side_insists_on_its_masks), TEST(lengths_must_be_in_their_shortest_form),
          TEST(heads_are_written_in_their_shortest_form),
          TEST(a_message_over_the_limit_is_refused_by_its_head),
          TEST(control_frames_have_their_own_limit), TEST(text_is_utf8_across_fragments),
          TEST(a_wrong_byte_is_noticed_when_it_is_seen), TEST(a_close_carries_a_code_and_a_reason),
          TEST(invalid_closes_are_refused), TEST(closes_are_written_within_their_limit))
