#include "base/blob.h"
#include "frames.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/ws/ws_conn.h"
#include "peer.h"

/* The server role, against a peer that writes and reads bytes by hand. */

struct fixture {
    struct loop *loop;
    struct ws_conn *conn;
    int peer;
    struct buf heard;
    int messages, drained, closed;
    uint16_t code;
    char reason[64];
    bool echoes, pauses, aborts;
};

static void on_message(enum ws_opcode opcode, struct slice message, void *arg) {
    struct fixture *f = arg;
    f->messages++;
    buf_add_slice(&f->heard, message);
    buf_add_byte(&f->heard, '|');
    if (f->echoes)
        ws_conn_send(f->conn, opcode, message);
    if (f->pauses)
        ws_conn_pause(f->conn);
    if (f->aborts)
        ws_conn_abort(f->conn);
}

static void on_drain(void *arg) {
    ((struct fixture *)arg)->drained++;
}

static void on_close(uint16_t code, struct slice reason, void *arg) {
    struct fixture *f = arg;
    f->closed++;
    f->code = code;
    snprintf(f->reason, sizeof f->reason, "%.*s", SLICE_ARG(reason));
    f->conn = NULL;
}

static const struct ws_handlers handlers = {
    .on_message = on_message, .on_drain = on_drain, .on_close = on_close};

