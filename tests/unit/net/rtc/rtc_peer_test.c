#include "world.h"

static void send_some(struct world *w, unsigned section, uint16_t from, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        assert_true(remote_send(w->remote, section, 111, (uint16_t)(from + i), 960 * i,
                                SLICE("\xf8sound")));
}

static void audio_comes_through(struct world *w, unsigned section) {
    unsigned before = w->packet_count;
    send_some(w, section, (uint16_t)(1000 + before), 3);
    WORLD_UNTIL(w, w->packet_count == before + 3);
    const struct world_packet *last = &w->packets[before + 2];
    assert_int_equal(last->section, section);
    assert_int_equal(last->ssrc, remote_ssrc(w->remote, section));
    assert_int_equal(last->seq, 1002 + before);
    assert_int_equal(last->timestamp, 1920);
    assert_int_equal(last->codec, SDP_OPUS);
    assert_int_equal(last->len, 6);
    assert_int_equal(last->first, 0xf8);
}

/* ---- Ways to connect ---- */

static void connects(struct remote_settings settings) {
    struct world w;
    settings.has_data = true;
    settings.audio = 2;
    world_open(&w, &settings);
    world_connect(&w);
    audio_comes_through(&w, 1);
    audio_comes_through(&w, 2);
    assert_string_equal(w.mid, "2");
    struct rtc_stats stats;
    rtc_peer_stats(w.peer, &stats);
    assert_int_equal(stats.packets, 6);
    assert_int_equal(stats.is_tcp, settings.is_tcp);
    world_close(&w);
}

static void a_full_server_is_heard(void **state) {
    connects((struct remote_settings){0});
}

static void an_ice_lite_server_is_heard(void **state) {
    connects((struct remote_settings){.is_lite = true});
}

static void a_server_by_tcp_is_heard(void **state) {
    connects((struct remote_settings){.is_tcp = true});
    connects((struct remote_settings){.is_tcp = true, .is_lite = true});
}

static void a_server_that_begins_the_handshake_is_heard(void **state) {
    connects((struct remote_settings){.is_active = true});
    connects((struct remote_settings){.is_active = true, .is_lite = true});
}

static void both_profiles_protect(void **state) {
    connects((struct remote_settings){.profiles = "SRTP_AEAD_AES_128_GCM"});
    connects((struct remote_settings){.profiles = "SRTP_AES128_CM_SHA1_80"});
}

static void a_conflict_of_roles_is_settled(void **state) {
    connects((struct remote_settings){.faults = REMOTE_WRONG_ROLE});
}

static void a_lost_flight_is_sent_again(void **state) {
    connects((struct remote_settings){.faults = REMOTE_LOSES_DTLS});
}

static void what_comes_twice_counts_once(void **state) {
    connects((struct remote_settings){.faults = REMOTE_TWICE});
}

static void candidates_may_follow(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .has_no_candidates = true});
    assert_int_equal(world_offer(&w), 0);
    assert_true(world_answer_has(&w, " 127.0.0.1 "));
    char candidate[128];
    remote_candidate(w.remote, candidate);
    assert_false(rtc_peer_add_candidate(w.peer, SLICE("candidate:1 1 udp 5 some.name 9 typ host")));
    assert_false(rtc_peer_add_candidate(w.peer, SLICE("candidate:1 1 udp 5 0.0.0.0 9 typ host")));
    assert_true(rtc_peer_add_candidate(w.peer, slice_from(candidate)));
    assert_false(rtc_peer_add_candidate(w.peer, slice_from(candidate)));
    WORLD_UNTIL(&w, w.state == RTC_CONNECTED);
    world_close(&w);
}

static void loopback_is_for_servers_of_this_machine(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1, .has_no_candidates = true},
                    (struct rtc_settings){.server_address = SLICE("192.0.2.1")});
    assert_int_equal(world_offer(&w), 0);
    char candidate[128];
    remote_candidate(w.remote, candidate);
    assert_false(rtc_peer_add_candidate(w.peer, slice_from(candidate)));
    world_close(&w);
}

