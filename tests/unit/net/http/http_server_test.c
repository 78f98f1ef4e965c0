#include "http_fixture.h"

#include <errno.h>

static void beyond_the_limit_of_connections_there_is_a_clear_no(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.max_connections = 1});
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(fd, "plain bytes"));
    assert_reply(&f, "", "HTTP/1.1 503", "\"statusCode\":503}");
    close(fd);
    close_server(&f);
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

RUN_TESTS(TEST(beyond_the_limit_of_connections_there_is_a_clear_no),
          TEST(draining_lets_requests_finish_and_closes_the_rest), TEST(a_taken_port_is_an_error))
