#include "base/buf.h"
#include "frames.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/ws/media_conn.h"
#include "peer.h"

#include <fcntl.h>

struct track {
    struct buf audio, text;
    size_t messages;
    int closed;
    uint16_t code;
    char reason[64];
    bool frees_itself;
    struct media_conn *conn;
};

struct fixture {
    struct media_stats stats;
    struct track track;
    struct media_conn *conn;
    int peer;
    int64_t now_ms;
    uint8_t *buffer;
};

static void on_binary(const uint8_t *bytes, size_t n, bool last, void *arg) {
    struct track *track = arg;
    buf_add(&track->audio, bytes, n);
    track->messages += last;
}

static void on_text(struct slice message, void *arg) {
    struct track *track = arg;
    buf_add_slice(&track->text, message);
    buf_add_byte(&track->text, '|');
}

static void on_closed(uint16_t code, struct slice reason, void *arg) {
    struct track *track = arg;
    track->closed++;
    track->code = code;
    snprintf(track->reason, sizeof track->reason, "%.*s", SLICE_ARG(reason));
    if (track->frees_itself)
        media_conn_free(track->conn);
}

static const struct media_handlers handlers = {on_binary, on_text, on_closed};

/* Connected, with the handshake's answer taken and `unread` as what came right behind the head. */
static void open_fixture(struct fixture *f, struct slice unread) {
    int fds[2];
    memset(f, 0, sizeof *f);
    f->now_ms = 1000;
    f->buffer = malloc(LOOP_SCRATCH_BYTES);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    struct stream *stream = stream_new(fds[0]);
    stream_unread(stream, unread);
    f->conn = media_conn_new(stream, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 1 << 20, &handlers, &f->track,
                             &f->stats, f->now_ms);
    f->track.conn = f->conn;
    f->peer = fds[1];
    media_conn_drain(f->conn, f->buffer, f->now_ms);
    char *reply = peer_hear_until(f->peer, "\r\n\r\n");
    assert_non_null(strstr(reply, "HTTP/1.1 101 "));
    assert_non_null(strstr(reply, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    free(reply);
}

static void close_fixture(struct fixture *f) {
    if (!f->track.frees_itself)
        media_conn_free(f->conn);
    close(f->peer);
    buf_free(&f->track.audio);
    buf_free(&f->track.text);
    free(f->buffer);
}

static size_t drain(struct fixture *f, int64_t after_ms) {
    f->now_ms += after_ms;
    return media_conn_drain(f->conn, f->buffer, f->now_ms);
}

static void say(struct fixture *f, const struct buf *bytes) {
    peer_send(f->peer, bytes->data, bytes->len);
}

static void audio_and_text_arrive_in_order(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    add_text_frame(&out, WS_TEXT, "{\"muted\":false}");
    for (int i = 0; i < 100; i++) {
        char frame[1920];
        memset(frame, i, sizeof frame);
        add_frame(&out, WS_BINARY, true, frame, sizeof frame);
    }
    say(&f, &out);
    drain(&f, 60);
    assert_slice_equal(buf_slice(&f.track.text), "{\"muted\":false}|");
    assert_int_equal(f.track.audio.len, 100 * 1920);
    assert_int_equal(f.track.messages, 100);
    for (size_t i = 0; i < f.track.audio.len; i++)
        assert_int_equal(f.track.audio.data[i], i / 1920);
    assert_int_equal(f.stats.messages, 101);
    buf_free(&out);
    close_fixture(&f);
}

static void bytes_one_at_a_time_give_the_same(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    add_frame(&out, WS_BINARY, false, "abc", 3);
    add_text_frame(&out, WS_PING, "between");
    add_frame(&out, WS_CONTINUATION, true, "def", 3);
    add_frame(&out, WS_TEXT, false, "{\"mut", 5);
    add_frame(&out, WS_CONTINUATION, true, "ed\":true}", 9);
    for (size_t i = 0; i < out.len; i++) {
        peer_send(f.peer, out.data + i, 1);
        drain(&f, 1);
    }
    assert_slice_equal(buf_slice(&f.track.audio), "abcdef");
    assert_slice_equal(buf_slice(&f.track.text), "{\"muted\":true}|");
    char pong[9];
    peer_hear(f.peer, pong, sizeof pong);
    assert_memory_equal(pong,
                        "\x8a\x07"
                        "between",
                        9);
    buf_free(&out);
    close_fixture(&f);
}

static void a_malformed_frame_with_the_handshake_closes_this_connection_alone(void **state) {
    struct fixture f;
    open_fixture(&f, SLICE("\x82\x03\x61\x62\x63")); /* not masked */
    uint8_t close_frame[4];
    peer_hear(f.peer, close_frame, sizeof close_frame);
    assert_int_equal(close_frame[0], 0x88);
    assert_int_equal(close_frame[2] << 8 | close_frame[3], WS_CLOSE_PROTOCOL);
    assert_int_equal(f.track.closed, 0);
    shutdown(f.peer, SHUT_WR);
    drain(&f, 1);
    assert_int_equal(f.track.closed, 1);
    assert_int_equal(f.track.code, WS_CLOSE_PROTOCOL);
    assert_string_equal(f.track.reason, "unmasked frame from a client");
    assert_int_equal(f.stats.bad_protocol, 1);
    assert_int_equal(f.track.audio.len, 0);
    close_fixture(&f);
}

static void audio_behind_the_handshake_is_not_lost(void **state) {
    struct fixture f;
    struct buf out = {0};
    add_text_frame(&out, WS_BINARY, "first");
    open_fixture(&f, buf_slice(&out));
    assert_slice_equal(buf_slice(&f.track.audio), "first");
    buf_free(&out);
    close_fixture(&f);
}

static void egress_ends_with_an_empty_close_and_is_gone(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    add_text_frame(&out, WS_BINARY, "tail");
    add_frame(&out, WS_CLOSE, true, "", 0);
    say(&f, &out);
    close(f.peer);
    f.peer = -1;
    f.track.frees_itself = true;
    drain(&f, 20);
    assert_slice_equal(buf_slice(&f.track.audio), "tail");
    assert_int_equal(f.track.closed, 1);
    assert_int_equal(f.track.code, WS_CLOSE_NO_STATUS);
    assert_int_equal(f.stats.reset, 0);
    buf_free(&out);
    close_fixture(&f);
}

static void a_peer_that_just_goes_is_an_end_too(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    add_text_frame(&out, WS_BINARY, "tail");
    say(&f, &out);
    close(f.peer);
    f.peer = -1;
    drain(&f, 20);
    drain(&f, 20);
    assert_slice_equal(buf_slice(&f.track.audio), "tail");
    assert_int_equal(f.track.closed, 1);
    assert_int_equal(f.track.code, WS_CLOSE_ABNORMAL);
    assert_int_equal(drain(&f, 20), 0);
    assert_int_equal(f.track.closed, 1);
    buf_free(&out);
    close_fixture(&f);
}

static void a_silent_peer_is_pinged_and_then_closed(void **state) {
    struct fixture f;
    open_fixture(&f, SLICE_NONE);
    drain(&f, MEDIA_PING_MS - 1);
    char frame[2];
    assert_int_equal(recv(f.peer, frame, 2, MSG_DONTWAIT), -1);
    drain(&f, 1);
    peer_hear(f.peer, frame, 2);
    assert_memory_equal(frame, "\x89\x00", 2);

    struct buf out = {0}; /* any pong counts */
    add_text_frame(&out, WS_PONG, "pong");
    say(&f, &out);
    drain(&f, 0);
    buf_free(&out);
    drain(&f, MEDIA_SILENCE_MS - 1);
    assert_int_equal(f.track.closed, 0);
    drain(&f, 1);
    assert_int_equal(f.track.closed, 1);
    assert_int_equal(f.track.code, WS_CLOSE_ABNORMAL);
    assert_int_equal(f.stats.silent, 1);
    close_fixture(&f);
}

static void our_close_waits_for_the_answer_but_not_for_ever(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    media_conn_close(f.conn, WS_CLOSE_GOING_AWAY, "bye", f.now_ms);
    add_text_frame(&out, WS_BINARY, "late");
    say(&f, &out);
    drain(&f, 10);
    char frame[7];
    peer_hear(f.peer, frame, 7);
    assert_memory_equal(frame,
                        "\x88\x05\x03\xe9"
                        "bye",
                        7);
    assert_slice_equal(buf_slice(&f.track.audio), "late");
    drain(&f, MEDIA_CLOSE_MS - 11);
    assert_int_equal(f.track.closed, 0);
    drain(&f, 1);
    assert_int_equal(f.track.closed, 1);
    assert_int_equal(f.track.code, WS_CLOSE_GOING_AWAY);
    buf_free(&out);
    close_fixture(&f);
}

static void a_flood_of_pings_costs_pongs_not_memory(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    char payload[125];
    memset(payload, 'p', sizeof payload);
    for (int i = 0; i < 100; i++)
        add_frame(&out, WS_PING, true, payload, sizeof payload);
    add_text_frame(&out, WS_BINARY, "audio");
    say(&f, &out);
    drain(&f, 20);
    assert_slice_equal(buf_slice(&f.track.audio), "audio");
    assert_true(f.stats.pongs_dropped > 80);
    buf_free(&out);
    close_fixture(&f);
}

static void of_five_thousand_pings_the_last_is_answered(void **state) {
    struct fixture f;
    struct buf out = {0};
    open_fixture(&f, SLICE_NONE);
    for (int i = 0; i < 5000; i++)
        add_frame(&out, WS_PING, true, i < 4999 ? "more" : "last", 4);
    say(&f, &out);
    drain(&f, 20);
    char *pongs = peer_hear_until(f.peer, "last");
    assert_memory_equal(pongs, "\x8a\x04more", 6);
    free(pongs);
    buf_free(&out);
    close_fixture(&f);
}

static void one_connection_reads_at_most_its_budget_a_tick(void **state) {
    struct fixture f;
    struct buf out = {0};
    int fds[2], size = 1 << 20;
    static const char accept[WS_ACCEPT_SIZE] = "";
    open_fixture(&f, SLICE_NONE);
    media_conn_free(f.conn);
    close(f.peer);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    f.conn =
        media_conn_new(stream_new(fds[0]), accept, 1 << 20, &handlers, &f.track, &f.stats, 1000);
    f.peer = fds[1];
    fcntl(f.peer, F_SETFL, O_NONBLOCK);
    char *payload = calloc(1, 600000);
    add_frame(&out, WS_BINARY, true, payload, 600000);
    ssize_t sent = send(f.peer, out.data, out.len, MSG_NOSIGNAL);
    size_t first = drain(&f, 20), second = drain(&f, 20);
    assert_true(sent > 0);
    if ((size_t)sent > MEDIA_BUDGET_BYTES + LOOP_SCRATCH_BYTES) {
        assert_true(first >= MEDIA_BUDGET_BYTES && first < MEDIA_BUDGET_BYTES + LOOP_SCRATCH_BYTES);
        assert_int_equal(f.stats.budget_hits >= 1, 1);
        assert_true(second > 0);
    }
    free(payload);
    buf_free(&out);
    close_fixture(&f);
}

/* Its pong cannot be written any more, but what it sent before is read to the end, piece by piece. */
static void a_peer_that_is_gone_is_heard_to_its_last_byte(void **state) {
    struct fixture f;
    struct buf out = {0};
    char payload[5000] = "";
    open_fixture(&f, SLICE_NONE);
    media_conn_set_budget(f.conn, 1000);
    add_frame(&out, WS_PING, true, "p", 1);
    add_frame(&out, WS_BINARY, true, payload, sizeof payload);
    add_frame(&out, WS_CLOSE, true, "", 0);
    say(&f, &out);
    shutdown(f.peer, SHUT_RDWR);
    assert_int_equal(drain(&f, 20), 1000);
    assert_true(media_conn_has_more(f.conn));
    for (int i = 0; i < 10 && !f.track.closed; i++)
        drain(&f, 20);
    assert_int_equal(f.track.audio.len, sizeof payload);
    assert_int_equal(f.track.code, 1005);
    buf_free(&out);
    close_fixture(&f);
}

static void long_texts_are_passed_over(void **state) {
    struct fixture f;
    struct buf out = {0};
    char text[MEDIA_TEXT_MAX + 1];
    open_fixture(&f, SLICE_NONE);
    memset(text, 't', sizeof text);
    add_frame(&out, WS_TEXT, true, text, sizeof text);
    add_frame(&out, WS_TEXT, false, text, 3000);
    add_frame(&out, WS_CONTINUATION, false, text, 3000);
    add_frame(&out, WS_CONTINUATION, true, text, 0);
    add_frame(&out, WS_TEXT, false, text, 1);
    add_frame(&out, WS_CONTINUATION, true, text, 1);
    say(&f, &out);
    drain(&f, 20);
    assert_slice_equal(buf_slice(&f.track.text), "tt|");
    assert_int_equal(f.stats.texts_dropped, 2);
    buf_free(&out);
    close_fixture(&f);
}

RUN_TESTS(TEST(audio_and_text_arrive_in_order), TEST(bytes_one_at_a_time_give_the_same),
          TEST(a_malformed_frame_with_the_handshake_closes_this_connection_alone),
          TEST(audio_behind_the_handshake_is_not_lost),
          TEST(egress_ends_with_an_empty_close_and_is_gone),
          TEST(a_peer_that_just_goes_is_an_end_too), TEST(a_silent_peer_is_pinged_and_then_closed),
          TEST(our_close_waits_for_the_answer_but_not_for_ever),
          TEST(a_flood_of_pings_costs_pongs_not_memory),
          TEST(of_five_thousand_pings_the_last_is_answered),
          TEST(one_connection_reads_at_most_its_budget_a_tick),
          TEST(a_peer_that_is_gone_is_heard_to_its_last_byte), TEST(long_texts_are_passed_over))
