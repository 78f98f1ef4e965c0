#include "world.h"

#include <dirent.h>
#include <sys/resource.h>

/* How handshakes and streams begin where networks lose what is first, and what many of them leave. */

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
           (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static unsigned count_descriptors(void) {
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void sound(struct world *w, uint16_t seq) {
    assert_true(remote_send(w->remote, 0, 111, seq, seq * 960u, SLICE("sound")));
}

/* Sent, and lost on the way. */
static void lost_sound(struct world *w, uint16_t seq) {
    remote_set_faults(w->remote, REMOTE_DEAF);
    sound(w, seq);
    remote_set_faults(w->remote, 0);
}

static struct rtc_stats stats_of(const struct world *w) {
    struct rtc_stats stats;
    rtc_peer_stats(w->peer, &stats);
    return stats;
}

/* ---- Numbers ---- */

/* The first that comes is behind the wrap, which its protection counts. */
static void wrapped(const char *profiles) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 2, .profiles = profiles});
    world_connect(&w);
    for (uint16_t i = 0; i < 10; i++)
        lost_sound(&w, (uint16_t)(65530 + i));
    for (uint16_t i = 10; i < 110; i++)
        sound(&w, (uint16_t)(65530 + i));
    WORLD_UNTIL(&w, w.packet_count >= 100);
    for (uint16_t i = 0; i < 100; i++)
        assert_int_equal(w.packets[i].seq, (uint16_t)(65540 + i));
    assert_int_equal(stats_of(&w).bad_protection, 0);
    /* And over the next wrap, as any other. */
    for (unsigned seq = 104; seq <= 0x10000 + 50; seq += 100) {
        sound(&w, (uint16_t)seq);
        unsigned count = w.packet_count;
        WORLD_UNTIL(&w, w.packet_count > count);
    }
    assert_int_equal(stats_of(&w).bad_protection, 0);
    world_close(&w);
}

static void numbers_may_wrap_before_the_first_that_comes(void **state) {
    wrapped("SRTP_AEAD_AES_128_GCM");
    wrapped("SRTP_AES128_CM_SHA1_80");
}

/* What is wrong at first is no proof that numbers have wrapped. */
static void a_changed_first_packet_hinders_no_other(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    uint32_t ssrc = remote_ssrc(w.remote, 0);
    uint8_t forged[60] = {0x80, 111, 0, 1};
    for (unsigned i = 0; i < 4; i++)
        forged[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    for (unsigned i = 0; i < 20; i++)
        remote_send_raw(w.remote, forged, sizeof forged, false);
    for (uint16_t seq = 1; seq <= 10; seq++)
        sound(&w, seq);
    WORLD_UNTIL(&w, w.packet_count >= 10);
    assert_int_equal(stats_of(&w).bad_protection, 20);
    world_close(&w);
}

/* One that was asked for again comes behind 150 newer ones; one that came already counts once. */
static void what_is_sent_again_is_taken(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    for (uint16_t seq = 1; seq <= 200; seq++) {
        if (seq == 50)
            lost_sound(&w, seq);
        else
            sound(&w, seq);
    }
    WORLD_UNTIL(&w, w.packet_count >= 199);
    assert_int_equal(stats_of(&w).lost, 1);
    sound(&w, 50);
    sound(&w, 50);
    sound(&w, 49);
    sound(&w, 201);
    WORLD_UNTIL(&w, w.packet_count >= 201);
    assert_int_equal(w.packets[199].seq, 50);
    assert_int_equal(w.packets[200].seq, 201);
    assert_int_equal(stats_of(&w).repeated, 2);
    assert_int_equal(stats_of(&w).lost, 0);
    world_close(&w);
}

/* ---- Handshakes ---- */

/* Datagrams as long as the way allows: two of ours, where OpenSSL alone would send four and more, each of
 * which may be lost. */
static void a_handshake_is_two_datagrams(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    assert_int_equal(remote_stats(w.remote)->handshakes, 2);
    assert_in_range(remote_stats(w.remote)->longest, 400, RTC_DATAGRAM_MAX);
    world_close(&w);
}

static void a_lost_second_datagram_is_sent_again(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .faults = REMOTE_LOSES_SECOND});
    world_connect(&w);
    sound(&w, 1);
    WORLD_UNTIL(&w, w.packet_count > 0);
    world_close(&w);
}

/* The server's side has ended, and what it sends last is lost: its media wait for the keys. */
static void media_before_the_keys(unsigned count, unsigned kept) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .faults = REMOTE_LOSES_END});
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, remote_stats(w.remote)->is_up);
    assert_int_equal(w.state, RTC_CONNECTING);
    for (uint16_t seq = 1; seq <= count; seq++)
        sound(&w, seq);
    WORLD_UNTIL(&w, w.state == RTC_CONNECTED);
    sound(&w, 1000);
    WORLD_UNTIL(&w, w.packet_count > 0 && w.packets[w.packet_count - 1].seq == 1000);
    assert_int_equal(w.packet_count, kept + 1);
    for (uint16_t i = 0; i < kept; i++)
        assert_int_equal(w.packets[i].seq, i + 1);
    assert_true(w.packets[0].arrived_ns <
                w.packets[kept].arrived_ns - 20 * 1000000); /* as it came */
    assert_int_equal(stats_of(&w).foreign, count - kept);
    world_close(&w);
}

static void media_may_come_before_the_keys(void **state) {
    media_before_the_keys(30, 30);
    media_before_the_keys(120, 50); /* there is an end to it */
}

