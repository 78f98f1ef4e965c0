#include "unit.h"

#include "net/rtc/rtc_sources.h"

static void take(struct rtc_source *source, uint16_t seq, uint32_t timestamp, int64_t arrived_ms) {
    const struct rtp_packet packet = {.seq = seq, .timestamp = timestamp};
    rtc_source_take(source, &packet, 48, arrived_ms * 1000000);
}

static void count_forgotten(uint32_t ssrc, void *user) {
    ++*(unsigned *)user;
}

static void sources_are_found_by_their_number(void **state) {
    struct rtc_sources sources = {0};
    assert_null(rtc_sources_find(&sources, 1));
    rtc_sources_begin(&sources);
    for (uint32_t i = 0; i < 1000; i++)
        rtc_sources_name(&sources, i * 65536, (uint16_t)i);
    unsigned forgotten = 0;
    rtc_sources_end(&sources, count_forgotten, &forgotten);
    assert_int_equal(forgotten, 0);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(rtc_sources_find(&sources, i * 65536)->section, i);
    assert_null(rtc_sources_find(&sources, 1));
    rtc_sources_free(&sources);
}

static void what_an_offer_leaves_out_is_forgotten(void **state) {
    struct rtc_sources sources = {0};
    unsigned forgotten = 0;
    rtc_sources_begin(&sources);
    for (uint32_t i = 0; i < 40; i++)
        rtc_sources_name(&sources, i, (uint16_t)i);
    rtc_sources_end(&sources, count_forgotten, &forgotten);
    take(rtc_sources_find(&sources, 1), 1, 0, 0);
    take(rtc_sources_find(&sources, 1), 4, 0, 0);
    for (uint32_t i = 0; i < RTC_STRAYS_MAX; i++)
        assert_non_null(rtc_sources_add_stray(&sources, 1000 + i));
    assert_null(rtc_sources_add_stray(&sources, 5000));
    assert_int_equal(rtc_sources_lost(&sources), 2);
    rtc_sources_begin(&sources);
    for (uint32_t i = 20; i < 40; i++)
        rtc_sources_name(&sources, i, 7);
    rtc_sources_end(&sources, count_forgotten, &forgotten);
    assert_int_equal(forgotten, 20 + RTC_STRAYS_MAX);
    assert_int_equal(sources.count, 20);
    for (uint32_t i = 0; i < 20; i++)
        assert_null(rtc_sources_find(&sources, i));
    for (uint32_t i = 20; i < 40; i++)
        assert_int_equal(rtc_sources_find(&sources, i)->section, 7);
    assert_int_equal(rtc_sources_lost(&sources), 2); /* what was lost stays so */
    assert_non_null(rtc_sources_add_stray(&sources, 5000));
    rtc_sources_free(&sources);
}

static void losses_are_of_the_interval_and_of_all(void **state) {
    struct rtc_source source = {.ssrc = 9};
    struct rtcp_block block;
    for (unsigned i = 0; i < 100; i++)
        if (i % 4 != 0 || i == 0)
            take(&source, (uint16_t)(65500 + i), i * 960, 20 * i);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.ssrc, 9);
    assert_int_equal(block.lost, 24);
    assert_int_equal(block.fraction_lost, 24 * 256 / 100);
    assert_int_equal(block.highest_seq, 65536 + 63);
    for (unsigned i = 100; i < 200; i++)
        take(&source, (uint16_t)(65500 + i), i * 960, 20 * i);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.lost, 24);
    assert_int_equal(block.fraction_lost, 0);
}

static void late_packets_are_not_lost(void **state) {
    struct rtc_source source = {0};
    struct rtcp_block block;
    static const uint16_t order[] = {10, 12, 13, 11, 15, 14};
    for (unsigned i = 0; i < 6; i++)
        take(&source, order[i], 0, 0);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.lost, 0);
    assert_int_equal(block.fraction_lost, 0);
    /* One that came before the first: more came than was expected. */
    take(&source, 9, 0, 0);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.lost, -1);
    assert_int_equal(rtc_source_lost(&source), 0);
}

