/* The server's part is played by hand: packets made here, answers taken apart. */
#include "unit.h"

#include "base/big.h"
#include "base/crc.h"
#include "base/little.h"
#include "wire/rtc/sctp.h"

enum { OUR_TAG = 0x0a0b0c0d, PEER_TAG = 0x11223344, COOKIE = 0x5eed, FIRST_TSN = 0xfffffffe };

struct peer {
    struct sctp sctp;
    uint8_t packet[2048], answer[SCTP_PACKET_MAX];
    size_t len, answer_len;
};

static void begin(struct peer *p, uint32_t tag) {
    big_put_u32(big_put_u16(big_put_u16(p->packet, 5000), 5000), tag);
    p->len = 12;
}

static void add_chunk(struct peer *p, uint8_t type, uint8_t flags, const void *value, size_t len) {
    uint8_t *chunk = p->packet + p->len;
    memset(chunk, 0, 4 + len + 3);
    chunk[0] = type;
    chunk[1] = flags;
    big_put_u16(chunk + 2, (uint16_t)(4 + len));
    memcpy(chunk + 4, value, len);
    p->len += (4 + len + 3) & ~(size_t)3;
}

static void add_data(struct peer *p, uint32_t tsn, uint16_t stream, uint32_t protocol,
                     const char *content) {
    uint8_t value[12 + 64];
    big_put_u32(big_put_u16(big_put_u16(big_put_u32(value, tsn), stream), 0), protocol);
    memcpy(value + 12, content, strlen(content));
    add_chunk(p, 0, 3, value, 12 + strlen(content));
}

/* Sends what was begun; what comes back must be whole. */
static void send_it(struct peer *p, uint64_t now_ms) {
    little_put_u32(p->packet + 8, sctp_checksum(p->packet, p->len));
    p->answer_len = sctp_hear(&p->sctp, p->packet, p->len, now_ms, p->answer);
    if (p->answer_len == 0)
        return;
    assert_int_equal(little_u32(p->answer + 8), sctp_checksum(p->answer, p->answer_len));
    assert_int_equal(big_u32(p->answer + 4), PEER_TAG);
}

/* The nth chunk of the answer; NULL when it has fewer. */
static const uint8_t *answered(const struct peer *p, int nth) {
    for (size_t at = 12; at < p->answer_len; at += (big_u16(p->answer + at + 2) + 3u) & ~3u)
        if (nth-- == 0)
            return p->answer + at;
    return NULL;
}

static void send_init(struct peer *p) {
    uint8_t init[16];
    big_put_u32(big_put_u32(big_put_u32(big_put_u32(init, PEER_TAG), 65536), 0xffffffff),
                FIRST_TSN);
    begin(p, 0);
    add_chunk(p, 1, 0, init, sizeof init);
    send_it(p, 0);
}

static void connect_to(struct peer *p) {
    sctp_init(&p->sctp, 5000, OUR_TAG, 100, COOKIE);
    send_init(p);
    uint8_t cookie[8];
    big_put_u64(cookie, COOKIE);
    begin(p, OUR_TAG);
    add_chunk(p, 10, 0, cookie, sizeof cookie);
    send_it(p, 0);
    assert_int_equal(p->sctp.state, SCTP_ESTABLISHED);
}

/* The check value of the polynomial is known for "123456789". */
static void the_checksum_is_crc32c(void **state) {
    assert_int_equal(~crc_add(UINT32_MAX, CRC_CASTAGNOLI, (const uint8_t *)"123456789", 9),
                     0xe3069283);
    uint8_t packet[16] = "a packet";
    memcpy(packet + 12, "end", 4);
    uint32_t checksum = sctp_checksum(packet, sizeof packet);
    assert_int_equal(checksum, ~crc_add(UINT32_MAX, CRC_CASTAGNOLI, packet, sizeof packet));
    memset(packet + 8, 0xff, 4);
    assert_int_equal(sctp_checksum(packet, sizeof packet), checksum);
}

