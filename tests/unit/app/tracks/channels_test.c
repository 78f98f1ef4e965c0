#include "app/tracks/channels.h"
#include "unit.h"

#include <math.h>

enum { RATE = 48000 };

/* Hears `frames` sample frames in messages of 10 ms, `ms` each, from a source of samples; the first verdict that is one. */
typedef int16_t source_fn(size_t i);

static int16_t sine(size_t i) {
    return (int16_t)lrint(8000 * sin(2 * 3.14159265358979 * 440 * (double)i / RATE));
}

static int16_t twice_sine(size_t i) { /* both channels of a stereo stream */
    return sine(i / 2);
}

static int16_t slow_square(size_t i) {
    return i / 480 % 2 ? 20000 : -20000;
}

static int16_t loud_square_stereo(size_t i) {
    return (int16_t)(slow_square(i / 2) + (int16_t)(i / 2 % 5));
}

static int16_t zero(size_t i) {
    return 0;
}

static enum channels_verdict hear(source_fn *source, size_t lead, size_t samples,
                                  unsigned samples_per_10ms) {
    struct channels c;
    enum channels_verdict verdict = CHANNELS_OPEN;
    int16_t message[2048];
    int64_t now_ms = 1000;

    channels_init(&c, RATE);
    for (size_t at = 0; at < lead + samples && verdict == CHANNELS_OPEN; now_ms += 10) {
        size_t n = 0;
        for (; n < samples_per_10ms && at < lead + samples; n++, at++)
            message[n] = at < lead ? 0 : source(at - lead);
        verdict = channels_hear(&c, (const uint8_t *)message, n * 2, now_ms);
        if (verdict == CHANNELS_OPEN)
            verdict = channels_tick(&c, now_ms);
    }
    if (verdict == CHANNELS_OPEN)
        verdict = channels_judge(&c);
    buf_free(&c.sound);
    return verdict;
}

static void mono_stays_mono(void **state) {
    assert_int_equal(hear(sine, 0, RATE, 480), CHANNELS_MONO);
    assert_int_equal(hear(sine, 4801, RATE, 480), CHANNELS_MONO);
    assert_int_equal(hear(slow_square, 0, RATE, 480), CHANNELS_MONO);
}

static void equal_pairs_are_stereo(void **state) {
    assert_int_equal(hear(twice_sine, 0, 4 * RATE, 960), CHANNELS_STEREO);
    assert_int_equal(hear(twice_sine, 9600, 4 * RATE, 960), CHANNELS_STEREO);
    assert_int_equal(hear(loud_square_stereo, 0, 4 * RATE, 960), CHANNELS_STEREO);
    assert_int_equal(hear(twice_sine, 0, 2 * RATE, 960), CHANNELS_STEREO); /* ended early */
}

/* A telephone's 8 kHz made 16 by sending every sample twice, in real time. */
static void equal_pairs_at_the_speed_of_mono_are_mono(void **state) {
    assert_int_equal(hear(twice_sine, 0, 4 * RATE, 480), CHANNELS_MONO);
    assert_int_equal(hear(twice_sine, RATE / 2, 4 * RATE, 480), CHANNELS_MONO);
}

static void a_file_at_double_speed_stays_mono(void **state) {
    assert_int_equal(hear(sine, 0, 4 * RATE, 960), CHANNELS_MONO);
}

static void zeros_are_judged_by_their_speed(void **state) {
    assert_int_equal(hear(zero, 0, 4 * RATE, 480), CHANNELS_MONO);
    assert_int_equal(hear(zero, 0, 8 * RATE, 960), CHANNELS_STEREO);
    assert_int_equal(hear(zero, 0, 4 * RATE, 240), CHANNELS_MONO);
    assert_int_equal(hear(zero, 0, 16 * RATE, 1440), CHANNELS_MONO);
}

static void a_short_stream_is_what_it_says(void **state) {
    assert_int_equal(hear(twice_sine, 0, 100, 480), CHANNELS_MONO);
    assert_int_equal(hear(zero, 0, 100, 480), CHANNELS_MONO);
}

/* Whatever the sizes of the messages, every byte is kept, and pairs stay pairs. */
static void nothing_is_lost_in_pieces(void **state) {
    int16_t pcm[4800];
    for (size_t size = 1; size < 16; size++) {
        struct channels c;
        enum channels_verdict verdict = CHANNELS_OPEN;
        size_t at = 0;
        channels_init(&c, RATE);
        for (size_t i = 0; i < 4800; i++)
            pcm[i] = i < 1001 ? 0 : twice_sine(i);
        while (verdict == CHANNELS_OPEN && at < sizeof pcm) {
            size_t n = size < sizeof pcm - at ? size : sizeof pcm - at;
            verdict = channels_hear(&c, (const uint8_t *)pcm + at, n, 1000);
            at += n;
        }
        assert_int_equal(c.zeros % 4, 0);
        assert_int_equal(c.zeros + c.sound.len, at);
        assert_memory_equal(c.sound.data, (const uint8_t *)pcm + c.zeros, c.sound.len);
        assert_int_equal(verdict, CHANNELS_OPEN);
        buf_free(&c.sound);
    }
}

RUN_TESTS(TEST(mono_stays_mono), TEST(equal_pairs_are_stereo),
          TEST(equal_pairs_at_the_speed_of_mono_are_mono),
          TEST(a_file_at_double_speed_stays_mono), TEST(zeros_are_judged_by_their_speed),
          TEST(a_short_stream_is_what_it_says), TEST(nothing_is_lost_in_pieces))
