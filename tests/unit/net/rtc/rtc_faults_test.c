#include "world.h"

#include "base/mem.h"

/* What a server may do wrong, and what strangers send: counted, bounded, never fatal. */

static const struct rtc_settings hasty = {.is_watching = true, .silence_ms = 1000};

static void fails(unsigned faults, int64_t connect_ms, const char *why) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1, .faults = faults},
                    (struct rtc_settings){.is_watching = true, .connect_ms = connect_ms});
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, w.state == RTC_FAILED);
    assert_string_equal(w.why, why);
    assert_int_equal(w.packet_count, 0);
    assert_int_equal(rtc_peer_drain(w.peer), 0);
    world_close(&w);
}

static void a_server_that_never_answers_is_given_up(void **state) {
    fails(REMOTE_DEAF, 1500, "no address of the server answers");
}

static void a_wrong_password_proves_nothing(void **state) {
    fails(REMOTE_WRONG_PASSWORD, 1500, "no address of the server answers");
}

static void a_server_that_never_nominates_is_given_up(void **state) {
    fails(REMOTE_NEVER_NOMINATES, 1500, "no address of the server answers");
}

static void a_wrong_certificate_is_refused(void **state) {
    fails(REMOTE_WRONG_FINGERPRINT, 0, "the certificate is not the one of the offer");
}

static void a_handshake_without_an_answer_ends(void **state) {
    fails(REMOTE_NO_DTLS, 4000, "the DTLS handshake did not end");
}

static void a_server_without_srtp_is_refused(void **state) {
    fails(REMOTE_NO_PROFILE, 0, "no common SRTP profile");
}

static void without_candidates_nothing_is_tried(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1, .has_no_candidates = true},
                    (struct rtc_settings){.connect_ms = 500});
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, w.state == RTC_FAILED);
    assert_string_equal(w.why, "the server has named no address");
    assert_int_equal(remote_stats(w.remote)->datagrams, 0);
    world_close(&w);
}

static void a_failed_peer_may_be_closed_by_its_news(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1, .faults = REMOTE_NO_PROFILE}, hasty);
    w.closes_when_failed = true;
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, w.state == RTC_FAILED);
    assert_null(w.peer);
    world_close(&w);
}

static void another_fingerprint_is_another_server(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    remote_set_faults(w.remote, REMOTE_WRONG_FINGERPRINT);
    assert_int_equal(world_offer(&w), EPROTO);
    assert_string_equal(w.why, "the fingerprint has changed");
    WORLD_UNTIL(&w, w.state == RTC_FAILED);
    world_close(&w);
}

/* Either it connects all the same, or it fails in time. */
static void survives(struct remote_settings settings) {
    struct world w;
    settings.audio = 1;
    settings.has_data = true;
    world_open_with(&w, &settings, (struct rtc_settings){.is_watching = true, .connect_ms = 2000});
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, w.state == RTC_FAILED || w.state == RTC_CONNECTED);
    if (w.state == RTC_CONNECTED) {
        unsigned sent = 0;
        while (w.packet_count == 0 && sent++ < 2000) {
            remote_send(w.remote, 1, 111, (uint16_t)sent, sent * 960, SLICE("\xf8sound"));
            uv_run(loop_uv(w.loop), UV_RUN_ONCE);
        }
        assert_true(w.packet_count > 0);
        assert_int_equal(w.packets[0].len, 6);
    }
    world_close(&w);
}

static void changed_bytes_do_no_harm(void **state) {
    for (uint64_t seed = 1; seed <= 3; seed++)
        survives((struct remote_settings){
            .faults = REMOTE_MUTATES, .seed = seed, .is_lite = seed & 1, .is_active = seed & 2});
}

static void rubbish_between_datagrams_does_no_harm(void **state) {
    survives((struct remote_settings){.faults = REMOTE_RUBBISH | REMOTE_TWICE, .seed = 5});
    survives((struct remote_settings){.faults = REMOTE_RUBBISH, .seed = 6, .is_active = true});
    survives((struct remote_settings){.faults = REMOTE_RUBBISH, .seed = 7, .is_tcp = true});
}

/* ---- Strangers ---- */

static void a_flood_from_elsewhere_is_not_answered(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    unsigned heard = remote_stats(w.remote)->strangers;
    uint8_t bytes[100] = {0x80, 111};
    for (unsigned i = 0; i < 2000; i++) {
        bytes[0] = (uint8_t)(i % 4 == 0 ? 0x80 : i % 4 == 1 ? 0x16 : i % 4 == 2 ? 0x00 : 0xff);
        remote_send_raw(w.remote, bytes, sizeof bytes, true);
    }
    assert_true(remote_send(w.remote, 0, 111, 1, 0, SLICE("sound")));
    WORLD_UNTIL(&w, w.packet_count == 1);
    struct rtc_stats stats;
    rtc_peer_stats(w.peer, &stats);
    /* The kernel keeps them from us once a path is agreed on. */
    assert_int_equal(stats.foreign, 0);
    assert_int_equal(stats.bad_checks, 0);
    assert_int_equal(remote_stats(w.remote)->strangers, heard);
    world_close(&w);
}