static void the_handshake_is_answered(void **state) {
    struct peer p = {0};
    sctp_init(&p.sctp, 5000, OUR_TAG, 100, COOKIE);
    send_init(&p);
    const uint8_t *ack = answered(&p, 0);
    assert_non_null(ack);
    assert_int_equal(ack[0], 2);
    assert_int_equal(big_u32(ack + 4), OUR_TAG);
    assert_int_equal(big_u32(ack + 16), 100);
    assert_int_equal(big_u16(ack + 20), 7); /* the cookie, which comes back as it is */
    begin(&p, OUR_TAG);
    add_chunk(&p, 10, 0, ack + 24, 8);
    send_it(&p, 0);
    assert_int_equal(answered(&p, 0)[0], 11);
    assert_int_equal(p.sctp.state, SCTP_ESTABLISHED);
}

static void a_lost_answer_is_given_again(void **state) {
    struct peer p = {0};
    connect_to(&p);
    send_init(&p);
    assert_int_equal(answered(&p, 0)[0], 2);
    assert_int_equal(p.sctp.state, SCTP_ESTABLISHED);
}

static void a_wrong_cookie_opens_nothing(void **state) {
    struct peer p = {0};
    sctp_init(&p.sctp, 5000, OUR_TAG, 100, COOKIE);
    send_init(&p);
    begin(&p, OUR_TAG);
    add_chunk(&p, 10, 0, "12345678", 8);
    send_it(&p, 0);
    assert_int_equal(p.answer_len, 0);
    assert_int_equal(p.sctp.state, SCTP_WAITING);
}

static void an_opened_channel_is_confirmed(void **state) {
    struct peer p = {0};
    connect_to(&p);
    begin(&p, OUR_TAG);
    add_data(&p, FIRST_TSN, 7, 50, "\3the opening of a channel");
    send_it(&p, 0);
    const uint8_t *ack = answered(&p, 0);
    assert_int_equal(ack[0], 0);
    assert_int_equal(big_u32(ack + 4), 100);
    assert_int_equal(big_u16(ack + 8), 7);
    assert_int_equal(big_u32(ack + 12), 50);
    assert_int_equal(ack[16], 2);
    assert_int_equal(answered(&p, 1)[0], 3);
    assert_int_equal(big_u32(answered(&p, 1) + 4), FIRST_TSN);
}

static void an_unconfirmed_answer_is_sent_again(void **state) {
    struct peer p = {0};
    connect_to(&p);
    begin(&p, OUR_TAG);
    add_data(&p, FIRST_TSN, 7, 50, "\3");
    add_data(&p, FIRST_TSN + 1, 8, 50, "\3");
    send_it(&p, 0);
    assert_int_equal(sctp_tick(&p.sctp, SCTP_RETRY_MS - 1, p.answer), 0);
    p.answer_len = sctp_tick(&p.sctp, SCTP_RETRY_MS, p.answer);
    assert_int_equal(big_u16(answered(&p, 0) + 8), 7);
    assert_int_equal(big_u16(answered(&p, 1) + 8), 8);
    uint8_t sack[12] = {0, 0, 0, 100};
    begin(&p, OUR_TAG);
    add_chunk(&p, 3, 0, sack, sizeof sack);
    send_it(&p, 0);
    p.answer_len = sctp_tick(&p.sctp, 60000, p.answer);
    assert_int_equal(big_u32(answered(&p, 0) + 4), 101);
    assert_null(answered(&p, 1));
}

static void after_some_tries_it_is_left(void **state) {
    struct peer p = {0};
    connect_to(&p);
    begin(&p, OUR_TAG);
    add_data(&p, FIRST_TSN, 7, 50, "\3");
    send_it(&p, 0);
    int tries = 0;
    for (uint64_t now = 0; now < 3600000; now += 500)
        tries += sctp_tick(&p.sctp, now, p.answer) > 0;
    assert_int_equal(tries, SCTP_RETRIES_MAX);
}

