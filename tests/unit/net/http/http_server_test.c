#include "http_fixture.h"

#include <errno.h>

/* One for newcomers, one for those who have had an answer. */
static void open_small(struct fixture *f, struct budget *budget) {
    *budget = (struct budget){0};
    pool_init(&budget->connections,
              &(struct pool_settings){.limit = 2, .for_new = 1, .keeps_known = true}, 1);
    pool_init(&budget->memory, &(struct pool_settings){.limit = 64 * 1024}, 1);
    open_with(f, (struct http_settings){.budget = budget});
}

static void close_small(struct fixture *f, struct budget *budget) {
    close_server(f);
    pool_free(&budget->connections);
    pool_free(&budget->memory);
}

static void beyond_the_limit_the_longest_idle_connection_gives_way(void **state) {
    struct fixture f;
    struct budget budget;
    open_small(&f, &budget);
    int first = peer_connect(f.port), second = peer_connect(f.port);
    peer_say(second, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(second, "plain bytes"));
    char *reply = peer_hear_all(first); /* it said nothing, and another one came */
    assert_string_equal(reply, "");
    free(reply);
    int third = peer_connect(f.port);
    peer_say(third, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(third, "plain bytes"));
    reply = peer_hear_all(second);
    assert_string_equal(reply, "");
    free(reply);
    close(first);
    close(second);
    close(third);
    close_small(&f, &budget);
    assert_int_equal(f.stats.gave_way, 2);
}

/* Where the known ones take every place, strangers are answered one after the other. */
static void strangers_are_answered_though_the_known_ones_stay(void **state) {
    struct fixture f;
    struct budget budget;
    open_small(&f, &budget);
    int known = peer_connect(f.port);
    peer_say(known, "GET /signed HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(known, "welcome"));
    for (int i = 0; i < 5; i++) {
        int fd = peer_connect(f.port);
        peer_say(fd, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
        char *reply = peer_hear_all(fd);
        assert_contains(reply, "Connection: close");
        assert_contains(reply, "plain bytes");
        free(reply);
        close(fd);
    }
    peer_say(known, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(known, "plain bytes"));
    close(known);
    close_small(&f, &budget);
    assert_int_equal(f.stats.gave_way, 0);
}

static void bodies_that_do_not_end_share_a_bound(void **state) {
    struct fixture f;
    struct budget budget = {0};
    int fds[8];
    char piece[16384];
    memset(piece, 'x', sizeof piece - 1);
    piece[sizeof piece - 1] = 0;
    pool_init(&budget.connections, &(struct pool_settings){0}, 1);
    pool_init(&budget.memory, &(struct pool_settings){.limit = 64 * 1024}, 1);
    open_with(&f, (struct http_settings){.budget = &budget});
    for (int i = 0; i < 8; i++) {
        fds[i] = peer_connect(f.port);
        peer_say(fds[i], "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 16385\r\n\r\n");
        peer_say(fds[i], piece);
        settle(&f);
    }
    char *reply = peer_hear_all(fds[0]);
    assert_contains(reply, "HTTP/1.1 503");
    assert_contains(reply, "the server is busy");
    free(reply);
    peer_say(fds[7], "yz");
    free(peer_hear_until(fds[7], "xxxy"));
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    close_small(&f, &budget);
    assert_true(f.stats.gave_way >= 4);
}

static void draining_lets_requests_finish_and_closes_the_rest(void **state) {
    struct fixture f;
    open_server(&f);
    int idle = peer_connect(f.port), held = peer_connect(f.port), second = peer_connect(f.port);
    peer_say(idle, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(idle, "plain bytes"));
    peer_say(held, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    peer_say(second, "GET /re");
    settle(&f);
    mailbox_send(f.box, &f.drain);
    char *reply = peer_hear_all(idle);
    assert_string_equal(reply, "");
    free(reply);
    peer_say(second, "lease HTTP/1.1\r\nHost: h\r\n\r\n");
    reply = peer_hear_all(held);
    assert_contains(reply, "Connection: close\r\n");
    assert_contains(reply, "released");
    free(reply);
    free(peer_hear_all(second));
    close(idle);
    close(held);
    close(second);
    thread_join(f.thread); /* on_drained stopped the loop */
}

/* The answer allowed another request, and waits to be written when draining begins. */
static void an_answer_on_its_way_is_the_last_one(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.idle_timeout_ms = 600000});
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /drain HTTP/1.1\r\nHost: h\r\n\r\n");
    char *reply = peer_hear_all(fd);
    assert_contains(reply, "Connection: keep-alive");
    assert_contains(reply, "the last bytes");
    free(reply);
    close(fd);
    thread_join(f.thread);
}

static void a_taken_port_is_an_error(void **state) {
    struct fixture f;
    struct loop *loop;
    struct http_server *second;
    struct http_handlers handlers = {NULL, on_request, NULL, NULL};
    open_with(&f, (struct http_settings){.host = "localhost"});
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(http_server_open(&second, loop,
                                      &(struct http_settings){.host = "localhost", .port = f.port},
                                      &handlers),
                     EADDRINUSE);
    assert_int_equal(
        http_server_open(&second, loop, &(struct http_settings){.host = "not-an-ip"}, &handlers),
        EADDRNOTAVAIL);
    loop_close(loop);
    assert_reply(&f, "GET /plain HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "plain bytes");
    close_server(&f);
}

RUN_TESTS(TEST(beyond_the_limit_the_longest_idle_connection_gives_way),
          TEST(strangers_are_answered_though_the_known_ones_stay),
          TEST(bodies_that_do_not_end_share_a_bound),
          TEST(draining_lets_requests_finish_and_closes_the_rest),
          TEST(an_answer_on_its_way_is_the_last_one), TEST(a_taken_port_is_an_error))
