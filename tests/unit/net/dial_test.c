#include "net/dial.h"

#include "net/loop.h"
#include "net/stream.h"
#include "peer.h"

struct fixture {
    struct loop *loop;
    int listener;
    uint16_t port;
    struct dial *dial;
    struct stream *stream;
    char why[128];
    int called;
};

static void on_dialled(struct stream *stream, const char *why, void *arg) {
    struct fixture *f = arg;
    f->called++;
    f->stream = stream;
    snprintf(f->why, sizeof f->why, "%s", why);
    loop_stop(f->loop);
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
    f->port = ntohs(address.sin_port);
    assert_int_equal(loop_open(&f->loop), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    stream_close(f->stream);
    loop_close(f->loop);
    close(f->listener);
    free(f);
    return 0;
}

static void a_listener_is_reached_by_name(void **state) {
    struct fixture *f = *state;
    assert_int_equal(listen(f->listener, 1), 0);
    assert_int_equal(dial_start(&f->dial, f->loop, "localhost", f->port, 60000, on_dialled, f), 0);
    loop_run(f->loop);
    assert_int_equal(f->called, 1);
    assert_non_null(f->stream);
    assert_string_equal(f->why, "");
}

static void nobody_listens(void **state) {
    struct fixture *f = *state;
    assert_int_equal(dial_start(&f->dial, f->loop, "127.0.0.1", f->port, 60000, on_dialled, f), 0);
    loop_run(f->loop);
    assert_null(f->stream);
    assert_string_equal(f->why, "cannot connect: Connection refused");
}

static void a_name_that_nobody_has(void **state) {
    struct fixture *f = *state;
    assert_int_equal(dial_start(&f->dial, f->loop, "nobody.invalid", 1, 60000, on_dialled, f), 0);
    loop_run(f->loop);
    assert_null(f->stream);
    assert_ptr_equal(strstr(f->why, "cannot resolve the name: "), f->why);
}

/* The listener's queue is full, so the handshake gets no answer. */
static void who_does_not_answer_is_not_waited_for(void **state) {
    struct fixture *f = *state;
    assert_int_equal(listen(f->listener, 0), 0);
    int full = peer_connect(f->port);
    assert_int_equal(dial_start(&f->dial, f->loop, "127.0.0.1", f->port, 200, on_dialled, f), 0);
    loop_run(f->loop);
    assert_null(f->stream);
    assert_string_equal(f->why, "timed out");
    close(full);
}

static void on_end(void *arg) {
    loop_stop(((struct fixture *)arg)->loop);
}

static void what_is_cancelled_calls_nobody(void **state) {
    struct fixture *f = *state;
    struct timer timer = {0};
    assert_int_equal(listen(f->listener, 1), 0);
    assert_int_equal(dial_start(&f->dial, f->loop, "127.0.0.1", f->port, 60000, on_dialled, f), 0);
    dial_cancel(f->dial);
    dial_cancel(NULL);
    timer_start(f->loop, &timer, 100, 0, on_end, f);
    loop_run(f->loop);
    assert_int_equal(f->called, 0);
}

#define DIAL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

RUN_TESTS(DIAL_TEST(a_listener_is_reached_by_name), DIAL_TEST(nobody_listens),
          DIAL_TEST(a_name_that_nobody_has), DIAL_TEST(who_does_not_answer_is_not_waited_for),
          DIAL_TEST(what_is_cancelled_calls_nobody))
