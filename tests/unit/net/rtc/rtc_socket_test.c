#include "unit.h"

#include "base/clock.h"
#include "net/rtc/rtc_socket.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_usable(const char *text) {
    struct stun_address address;
    return rtc_address_parse(slice_from(text), 7, &address);
}

static void addresses_are_those_that_can_be_sent_to(void **state) {
    assert_true(is_usable("127.0.0.1"));
    assert_true(is_usable("192.0.2.7"));
    assert_true(is_usable("2001:db8::7"));
    assert_true(is_usable("::1"));
    static const char *const bad[] = {
        "",          "0.0.0.0", "255.255.255.255", "224.0.0.1",
        "::",        "ff02::1", "fe80::1",         "169.254.1.1",
        "host.name", "1.2.3",   "1.2.3.4 ",        "1.2.3.4.5.6.7.8.9.1.2.3.4.5.6.7.8.9.0.1.2.3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(is_usable(bad[i]));
}

static void a_mapped_address_is_the_address(void **state) {
    struct stun_address mapped, plain;
    assert_true(rtc_address_parse(SLICE("::ffff:192.0.2.7"), 7, &mapped));
    assert_true(rtc_address_parse(SLICE("192.0.2.7"), 7, &plain));
    assert_memory_equal(&mapped, &plain, sizeof plain);
    char text[RTC_ADDRESS_SIZE];
    rtc_address_write(&mapped, text);
    assert_string_equal(text, "192.0.2.7");
    assert_false(rtc_address_parse(SLICE("::ffff:0.0.0.0"), 7, &mapped));
}

static void loopback_is_known(void **state) {
    struct stun_address address;
    assert_true(rtc_address_parse(SLICE("::1"), 7, &address));
    assert_true(rtc_address_is_loopback(&address));
    assert_true(rtc_address_parse(SLICE("127.3.2.1"), 7, &address));
    assert_true(rtc_address_is_loopback(&address));
    assert_true(rtc_address_parse(SLICE("128.0.0.1"), 7, &address));
    assert_false(rtc_address_is_loopback(&address));
}

static void arrival_is_put_onto_the_steady_clock(void **state) {
    assert_int_equal(rtc_arrival_ns(900, 1000, 50000), 49900);
    assert_int_equal(rtc_arrival_ns(1000, 1000, 50000), 50000);
    assert_int_equal(rtc_arrival_ns(1001, 1000, 50000), 50000); /* the wall clock was set back */
    assert_int_equal(rtc_arrival_ns(0, INT64_C(5000000000), 50000), 50000); /* or ahead */
}

static int open_other(uint16_t *port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    *port = ntohs(name.sin_port);
    return fd;
}

static void send_to(int fd, uint16_t port, const char *text) {
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
    assert_int_equal(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&name, sizeof name),
                     strlen(text));
}

static size_t read_some(struct rtc_socket *sock, uint8_t *buffer, struct rtc_datagram *out) {
    struct pollfd ready = {.fd = sock->fd, .events = POLLIN};
    poll(&ready, 1, 5000);
    return rtc_socket_read(sock, buffer, out);
}

static void datagrams_come_with_their_sender_and_time(void **state) {
    static _Alignas(8) uint8_t buffer[RTC_BATCH * RTC_SLOT_BYTES];
    struct rtc_datagram got[RTC_BATCH];
    struct rtc_socket sock;
    uint16_t port;
    int other = open_other(&port);
    assert_int_equal(rtc_socket_open(&sock), 0);
    assert_int_equal(rtc_socket_read(&sock, buffer, got), 0);
    int64_t before_ns = (int64_t)clock_mono_ns();
    for (unsigned i = 0; i < 5; i++)
        send_to(other, sock.port, "hello");
    int64_t after_ns = (int64_t)clock_mono_ns();
    assert_int_equal(read_some(&sock, buffer, got), 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(got[i].len, 5);
        assert_memory_equal(got[i].bytes, "hello", 5);
        assert_false(got[i].is_cut);
        assert_int_equal(got[i].from.family, 4);
        assert_int_equal(got[i].from.port, port);
        /* The two clocks are read one after the other. */
        assert_true(got[i].arrived_ns >= before_ns - 1000000);
        assert_true(got[i].arrived_ns <= after_ns + 1000000);
    }
    rtc_socket_close(&sock);
    close(other);
}

/* What the kernel has no room for is not lost silently: what was read and what was counted is what was
 * sent. */
static void what_finds_no_room_is_counted(void **state) {
    enum { SENT = 5000 };
    static _Alignas(8) uint8_t buffer[RTC_BATCH * RTC_SLOT_BYTES];
    static char text[1001];
    struct rtc_datagram got[RTC_BATCH];
    struct rtc_socket sock;
    uint16_t port;
    int other = open_other(&port);
    assert_int_equal(rtc_socket_open(&sock), 0);
    memset(text, 'x', sizeof text - 1);
    for (unsigned i = 0; i < SENT; i++)
        send_to(other, sock.port, text);
    size_t count, all = 0;
    while ((count = rtc_socket_read(&sock, buffer, got)) > 0)
        all += count;
    assert_in_range(all, 100, SENT - 1);
    send_to(other, sock.port, "another"); /* the kernel says it with the next one */
    all += read_some(&sock, buffer, got);
    assert_int_equal(all + sock.overflowed, SENT + 1);
    rtc_socket_close(&sock);
    close(other);
}

static void a_fixed_socket_hears_one_alone(void **state) {
    static _Alignas(8) uint8_t buffer[RTC_BATCH * RTC_SLOT_BYTES];
    struct rtc_datagram got[RTC_BATCH];
    struct rtc_socket sock;
    uint16_t port, stranger_port;
    int other = open_other(&port), stranger = open_other(&stranger_port);
    assert_int_equal(rtc_socket_open(&sock), 0);
    struct stun_address to = {.family = 4, .port = port, .ip = {127, 0, 0, 1}};
    uint16_t ours = sock.port;
    rtc_socket_fix(&sock, &to);
    assert_true(sock.is_fixed);
    send_to(stranger, ours, "flood");
    send_to(other, ours, "hello");
    assert_int_equal(read_some(&sock, buffer, got), 1);
    assert_memory_equal(got[0].bytes, "hello", 5);
    rtc_socket_send(&sock, &to, (const uint8_t *)"answer", 6);
    char answer[8];
    assert_int_equal(recv(other, answer, sizeof answer, 0), 6);
    /* Loose again, it hears all, at the port that it had. */
    rtc_socket_loosen(&sock);
    assert_int_equal(sock.port, ours);
    send_to(stranger, ours, "again");
    assert_int_equal(read_some(&sock, buffer, got), 1);
    assert_int_equal(got[0].from.port, stranger_port);
    rtc_socket_close(&sock);
    close(other);
    close(stranger);
}

static void an_address_of_ours_is_found(void **state) {
    struct stun_address to = {.family = 4, .port = 9, .ip = {127, 0, 0, 1}}, ours;
    assert_true(rtc_address_toward(&to, &ours));
    assert_memory_equal(ours.ip, to.ip, 4);
}

RUN_TESTS(TEST(addresses_are_those_that_can_be_sent_to), TEST(a_mapped_address_is_the_address),
          TEST(loopback_is_known), TEST(arrival_is_put_onto_the_steady_clock),
          TEST(datagrams_come_with_their_sender_and_time), TEST(what_finds_no_room_is_counted),
          TEST(a_fixed_socket_hears_one_alone), TEST(an_address_of_ours_is_found))
