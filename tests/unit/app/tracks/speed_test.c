#include "app/tracks/speed.h"
#include "unit.h"

/* Reads every `every_ms`, for `ms`, of a sender that says said_hz and sends sent_hz; of each period
 * the last hole_ms bring nothing. */
static unsigned hear(unsigned said_hz, unsigned sent_hz, unsigned every_ms, unsigned ms,
                     unsigned period_ms, unsigned hole_ms) {
    struct speed speed = {0};
    unsigned fits = 0;
    uint64_t sent = 0;
    for (unsigned at_ms = every_ms; at_ms <= ms && !fits; at_ms += every_ms) {
        if (hole_ms > 0 && at_ms % period_ms >= period_ms - hole_ms)
            continue;
        uint64_t due = (uint64_t)at_ms * sent_hz / 1000;
        if (hole_ms > 0)
            due = sent + (uint64_t)every_ms * sent_hz / 1000;
        fits = speed_hear(&speed, said_hz, due - sent, 1000 + at_ms);
        sent = due;
    }
    return fits;
}

static void a_true_rate_is_believed(void **state) {
    static const unsigned rates[] = {8000, 16000, 44100, 48000, 96000, 192000, 47000, 20000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (unsigned every_ms = 10; every_ms <= 160; every_ms *= 2)
            assert_int_equal(hear(rates[i], rates[i], every_ms, 30000, 1, 0), 0);
}

static void a_clock_that_drifts_is_believed(void **state) {
    assert_int_equal(hear(48000, 48200, 20, 30000, 1, 0), 0);
    assert_int_equal(hear(48000, 47500, 20, 30000, 1, 0), 0);
}

static void another_rate_is_found_within_nine_seconds(void **state) {
    assert_int_equal(hear(48000, 44100, 20, 9000, 1, 0), 44100);
    assert_int_equal(hear(48000, 16000, 20, 9000, 1, 0), 16000);
    assert_int_equal(hear(16000, 8000, 20, 9000, 1, 0), 8000);
    assert_int_equal(hear(44100, 48000, 100, 9000, 1, 0), 48000);
}

static void a_shorter_stream_is_believed(void **state) {
    assert_int_equal(hear(48000, 16000, 20, 7900, 1, 0), 0);
}

/* 200 ms of sound, 100 ms of nothing: two thirds of the rate. */
static void a_sender_with_pauses_is_believed(void **state) {
    assert_int_equal(hear(48000, 48000, 20, 30000, 300, 100), 0);
}

static void what_comes_faster_than_real_time_is_believed(void **state) {
    assert_int_equal(hear(48000, 130000, 20, 30000, 1, 0), 0);
}

RUN_TESTS(TEST(a_true_rate_is_believed), TEST(a_clock_that_drifts_is_believed),
          TEST(another_rate_is_found_within_nine_seconds), TEST(a_shorter_stream_is_believed),
          TEST(a_sender_with_pauses_is_believed),
          TEST(what_comes_faster_than_real_time_is_believed))
