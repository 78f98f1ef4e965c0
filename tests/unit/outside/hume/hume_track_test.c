/* Waiting for a handshake: what is kept meanwhile, for how long, and how it is sent then. */
#include "hume_fixture.h"

#include "unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { FRAME = 1600 }; /* 100 ms */

static void hear_frames(struct hume_track *track, int first, int count) {
    int16_t pcm[FRAME];
    for (int i = first; i < first + count; i++) {
        for (size_t s = 0; s < FRAME; s++)
            pcm[s] = (int16_t)i;
        hume_track_hear(track, pcm, FRAME, i * 100, true);
        if (i % 5 == 4)
            hume_track_flush(track, i * 100 + 100, 5 * FRAME);
    }
}

static void assert_frames(const struct fixture *f, unsigned first, unsigned count) {
    assert_int_equal(f->audio.len, count * FRAME * 2);
    for (unsigned i = 0; i < count * FRAME; i++) {
        int16_t sample;
        memcpy(&sample, f->audio.data + i * 2, 2);
        assert_int_equal(sample, first + i / FRAME);
    }
}

/* No track gets a handshake. */
static void block(struct hume_limiter *limiter) {
    atomic_store(&limiter->due_us, INT64_MAX / 2);
}

static void unblock(struct hume_limiter *limiter) {
    atomic_store(&limiter->due_us, 0);
}