static void before_a_path_is_agreed_on_strangers_are_counted(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .faults = REMOTE_NEVER_NOMINATES});
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, remote_stats(w.remote)->requests > 0); /* it knows our port now */
    static const uint8_t handshake[60] = {0x16, 0xfe, 0xfd}, check[20] = {0, 1};
    remote_send_raw(w.remote, handshake, sizeof handshake, true);
    remote_send_raw(w.remote, check, sizeof check, true);
    remote_send_raw(w.remote, handshake, 0, true);
    static const uint8_t large[4000] = {0x16};
    remote_send_raw(w.remote, large, sizeof large, true);
    struct rtc_stats stats;
    do {
        uv_run(loop_uv(w.loop), UV_RUN_ONCE);
        rtc_peer_stats(w.peer, &stats);
    } while (stats.foreign + stats.bad_checks + stats.too_long < 4);
    assert_int_equal(stats.foreign, 2);
    assert_int_equal(stats.bad_checks, 1);
    assert_int_equal(stats.too_long, 1);
    world_close(&w);
}

static void what_is_not_protected_is_dropped(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    uint8_t packet[60] = {0x80, 111, 0, 1};
    uint32_t ssrc = remote_ssrc(w.remote, 0);
    memcpy(packet + 8,
           (uint8_t[]){(uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
                       (uint8_t)ssrc},
           4);
    for (unsigned i = 0; i < 50; i++)
        remote_send_raw(w.remote, packet, sizeof packet, false);
    static const uint8_t report[40] = {0x80, 200, 0, 6};
    remote_send_raw(w.remote, report, sizeof report, false);
    assert_true(remote_send(w.remote, 0, 111, 7, 0, SLICE("sound")));
    WORLD_UNTIL(&w, w.packet_count > 0);
    assert_int_equal(w.packet_count, 1);
    assert_int_equal(w.packets[0].seq, 7);
    struct rtc_stats stats;
    rtc_peer_stats(w.peer, &stats);
    assert_int_equal(stats.bad_protection, 51);
    world_close(&w);
}

static void a_packet_again_counts_once(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    remote_set_faults(w.remote, REMOTE_TWICE);
    for (uint16_t seq = 1; seq <= 10; seq++)
        assert_true(remote_send(w.remote, 0, 111, seq, 0, SLICE("sound")));
    struct rtc_stats stats;
    do {
        uv_run(loop_uv(w.loop), UV_RUN_ONCE);
        rtc_peer_stats(w.peer, &stats);
    } while (stats.repeated < 10);
    assert_int_equal(w.packet_count, 10);
    assert_int_equal(stats.lost, 0);
    world_close(&w);
}

/* ---- Silence ---- */

static void a_silent_server_is_noticed_and_comes_back(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1}, hasty);
    world_connect(&w);
    remote_set_faults(w.remote, REMOTE_DEAF);
    WORLD_UNTIL(&w, w.state == RTC_LOST);
    assert_string_equal(w.why, "nothing comes from the server");
    remote_set_faults(w.remote, 0);
    assert_true(remote_send(w.remote, 0, 111, 1, 0, SLICE("sound")));
    WORLD_UNTIL(&w, w.state == RTC_CONNECTED && w.packet_count == 1);
    assert_int_equal(w.connected, 2);
    world_close(&w);
}

static void a_restart_brings_a_lost_connection_back(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1}, hasty);
    world_connect(&w);
    assert_int_equal(remote_move(w.remote), 0); /* the old port is gone */
    remote_restart(w.remote);
    WORLD_UNTIL(&w, w.state == RTC_LOST);
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, w.state == RTC_CONNECTED);
    assert_true(remote_send(w.remote, 0, 111, 1, 0, SLICE("sound")));
    WORLD_UNTIL(&w, w.packet_count == 1);
    world_close(&w);
}

static void tcp_that_ends_is_dialled_again(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1, .is_tcp = true, .is_lite = true},
                    (struct rtc_settings){.is_watching = true});
    world_connect(&w);
    remote_hang_up(w.remote);
    unsigned requests = remote_stats(w.remote)->requests;
    WORLD_UNTIL(&w, remote_stats(w.remote)->requests > requests);
    assert_true(remote_send(w.remote, 0, 111, 1, 0, SLICE("sound")));
    WORLD_UNTIL(&w, w.packet_count == 1);
    world_close(&w);
}

/* ---- Offers ---- */

