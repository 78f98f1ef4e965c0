#include "hume_fixture.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- v0 ---- */

static void blocks_arrive_in_order_and_feelings_where_they_were_spoken(void **state) {
    struct fixture f;
    fixture_open(&f, false, KIND, WITH_KEY(.hello = true));
    for (int i = 0; i < 3; i++) {
        fixture_hear_group(&f, (int16_t)(100 + i), 10000 + i * 500, true);
        fixture_turn_until(&f, &f.blocks, (unsigned)i + 1);
    }
    fixture_turn_until(&f, &f.feelings, 3);
    fixture_assert_audio(&f, (int16_t[]){100, 101, 102}, 3, 8000);
    assert_string_equal(f.key, "k3y");
    assert_int_equal(f.accepted, 1);
    assert_int_equal(f.hellos, 1);
    assert_int_equal(f.from_ms, 11100);
    assert_int_equal(f.to_ms, 11400);
    assert_true(f.feeling.valence < -0.5f && f.feeling.arousal > 0.5f);
    assert_int_equal(f.fate_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(f.fates[i], "sent");
        assert_int_equal(f.fate_ms[i], 10500 + i * 500);
    }
    const struct hume_stats *stats = hume_stats(f.hume);
    assert_int_equal(stats->measurements, 3);
    assert_int_equal(stats->open, 1);
    fixture_close(&f);
}

static void the_tail_is_sent_when_the_track_closes(void **state) {
    struct fixture f;
    fixture_open(&f, false, KIND, WITH_KEY(.skip_silence = true));
    fixture_hear_group(&f, 1, 0, true);
    fixture_turn_until(&f, &f.feelings, 1);
    fixture_hear_group(&f, 2, 500, true);
    hume_track_close(f.track);
    f.track = NULL;
    assert_int_equal(f.fate_count, 2);
    fixture_turn_until(&f, &f.blocks, 2);
    fixture_turn(&f, 20);
    assert_int_equal(f.feelings, 1); /* nobody is told any more */
    assert_null(f.conns[0].ws);
    fixture_close(&f);
}

static void silence_is_not_sent(void **state) {
    struct fixture f;
    fixture_open(&f, false, KIND, WITH_KEY(.skip_silence = true));
    fixture_hear_group(&f, 0, 0, false);
    fixture_turn(&f, 150);
    assert_int_equal(f.accepted, 0);
    assert_string_equal(f.fates[0], "silent");
    fixture_hear_group(&f, 5, 500, true);
    fixture_turn_until(&f, &f.blocks, 1);
    assert_string_equal(f.fates[1], "sent");
    fixture_close(&f);
}

static void without_a_key_nothing_happens_but_the_log(void **state) {
    struct fixture f;
    fixture_open(&f, false, KIND, (struct hume_settings){0});
    assert_false(hume_track_wants(f.track));
    fixture_hear_group(&f, 5, 0, true);
    fixture_turn(&f, 20);
    assert_string_equal(f.fates[0], "no_key");
    assert_int_equal(f.accepted, 0);
    fixture_close(&f);
}

static void a_refusal_stops_everybody(void **state) {
    struct fixture f;
    fixture_open(&f, false, REFUSES, WITH_KEY(.hello = true));
    fixture_hear_group(&f, 1, 0, true);
    fixture_turn_until(&f, &f.fate_count, 1);
    assert_string_equal(f.fates[0], "error");
    assert_false(hume_track_wants(f.track));
    for (int i = 1; i < 5; i++) {
        fixture_hear_group(&f, 1, i * 500, true);
        fixture_turn(&f, 300);
    }
    assert_int_equal(f.refused, 1);
    assert_string_equal(f.fates[4], "error");
    assert_int_equal(hume_stats(f.hume)->refused, 1);
    assert_int_equal(fixture_code_count(&f, "http_401"), 1);
    fixture_close(&f);
}

static void errors_of_the_service_are_counted_by_code(void **state) {
    struct fixture f;
    fixture_open(&f, false, FAULTY, WITH_KEY(.hello = true));
    for (unsigned i = 0; i < 4; i++) {
        fixture_hear_group(&f, 1, i * 500, true);
        fixture_turn_until(&f, &f.blocks, i + 1);
    }
    const struct hume_stats *stats = hume_stats(f.hume);
    for (int i = 0; i < 30000 && (stats->unreadable < 2 || fixture_code_count(&f, "E0200") < 2);
         i++)
        fixture_turn(&f, 1);
    assert_int_equal(stats->unreadable, 2);
    assert_int_equal(fixture_code_count(&f, "E0200"), 2);
    assert_int_equal(f.feelings, 0);
    fixture_close(&f);
}

