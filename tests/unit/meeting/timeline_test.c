#include "meeting/timeline.h"
#include "unit.h"

static struct timeline timeline;

static struct voice_frame frame_of(float speech, float power) {
    return (struct voice_frame){.power = power, .peak = 0.5f, .speech = speech};
}

static void put(int64_t next, int64_t slot, float speech) {
    struct voice_frame frame = frame_of(speech, 0.01f);
    timeline_put(&timeline, next, slot, &frame);
}

static void a_frame_lies_where_its_end_is_nearest(void **state) {
    assert_int_equal(slot_of(20), 0);
    assert_int_equal(slot_of(29), 0);
    assert_int_equal(slot_of(30), 1);
    assert_int_equal(slot_of(11), 0);
    assert_int_equal(slot_of(0), -1);
    assert_int_equal(slot_of(-11), -2);
    assert_int_equal(slot_of(1795349609774), 1795349609774 / 20);
}

static void frames_are_found_at_their_slot_and_nowhere_else(void **state) {
    timeline_init(&timeline, 1000);
    for (int64_t slot = 1000; slot < 1100; slot++)
        put(1000, slot, 0.5f);
    for (int64_t slot = 700; slot < 1400; slot++)
        assert_int_equal(timeline_at(&timeline, slot) != NULL, slot >= 1000 && slot < 1100);
    assert_int_equal(timeline.heard_slot, 1100);
}

static void what_is_judged_or_too_far_ahead_is_dropped(void **state) {
    timeline_init(&timeline, 1000);
    put(1000, 999, 1);
    put(1000, 1000 + TIMELINE_SLOTS - TIMELINE_HISTORY, 1);
    assert_null(timeline_at(&timeline, 999));
    assert_null(timeline_at(&timeline, 1000 + TIMELINE_SLOTS - TIMELINE_HISTORY));
    assert_int_equal(timeline.heard_slot, 1000);
}

static void the_ring_forgets_and_history_stays(void **state) {
    timeline_init(&timeline, 0);
    for (int64_t slot = 0; slot < 5000; slot++) {
        put(slot, slot, 0.5f);
        for (int64_t back = 0; back < TIMELINE_HISTORY && back <= slot; back++)
            assert_non_null(timeline_at(&timeline, slot - back));
        assert_null(timeline_at(&timeline, slot + 1));
        if (slot >= TIMELINE_SLOTS)
            assert_null(timeline_at(&timeline, slot - TIMELINE_SLOTS));
    }
}

static void of_two_tracks_the_clearer_voice_stays(void **state) {
    timeline_init(&timeline, 0);
    put(0, 5, 0.9f);
    put(0, 5, 0.1f);
    assert_int_equal(timeline_at(&timeline, 5)->speech, 230);
    put(0, 5, 1);
    assert_int_equal(timeline_at(&timeline, 5)->speech, 255);
}

static void zeros_are_known_from_soft_sound(void **state) {
    timeline_init(&timeline, 0);
    struct voice_frame zeros = {0}, loud = {.power = 1e-9f, .peak = 1e-4f};
    struct voice_frame soft = {.power = 1e-9f, .peak = 2.0f / 32768, .nonzero = 0.9f};
    timeline_put(&timeline, 0, 0, &zeros);
    timeline_put(&timeline, 0, 1, &soft);
    timeline_put(&timeline, 0, 2, &loud);
    assert_int_equal(timeline_at(&timeline, 0)->nonzero, 0);
    assert_in_range(timeline_at(&timeline, 1)->nonzero, 58900, 59100);
    assert_int_equal(timeline_at(&timeline, 2)->nonzero, 65535);
    assert_true(timeline_at(&timeline, 0)->db >= -120);
}

static void mutes_come_in_order_and_the_last_word_counts(void **state) {
    timeline_init(&timeline, 0);
    enum mic mic = MIC_OPEN;
    timeline_mute(&timeline, 10, MIC_MUTED);
    timeline_mute(&timeline, 12, MIC_OPEN);
    assert_false(timeline_take_mute(&timeline, 9, &mic));
    assert_true(timeline_take_mute(&timeline, 10, &mic));
    assert_int_equal(mic, MIC_MUTED);
    assert_true(timeline_take_mute(&timeline, 14, &mic));
    assert_int_equal(mic, MIC_OPEN);
    for (int i = 0; i < 20; i++)
        /* and time that runs backwards */
        timeline_mute(&timeline, 20 - i, i % 2 ? MIC_OPEN : MIC_MUTED);
    assert_true(timeline_take_mute(&timeline, 20, &mic));
    assert_int_equal(mic, MIC_OPEN);
    assert_false(timeline_take_mute(&timeline, 100, &mic));
}

RUN_TESTS(TEST(a_frame_lies_where_its_end_is_nearest),
          TEST(frames_are_found_at_their_slot_and_nowhere_else),
          TEST(what_is_judged_or_too_far_ahead_is_dropped),
          TEST(the_ring_forgets_and_history_stays), TEST(of_two_tracks_the_clearer_voice_stays),
          TEST(zeros_are_known_from_soft_sound), TEST(mutes_come_in_order_and_the_last_word_counts))