static void offers_in_a_burst_are_answered_each(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    for (unsigned i = 0; i < 300; i++) {
        remote_change_ssrc(w.remote, 0);
        if (i % 10 == 0)
            remote_restart(w.remote);
        assert_int_equal(world_offer(&w), 0);
        if (i % 50 == 0)
            uv_run(loop_uv(w.loop), UV_RUN_NOWAIT);
    }
    WORLD_UNTIL(&w, w.state == RTC_CONNECTED && remote_stats(w.remote)->is_up);
    assert_true(remote_send(w.remote, 0, 111, 1, 0, SLICE("sound")));
    WORLD_UNTIL(&w, w.packet_count == 1);
    world_close(&w);
}

static void sources_that_change_leave_nothing_behind(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    for (unsigned i = 0; i < 200; i++) {
        remote_change_ssrc(w.remote, 0);
        assert_int_equal(world_offer(&w), 0);
        assert_true(remote_send(w.remote, 0, 111, (uint16_t)(7 * i), 0, SLICE("sound")));
        WORLD_UNTIL(&w, w.packet_count == i + 1);
    }
    world_close(&w);
}

static void five_thousand_sections_are_refused(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 5000});
    assert_int_equal(world_offer(&w), EINVAL);
    assert_string_equal(w.why, "too many sections");
    assert_int_equal(rtc_peer_state(w.peer), RTC_NEW);
    world_close(&w);
}

static void an_offer_that_is_too_long_is_refused(void **state) {
    struct world w;
    const char *why = NULL;
    world_open(&w, &(struct remote_settings){.audio = 1});
    char *text = mem_alloc(RTC_OFFER_MAX + 1);
    memset(text, '\n', RTC_OFFER_MAX + 1);
    assert_int_equal(
        rtc_peer_offer(w.peer, slice_of(text, RTC_OFFER_MAX + 1), NULL, &w.answer, &why), EINVAL);
    assert_string_equal(why, "an offer that is too long");
    mem_free(text);
    world_close(&w);
}

/* ---- Ends ---- */

/* The server goes at some stage: the peer ends as lost or failed, and can be closed. */
static void goes_after(unsigned turns) {
    struct world w;
    world_open_with(
        &w, &(struct remote_settings){.audio = 1, .has_data = true},
        (struct rtc_settings){.is_watching = true, .connect_ms = 1000, .silence_ms = 1000});
    assert_int_equal(world_offer(&w), 0);
    for (unsigned i = 0; i < turns; i++)
        uv_run(loop_uv(w.loop), UV_RUN_ONCE);
    remote_close(w.remote);
    w.remote = NULL;
    WORLD_UNTIL(&w, w.state == RTC_FAILED || w.state == RTC_LOST);
    world_close(&w);
}

static void a_server_may_go_at_any_stage(void **state) {
    for (unsigned turns = 0; turns < 12; turns += 4)
        goes_after(turns);
}

static void a_peer_may_be_closed_at_any_stage(void **state) {
    for (unsigned turns = 0; turns < 30; turns += 4) {
        struct world w;
        world_open(
            &w, &(struct remote_settings){.audio = 1, .has_data = true, .is_tcp = turns % 8 == 4});
        if (turns > 0)
            assert_int_equal(world_offer(&w), 0);
        for (unsigned i = 1; i < turns; i++)
            uv_run(loop_uv(w.loop), UV_RUN_ONCE);
        world_close(&w);
    }
}

RUN_TESTS(TEST(a_server_that_never_answers_is_given_up), TEST(a_wrong_password_proves_nothing),
          TEST(a_server_that_never_nominates_is_given_up), TEST(a_wrong_certificate_is_refused),
          TEST(a_handshake_without_an_answer_ends), TEST(a_server_without_srtp_is_refused),
          TEST(without_candidates_nothing_is_tried), TEST(a_failed_peer_may_be_closed_by_its_news),
          TEST(another_fingerprint_is_another_server), TEST(changed_bytes_do_no_harm),
          TEST(rubbish_between_datagrams_does_no_harm),
          TEST(a_flood_from_elsewhere_is_not_answered),
          TEST(before_a_path_is_agreed_on_strangers_are_counted),
          TEST(what_is_not_protected_is_dropped), TEST(a_packet_again_counts_once),
          TEST(a_silent_server_is_noticed_and_comes_back),
          TEST(a_restart_brings_a_lost_connection_back), TEST(tcp_that_ends_is_dialled_again),
          TEST(offers_in_a_burst_are_answered_each), TEST(sources_that_change_leave_nothing_behind),
          TEST(five_thousand_sections_are_refused), TEST(an_offer_that_is_too_long_is_refused),
          TEST(a_server_may_go_at_any_stage), TEST(a_peer_may_be_closed_at_any_stage))