static void a_service_that_closes_is_left_alone_for_a_while(void **state) {
    struct fixture f;
    fixture_open(&f, false, CLOSES, WITH_KEY(.hello = true));
    fixture_hear_group(&f, 1, 0, true);
    fixture_turn_until(&f, &f.blocks, 1);
    for (int i = 0; i < 30000 && !hume_stats(f.hume)->waiting; i++)
        fixture_turn(&f, 1);
    assert_int_equal(hume_stats(f.hume)->waiting, 1);
    fixture_hear_group(&f, 1, 500, true);
    assert_string_equal(f.fates[1], "error");
    assert_int_equal(f.accepted, 1);
    fixture_turn(&f, 1200); /* the first wait is at most a second */
    assert_true(hume_track_wants(f.track));
    fixture_hear_group(&f, 1, 1000, true);
    fixture_turn_until(&f, &f.blocks, 2);
    assert_int_equal(f.accepted, 2);
    fixture_close(&f);
}

static void after_several_failures_only_a_probe_goes_out(void **state) {
    enum { TRACKS = 12 };
    struct fixture f;
    struct hume_track *tracks[TRACKS];
    int16_t pcm[8000] = {0};
    fixture_open(&f, false, CLOSES, WITH_KEY(.handshakes_per_second = 1000));
    for (int i = 0; i < TRACKS; i++)
        tracks[i] = hume_track_open(f.hume, SLICE("t"), 500, &fixture_listener, &f);
    for (int turns = 0; turns < 30; turns++) {
        for (int i = 0; i < TRACKS; i++) {
            hume_track_hear(tracks[i], pcm, 100, turns * 50, true);
            if (turns % 2)
                hume_track_flush(tracks[i], turns * 50, 200);
            f.fate_count = 0;
        }
        fixture_turn(&f, 20);
    }
    for (int i = 0; i < 30000 && !hume_stats(f.hume)->breaker_open; i++)
        fixture_turn(&f, 1);
    assert_int_equal(hume_stats(f.hume)->breaker_open, 1);
    assert_true(f.accepted >= 5 && f.accepted < TRACKS + 5);
    for (int i = 0; i < TRACKS; i++) {
        hume_track_close(tracks[i]);
        f.fate_count = 0;
    }
    fixture_close(&f);
}

static void a_service_that_never_answers_holds_little_of_ours(void **state) {
    struct fixture f;
    fixture_open(&f, false, SILENT, WITH_KEY(.hello = true));
    for (unsigned i = 0; i < 30; i++) {
        fixture_hear_group(&f, 1, i * 500, true);
        fixture_turn_until(&f, &f.blocks, i < 8 ? i + 1 : 8);
    }
    fixture_turn(&f, 100);
    assert_int_equal(f.blocks, 8); /* unanswered ones in flight */
    hume_track_close(f.track);
    f.track = NULL;
    assert_int_equal(f.fate_count, 30);
    unsigned dropped = 0;
    for (int i = 0; i < 30; i++)
        dropped += strcmp(f.fates[i], "dropped") == 0;
    assert_int_equal(dropped, 30 - 8 - 2);
    assert_string_equal(f.fates[7], "sent");
    assert_string_equal(f.fates[8], "dropped");
    assert_string_equal(f.fates[29], "sent"); /* the last two waited, and closing sent them */
    fixture_close(&f);
}

/* ---- v1 ---- */

