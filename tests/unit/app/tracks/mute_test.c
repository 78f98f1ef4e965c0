/* Mute: from one state to the next, by message, by zeros and by time. */
#include "app/tracks/mute.h"

#include "base/macros.h"
#include "unit.h"

enum { TAIL_MS = 3000, BYTES_PER_SECOND = 192000, SILENCE_BYTES = 192000 / 1000 * MUTE_SILENCE_MS };

static const uint8_t zeros[SILENCE_BYTES];

static enum mute_change hear(struct mute *mute, const void *bytes, size_t len, int64_t now_ms) {
    return mute_hear(mute, bytes, len, BYTES_PER_SECOND, now_ms);
}

static struct mute in_tail(int64_t now_ms) {
    struct mute mute;
    mute_init(&mute, TAIL_MS);
    assert_int_equal(mute_tell(&mute, true, now_ms), MUTE_SAME);
    assert_int_equal(mute.state, MUTE_TAIL);
    return mute;
}

/* ---- The message ---- */

static bool parse(const char *text, bool *is_muted) {
    return mute_parse(slice_from(text), is_muted);
}

static void the_message_is_a_bool_in_an_object(void **state) {
    bool is_muted = false;
    assert_true(parse("{\"muted\":true}", &is_muted));
    assert_true(is_muted);
    assert_true(parse(" {\"muted\" : false, \"track\":{\"muted\":true}}", &is_muted));
    assert_false(is_muted);
}

static void anything_else_is_no_message(void **state) {
    static const char *const others[] = {"",
                                         "{}",
                                         "true",
                                         "{\"muted\":\"true\"}",
                                         "{\"muted\":1}",
                                         "[true]",
                                         "null",
                                         "{\"muted\":null}",
                                         "{\"muted\":true",
                                         "{\"muted\":true} {}",
                                         "{\"Muted\":true}",
                                         "{\"a\":{\"muted\":true}}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        bool is_muted = true;
        assert_false(parse(others[i], &is_muted));
        assert_true(is_muted); /* untouched */
    }
    static const char binary[] = "{\"muted\":true}\0";
    bool is_muted;
    assert_false(mute_parse(slice_of(binary, sizeof binary - 1), &is_muted));
}

/* ---- Without a tail ---- */

static void without_a_tail_muted_counts_at_once(void **state) {
    struct mute mute;
    mute_init(&mute, 0);
    assert_int_equal(mute.state, MUTE_OFF);
    assert_int_equal(mute_tell(&mute, true, 1000), MUTE_BEGAN);
    assert_int_equal(mute.state, MUTE_ON);
    assert_int_equal(mute_length_ms(&mute, 1700), 700);
    assert_int_equal(mute_tell(&mute, false, 2500), MUTE_ENDED);
    assert_int_equal(mute.state, MUTE_OFF);
    assert_int_equal(mute_length_ms(&mute, 2500), 1500);
}

static void what_is_told_twice_changes_nothing(void **state) {
    struct mute mute;
    mute_init(&mute, 0);
    assert_int_equal(mute_tell(&mute, false, 500), MUTE_SAME);
    assert_int_equal(mute_tell(&mute, true, 1000), MUTE_BEGAN);
    assert_int_equal(mute_tell(&mute, true, 1500), MUTE_SAME);
    assert_int_equal(mute_length_ms(&mute, 2000), 1000); /* of the first */
    assert_int_equal(mute_tell(&mute, false, 2000), MUTE_ENDED);
    assert_int_equal(mute_tell(&mute, false, 2500), MUTE_SAME);
}

static void zeros_and_time_mute_nothing_unasked(void **state) {
    struct mute mute;
    mute_init(&mute, TAIL_MS);
    for (int i = 0; i < 10; i++)
        assert_int_equal(hear(&mute, zeros, sizeof zeros, i * 1000), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 60000), MUTE_SAME);
    assert_int_equal(mute.state, MUTE_OFF);
}

/* ---- The tail ---- */

static void the_tail_lasts_so_long(void **state) {
    struct mute mute = in_tail(1000);
    assert_int_equal(mute_tick(&mute, 1000), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 1000 + TAIL_MS - 1), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 1000 + TAIL_MS), MUTE_BEGAN);
    assert_int_equal(mute.state, MUTE_ON);
    assert_int_equal(mute_tick(&mute, 1000 + 2 * TAIL_MS), MUTE_SAME);
    /* The audio of the tail was taken: muted from its end on. */
    assert_int_equal(mute_length_ms(&mute, 1000 + TAIL_MS + 40), 40);
}

static void muted_again_does_not_lengthen_the_tail(void **state) {
    struct mute mute = in_tail(1000);
    assert_int_equal(mute_tell(&mute, true, 3500), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 4000), MUTE_BEGAN);
}

static void unmuted_in_the_tail_the_audio_goes_on(void **state) {
    struct mute mute = in_tail(1000);
    assert_int_equal(mute_tell(&mute, false, 2000), MUTE_SKIPPED);
    assert_int_equal(mute.state, MUTE_OFF);
    assert_int_equal(hear(&mute, zeros, sizeof zeros, 2100), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 9000), MUTE_SAME);
    /* The next mute has a whole tail again. */
    assert_int_equal(mute_tell(&mute, true, 10000), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 10000 + TAIL_MS - 1), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 10000 + TAIL_MS), MUTE_BEGAN);
}

