#include "net/client_address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const char *proxies, const char *peer, const char *forwarded,
                   const char *client) {
    struct networks networks = {0};
    struct slice bad;
    assert_int_equal(networks_parse(&networks, proxies, &bad), 0);
    struct slice lines[4], text = slice_from(forwarded);
    size_t count = 0;
    while (slice_cut(&text, '\n', &lines[count]))
        count++;
    struct slice found = client_address(&networks, peer, lines, count);
    if (!slice_is_equal(found, slice_from(client)))
        fail_msg("%.*s instead of %s", SLICE_ARG(found), client);
    networks_free(&networks);
}

static void only_a_proxy_of_ours_is_believed(void **state) {
    expect("", "203.0.113.9", "1.2.3.4", "203.0.113.9");
    expect("10.0.0.0/8", "203.0.113.9", "1.2.3.4", "203.0.113.9");
    expect("10.0.0.0/8", "10.1.2.3", "1.2.3.4", "1.2.3.4");
    expect("10.0.0.0/8", "10.1.2.3", "", "10.1.2.3");
}

static void the_right_most_stranger_counts(void **state) {
    expect("10.0.0.0/8,192.168.7.7", "10.1.2.3", "6.6.6.6, 1.2.3.4, 192.168.7.7 , 10.9.9.9",
           "1.2.3.4");
    expect("10.0.0.0/8", "10.1.2.3", "6.6.6.6, garbage", "10.1.2.3");
    expect("10.0.0.0/8", "10.1.2.3", "10.0.0.1,10.0.0.2", "10.0.0.1");
    expect("loopback", "::1", "[2001:db8::7]", "2001:db8::7");
    expect("fd00::/8", "fd12::1", "2001:db8::7", "2001:db8::7");
    expect("10.0.0.0/8", "::ffff:10.1.2.3", "1.2.3.4", "1.2.3.4");
}

static void a_port_is_left_out(void **state) {
    expect("10.0.0.0/8", "10.1.2.3", "203.0.113.7:4711", "203.0.113.7");
    expect("10.0.0.0/8", "10.1.2.3", "6.6.6.6:1, 203.0.113.7:4711, 10.0.0.9:80", "203.0.113.7");
    expect("10.0.0.0/8", "10.1.2.3", "[2001:db8::7]:4711", "2001:db8::7");
    expect("10.0.0.0/8", "10.1.2.3", "2001:db8::7", "2001:db8::7");
    expect("10.0.0.0/8", "10.1.2.3", "[2001:db8::7", "10.1.2.3");
    expect("10.0.0.0/8", "10.1.2.3", ":80", "10.1.2.3");
}

/* A proxy may add a line of its own instead of lengthening the one that it received. */
static void several_lines_are_one_list(void **state) {
    expect("10.0.0.0/8", "10.1.2.3", "6.6.6.6\n203.0.113.7", "203.0.113.7");
    expect("10.0.0.0/8", "10.1.2.3", "6.6.6.6, 203.0.113.7\n10.0.0.9", "203.0.113.7");
    expect("10.0.0.0/8", "10.1.2.3", "203.0.113.7,\n10.0.0.9,", "203.0.113.7");
    expect("10.0.0.0/8", "10.1.2.3", "6.6.6.6\ngarbage", "10.1.2.3");
}

static void networks_are_read_strictly(void **state) {
    static const char *const bad[] = {"10.0.0.0/33", "::/129",       "host",       "10.0.0.0/",
                                      "1.2.3",       "10.0.0.0/8/8", "10.0.0.1/-1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct networks networks;
        struct slice item;
        assert_int_equal(networks_parse(&networks, bad[i], &item), EINVAL);
        assert_true(slice_is_equal(item, slice_from(bad[i])));
    }
    struct networks all;
    struct slice item;
    assert_int_equal(networks_parse(&all, " 0.0.0.0/0 , , ::1 ", &item), 0);
    assert_int_equal(all.count, 2);
    assert_true(networks_hold(&all, SLICE("203.0.113.9")));
    assert_false(networks_hold(&all, SLICE("2001:db8::1")));
    assert_false(networks_hold(&all, SLICE("nonsense")));
    networks_free(&all);
}

static void an_ipv6_customer_is_one(void **state) {
    char one[CLIENT_ADDRESS_SIZE], other[CLIENT_ADDRESS_SIZE];
    client_address_key(SLICE("2001:db8:1:2::1"), one);
    client_address_key(SLICE("[2001:db8:1:2:ffff::9]"), other);
    assert_string_equal(one, other);
    client_address_key(SLICE("2001:db8:1:3::1"), other);
    assert_string_not_equal(one, other);
    client_address_key(SLICE("::ffff:1.2.3.4"), one);
    client_address_key(SLICE("1.2.3.4"), other);
    assert_string_equal(one, other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_proxy_of_ours_is_believed),
        cmocka_unit_test(the_right_most_stranger_counts),
        cmocka_unit_test(a_port_is_left_out),
        cmocka_unit_test(several_lines_are_one_list),
        cmocka_unit_test(networks_are_read_strictly),
        cmocka_unit_test(an_ipv6_customer_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
