#include "unit.h"
#include "wire/rtc/rtp.h"

static void a_packet_is_read(void **state) {
    const uint8_t bytes[] = {0x80, 0xef, 0x12, 0x34, 1, 2, 3, 4, 0xca, 0xfe, 0xba, 0xbe, 'h', 'i'};
    struct rtp_packet packet;
    assert_true(rtp_parse(bytes, sizeof bytes, &packet));
    assert_int_equal(packet.payload_type, 111);
    assert_true(packet.marker);
    assert_int_equal(packet.seq, 0x1234);
    assert_int_equal(packet.timestamp, 0x01020304);
    assert_int_equal(packet.ssrc, 0xcafebabe);
    assert_slice_equal(packet.payload, "hi");
}

/* A packet with so many contributing sources, words of extension (-1: none) and bytes of padding
 * (-1: none), around the payload "ab". */
static size_t make(uint8_t out[600], unsigned sources, int words, int padding) {
    memset(out, 0x55, 600);
    out[0] = (uint8_t)(0x80 | sources | (words >= 0 ? 0x10 : 0) | (padding >= 0 ? 0x20 : 0));
    size_t len = 12 + 4 * sources;
    if (words >= 0) {
        out[len + 2] = (uint8_t)(words >> 8);
        out[len + 3] = (uint8_t)words;
        len += 4 + 4 * (size_t)words;
    }
    memcpy(out + len, "ab", 2);
    len += 2;
    if (padding > 0)
        out[len + (size_t)padding - 1] = (uint8_t)padding;
    return len + (padding > 0 ? (size_t)padding : 0);
}

static void what_lies_around_the_payload_is_left_out(void **state) {
    static const int words[] = {-1, 0, 1, 40}, paddings[] = {-1, 1, 4, 255};
    for (unsigned sources = 0; sources < 16; sources++)
        for (size_t i = 0; i < 4; i++)
            for (size_t j = 0; j < 4; j++) {
                uint8_t bytes[600];
                size_t len = make(bytes, sources, words[i], paddings[j]);
                struct rtp_packet packet;
                assert_true(rtp_parse(bytes, len, &packet));
                assert_slice_equal(packet.payload, "ab");
            }
}

static void a_length_that_leads_out_is_refused(void **state) {
    uint8_t bytes[600];
    struct rtp_packet packet;
    size_t len = make(bytes, 15, 40, -1);
    for (size_t cut = 0; cut < len - 2; cut++)
        assert_false(rtp_parse(bytes, cut, &packet));
    assert_true(rtp_parse(bytes, len - 2, &packet));
    assert_int_equal(packet.payload.len, 0);
}

static void padding_must_make_sense(void **state) {
    uint8_t bytes[600];
    struct rtp_packet packet;
    size_t len = make(bytes, 0, -1, 4);
    bytes[len - 1] = 0;
    assert_false(rtp_parse(bytes, len, &packet));
    bytes[len - 1] = 7;
    assert_false(rtp_parse(bytes, len, &packet));
    bytes[len - 1] = 6;
    assert_true(rtp_parse(bytes, len, &packet));
    assert_int_equal(packet.payload.len, 0);
}

static void another_version_is_refused(void **state) {
    const uint8_t bytes[12] = {0x40};
    struct rtp_packet packet;
    assert_false(rtp_parse(bytes, sizeof bytes, &packet));
}

static void sequence_numbers_go_on_over_a_wrap(void **state) {
    assert_int_equal(rtp_unwrap_seq(0x1ffff, 0), 0x20000);
    assert_int_equal(rtp_unwrap_seq(0x20000, 0xffff), 0x1ffff);
    assert_int_equal(rtp_unwrap_seq(0x20000, 0x8000), 0x28000);
    assert_int_equal(rtp_unwrap_seq(0x20000, 0x8001), 0x18001);
    assert_int_equal(rtp_unwrap_seq(5, 5), 5);
}

static void timestamps_go_on_over_a_wrap(void **state) {
    assert_int_equal(rtp_unwrap_time(INT64_C(0x1ffffffff), 959), INT64_C(0x2000003bf));
    assert_int_equal(rtp_unwrap_time(INT64_C(0x200000000), 0xfffffc40), INT64_C(0x1fffffc40));
    assert_int_equal(rtp_unwrap_time(INT64_C(1) << 40, 7), (INT64_C(1) << 40) + 7);
}

RUN_TESTS(TEST(a_packet_is_read), TEST(what_lies_around_the_payload_is_left_out),
          TEST(a_length_that_leads_out_is_refused), TEST(padding_must_make_sense),
          TEST(another_version_is_refused), TEST(sequence_numbers_go_on_over_a_wrap),
          TEST(timestamps_go_on_over_a_wrap))