static void zeros_end_the_tail_early(void **state) {
    struct mute mute = in_tail(1000);
    assert_int_equal(hear(&mute, zeros, sizeof zeros - 1, 1200), MUTE_SAME);
    assert_int_equal(hear(&mute, zeros, 1, 1210), MUTE_BEGAN);
    assert_int_equal(mute.state, MUTE_ON);
    assert_int_equal(mute_length_ms(&mute, 1510), 300);
    assert_int_equal(hear(&mute, zeros, sizeof zeros, 1600), MUTE_SAME);
}

static void sound_between_zeros_begins_them_anew(void **state) {
    struct mute mute = in_tail(1000);
    assert_int_equal(hear(&mute, zeros, sizeof zeros - 10, 1200), MUTE_SAME);
    static const uint8_t sound[] = {0, 0, 7, 0, 0, 0, 0};
    assert_int_equal(hear(&mute, sound, sizeof sound, 1210), MUTE_SAME);
    assert_int_equal(mute.zero_bytes, 4); /* those after the sound */
    assert_int_equal(hear(&mute, zeros, sizeof zeros - 5, 1400), MUTE_SAME);
    assert_int_equal(hear(&mute, zeros, 1, 1410), MUTE_BEGAN);
}

static void pieces_of_any_length_are_one_stream(void **state) {
    for (size_t step = 1; step < 5000; step = step * 3 + 1) {
        struct mute mute = in_tail(0);
        size_t heard = 0;
        enum mute_change change = MUTE_SAME;
        while (change == MUTE_SAME) {
            assert_int_equal(hear(&mute, zeros, 0, 10), MUTE_SAME); /* an empty message */
            change = hear(&mute, zeros, step, 10);
            heard += step;
        }
        assert_int_equal(change, MUTE_BEGAN);
        assert_true(heard >= SILENCE_BYTES && heard < SILENCE_BYTES + step);
    }
}

static void zeros_before_the_message_do_not_count(void **state) {
    struct mute mute;
    mute_init(&mute, TAIL_MS);
    hear(&mute, zeros, sizeof zeros - 1, 900);
    assert_int_equal(mute_tell(&mute, true, 1000), MUTE_SAME);
    assert_int_equal(hear(&mute, zeros, 1, 1010), MUTE_SAME);
    assert_int_equal(hear(&mute, zeros, sizeof zeros - 1, 1200), MUTE_BEGAN);
}

static void each_mute_has_its_own_tail_and_zeros(void **state) {
    struct mute mute = in_tail(1000);
    assert_int_equal(hear(&mute, zeros, sizeof zeros, 1200), MUTE_BEGAN);
    assert_int_equal(mute_tell(&mute, false, 5000), MUTE_ENDED);
    assert_int_equal(mute_length_ms(&mute, 5000), 3800);
    assert_int_equal(mute_tell(&mute, true, 6000), MUTE_SAME);
    assert_int_equal(mute_length_ms(&mute, 6000), 0);
    assert_int_equal(hear(&mute, zeros, sizeof zeros - 1, 6100), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 6000 + TAIL_MS - 1), MUTE_SAME);
    assert_int_equal(mute_tick(&mute, 6000 + TAIL_MS), MUTE_BEGAN);
}

static void silence_is_what_was_sent_or_the_time(void **state) {
    enum { RATE = 48000, BLOCK = BYTES_PER_SECOND / RATE, MS = BYTES_PER_SECOND / 1000 };
    static const int64_t cases[][3] = {/* sent, passed, silence */
                                       {1540, 1510, 1540}, {1480, 1510, 1480}, {1710, 1510, 1710},
                                       {1711, 1510, 1510}, {0, 1510, 1510},    {1309, 1510, 1510}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct mute mute;
        mute_init(&mute, 0);
        mute_tell(&mute, true, 1000);
        mute_drop(&mute, (size_t)cases[i][0] * MS);
        mute_tell(&mute, false, 1000 + cases[i][1]);
        assert_int_equal(mute_silence(&mute, RATE, BLOCK, 1000 + cases[i][1]),
                         cases[i][2] * RATE / 1000);
        mute_tell(&mute, true, 9000); /* the next mute begins with nothing */
        assert_int_equal(mute_silence(&mute, RATE, BLOCK, 9500), 500 * RATE / 1000);
    }
}

RUN_TESTS(TEST(the_message_is_a_bool_in_an_object), TEST(anything_else_is_no_message),
          TEST(without_a_tail_muted_counts_at_once), TEST(what_is_told_twice_changes_nothing),
          TEST(zeros_and_time_mute_nothing_unasked), TEST(the_tail_lasts_so_long),
          TEST(muted_again_does_not_lengthen_the_tail), TEST(unmuted_in_the_tail_the_audio_goes_on),
          TEST(zeros_end_the_tail_early), TEST(sound_between_zeros_begins_them_anew),
          TEST(pieces_of_any_length_are_one_stream), TEST(zeros_before_the_message_do_not_count),
          TEST(each_mute_has_its_own_tail_and_zeros), TEST(silence_is_what_was_sent_or_the_time))
