#include "wire/web/eio.h"

#include "unit.h"

static void parses_each_type(void **state) {
    struct eio_packet packet;

    for (int type = EIO_OPEN; type <= EIO_NOOP; type++) {
        char text[] = {(char)('0' + type), 'x', 0};

        assert_true(eio_parse(slice_from(text), &packet));
        assert_int_equal(packet.type, type);
        assert_false(packet.is_base64);
        assert_slice_equal(packet.data, "x");
    }
    assert_true(eio_parse(SLICE("bAQID"), &packet));
    assert_int_equal(packet.type, EIO_MESSAGE);
    assert_true(packet.is_base64);
    assert_slice_equal(packet.data, "AQID");
}

static void refuses_unknown_packets(void **state) {
    struct eio_packet packet;

    assert_false(eio_parse(SLICE(""), &packet));
    assert_false(eio_parse(SLICE("7"), &packet));
    assert_false(eio_parse(SLICE("abc"), &packet));
    assert_false(eio_parse(SLICE("\x1e"), &packet));
    assert_false(eio_parse(SLICE(" 4"), &packet));
}

/* Counts the packets before the end (sign +) or the bad one (sign -, one off so that zero shows).
 */
static int count(const char *body) {
    struct slice rest = slice_from(body);
    struct eio_packet packet;

    for (int n = 0;; n++) {
        enum eio_next next = eio_next_packet(&rest, &packet);

        if (next == EIO_NEXT_END)
            return n;
        if (next == EIO_NEXT_BAD)
            return -n - 1;
    }
}

static void splits_payloads(void **state) {
    struct slice rest = SLICE("4hello\x1e"
                              "2\x1e"
                              "bAQIDBA==");
    struct eio_packet packet;

    assert_int_equal(eio_next_packet(&rest, &packet), EIO_NEXT_PACKET);
    assert_slice_equal(packet.data, "hello");
    assert_int_equal(eio_next_packet(&rest, &packet), EIO_NEXT_PACKET);
    assert_int_equal(packet.type, EIO_PING);
    assert_int_equal(packet.data.len, 0);
    assert_int_equal(eio_next_packet(&rest, &packet), EIO_NEXT_PACKET);
    assert_true(packet.is_base64);
    assert_int_equal(eio_next_packet(&rest, &packet), EIO_NEXT_END);
}

static void finds_the_bad_packet_of_a_payload(void **state) {
    assert_int_equal(count("4a\x1e"
                           "4b"),
                     2);
    assert_int_equal(count(""), -1);
    assert_int_equal(count("\x1e"
                           "4a"),
                     -1);
    assert_int_equal(count("4a\x1e"), -2);
    assert_int_equal(count("4a\x1e\x1e"
                           "4b"),
                     -2);
    assert_int_equal(count("4a\x1exyz\x1e"
                           "4b"),
                     -2);
}

static void writes_the_handshake(void **state) {
    struct buf out = {0};
    struct eio_open open = {
        .sid = SLICE("lT5o1xQ0b2cJ3yUfAAAB"),
        .can_upgrade = true,
        .ping_interval_ms = 25000,
        .ping_timeout_ms = 20000,
        .max_payload_bytes = 1000000,
    };

    eio_write_open(&out, &open);
    assert_slice_equal(buf_slice(&out),
                       "0{\"sid\":\"lT5o1xQ0b2cJ3yUfAAAB\",\"upgrades\":[\"websocket\"],"
                       "\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}");
    buf_clear(&out);
    open.can_upgrade = false;
    eio_write_open(&out, &open);
    assert_non_null(memmem(out.data, out.len, "\"upgrades\":[],", 14));
    buf_free(&out);
}

static void writes_the_errors(void **state) {
    struct buf out = {0};

    eio_write_error(&out, EIO_ERROR_SID);
    assert_slice_equal(buf_slice(&out), "{\"code\":1,\"message\":\"Session ID unknown\"}");
    buf_clear(&out);
    eio_write_error(&out, EIO_ERROR_VERSION);
    assert_slice_equal(buf_slice(&out),
                       "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
    buf_free(&out);
}

RUN_TESTS(TEST(parses_each_type), TEST(refuses_unknown_packets), TEST(splits_payloads),
          TEST(finds_the_bad_packet_of_a_payload), TEST(writes_the_handshake),
          TEST(writes_the_errors))
