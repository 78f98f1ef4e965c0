#include "outside/redis/redis.h"

#include "base/mem.h"
#include "net/loop.h"
#include "unit.h"
#include "wire/redis/resp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A Redis that says what the test writes down. */
struct fixture {
    struct loop *loop;
    struct redis *redis;
    struct redis_place place;
    int listener, peer;
    struct buf heard; /* by the Redis */
    char said[256];   /* by the callbacks, in order */
};

static void say(struct fixture *f, const char *format, ...) {
    size_t len = strlen(f->said);
    va_list args;
    va_start(args, format);
    vsnprintf(f->said + len, sizeof f->said - len, format, args);
    va_end(args);
}

static void on_up(void *arg) {
    say(arg, "up;");
}

static void on_down(const char *why, void *arg) {
    say(arg, "down: %s;", why);
}

static void on_message(struct slice channel, struct slice payload, void *arg) {
    say(arg, "%.*s=%.*s;", SLICE_ARG(channel), SLICE_ARG(payload));
}

static void on_reply(struct slice reply, void *arg) {
    struct resp_value value;
    if (resp_next(&reply, &value))
        say(arg, "%.*s;", SLICE_ARG(value.text));
    else
        say(arg, "lost;");
}

static void turn(struct fixture *f) {
    char bytes[4096];
    uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
    ssize_t got = f->peer >= 0 ? recv(f->peer, bytes, sizeof bytes, MSG_DONTWAIT) : -1;
    if (got > 0)
        buf_add(&f->heard, bytes, (size_t)got);
    usleep(1000);
}

static void until_heard(struct fixture *f, const char *text) {
    buf_add_byte(&f->heard, 0);
    f->heard.len--;
    for (int i = 0; i < 30000 && !strstr(f->heard.data, text); i++) {
        turn(f);
        buf_add_byte(&f->heard, 0);
        f->heard.len--;
    }
    assert_non_null(strstr(f->heard.data, text));
    buf_clear(&f->heard);
}

static void until_said(struct fixture *f, const char *text) {
    for (int i = 0; i < 30000 && !strstr(f->said, text); i++)
        turn(f);
    assert_string_equal(f->said, text);
    f->said[0] = 0;
}

static void answer(struct fixture *f, const char *text) {
    assert_int_equal(send(f->peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void take_connection(struct fixture *f) {
    if (f->peer >= 0)
        close(f->peer);
    f->peer = -1;
    for (int i = 0; i < 30000 && f->peer < 0; i++) {
        turn(f);
        f->peer = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
    }
    assert_true(f->peer >= 0);
}

static struct fixture *open_redis(bool is_subscriber, const char *login) {
    struct fixture *f = mem_alloc(sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char url[128], why[160];
    f->peer = -1;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof url, "redis://%s127.0.0.1:%u/%s", login, ntohs(address.sin_port),
             *login ? "2" : "");
    assert_int_equal(redis_place_parse(&f->place, url, NULL, NULL, why, sizeof why), 0);
    assert_int_equal(loop_open(&f->loop), 0);
    f->redis = redis_open(&(struct redis_settings){.loop = f->loop,
                                                   .place = &f->place,
                                                   .name = "tester",
                                                   .on_up = on_up,
                                                   .on_down = on_down,
                                                   .on_message = is_subscriber ? on_message : NULL,
                                                   .arg = f});
    take_connection(f);
    return f;
}

static void come_up(struct fixture *f) {
    until_heard(f, "SETNAME\r\n$6\r\ntester\r\n");
    answer(f, "-ERR no cluster\r\n+OK\r\n");
    until_said(f, "up;");
}

static void close_redis(struct fixture *f) {
    redis_close(f->redis);
    loop_close(f->loop);
    close(f->listener);
    close(f->peer);
    buf_free(&f->heard);
    mem_free(f);
}

static int call(struct fixture *f, const char *command) {
    const struct slice part = slice_from(command);
    return redis_call(f->redis, &part, 1, on_reply, f);
}

static void commands_are_answered_in_order(void **state) {
    struct fixture *f = open_redis(false, "");
    assert_int_not_equal(call(f, "EARLY"), 0);
    come_up(f);
    assert_true(redis_is_up(f->redis));
    assert_string_equal(redis_trouble(f->redis), "");
    assert_int_equal(call(f, "ONE"), 0);
    assert_int_equal(call(f, "TWO"), 0);
    until_heard(f, "TWO\r\n");
    answer(f, "+first\r\n$6\r\nsec");
    until_said(f, "first;");
    answer(f, "ond\r\n");
    until_said(f, "second;");
    close_redis(f);
}

static void it_logs_in_first(void **state) {
    struct fixture *f = open_redis(false, "ana:p%40ss@");
    until_heard(f, "AUTH\r\n$3\r\nana\r\n$4\r\np@ss\r\n");
    answer(f, "+OK\r\n+OK\r\n-ERR no cluster\r\n+OK\r\n");
    until_said(f, "up;");
    close_redis(f);
}

static void a_refused_login_is_told_and_tried_again(void **state) {
    struct fixture *f = open_redis(false, ":wrong@");
    until_heard(f, "AUTH\r\n$5\r\nwrong\r\n");
    answer(f, "-WRONGPASS no\r\n");
    until_said(f, "down: WRONGPASS no;");
    take_connection(f);
    until_heard(f, "AUTH\r\n");
    answer(f, "+OK\r\n+OK\r\n-ERR no cluster\r\n+OK\r\n");
    until_said(f, "up;");
    close_redis(f);
}

static void what_was_asked_is_lost_with_the_connection(void **state) {
    struct fixture *f = open_redis(false, "");
    come_up(f);
    assert_int_equal(call(f, "ONE"), 0);
    until_heard(f, "ONE\r\n");
    close(f->peer);
    f->peer = -1;
    until_said(f, "lost;down: Connection reset by peer;");
    assert_int_not_equal(call(f, "TWO"), 0);
    assert_int_equal(redis_losses(f->redis), 1);
    take_connection(f);
    come_up(f);
    close_redis(f);
}

static void who_speaks_another_language_is_left(void **state) {
    struct fixture *f = open_redis(false, "");
    until_heard(f, "SETNAME");
    answer(f, "HTTP/1.1 400 Bad Request\r\n");
    until_said(f, "down: the answer is not Redis's protocol;");
    close_redis(f);
}

static void messages_come_from_channels_and_patterns(void **state) {
    struct fixture *f = open_redis(true, "");
    const struct slice names[] = {SLICE("a"), SLICE("b")};
    come_up(f);
    redis_subscribe(f->redis, names, 2, false);
    redis_subscribe(f->redis, names, 1, true);
    until_heard(f, "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$10\r\nPSUBSCRIBE\r\n");
    answer(f, "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    answer(f, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
    answer(f, "*4\r\n$8\r\npmessage\r\n$1\r\na\r\n$1\r\nb\r\n$3\r\nyou\r\n");
    until_said(f, "a=hi;b=you;");
    answer(f, "-NOPERM no\r\n");
    until_said(f, "down: NOPERM no;");
    close_redis(f);
}

RUN_TESTS(TEST(commands_are_answered_in_order), TEST(it_logs_in_first),
          TEST(a_refused_login_is_told_and_tried_again),
          TEST(what_was_asked_is_lost_with_the_connection),
          TEST(who_speaks_another_language_is_left), TEST(messages_come_from_channels_and_patterns))
