/* A service that refuses, fails or closes. */
#include "hume_fixture.h"
#include "unit.h"

#include <string.h>

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
        tracks[i] = hume_track_new(f.hume, SLICE("t"), 500, &fixture_listener, &f);
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

RUN_TESTS(TEST(a_refusal_stops_everybody), TEST(errors_of_the_service_are_counted_by_code),
          TEST(a_service_that_closes_is_left_alone_for_a_while),
          TEST(after_several_failures_only_a_probe_goes_out))
