/* Blocks, their answers and their fates. */
#include "hume_fixture.h"
#include "unit.h"

#include <string.h>

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
    assert_int_equal(f.feelings, 1); /* its owner hears of no more */
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

RUN_TESTS(TEST(blocks_arrive_in_order_and_feelings_where_they_were_spoken),
          TEST(the_tail_is_sent_when_the_track_closes), TEST(silence_is_not_sent),
          TEST(a_service_that_never_answers_holds_little_of_ours))