/* ---- What is taken of an offer ---- */

static bool wants_the_second(enum sdp_kind kind, struct slice mid, struct slice track, void *user) {
    return kind == SDP_AUDIO && slice_is_equal(track, SLICE("TR_1"));
}

static bool wants_all(enum sdp_kind kind, struct slice mid, struct slice track, void *user) {
    return true;
}

static void what_was_not_asked_for_is_refused(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 2, .video = 1});
    w.accept.wants = wants_the_second;
    world_connect(&w);
    assert_true(world_answer_has(&w, "a=mid:0\r\n"));
    assert_true(world_answer_has(&w, "a=inactive\r\nm=audio 9 "));
    assert_true(world_answer_has(&w, "a=recvonly\r\nm=video 0 "));
    send_some(&w, 0, 1, 2);
    assert_true(remote_send(w.remote, 2, 96, 1, 1, SLICE("picture")));
    audio_comes_through(&w, 1);
    assert_int_equal(w.packet_count, 3);
    struct rtc_stats stats;
    rtc_peer_stats(w.peer, &stats);
    assert_int_equal(stats.unknown_source, 3);
    world_close(&w);
}

static void video_comes_where_it_is_wanted(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .video = 1});
    w.accept.wants = wants_all;
    world_connect(&w);
    assert_true(remote_send(w.remote, 1, 96, 1, 90000, SLICE("picture")));
    WORLD_UNTIL(&w, w.packet_count == 1);
    assert_int_equal(w.packets[0].codec, SDP_VP8);
    rtc_peer_ask_key_frame(w.peer, remote_ssrc(w.remote, 1));
    WORLD_UNTIL(&w, remote_stats(w.remote)->key_frames == 1);
    world_close(&w);
}

static void a_payload_type_of_no_codec_is_dropped(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    assert_true(remote_send(w.remote, 0, 63, 1, 0, SLICE("redundant")));
    assert_true(remote_send(w.remote, 0, 0, 2, 0, SLICE("telephone")));
    WORLD_UNTIL(&w, w.packet_count == 1);
    assert_int_equal(w.packets[0].codec, SDP_PCMU);
    world_close(&w);
}

static void a_source_that_changes_is_followed(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 2});
    world_connect(&w);
    audio_comes_through(&w, 0);
    uint32_t before = remote_ssrc(w.remote, 0);
    remote_change_ssrc(w.remote, 0);
    assert_int_equal(world_offer(&w), 0);
    audio_comes_through(&w, 0);
    unsigned count = w.packet_count;
    assert_true(remote_send_as(w.remote, before, 111, 9, 0, SLICE("late")));
    audio_comes_through(&w, 1);
    assert_int_equal(w.packet_count, count + 3);
    assert_true(before != remote_ssrc(w.remote, 0));
    world_close(&w);
}

static void a_source_without_a_name_is_found(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .hides_ssrc = true});
    world_connect(&w);
    audio_comes_through(&w, 0);
    world_close(&w);
}

static void a_mid_in_a_report_names_a_source(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 2, .hides_ssrc = true});
    world_connect(&w);
    struct rtc_stats stats;
    /* Two sections could be meant. */
    assert_true(remote_send(w.remote, 1, 111, 5, 0, SLICE("whose")));
    do {
        uv_run(loop_uv(w.loop), UV_RUN_ONCE);
        rtc_peer_stats(w.peer, &stats);
    } while (stats.unknown_source == 0);
    assert_true(remote_send_mid(w.remote, remote_ssrc(w.remote, 1), "1"));
    audio_comes_through(&w, 1);
    world_close(&w);
}