static void all_lost_but_one_is_no_more_than_all(void **state) {
    struct rtc_source source = {0};
    struct rtcp_block block;
    take(&source, 0, 0, 0);
    take(&source, 2999, 0, 0);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.lost, 2998);
    assert_int_equal(block.fraction_lost, 255);
}

static void one_far_away_is_not_believed_two_are(void **state) {
    struct rtc_source source = {0};
    struct rtcp_block block;
    take(&source, 100, 0, 0);
    take(&source, 30000, 0, 0);
    take(&source, 101, 0, 0);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.lost, 0);
    assert_int_equal((uint16_t)block.highest_seq, 101);
    take(&source, 30000, 0, 0);
    take(&source, 30001, 0, 0);
    take(&source, 30002, 0, 0);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.lost, 0);
    assert_int_equal((uint16_t)block.highest_seq, 30002);
}

/* RFC 3550, A.8: each difference goes in with a sixteenth. */
static void jitter_is_of_arrival_against_timestamps(void **state) {
    struct rtc_source source = {0};
    struct rtcp_block block;
    for (unsigned i = 0; i < 500; i++)
        take(&source, (uint16_t)i, 4000000000u + i * 960, 20 * i); /* timestamps wrap */
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.jitter, 0);
    for (unsigned i = 500; i < 1000; i++)
        take(&source, (uint16_t)i, 4000000000u + i * 960, 20 * i + (i % 2) * 5);
    rtc_source_report(&source, 0, &block);
    assert_in_range(block.jitter, 235, 245); /* 5 ms are 240 ticks */
}

static void a_wait_in_silence_is_no_jitter(void **state) {
    struct rtc_source source = {0};
    struct rtcp_block block;
    for (unsigned i = 0; i < 100; i++)
        take(&source, (uint16_t)i, i * 48 * 400, 400 * i);
    rtc_source_report(&source, 0, &block);
    assert_int_equal(block.jitter, 0);
}

static void the_last_report_is_told_with_its_age(void **state) {
    struct rtc_source source = {0};
    struct rtcp_block block;
    take(&source, 1, 0, 0);
    rtc_source_report(&source, 5, &block);
    assert_int_equal(block.last_report, 0);
    assert_int_equal(block.since_report, 0);
    rtc_source_take_report(&source, UINT64_C(0x1122334455667788), 1000000000);
    rtc_source_report(&source, 2500000000, &block);
    assert_int_equal(block.last_report, 0x33445566);
    assert_int_equal(block.since_report, 98304); /* 1.5 s */
}

static void reports_go_round_once(void **state) {
    struct rtc_sources sources = {0};
    rtc_sources_begin(&sources);
    for (uint32_t i = 0; i < 100; i++)
        rtc_sources_name(&sources, i, 0);
    unsigned forgotten = 0, told = 0;
    rtc_sources_end(&sources, count_forgotten, &forgotten);
    for (uint32_t i = 0; i < 70; i++)
        take(rtc_sources_find(&sources, i), 1, 0, 0);
    size_t left = SIZE_MAX;
    struct rtc_source *source;
    while ((source = rtc_sources_next(&sources, &left)) != NULL) {
        struct rtcp_block block;
        rtc_source_report(source, 0, &block);
        told++;
    }
    assert_int_equal(told, 70);
    left = SIZE_MAX;
    assert_null(rtc_sources_next(&sources, &left)); /* nothing came since */
    rtc_sources_free(&sources);
}

RUN_TESTS(TEST(sources_are_found_by_their_number), TEST(what_an_offer_leaves_out_is_forgotten),
          TEST(losses_are_of_the_interval_and_of_all), TEST(late_packets_are_not_lost),
          TEST(all_lost_but_one_is_no_more_than_all), TEST(one_far_away_is_not_believed_two_are),
          TEST(jitter_is_of_arrival_against_timestamps), TEST(a_wait_in_silence_is_no_jitter),
          TEST(the_last_report_is_told_with_its_age), TEST(reports_go_round_once))
