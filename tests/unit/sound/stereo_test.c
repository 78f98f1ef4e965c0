#include "sound/stereo.h"
#include "unit.h"

#include <math.h>
#include <string.h>

enum { RATE = 48000 };

static uint32_t seed = 1;

static int noise(int most) {
    seed = seed * 1664525u + 1013904223u;
    return (int)(seed >> 16) % (2 * most + 1) - most;
}

static int16_t tone(size_t i, double hz, double amplitude) {
    return (int16_t)lrint(32767 * amplitude * sin(2 * 3.14159265358979 * hz * (double)i / RATE));
}

typedef void source_fn(size_t i, int16_t pair[2]);

/* Hears so many ms of a source, in pieces of `piece` sample frames. */
static struct stereo hear(source_fn *source, unsigned ms, size_t piece) {
    static int16_t pcm[RATE * 2 * 2];
    size_t frames = (size_t)RATE * ms / 1000;
    struct stereo s;
    stereo_init(&s, RATE);
    for (size_t i = 0; i < frames; i++)
        source(i, pcm + 2 * i);
    for (size_t at = 0; at < frames; at += piece)
        stereo_hear(&s, (const uint8_t *)(pcm + 2 * at), piece < frames - at ? piece : frames - at);
    return s;
}

static void one_microphone(size_t i, int16_t pair[2]) {
    pair[0] = tone(i, 440, 0.2);
    pair[1] = (int16_t)(pair[0] + (noise(1000) > 990 ? noise(2) : 0));
}

static void comfort_noise_on_one_side(size_t i, int16_t pair[2]) {
    pair[0] = (int16_t)noise(75);
    pair[1] = 0;
}

static void faint_side_of_a_loud_voice(size_t i, int16_t pair[2]) {
    pair[0] = tone(i, 300, 0.9);
    pair[1] = (int16_t)(pair[0] + tone(i, 1000, 0.015)); /* -45 dBFS, 42 dB below the middle */
}

static void left_only(size_t i, int16_t pair[2]) {
    pair[0] = tone(i, 440, 0.1);
    pair[1] = 0;
}

static void antiphase(size_t i, int16_t pair[2]) {
    pair[0] = tone(i, 440, 0.1);
    pair[1] = (int16_t)-pair[0];
}

static void music(size_t i, int16_t pair[2]) {
    pair[0] = (int16_t)(tone(i, 440, 0.2) + tone(i, 660, 0.05));
    pair[1] = (int16_t)(tone(i, 440, 0.2) - tone(i, 660, 0.05));
}

static void one_microphone_twice_is_not_stereo(void **state) {
    assert_false(hear(one_microphone, 2000, 480).is_stereo);
    assert_false(hear(comfort_noise_on_one_side, 2000, 480).is_stereo);
    assert_false(hear(faint_side_of_a_loud_voice, 2000, 480).is_stereo);
}

static void two_sources_are_stereo(void **state) {
    assert_true(hear(left_only, 220, 480).is_stereo);
    assert_true(hear(antiphase, 220, 480).is_stereo);
    assert_true(hear(music, 220, 480).is_stereo);
}

static void a_click_is_no_proof(void **state) {
    assert_false(hear(left_only, 180, 480).is_stereo);
}

static void pieces_make_no_difference(void **state) {
    struct stereo whole = hear(music, 190, RATE);
    for (size_t piece = 1; piece < 1000; piece += 37) {
        struct stereo s = hear(music, 190, piece);
        assert_int_equal(s.proof_ms, whole.proof_ms);
        assert_int_equal(s.filled, whole.filled);
        assert_int_equal(s.until_next, whole.until_next);
    }
}

static void the_mix_of_equal_channels_is_either_of_them(void **state) {
    int16_t pcm[2 * 480], mono[480];
    struct stereo s = hear(one_microphone, 100, 480);
    for (size_t i = 0; i < 480; i++)
        pcm[2 * i] = pcm[2 * i + 1] = (int16_t)noise(32767);
    pcm[0] = pcm[1] = INT16_MIN;
    stereo_mix(&s, (const uint8_t *)pcm, 480, mono);
    for (size_t i = 0; i < 480; i++)
        assert_int_equal(mono[i], pcm[2 * i]);
}

static void a_mix_does_not_cancel(void **state) {
    int16_t pcm[2 * 480], mono[480];
    struct stereo s = hear(antiphase, 100, 480);
    for (size_t i = 0; i < 480; i++)
        antiphase(i, pcm + 2 * i);
    stereo_mix(&s, (const uint8_t *)pcm, 480, mono);
    for (size_t i = 0; i < 480; i++)
        assert_int_equal(mono[i], pcm[2 * i]);
}

RUN_TESTS(TEST(one_microphone_twice_is_not_stereo), TEST(two_sources_are_stereo),
          TEST(a_click_is_no_proof), TEST(pieces_make_no_difference),
          TEST(the_mix_of_equal_channels_is_either_of_them), TEST(a_mix_does_not_cancel))
