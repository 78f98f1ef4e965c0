/* Frames, and measurements at their time. */
#include "hume_fixture.h"
#include "unit.h"

#include <string.h>

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
    assert_true(hume_stats(f.hume)->latency.sum_ms < 60000);

    /* A minute later: the service's clock has not moved, meeting time has jumped. */
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

RUN_TESTS(TEST(frames_stream_and_measurements_find_their_time),
          TEST(a_frame_that_came_too_fast_is_sent_again),
          TEST(silence_between_is_left_out_but_not_the_beginning_of_speech))
