#include "unit.h"
#include "wire/rtc/rtcp.h"

/* A sender report, then an SDES with CNAME "a|b" and mid "1", then a BYE. */
static const uint8_t compound[] = {
    0x80, 200, 0, 6, 0xca, 0xfe, 0xba, 0xbe, 0xe9, 0,  0,    1,    0x80, 0,
    0,    0,   0, 0, 0x03, 0xc0, 0,    0,    0,    50, 0,    0,    0x12, 0x34,
    0x81, 202, 0, 4, 0xca, 0xfe, 0xba, 0xbe, 1,    3,  'a',  '|',  'b',  15,
    1,    '1', 0, 0, 0,    0,    0x81, 203,  0,    1,  0xca, 0xfe, 0xba, 0xbe};

static void a_compound_is_read_packet_by_packet(void **state) {
    struct slice rest = slice_of(compound, sizeof compound);
    struct rtcp_packet packet;
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_PACKET);
    assert_int_equal(packet.type, RTCP_SENDER_REPORT);
    assert_int_equal(packet.ssrc, 0xcafebabe);
    assert_true(packet.ntp == UINT64_C(0xe900000180000000));
    assert_int_equal(packet.rtp_time, 960);
    assert_int_equal(packet.packets, 50);
    assert_int_equal(packet.octets, 0x1234);
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_PACKET);
    assert_int_equal(packet.type, RTCP_DESCRIPTION);
    assert_slice_equal(packet.cname, "a|b");
    assert_slice_equal(packet.mid, "1");
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_PACKET);
    assert_int_equal(packet.type, RTCP_BYE);
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_END);
}

/* Cut anywhere, what is read before the cut stays the same, and the cut packet is bad. */
static void a_cut_compound_is_noticed(void **state) {
    for (size_t len = 1; len < sizeof compound; len++) {
        struct slice rest = slice_of(compound, len);
        struct rtcp_packet packet;
        enum rtcp_result result;
        do
            result = rtcp_next(&rest, &packet);
        while (result == RTCP_PACKET);
        assert_int_equal(result, len == 28 || len == 48 ? RTCP_END : RTCP_BAD);
    }
}

static void items_that_lead_out_are_bad(void **state) {
    const uint8_t bytes[] = {0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, 'a', 'b'};
    struct slice rest = slice_of(bytes, sizeof bytes);
    struct rtcp_packet packet;
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_BAD);
}

static void a_report_says_how_a_source_came_in(void **state) {
    const struct rtcp_block block = {.ssrc = 0xcafebabe,
                                     .fraction_lost = 12,
                                     .lost = -3,
                                     .highest_seq = 0x10002,
                                     .jitter = 77,
                                     .last_report = 0x00018000,
                                     .since_report = 65536};
    uint8_t out[RTCP_WRITE_MAX];
    size_t len = rtcp_write_report(out, 0x11223344, SLICE("me"), &block, 1);
    static const uint8_t expected[] = {
        0x81, 201, 0, 7, 0x11, 0x22, 0x33, 0x44, 0xca, 0xfe, 0xba, 0xbe, 12, 0xff, 0xff, 0xfd,
        0,    1,   0, 2, 0,    0,    0,    77,   0,    1,    0x80, 0,    0,  1,    0,    0,
        0x81, 202, 0, 3, 0x11, 0x22, 0x33, 0x44, 1,    2,    'm',  'e',  0,  0,    0,    0};
    assert_int_equal(len, sizeof expected);
    assert_memory_equal(out, expected, len);
}

static void the_largest_report_fits(void **state) {
    struct rtcp_block blocks[RTCP_REPORTS_MAX] = {{.lost = INT32_MAX}};
    char name[RTCP_NAME_MAX];
    memset(name, 'n', sizeof name);
    uint8_t out[RTCP_WRITE_MAX];
    size_t len = rtcp_write_report(out, 1, slice_of(name, sizeof name), blocks, RTCP_REPORTS_MAX);
    assert_true(len <= sizeof out && len % 4 == 0);
    assert_memory_equal(out + 13, "\x7f\xff\xff", 3);
    struct slice rest = slice_of(out, len);
    struct rtcp_packet packet;
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_PACKET);
    assert_int_equal(rtcp_next(&rest, &packet), RTCP_PACKET);
    assert_int_equal(packet.cname.len, sizeof name);
}

static void missing_packets_share_pairs(void **state) {
    const uint16_t missing[] = {0xfffe, 0xffff, 0, 14, 15, 400};
    uint8_t out[RTCP_WRITE_MAX];
    size_t taken;
    size_t len = rtcp_write_nack(out, 1, 2, missing, 6, &taken);
    assert_int_equal(taken, 6);
    static const uint8_t expected[] = {0x81, 205,  0,    5,    0, 0,  0, 1, 0, 0,    0, 2,
                                       0xff, 0xfe, 0x80, 0x03, 0, 15, 0, 0, 1, 0x90, 0, 0};
    assert_int_equal(len, sizeof expected);
    assert_memory_equal(out, expected, len);
}

static void a_nack_has_an_end(void **state) {
    uint16_t missing[RTCP_NACKS_MAX + 5];
    for (size_t i = 0; i < RTCP_NACKS_MAX + 5; i++)
        missing[i] = (uint16_t)(i * 100);
    uint8_t out[RTCP_WRITE_MAX];
    size_t taken, len = rtcp_write_nack(out, 1, 2, missing, RTCP_NACKS_MAX + 5, &taken);
    assert_int_equal(taken, RTCP_NACKS_MAX);
    assert_int_equal(len, 12 + 4 * RTCP_NACKS_MAX);
}

static void a_key_frame_is_asked_for(void **state) {
    uint8_t out[RTCP_WRITE_MAX];
    assert_int_equal(rtcp_write_picture_loss(out, 1, 2), 12);
    assert_memory_equal(out, "\x81\xce\0\2\0\0\0\1\0\0\0\2", 12);
}

RUN_TESTS(TEST(a_compound_is_read_packet_by_packet), TEST(a_cut_compound_is_noticed),
          TEST(items_that_lead_out_are_bad), TEST(a_report_says_how_a_source_came_in),
          TEST(the_largest_report_fits), TEST(missing_packets_share_pairs), TEST(a_nack_has_an_end),
          TEST(a_key_frame_is_asked_for))
