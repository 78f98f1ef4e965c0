#include "certificate.h"
#include "http_fixture.h"

static void pipelined_requests_are_answered_in_order(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"
                 "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "\r\ntwo");
    settle(&f);
    free(ask(&f, "GET /release HTTP/1.1\r\n" CLOSE "\r\n"));
    char *reply = peer_hear_all(fd);
    char *first = strstr(reply, "released"), *second = strstr(reply, "two");
    assert_true(first && second && first < second);
    free(reply);
    close(fd);
    close_server(&f);
}

static void a_slow_head_is_told_and_a_silent_client_just_closed(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.head_timeout_ms = 500, .idle_timeout_ms = 1000});
    assert_reply(&f, "GET / HT", "HTTP/1.1 408 Request Timeout", "}");
    char *reply = ask(&f, "");
    assert_string_equal(reply, "");
    free(reply);
    reply = ask(&f, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_contains(reply, "plain bytes");
    free(reply);
    close_server(&f);
}

static void a_body_has_its_time(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.body_timeout_ms = 1000});
    int echo = peer_connect(f.port), upload = peer_connect(f.port);
    peer_say(echo, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    peer_say(upload, "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 3000 && atomic_load(&f.aborted) < 1; i++) {
        send(echo, "x", 1, MSG_NOSIGNAL);
        send(upload, "x", 1, MSG_NOSIGNAL);
        settle(&f);
        usleep(10000);
    }
    assert_int_equal(atomic_load(&f.aborted), 1);
    char *reply = peer_hear_until(echo, "\r\n");
    assert_string_equal(reply, "HTTP/1.1 408 Request Timeout\r\n");
    free(reply);
    close(echo);
    close(upload);
    close_server(&f);
    assert_int_equal(f.stats.timeouts, 2);
}

static void a_client_that_leaves_is_noticed(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    settle(&f);
    close(fd);
    fd = peer_connect(f.port);
    peer_say(fd, "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    settle(&f);
    close(fd);
    for (int i = 0; i < 3000 && atomic_load(&f.aborted) < 2; i++)
        usleep(10000);
    assert_int_equal(atomic_load(&f.aborted), 2);
    assert_reply(&f, "GET /drop HTTP/1.1\r\n" CLOSE "\r\n", "", "");
    close_server(&f);
}

static void an_answer_reaches_a_client_that_ended_its_sending(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(fd, SHUT_WR);
    char *reply = peer_hear_all(fd);
    assert_string_equal(reply + strlen(reply) - 12, "ppppp\r\n0\r\n\r\n");
    free(reply);
    close(fd);
    close_server(&f);
}

/* Sends pieces until so many are out, or the other side is gone. */
static int send_pieces(int fd, int count, unsigned wait_us) {
    static const char piece[65536];
    int sent = 0;
    while (sent < count && send(fd, piece, sizeof piece, MSG_NOSIGNAL) > 0) {
        sent++;
        usleep(wait_us);
    }
    return sent;
}

static void a_refusal_reaches_a_client_that_is_still_sending(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    assert_int_equal(send_pieces(fd, 13, 200000), 13); /* longer than a silent one has */
    char *reply = peer_hear_until(fd, "}");
    assert_contains(reply, "HTTP/1.1 403");
    free(reply);
    char c;
    assert_int_equal(recv(fd, &c, 1, 0), 0); /* an end, and no reset */
    close(fd);
    close_server(&f);
}

static void a_refused_client_that_sends_on_for_ever_is_let_go(void **state) {
    struct fixture f;
    open_server(&f);
    int fast = peer_connect(f.port);
    peer_say(fast, "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    assert_in_range(send_pieces(fast, 10000, 0), 1, 64 * 16); /* what is on the way counts */
    close(fast);
    int slow = peer_connect(f.port);
    peer_say(slow, "POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
    assert_in_range(send_pieces(slow, 600, 100000), 1, 599); /* a minute; it has a few seconds */
    close(slow);
    close_server(&f);
}

static void tls_serves_the_same_and_garbage_is_only_counted(void **state) {
    struct fixture f;
    struct certificate certificate;
    struct tls *server_tls, *client_tls;
    char why[128], reply[1024] = {0};
    certificate_make(&certificate);
    assert_int_equal(
        tls_open_server(&server_tls,
                        &(struct tls_files){certificate.cert_file, certificate.key_file, NULL}, why,
                        sizeof why),
        0);
    assert_int_equal(tls_open_client(&client_tls, certificate.cert_file, why, sizeof why), 0);
    open_with(&f, (struct http_settings){.tls = server_tls});
    char *plain = ask(&f, "GET /plain HTTP/1.1\r\n" CLOSE "\r\n");
    assert_lacks(plain, "plain bytes");
    free(plain);

    struct stream *stream = stream_new(peer_connect(f.port));
    stream_start_tls_client(stream, client_tls, "127.0.0.1");
    static const char request[] = "GET /plain HTTP/1.1\r\n" CLOSE "\r\n";
    size_t sent = 0, n = 0;
    for (int i = 0; i < 30000; i++) {
        if (sent < sizeof request - 1) {
            ssize_t put = stream_write(stream, request + sent, sizeof request - 1 - sent);
            sent += put > 0 ? (size_t)put : 0;
        }
        ssize_t got = stream_read(stream, reply + n, sizeof reply - 1 - n);
        if (got == 0)
            break;
        n += got > 0 ? (size_t)got : 0;
        usleep(1000);
    }
    assert_contains(reply, "HTTP/1.1 200 OK");
    assert_contains(reply, "plain bytes");
    stream_close(stream);
    close_server(&f);
    assert_int_equal(f.stats.tls_errors, 1);
    assert_int_equal(f.stats.responses[2], 1);
    tls_close(server_tls);
    tls_close(client_tls);
    certificate_remove(&certificate);
}

RUN_TESTS(TEST(pipelined_requests_are_answered_in_order),
          TEST(a_slow_head_is_told_and_a_silent_client_just_closed), TEST(a_body_has_its_time),
          TEST(a_client_that_leaves_is_noticed),
          TEST(an_answer_reaches_a_client_that_ended_its_sending),
          TEST(a_refusal_reaches_a_client_that_is_still_sending),
          TEST(a_refused_client_that_sends_on_for_ever_is_let_go),
          TEST(tls_serves_the_same_and_garbage_is_only_counted))