static void sources_without_a_name_are_few(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .hides_ssrc = true});
    world_connect(&w);
    struct rtc_stats stats = {0};
    for (uint32_t i = 0; i < 200; i++) {
        assert_true(remote_send_as(w.remote, 1000 + i, 111, 1, 0, SLICE("one of many")));
        int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
        do {
            uv_run(loop_uv(w.loop), UV_RUN_ONCE);
            rtc_peer_stats(w.peer, &stats);
        } while (stats.packets + stats.unknown_source <= i && clock_mono_ms() < until_ms);
    }
    assert_int_equal(stats.packets, 64);
    assert_int_equal(stats.unknown_source, 136);
    world_close(&w);
}

static void a_section_may_end_and_come_back(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    audio_comes_through(&w, 0);
    remote_set_sending(w.remote, 0, false);
    assert_int_equal(world_offer(&w), 0);
    assert_true(world_answer_has(&w, "a=inactive"));
    remote_set_sending(w.remote, 0, true);
    remote_change_ssrc(w.remote, 0);
    assert_int_equal(world_offer(&w), 0);
    assert_true(world_answer_has(&w, "a=recvonly"));
    audio_comes_through(&w, 0);
    world_close(&w);
}

static void many_sections_are_answered(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 4095, .has_data = true});
    world_connect(&w);
    audio_comes_through(&w, 4095);
    world_close(&w);
}

static void bad_offers_change_nothing(void **state) {
    struct world w;
    const char *why = NULL;
    world_open(&w, &(struct remote_settings){.audio = 1});
    struct buf answer = {0};
    assert_int_equal(rtc_peer_offer(w.peer, SLICE("v=0\r\n"), NULL, &answer, &why), EINVAL);
    assert_non_null(why);
    assert_int_equal(answer.len, 0);
    world_connect(&w);
    assert_int_equal(rtc_peer_offer(w.peer, SLICE("rubbish"), NULL, &answer, &why), EINVAL);
    audio_comes_through(&w, 0);
    world_close(&w);
}

/* ---- Reports ---- */

static void reports_are_read(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 2});
    world_connect(&w);
    int64_t before_ns = (int64_t)clock_mono_ns();
    assert_true(remote_send_report(w.remote, 1, UINT64_C(0x1122334455667788), 4711));
    WORLD_UNTIL(&w, w.reports == 1);
    assert_int_equal(w.report.section, 1);
    assert_true(w.report.ntp == UINT64_C(0x1122334455667788));
    assert_int_equal(w.report.rtp_time, 4711);
    assert_true(w.report.arrived_ns >= before_ns - 1000000);
    assert_true(w.report.arrived_ns <= (int64_t)clock_mono_ns());
    assert_true(remote_send_bye(w.remote, 1));
    WORLD_UNTIL(&w, w.byes == 1);
    world_close(&w);
}

static void losses_are_reported(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    assert_true(remote_send_report(w.remote, 0, UINT64_C(0x1122334455667788), 4711));
    for (uint16_t seq = 65500; seq != 64; seq++) /* a quarter is missing */
        if (seq % 4 != 1)
            assert_true(remote_send(w.remote, 0, 111, seq, 0, SLICE("s")));
    const struct remote_stats *stats = remote_stats(w.remote);
    WORLD_UNTIL(&w, stats->report_blocks > 0 && stats->lost == 25);
    assert_int_equal(stats->block_ssrc, remote_ssrc(w.remote, 0));
    assert_int_equal(stats->last_report, 0x33445566);
    assert_true(stats->since_report > 0);
    struct rtc_stats ours;
    rtc_peer_stats(w.peer, &ours);
    assert_int_equal(ours.lost, 25);
    world_close(&w);
}