/* Only what came in order counts as heard; over the wrap of the numbers too. */
static void data_is_acknowledged_as_it_came(void **state) {
    struct peer p = {0};
    connect_to(&p);
    static const struct {
        uint32_t tsn, heard;
    } steps[] = {{FIRST_TSN + 1, FIRST_TSN - 1}, {FIRST_TSN, FIRST_TSN}, {FIRST_TSN, FIRST_TSN},
                 {FIRST_TSN + 1, 0xffffffff},    {FIRST_TSN + 2, 0},     {FIRST_TSN + 9, 0}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        begin(&p, OUR_TAG);
        add_data(&p, steps[i].tsn, 1, 51, "news");
        send_it(&p, 0);
        assert_int_equal(answered(&p, 0)[0], 3);
        assert_int_equal(big_u32(answered(&p, 0) + 4), steps[i].heard);
    }
    assert_int_equal(p.sctp.discarded, 3 * 4);
}

static void what_is_given_up_counts_as_heard(void **state) {
    struct peer p = {0};
    connect_to(&p);
    uint8_t tsn[4];
    big_put_u32(tsn, FIRST_TSN + 4);
    begin(&p, OUR_TAG);
    add_chunk(&p, 192, 0, tsn, sizeof tsn);
    send_it(&p, 0);
    assert_int_equal(big_u32(answered(&p, 0) + 4), FIRST_TSN + 4);
}

static void a_heartbeat_comes_back(void **state) {
    struct peer p = {0};
    connect_to(&p);
    begin(&p, OUR_TAG);
    add_chunk(&p, 4, 0, "\0\1\0\7abc", 7);
    send_it(&p, 0);
    assert_int_equal(answered(&p, 0)[0], 5);
    assert_memory_equal(answered(&p, 0) + 4, "\0\1\0\7abc", 7);
}

static void a_closed_channel_is_confirmed(void **state) {
    struct peer p = {0};
    connect_to(&p);
    uint8_t reset[18] = {0, 13, 0, 18, 0, 0, 0, 77};
    begin(&p, OUR_TAG);
    add_chunk(&p, 130, 0, reset, sizeof reset);
    send_it(&p, 0);
    assert_memory_equal(answered(&p, 0) + 4, "\0\20\0\14\0\0\0\115\0\0\0\1", 12);
}

static void the_end_is_the_end(void **state) {
    struct peer p = {0};
    connect_to(&p);
    begin(&p, OUR_TAG);
    add_chunk(&p, 7, 0, "\0\0\0\1", 4);
    send_it(&p, 0);
    assert_int_equal(answered(&p, 0)[0], 8);
    begin(&p, OUR_TAG);
    add_chunk(&p, 14, 0, "", 0);
    add_chunk(&p, 4, 0, "\0\1\0\4", 4);
    send_it(&p, 0);
    assert_int_equal(p.answer_len, 0);
    assert_int_equal(p.sctp.state, SCTP_CLOSED);
    send_init(&p);
    assert_int_equal(p.answer_len, 0);
}

static void strangers_are_not_answered(void **state) {
    struct peer p = {0};
    connect_to(&p);
    begin(&p, OUR_TAG + 1);
    add_chunk(&p, 4, 0, "\0\1\0\4", 4);
    send_it(&p, 0);
    assert_int_equal(p.answer_len, 0);
    begin(&p, OUR_TAG);
    add_chunk(&p, 4, 0, "\0\1\0\4", 4);
    p.packet[3] ^= 1; /* another port */
    send_it(&p, 0);
    assert_int_equal(p.answer_len, 0);
    p.packet[3] ^= 1;
    assert_int_equal(sctp_hear(&p.sctp, p.packet, p.len, 0, p.answer), 0); /* a wrong checksum */
}

RUN_TESTS(TEST(the_checksum_is_crc32c), TEST(the_handshake_is_answered),
          TEST(a_lost_answer_is_given_again), TEST(a_wrong_cookie_opens_nothing),
          TEST(an_opened_channel_is_confirmed), TEST(an_unconfirmed_answer_is_sent_again),
          TEST(after_some_tries_it_is_left), TEST(data_is_acknowledged_as_it_came),
          TEST(what_is_given_up_counts_as_heard), TEST(a_heartbeat_comes_back),
          TEST(a_closed_channel_is_confirmed), TEST(the_end_is_the_end),
          TEST(strangers_are_not_answered))