static void media_before_the_keys_may_be_left(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1, .faults = REMOTE_LOSES_END});
    assert_int_equal(world_offer(&w), 0);
    WORLD_UNTIL(&w, remote_stats(w.remote)->is_up);
    sound(&w, 1);
    uv_run(loop_uv(w.loop), UV_RUN_ONCE);
    world_close(&w);
}

/* OpenSSL keeps errors by thread: one bad handshake among twenty good ones is nobody else's. */
static void a_bad_handshake_is_its_own(void **state) {
    enum { GOOD = 20 };
    static struct world good[GOOD], bad;
    static const uint8_t junk[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 12,
                                   2,  0,    0,    1, 0, 0, 0, 0, 0, 0, 0, 0};
    const struct remote_settings usual = {.audio = 1, .has_data = true};
    world_open(&good[0], &usual);
    for (unsigned i = 0; i < GOOD; i++) {
        if (i > 0)
            world_open_beside(&good[i], &good[0], &usual);
        world_connect(&good[i]);
    }
    for (unsigned round = 0; round < 5; round++) {
        world_open_beside(
            &bad, &good[0],
            &(struct remote_settings){.audio = 1, .faults = REMOTE_WRONG_FINGERPRINT});
        assert_int_equal(world_offer(&bad), 0);
        while (bad.state != RTC_FAILED) {
            remote_send_raw(bad.remote, junk, sizeof junk, false);
            for (unsigned i = 0; i < GOOD; i++)
                remote_send_raw(good[i].remote, junk, sizeof junk, false);
            uv_run(loop_uv(bad.loop), UV_RUN_ONCE);
        }
        world_close_beside(&bad);
    }
    for (unsigned i = GOOD; i-- > 0;) {
        struct world *w = &good[i];
        assert_true(remote_send(w->remote, 1, 111, 1, 0, SLICE("sound")));
        assert_true(remote_send_data(w->remote, junk, sizeof junk)); /* SSL_read, and no error */
        WORLD_UNTIL(w, w->packet_count > 0);
        assert_int_equal(w->state, RTC_CONNECTED);
        assert_int_equal(w->connected, 1);
        if (i > 0)
            world_close_beside(w);
    }
    world_close(&good[0]);
}

/* ---- Many ---- */

/* A source that ends is forgotten, by the library too, whose list of them it looks through for each packet:
 * the last thousand cost what the first did. */
static void ten_thousand_sources_leave_nothing_behind(void **state) {
    enum { CYCLES = 10000, PART = 1000 };
    struct world w;
    double first = 0, last = 0;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    for (unsigned i = 0; i < CYCLES; i++) {
        double before = cpu_seconds();
        remote_change_ssrc(w.remote, 0);
        assert_int_equal(world_offer(&w), 0);
        sound(&w, (uint16_t)(7 * i));
        WORLD_UNTIL(&w, w.packet_count == i + 1);
        first += i < PART ? cpu_seconds() - before : 0;
        last += i >= CYCLES - PART ? cpu_seconds() - before : 0;
    }
    assert_int_equal(stats_of(&w).bad_protection + stats_of(&w).unknown_source, 0);
    if (last > 3 * first + 0.5)
        fail_msg("%.2f s of CPU for the first thousand, %.2f for the last", first, last);
    world_close(&w);
}

/* Sources that nobody has named are few, however many send. */
static void random_sources_leave_nothing_behind(void **state) {
    struct world w;
    world_open(&w, &(struct remote_settings){.audio = 1});
    world_connect(&w);
    for (uint32_t i = 0; i < 20000; i++) {
        remote_send_as(w.remote, i * 2654435761u, 111, (uint16_t)i, 0, SLICE("sound"));
        if (i % 50 == 0)
            uv_run(loop_uv(w.loop), UV_RUN_NOWAIT);
    }
    sound(&w, 1);
    WORLD_UNTIL(&w, w.packet_count > 0 && w.packets[0].ssrc == remote_ssrc(w.remote, 0));
    assert_true(stats_of(&w).unknown_source > 1000);
    world_close(&w);
}

/* Connections that are made and left, and those that fail, give all back: descriptors, too. */
static void many_connections_leave_nothing_behind(void **state) {
    unsigned before = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct world w;
        if (i == 10) /* what the libraries keep is open by now */
            before = count_descriptors();
        bool fails = i % 3 == 0;
        world_open_with(&w,
                        &(struct remote_settings){.audio = 3,
                                                  .has_data = true,
                                                  .is_tcp = i % 2,
                                                  .faults = fails ? REMOTE_NO_PROFILE : 0},
                        (struct rtc_settings){.is_watching = true});
        assert_int_equal(world_offer(&w), 0);
        WORLD_UNTIL(&w, w.state == (fails ? RTC_FAILED : RTC_CONNECTED));
        world_close(&w);
    }
    assert_int_equal(count_descriptors(), before);
}

RUN_TESTS(TEST(numbers_may_wrap_before_the_first_that_comes),
          TEST(a_changed_first_packet_hinders_no_other), TEST(what_is_sent_again_is_taken),
          TEST(a_handshake_is_two_datagrams), TEST(a_lost_second_datagram_is_sent_again),
          TEST(media_may_come_before_the_keys), TEST(media_before_the_keys_may_be_left),
          TEST(a_bad_handshake_is_its_own), TEST(ten_thousand_sources_leave_nothing_behind),
          TEST(random_sources_leave_nothing_behind), TEST(many_connections_leave_nothing_behind))