static void what_is_said_while_a_track_waits_goes_out_at_its_pace(void **state) {
    struct hume_limiter limiter = {0};
    struct fixture f;
    block(&limiter);
    fixture_open(&f, true, SILENT, WITH_KEY(.limiter = &limiter));
    hear_frames(f.track, 0, 30);
    fixture_turn(&f, 200);
    assert_int_equal(f.accepted, 0);
    assert_int_equal(f.fate_count, 0);
    assert_int_equal(atomic_load(&limiter.waiting), 1);
    int64_t began_ms = loop_now_ms(f.loop);
    unblock(&limiter);
    fixture_turn_until(&f, &f.blocks, 30);
    /* A second of it at once, and from then on a frame each 100 ms. */
    assert_true(loop_now_ms(f.loop) - began_ms >= 1700);
    assert_frames(&f, 0, 30);
    assert_int_equal(f.fate_count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(f.fates[i], "sent");
    assert_int_equal(hume_stats(f.hume)->frames_dropped, 0);
    assert_int_equal(atomic_load(&limiter.waiting), 0);
    fixture_close(&f);
}

static void blocks_that_waited_go_out_at_once(void **state) {
    struct hume_limiter limiter = {0};
    struct fixture f;
    block(&limiter);
    fixture_open(&f, false, KIND, WITH_KEY(.limiter = &limiter));
    for (int i = 0; i < 20; i++) /* ten seconds */
        fixture_hear_group(&f, (int16_t)i, i * 500, true);
    fixture_turn(&f, 100);
    unblock(&limiter);
    fixture_turn_until(&f, &f.feelings, 20);
    int16_t values[20];
    for (int i = 0; i < 20; i++)
        values[i] = (int16_t)i;
    fixture_assert_audio(&f, values, 20, 8000);
    assert_int_equal(f.accepted, 1);
    fixture_close(&f);
}

static void twelve_seconds_are_kept_and_the_oldest_goes_first(void **state) {
    struct hume_limiter limiter = {0};
    struct fixture f;
    block(&limiter);
    fixture_open(&f, true, SILENT, WITH_KEY(.limiter = &limiter));
    hear_frames(f.track, 0, 150);
    assert_int_equal(hume_stats(f.hume)->frames_dropped, 30);
    assert_int_equal(f.fate_count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_string_equal(f.fates[i], "dropped");
    unblock(&limiter);
    fixture_turn_until(&f, &f.blocks, 11);
    int16_t first;
    memcpy(&first, f.audio.data, 2);
    assert_int_equal(first, 30);
    f.fate_count = 0;
    fixture_close(&f);
}

static void the_whole_server_has_one_limiter(void **state) {
    enum { SHARDS = 2, TRACKS = 10 };
    struct hume_limiter limiter = {0};
    struct fixture f[SHARDS];
    struct hume_track *tracks[SHARDS][TRACKS];
    for (int s = 0; s < SHARDS; s++)
        fixture_open(&f[s], false, KIND, WITH_KEY(.limiter = &limiter));
    int64_t began_ms = loop_now_ms(f[0].loop);
    for (int s = 0; s < SHARDS; s++)
        for (int i = 0; i < TRACKS; i++) {
            tracks[s][i] = hume_track_new(f[s].hume, SLICE("t"), 500, &fixture_listener, &f[s]);
            hear_frames(tracks[s][i], 0, 1);
        }
    for (int i = 0; i < 20000 && f[0].accepted + f[1].accepted < SHARDS * TRACKS; i++)
        for (int s = 0; s < SHARDS; s++)
            fixture_turn(&f[s], 1);
    assert_int_equal(f[0].accepted, TRACKS);
    assert_int_equal(f[1].accepted, TRACKS);
    assert_true(loop_now_ms(f[1].loop) - began_ms >= (SHARDS * TRACKS - 3) * 50);
    for (int s = 0; s < SHARDS; s++) {
        for (int i = 0; i < TRACKS; i++)
            hume_track_close(tracks[s][i]);
        fixture_close(&f[s]);
    }
}

static void until_somebody_gets_through_five_knock_and_the_others_give_up(void **state) {
    enum { TRACKS = 12 };
    struct fixture f;
    struct hume_track *tracks[TRACKS];
    fixture_open(&f, true, MUTE, WITH_KEY(.handshakes_per_second = 1000));
    for (int i = 0; i < TRACKS; i++) {
        tracks[i] = hume_track_new(f.hume, SLICE("t"), 500, &fixture_listener, &f);
        hear_frames(tracks[i], 0, 4);
        assert_true(hume_track_wants(tracks[i])); /* it may yet answer */
    }
    for (int i = 0; i < 10000 && hume_track_wants(tracks[TRACKS - 1]); i++)
        fixture_turn(&f, 1);
    unsigned wanting = 0;
    for (int i = 0; i < TRACKS; i++)
        wanting += hume_track_wants(tracks[i]);
    assert_int_equal(wanting, 5);
    assert_int_equal(f.accepted, 5);
    assert_int_equal(hume_stats(f.hume)->dialling, 5);
    hume_track_flush(tracks[TRACKS - 1], 400, 4 * FRAME);
    assert_string_equal(f.fates[0], "error");
    for (int i = 0; i < TRACKS; i++)
        hume_track_close(tracks[i]);
    fixture_close(&f);
}

static void frames_that_are_refused_here_and_there_leave_no_gap(void **state) {
    struct hume_limiter limiter = {0};
    struct fixture f;
    block(&limiter);
    fixture_open(&f, true, CHOOSY, WITH_KEY(.limiter = &limiter));
    hear_frames(f.track, 0, 20); /* all at once on their way as soon as the session is created */
    unblock(&limiter);
    fixture_turn_until(&f, &f.blocks, 20);
    assert_frames(&f, 0, 20);
    assert_true(f.rejected >= 5);
    assert_int_equal(hume_stats(f.hume)->resent, f.rejected);
    fixture_close(&f);
}

static void all_tracks_together_keep_a_bounded_amount(void **state) {
    enum { TRACKS = 60, FRAMES = 60 };
    const size_t bound = hume_limiter_room_bytes(TRACKS + 1);
    struct hume_limiter limiter = {0};
    struct fixture f;
    struct hume_track *tracks[TRACKS];
    fixture_open(&f, true, SILENT, WITH_KEY(.limiter = &limiter));
    hear_frames(f.track, 0, 1);
    fixture_turn_until(&f, &f.blocks, 1);
    block(&limiter);
    for (int i = 0; i < TRACKS; i++)
        tracks[i] = hume_track_new(f.hume, SLICE("t"), 500, &fixture_listener, &f);
    for (int n = 0; n < FRAMES; n++) {
        f.fate_count = 0; /* of what is dropped */
        for (int i = 0; i < TRACKS; i++)
            hear_frames(tracks[i], n, 1);
    }
    size_t kept = atomic_load(&limiter.kept_bytes);
    assert_true(kept + FRAME * 2 > bound && kept < bound + FRAME * 2);
    assert_int_equal(hume_stats(f.hume)->frames_dropped, TRACKS * FRAMES - kept / (FRAME * 2));
    f.fate_count = 0;
    hear_frames(f.track, 1, 2); /* an open connection needs no room */
    fixture_turn_until(&f, &f.blocks, 3);
    assert_frames(&f, 0, 3);
    for (int i = 0; i < TRACKS; i++) {
        f.fate_count = 0;
        hume_track_close(tracks[i]);
    }
    assert_int_equal(atomic_load(&limiter.kept_bytes), 0);
    fixture_close(&f);
    assert_int_equal(atomic_load(&limiter.tracks), 0);
}

static void a_track_that_closes_sends_the_rest_at_its_pace(void **state) {
    struct fixture f;
    fixture_open(&f, true, SILENT, WITH_KEY(.hello = true));
    hear_frames(f.track, 0, 1);
    fixture_turn_until(&f, &f.blocks, 1);
    hear_frames(f.track, 1, 24);
    hume_track_close(f.track);
    f.track = NULL;
    assert_int_equal(f.fate_count, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_string_equal(f.fates[i], "sent");
    assert_int_equal(f.goodbyes, 0);
    fixture_turn_until(&f, &f.goodbyes, 1);
    assert_frames(&f, 0, 25);
    fixture_close(&f);
}

RUN_TESTS(TEST(what_is_said_while_a_track_waits_goes_out_at_its_pace),
          TEST(blocks_that_waited_go_out_at_once),
          TEST(twelve_seconds_are_kept_and_the_oldest_goes_first),
          TEST(the_whole_server_has_one_limiter),
          TEST(until_somebody_gets_through_five_knock_and_the_others_give_up),
          TEST(frames_that_are_refused_here_and_there_leave_no_gap),
          TEST(all_tracks_together_keep_a_bounded_amount),
          TEST(a_track_that_closes_sends_the_rest_at_its_pace))
