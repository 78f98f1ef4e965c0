#include "unit.h"

#include "net/rtc/rtc_tcp.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair {
    int listener, other;
    struct rtc_tcp *tcp;
};

static void open_pair(struct pair *p) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&name, len), 0);
    assert_int_equal(listen(p->listener, 1), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&name, &len), 0);
    struct stun_address to = {.family = 4, .port = ntohs(name.sin_port), .ip = {127, 0, 0, 1}};
    assert_int_equal(rtc_tcp_open(&p->tcp, &to), 0);
    p->other = accept(p->listener, NULL, NULL);
    struct pollfd ready = {.fd = rtc_tcp_fd(p->tcp), .events = POLLOUT};
    poll(&ready, 1, 5000);
    rtc_tcp_push(p->tcp);
    assert_int_equal(rtc_tcp_state(p->tcp), RTC_TCP_OPEN);
}

static void close_pair(struct pair *p) {
    rtc_tcp_close(p->tcp);
    close(p->other);
    close(p->listener);
}

/* Once what was sent has come. */
static size_t read_frame(struct pair *p, uint8_t *out) {
    struct pollfd ready = {.fd = rtc_tcp_fd(p->tcp), .events = POLLIN};
    poll(&ready, 1, 5000);
    return rtc_tcp_read(p->tcp, out);
}

static void frames_are_put_together(void **state) {
    struct pair p;
    uint8_t out[RTC_TCP_FRAME_MAX];
    open_pair(&p);
    static const char bytes[] = "\0\5hello\0\0\0\3you\0\1!";
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        assert_int_equal(send(p.other, bytes + i, 1, 0), 1);
        size_t len = read_frame(&p, out);
        assert_int_equal(len, i == 6 ? 5 : i == 13 ? 3 : i == 16 ? 1 : 0);
        if (i == 6)
            assert_memory_equal(out, "hello", 5);
    }
    assert_int_equal(send(p.other, bytes, sizeof bytes - 1, 0), sizeof bytes - 1);
    assert_int_equal(read_frame(&p, out), 5);
    assert_int_equal(rtc_tcp_read(p.tcp, out), 3);
    assert_int_equal(rtc_tcp_read(p.tcp, out), 1);
    assert_int_equal(rtc_tcp_read(p.tcp, out), 0);
    close_pair(&p);
}

static void a_frame_that_is_too_long_ends_it(void **state) {
    struct pair p;
    uint8_t out[RTC_TCP_FRAME_MAX];
    open_pair(&p);
    uint8_t longest[2 + RTC_TCP_FRAME_MAX] = {RTC_TCP_FRAME_MAX >> 8, RTC_TCP_FRAME_MAX & 255, 7};
    assert_int_equal(send(p.other, longest, sizeof longest, 0), sizeof longest);
    size_t len = 0;
    while (len == 0)
        len = read_frame(&p, out);
    assert_int_equal(len, RTC_TCP_FRAME_MAX);
    assert_int_equal(out[0], 7);
    assert_int_equal(send(p.other, "\x08\x01", 2, 0), 2);
    assert_int_equal(read_frame(&p, out), 0);
    assert_int_equal(rtc_tcp_state(p.tcp), RTC_TCP_BROKEN);
    assert_int_equal(rtc_tcp_read(p.tcp, out), 0);
    close_pair(&p);
}

static void what_nobody_reads_is_lost_in_the_end(void **state) {
    struct pair p;
    static uint8_t frame[1200];
    open_pair(&p);
    unsigned sent = 0;
    while (rtc_tcp_send(p.tcp, frame, sizeof frame) && sent < 100000)
        sent++;
    assert_true(sent < 100000);
    assert_int_equal(rtc_tcp_state(p.tcp), RTC_TCP_OPEN);
    assert_true(rtc_tcp_is_waiting(p.tcp));
    close_pair(&p);
}

static void an_end_is_noticed(void **state) {
    struct pair p;
    uint8_t out[RTC_TCP_FRAME_MAX];
    open_pair(&p);
    shutdown(p.other, SHUT_WR);
    assert_int_equal(read_frame(&p, out), 0);
    assert_int_equal(rtc_tcp_state(p.tcp), RTC_TCP_BROKEN);
    assert_false(rtc_tcp_send(p.tcp, out, 1));
    close_pair(&p);
}

RUN_TESTS(TEST(frames_are_put_together), TEST(a_frame_that_is_too_long_ends_it),
          TEST(what_nobody_reads_is_lost_in_the_end), TEST(an_end_is_noticed))