static void packets_are_asked_for_again(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    static const uint16_t missing[] = {65534, 65535, 0, 1, 40};
    rtc_peer_nack(w.peer, remote_ssrc(w.remote, 0), missing, 5);
    const struct remote_stats *stats = remote_stats(w.remote);
    WORLD_UNTIL(&w, stats->nack_count == 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(stats->nacks[i], missing[i]);
    world_close(&w);
}

/* An INIT of SCTP (RFC 9260, 3.3.2): its acknowledgement shows that somebody is there. */
static void data_channels_are_answered(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .has_data = true});
    world_connect(&w);
    uint8_t init[32] = {0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, 0, 0,  0, 0,  1, 0, 0, 20,
                        0,    0,    0,    1,    0, 2, 0, 0, 0, 16, 0, 16, 0, 0, 0, 1};
    uint32_t sum = sctp_checksum(init, sizeof init);
    memcpy(
        init + 8,
        (uint8_t[]){(uint8_t)sum, (uint8_t)(sum >> 8), (uint8_t)(sum >> 16), (uint8_t)(sum >> 24)},
        4);
    assert_true(remote_send_data(w.remote, init, sizeof init));
    WORLD_UNTIL(&w, remote_stats(w.remote)->data_bytes > 0);
    assert_int_equal(remote_stats(w.remote)->first_data[12], 2); /* INIT ACK */
    world_close(&w);
}

/* ---- Ticks and time ---- */

static void packets_wait_for_the_tick(void **state) {
    struct world w;
    world_open_with(&w, &(struct remote_settings){.audio = 1}, (struct rtc_settings){0});
    world_connect(&w);
    int64_t before_ns = (int64_t)clock_mono_ns();
    send_some(&w, 0, 1, 3);
    int64_t sent_ns = (int64_t)clock_mono_ns();
    for (int i = 0; i < 20; i++)
        uv_run(loop_uv(w.loop), UV_RUN_ONCE);
    assert_int_equal(w.packet_count, 0);
    WORLD_UNTIL(&w, rtc_peer_drain(w.peer) >= 3 || w.packet_count == 3);
    assert_int_equal(w.packet_count, 3);
    /* The time is the kernel's, not the tick's; the clocks are read one after the other. */
    assert_true(w.packets[0].arrived_ns >= before_ns - 1000000);
    assert_true(w.packets[2].arrived_ns <= sent_ns + 1000000);
    world_close(&w);
}

static void a_restart_keeps_keys_and_sources(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    audio_comes_through(&w, 0);
    remote_restart(w.remote);
    assert_int_equal(remote_move(w.remote), 0);
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, remote_stats(w.remote)->is_nominated);
    audio_comes_through(&w, 0);
    struct rtc_stats stats;
    rtc_peer_stats(w.peer, &stats);
    assert_int_equal(stats.restarts, 1);
    assert_int_equal(w.connected, 1);
    world_close(&w);
}

static void a_tcp_connection_that_breaks_is_made_again(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .is_tcp = true});
    world_connect(&w);
    remote_restart(w.remote);
    assert_int_equal(remote_move(w.remote), 0);
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, remote_stats(w.remote)->is_nominated);
    audio_comes_through(&w, 0);
    world_close(&w);
}

RUN_TESTS(TEST(a_full_server_is_heard), TEST(an_ice_lite_server_is_heard),
          TEST(a_server_by_tcp_is_heard), TEST(a_server_that_begins_the_handshake_is_heard),
          TEST(both_profiles_protect), TEST(a_conflict_of_roles_is_settled),
          TEST(a_lost_flight_is_sent_again), TEST(what_comes_twice_counts_once),
          TEST(candidates_may_follow), TEST(loopback_is_for_servers_of_this_machine),
          TEST(what_was_not_asked_for_is_refused), TEST(video_comes_where_it_is_wanted),
          TEST(a_payload_type_of_no_codec_is_dropped), TEST(a_source_that_changes_is_followed),
          TEST(a_source_without_a_name_is_found), TEST(a_mid_in_a_report_names_a_source),
          TEST(sources_without_a_name_are_few), TEST(a_section_may_end_and_come_back),
          TEST(many_sections_are_answered), TEST(bad_offers_change_nothing), TEST(reports_are_read),
          TEST(losses_are_reported), TEST(packets_are_asked_for_again),
          TEST(data_channels_are_answered), TEST(packets_wait_for_the_tick),
          TEST(a_restart_keeps_keys_and_sources), TEST(a_tcp_connection_that_breaks_is_made_again))