static void open_with(struct fixture *f, struct ws_settings settings, struct slice unread) {
    int fds[2];
    memset(f, 0, sizeof *f);
    assert_int_equal(loop_open(&f->loop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct stream *stream = stream_new(fds[0]);
    stream_unread(stream, unread);
    f->peer = fds[1];
    struct timeval limit = {.tv_sec = 5};
    setsockopt(f->peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    assert_int_equal(ws_conn_open(&f->conn, f->loop, stream, &settings, &handlers, f), 0);
}

static void open_fixture(struct fixture *f) {
    open_with(f, (struct ws_settings){0}, SLICE_NONE);
}

static void close_fixture(struct fixture *f) {
    ws_conn_abort(f->conn);
    loop_close(f->loop);
    close(f->peer);
    buf_free(&f->heard);
}

/* Lets the loop turn while there is something to do. */
static void turn(struct fixture *f) {
    for (int i = 0; i < 10; i++)
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
}

static void turn_until_closed(struct fixture *f) {
    for (int i = 0; i < 30000 && !f->closed; i++) {
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        usleep(1000);
    }
    assert_int_equal(f->closed, 1);
}

static void say(struct fixture *f, unsigned opcode, bool fin, const char *payload) {
    struct buf out = {0};
    add_frame(&out, opcode, fin, payload, strlen(payload));
    peer_send(f->peer, out.data, out.len);
    buf_free(&out);
}

static void assert_heard(struct fixture *f, const char *bytes, size_t n) {
    char *got = malloc(n);
    peer_hear(f->peer, got, n);
    assert_memory_equal(got, bytes, n);
    free(got);
}

static void assert_nothing_heard(struct fixture *f) {
    char c;
    assert_int_equal(recv(f->peer, &c, 1, MSG_DONTWAIT), -1);
}

/* Nothing but the rest of what was said, then the end. */
static void assert_end_heard(struct fixture *f) {
    uint8_t rest[256];
    ssize_t n;
    do
        n = recv(f->peer, rest, sizeof rest, MSG_DONTWAIT);
    while (n > 0);
    assert_int_equal(n, 0);
}

static void messages_come_whole_and_go_back(void **state) {
    struct fixture f;
    open_fixture(&f);
    f.echoes = true;
    say(&f, WS_TEXT, true, "one");
    say(&f, WS_BINARY, false, "t");
    say(&f, WS_PING, true, "p");
    say(&f, WS_CONTINUATION, false, "w");
    say(&f, WS_CONTINUATION, true, "o");
    turn(&f);
    assert_slice_equal(buf_slice(&f.heard), "one|two|");
    assert_heard(&f, "\x81\x03one\x8a\x01p\x82\x03two", 13);
    close_fixture(&f);
}

static void bytes_behind_the_handshake_are_heard(void **state) {
    struct fixture f;
    struct buf out = {0};
    add_text_frame(&out, WS_TEXT, "early");
    open_with(&f, (struct ws_settings){0}, buf_slice(&out));
    assert_int_equal(f.messages, 0);
    turn(&f);
    assert_slice_equal(buf_slice(&f.heard), "early|");
    buf_free(&out);
    close_fixture(&f);
}

static void what_is_sent_in_a_turn_leaves_in_one_write(void **state) {
    struct fixture f;
    char bytes[64];
    open_fixture(&f);
    struct blob *frame = ws_frame2(WS_TEXT, SLICE("4"), SLICE("2"));
    ws_conn_send_frame(f.conn, frame);
    ws_conn_send_frame(f.conn, frame);
    assert_false(ws_conn_is_writable(f.conn));
    assert_int_equal(ws_conn_queued_bytes(f.conn), 8);
    ws_conn_send(f.conn, WS_TEXT, SLICE("x"));
    assert_nothing_heard(&f);
    turn(&f);
    assert_true(ws_conn_is_writable(f.conn));
    assert_int_equal(recv(f.peer, bytes, sizeof bytes, 0), 11);
    assert_memory_equal(bytes,
                        "\x81\x02"
                        "42"
                        "\x81\x02"
                        "42"
                        "\x81\x01x",
                        11);

    ws_conn_send_frame_now(f.conn, frame);
    assert_heard(&f,
                 "\x81\x02"
                 "42",
                 4); /* without a turn of the loop */
    ws_conn_send(f.conn, WS_TEXT, SLICE("a"));
    ws_conn_send_frame_now(f.conn, frame); /* does not overtake */
    assert_nothing_heard(&f);
    ws_conn_flush(f.conn);
    assert_heard(&f,
                 "\x81\x01"
                 "a"
                 "\x81\x02"
                 "42",
                 7);
    assert_int_equal(frame->refs, 1);
    blob_unref(frame);
    close_fixture(&f);
}

static void a_full_socket_is_drained_in_order(void **state) {
    struct fixture f;
    enum { SIZE = 100000, COUNT = 20 };
    open_with(&f, (struct ws_settings){.max_queue_bytes = SIZE * COUNT * 2}, SLICE_NONE);
    char *payload = malloc(SIZE), *got = malloc(SIZE + 10);
    for (int i = 0; i < COUNT; i++) {
        memset(payload, 'a' + i, SIZE);
        struct blob *frame = ws_frame(WS_BINARY, slice_of(payload, SIZE));
        ws_conn_send_frame_now(f.conn, frame);
        blob_unref(frame);
    }
    assert_true(ws_conn_queued_bytes(f.conn) > 0);
    for (int i = 0; i < COUNT; i++) {
        size_t n = 0;
        while (n < SIZE + 10) {
            turn(&f);
            ssize_t more = recv(f.peer, got + n, SIZE + 10 - n, MSG_DONTWAIT);
            n += more > 0 ? (size_t)more : 0;
        }
        assert_memory_equal(got, "\x82\x7f\0\0\0\0\0\x01\x86\xa0", 10);
        memset(payload, 'a' + i, SIZE);
        assert_memory_equal(got + 10, payload, SIZE);
    }
    turn(&f);
    assert_int_equal(ws_conn_queued_bytes(f.conn), 0);
    assert_true(f.drained >= 1);
    free(payload);
    free(got);
    close_fixture(&f);
}

static void a_peer_that_does_not_read_is_dropped(void **state) {
    struct fixture f;
    open_with(&f, (struct ws_settings){.max_queue_bytes = 100000}, SLICE_NONE);
    char *payload = calloc(1, 50000);
    struct blob *frame = ws_frame(WS_BINARY, slice_of(payload, 50000));
    for (int i = 0; i < 1000; i++)
        ws_conn_send_frame(f.conn, frame); /* harmless once it is dropped */
    assert_int_equal(f.closed, 0);
    turn_until_closed(&f);
    assert_int_equal(f.code, WS_CLOSE_ABNORMAL);
    assert_string_equal(f.reason, "the peer does not read");
    assert_int_equal(frame->refs, 1);
    blob_unref(frame);
    free(payload);
    close_fixture(&f);
}

static void the_peers_close_is_answered_in_kind(void **state) {
    struct fixture f;
    open_fixture(&f);
    say(&f, WS_TEXT, true, "last");
    say(&f, WS_CLOSE, true,
        "\x03\xe8"
        "bye");
    turn_until_closed(&f);
    assert_slice_equal(buf_slice(&f.heard), "last|");
    assert_int_equal(f.code, WS_CLOSE_NORMAL);
    assert_string_equal(f.reason, "bye");
    assert_heard(&f, "\x88\x02\x03\xe8", 4);
    char c;
    assert_int_equal(recv(f.peer, &c, 1, 0), 0);
    close_fixture(&f);
}

static void our_close_waits_for_the_peers(void **state) {
    struct fixture f;
    open_fixture(&f);
    ws_conn_send(f.conn, WS_TEXT, SLICE("x"));
    ws_conn_close(f.conn, 0, SLICE_NONE);
    ws_conn_close(f.conn, 1000, SLICE("again does nothing"));
    ws_conn_send(f.conn, WS_TEXT, SLICE("nor does this"));
    turn(&f);
    assert_heard(&f, "\x81\x01x\x88\x00", 5);
    say(&f, WS_TEXT, true, "ignored");
    turn(&f);
    assert_int_equal(f.closed, 0);
    say(&f, WS_CLOSE, true, "");
    turn_until_closed(&f);
    assert_int_equal(f.code, WS_CLOSE_NO_STATUS);
    assert_int_equal(f.messages, 0);
    close_fixture(&f);
}

static void our_close_is_not_waited_for_for_ever(void **state) {
    struct fixture f;
    open_with(&f, (struct ws_settings){.close_ms = 20, .ping_ms = 60000}, SLICE_NONE);
    ws_conn_close(f.conn, WS_CLOSE_GOING_AWAY, SLICE("soon"));
    turn_until_closed(&f);
    assert_int_equal(f.code, WS_CLOSE_ABNORMAL);
    close_fixture(&f);
}

static void bad_frames_are_answered_with_their_code(void **state) {
    static const struct {
        const char *bytes;
        size_t n;
        unsigned code;
    } cases[] = {
        {"\x81\x01"
         "a",
         3, 1002},                                        /* not masked */
        {"\xc1\x80\0\0\0\0", 6, 1002},                    /* reserved bit */
        {"\x80\x80\0\0\0\0", 6, 1002},                    /* continuation of nothing */
        {"\x88\x81\0\0\0\0x", 7, 1002},                   /* close of one byte */
        {"\x88\x82\0\0\0\0\x03\xed", 8, 1002},            /* close 1005 */
        {"\x81\x82\0\0\0\0\xc0\x80", 8, 1007},            /* overlong UTF-8 */
        {"\x82\xff\0\0\0\0\0\x20\0\0\0\0\0\0", 14, 1009}, /* two megabytes */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        uint8_t frame[4];
        open_fixture(&f);
        peer_send(f.peer, cases[i].bytes, cases[i].n);
        turn(&f);
        peer_hear(f.peer, frame, sizeof frame);
        assert_int_equal(frame[0], 0x88);
        assert_int_equal(frame[2] << 8 | frame[3], cases[i].code);
        assert_end_heard(&f);
        assert_int_equal(f.closed, 0);
        close(f.peer);
        turn_until_closed(&f);
        assert_int_equal(f.code, cases[i].code);
        f.peer = -1;
        close_fixture(&f);
    }
}

static void a_broken_connection_is_1006(void **state) {
    struct fixture f;
    open_fixture(&f);
    close(f.peer);
    f.peer = -1;
    turn_until_closed(&f);
    assert_int_equal(f.code, WS_CLOSE_ABNORMAL);
    close_fixture(&f);
}

static void a_paused_connection_holds_everything_back(void **state) {
    struct fixture f;
    open_fixture(&f);
    f.pauses = true;
    say(&f, WS_TEXT, true, "a");
    say(&f, WS_TEXT, true, "b");
    say(&f, WS_TEXT, true, "c");
    turn(&f);
    assert_slice_equal(buf_slice(&f.heard), "a|");
    ws_conn_resume(f.conn);
    turn(&f);
    assert_slice_equal(buf_slice(&f.heard), "a|b|");
    f.pauses = false;
    ws_conn_resume(f.conn);
    turn(&f);
    assert_slice_equal(buf_slice(&f.heard), "a|b|c|");
    close_fixture(&f);
}

static void a_callback_may_abort(void **state) {
    struct fixture f;
    open_fixture(&f);
    f.aborts = true;
    say(&f, WS_TEXT, true, "a");
    say(&f, WS_TEXT, true, "b");
    turn(&f);
    assert_slice_equal(buf_slice(&f.heard), "a|");
    assert_int_equal(f.closed, 0);
    f.conn = NULL;
    close_fixture(&f);
}

static void silence_is_pinged_and_then_ended(void **state) {
    struct fixture f;
    open_with(&f, (struct ws_settings){.ping_ms = 10, .silence_ms = 60}, SLICE_NONE);
    turn_until_closed(&f);
    assert_heard(&f, "\x89\x00\x89\x00", 4);
    assert_int_equal(f.code, WS_CLOSE_ABNORMAL);
    close_fixture(&f);
}

RUN_TESTS(TEST(messages_come_whole_and_go_back), TEST(bytes_behind_the_handshake_are_heard),
          TEST(what_is_sent_in_a_turn_leaves_in_one_write), TEST(a_full_socket_is_drained_in_order),
          TEST(a_peer_that_does_not_read_is_dropped), TEST(the_peers_close_is_answered_in_kind),
          TEST(our_close_waits_for_the_peers), TEST(our_close_is_not_waited_for_for_ever),
          TEST(bad_frames_are_answered_with_their_code), TEST(a_broken_connection_is_1006),
          TEST(a_paused_connection_holds_everything_back), TEST(a_callback_may_abort),
          TEST(silence_is_pinged_and_then_ended))