static void frames_stream_and_measurements_find_their_time(void **state) {
    struct fixture f;
    fixture_open(&f, true, KIND, WITH_KEY(.skip_silence = true));
    int16_t pcm[800];
    for (int i = 0; i < 10; i++) { /* 50 ms pieces */
        for (size_t s = 0; s < 800; s++)
            pcm[s] = (int16_t)(i / 2);
        hume_track_hear(f.track, pcm, 800, 20000 + i * 50, true);
        fixture_turn(&f, 50);
    }
    fixture_turn_until(&f, &f.blocks, 5);
    fixture_turn_until(&f, &f.feelings, 5);
    fixture_assert_audio(&f, (int16_t[]){0, 1, 2, 3, 4}, 5, 1600);
    assert_int_equal(f.from_ms, 20400);
    assert_int_equal(f.to_ms, 20500);
    assert_true(f.feeling.valence > 0.5f);
    assert_true(hume_stats(f.hume)->latency_ms_sum < 60000);

    /* A minute later: the service's clock goes on, meeting time has jumped. */
    for (int i = 0; i < 2; i++) {
        hume_track_hear(f.track, pcm, 800, 80000 + i * 50, true);
        fixture_turn(&f, 50);
    }
    fixture_turn_until(&f, &f.feelings, 6);
    assert_int_equal(f.from_ms, 80000);
    assert_int_equal(f.to_ms, 80100);

    hume_track_flush(f.track, 80100, 1600);
    assert_string_equal(f.fates[0], "sent");
    hume_track_close(f.track);
    f.track = NULL;
    fixture_turn_until(&f, &f.goodbyes, 1);
    fixture_close(&f);
}

static void a_frame_that_came_too_fast_is_sent_again(void **state) {
    struct fixture f;
    fixture_open(&f, true, HASTY, WITH_KEY(.hello = true));
    int16_t pcm[1600];
    for (int i = 0; i < 6; i++) {
        for (size_t s = 0; s < 1600; s++)
            pcm[s] = (int16_t)i;
        hume_track_hear(f.track, pcm, 1600, i * 100, true);
        fixture_turn(&f, 100);
    }
    fixture_turn_until(&f, &f.blocks, 6);
    assert_int_equal(f.rejected, 1);
    fixture_assert_audio(&f, (int16_t[]){0, 1, 2, 3, 4, 5}, 6, 1600);
    assert_int_equal(hume_stats(f.hume)->resent, 1);
    fixture_close(&f);
}

static void silence_between_is_left_out_but_not_the_beginning_of_speech(void **state) {
    struct fixture f;
    fixture_open(&f, true, SILENT, WITH_KEY(.skip_silence = true));
    int16_t pcm[1600] = {0};
    for (int i = 0; i < 30; i++) /* three seconds of silence */
        hume_track_hear(f.track, pcm, 1600, 100000 + i * 100, false);
    fixture_turn(&f, 50);
    assert_int_equal(f.accepted, 0);
    hume_track_hear(f.track, pcm, 1600, 103000, true);
    fixture_turn_until(&f, &f.blocks, 3); /* two frames from before, and the first of speech */
    fixture_turn(&f, 50);
    assert_int_equal(f.blocks, 3);
    fixture_close(&f);
}

static void bad_settings_are_named(void **state) {
    struct loop *loop;
    struct hume *hume;
    char why[128];
    assert_int_equal(loop_open(&loop), 0);
    assert_int_not_equal(hume_open(&hume, loop, &WITH_KEY(.url = "ftp://x/"), why, sizeof why), 0);
    assert_non_null(strstr(why, "HUME_WS_URL"));
    assert_int_not_equal(hume_open(&hume, loop, &WITH_KEY(.url = "wss://x/"), why, sizeof why), 0);
    assert_int_not_equal(
        hume_open(&hume, loop, &WITH_KEY(.url = "ws://x/", .proxy = "socks5://y"), why, sizeof why),
        0);
    assert_non_null(strstr(why, "HTTPS_PROXY"));
    assert_int_not_equal(hume_open(&hume, loop,
                                   &(struct hume_settings){.url = "ws://x/", .api_key = "a\r\nb"},
                                   why, sizeof why),
                         0);
    assert_non_null(strstr(why, "HUME_API_KEY"));
    loop_close(loop);
}

RUN_TESTS(TEST(blocks_arrive_in_order_and_feelings_where_they_were_spoken),
          TEST(the_tail_is_sent_when_the_track_closes), TEST(silence_is_not_sent),
          TEST(without_a_key_nothing_happens_but_the_log), TEST(a_refusal_stops_everybody),
          TEST(errors_of_the_service_are_counted_by_code),
          TEST(a_service_that_closes_is_left_alone_for_a_while),
          TEST(after_several_failures_only_a_probe_goes_out),
          TEST(a_service_that_never_answers_holds_little_of_ours),
          TEST(frames_stream_and_measurements_find_their_time),
          TEST(a_frame_that_came_too_fast_is_sent_again),
          TEST(silence_between_is_left_out_but_not_the_beginning_of_speech),
          TEST(bad_settings_are_named))
