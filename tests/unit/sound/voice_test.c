#include "sound/voice.h"

#include "unit.h"

#include <math.h>
#include <stdlib.h>

enum { RATE = 48000, FRAME = RATE / 50, SECONDS = 4, MOST = 50 * SECONDS + 4 };

static uint32_t seed = 1;

static int16_t noise(int scale) {
    seed = seed * 1664525u + 1013904223u;
    return (int16_t)((int64_t)(int32_t)seed * scale / 2147483648);
}

/* Hears n frames in pieces of `piece`; returns how many frames came out. */
static size_t hear(struct voice *v, const int16_t *pcm, size_t n, size_t piece,
                   struct voice_frame *out) {
    size_t count = 0;

    for (size_t at = 0; at < n;) {
        size_t give = piece < n - at ? piece : n - at;
        bool done;
        size_t used = voice_hear(v, pcm + at * v->channels, give, &out[count], &done);
        assert_true(used > 0 && used <= give);
        assert_true(done || used == give);
        count += done;
        at += used;
    }
    return count;
}

static int16_t *a_voice(unsigned channels, size_t n) {
    int16_t *pcm = malloc(n * channels * sizeof *pcm);

    for (size_t i = 0; i < n; i++) {
        double t = (double)i / RATE, s = 0;
        for (int h = 1; h < 25; h++)
            s += sin(2 * 3.14159265 * 130 * h * t) / h;
        s *= 3000 * (1 + sin(2 * 3.14159265 * 4 * t));
        for (unsigned c = 0; c < channels; c++)
            pcm[i * channels + c] = (int16_t)(s + noise(100) * (c + 1));
    }
    return pcm;
}

static void test_any_cut_gives_the_same_frames(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame whole[MOST], cut[MOST];

    for (unsigned channels = 1; channels <= 2; channels++) {
        int16_t *pcm = a_voice(channels, RATE * SECONDS);
        memset(pcm + RATE * channels, 0, RATE * channels * sizeof *pcm); /* a second asleep */
        voice_init(&v, RATE, channels);
        size_t n = hear(&v, pcm, RATE * SECONDS, RATE * SECONDS, whole);
        assert_int_equal(n, 50 * SECONDS - 2);
        for (size_t piece = 1; piece < 3000; piece = piece * 3 + 1) {
            voice_init(&v, RATE, channels);
            assert_int_equal(hear(&v, pcm, RATE * SECONDS, piece, cut), n);
            for (size_t i = 0; i < n; i++) {
                assert_true(fabsf(cut[i].power - whole[i].power) <= 1e-4f * whole[i].power);
                assert_true(cut[i].peak == whole[i].peak && cut[i].clip == whole[i].clip);
                assert_true(fabsf(cut[i].speech - whole[i].speech) < 1e-2f);
                assert_true(fabsf(cut[i].floor_db - whole[i].floor_db) < 1e-2f);
            }
        }
        free(pcm);
    }
}

/* The same voice in mono, and on two channels with factors left and right. */
static void hear_sides(int left, int right, double *speech_off, double *power_db) {
    static struct voice mono, both;
    static struct voice_frame of_mono[MOST], of_both[MOST];
    int16_t *pcm = a_voice(1, RATE * SECONDS), *two = malloc(RATE * SECONDS * 2 * sizeof *two);

    for (size_t i = 0; i < RATE * SECONDS; i++) {
        two[2 * i] = (int16_t)(pcm[i] * left);
        two[2 * i + 1] = (int16_t)(pcm[i] * right);
    }
    if (!left) /* which side has the voice is known after 20 ms */
        memset(pcm, 0, FRAME * sizeof *pcm);
    voice_init(&mono, RATE, 1);
    voice_init(&both, RATE, 2);
    size_t n = hear(&mono, pcm, RATE * SECONDS, 480, of_mono);
    assert_int_equal(hear(&both, two, RATE * SECONDS, 480, of_both), n);
    double power[2] = {0, 0};
    *speech_off = 0;
    for (size_t i = 50; i < n; i++) {
        *speech_off = fmax(*speech_off, fabsf(of_mono[i].speech - of_both[i].speech));
        power[0] += of_mono[i].power;
        power[1] += of_both[i].power;
    }
    *power_db = 10 * log10(power[1] / power[0]);
    free(pcm);
    free(two);
}

static void test_antiphase_is_heard_as_mono(void **state) {
    (void)state;
    double speech_off, power_db;
    hear_sides(1, -1, &speech_off, &power_db);
    assert_true(speech_off < 0.02 && fabs(power_db) < 0.1);
}

/* Detection hears the side that has the voice; the level is the mean of both powers. */
static void test_a_voice_on_one_side_is_heard_as_mono(void **state) {
    (void)state;
    for (int left = 0; left < 2; left++) {
        double speech_off, power_db;
        hear_sides(left, !left, &speech_off, &power_db);
        assert_true(speech_off < 0.02);
        assert_true(fabs(power_db + 3.01) < 0.1);
    }
}

static void test_every_rate_gives_fifty_frames_a_second(void **state) {
    (void)state;
    static const unsigned rates[] = {8000,  11025, 12000, 16000, 22050, 24000,
                                     32000, 44100, 48000, 88200, 96000, 192000};
    static struct voice v;
    static struct voice_frame out[MOST];

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        int16_t *pcm = malloc(rates[i] * 2 * sizeof *pcm);
        for (unsigned j = 0; j < rates[i] * 2; j++)
            pcm[j] = noise(20000);
        voice_init(&v, rates[i], 1);
        size_t n = hear(&v, pcm, (size_t)rates[i] * 2, 511, out);
        assert_in_range(n, 97, 98);
        memset(pcm, 0, rates[i] * 2 * sizeof *pcm); /* asleep the clock goes on alike */
        assert_in_range(hear(&v, pcm, (size_t)rates[i] * 2, 77, out), 99, 101);
        free(pcm);
    }
}

static void test_levels_are_those_of_their_own_twenty_milliseconds(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame out[MOST];
    int16_t pcm[6 * FRAME];

    for (int i = 0; i < 6 * FRAME; i++)
        pcm[i] = (int16_t)((i / FRAME + 1) * (i % 2 ? 1000 : -1000));
    for (int i = 0; i < 96; i++) /* a tenth of the second frame is clipped */
        pcm[FRAME + 2 * i] = i % 2 ? 32440 : INT16_MIN;
    voice_init(&v, RATE, 1);
    assert_int_equal(hear(&v, pcm, (size_t)6 * FRAME, 480, out), 4);
    assert_true(fabsf(out[0].power - powf(1000.0f / 32768, 2)) < 1e-7f);
    assert_true(out[0].peak == 1000.0f / 32768 && out[0].clip == 0);
    assert_true(out[1].peak == 1 && fabsf(out[1].clip - 0.1f) < 1e-6f);
    assert_true(out[2].peak == 3000.0f / 32768);
    assert_true(fabsf(out[3].power - powf(4000.0f / 32768, 2)) < 1e-6f);
}

static void test_faint_samples_are_counted(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame out[MOST];
    int16_t pcm[6 * FRAME] = {0};

    for (int i = 0; i < 96; i++) {
        pcm[10 * i] = i % 2 ? 2 : -1;
        pcm[FRAME + i] = 3;
    }
    voice_init(&v, RATE, 1);
    assert_int_equal(hear(&v, pcm, (size_t)6 * FRAME, 100, out), 4);
    assert_true(fabsf(out[0].nonzero - 0.1f) < 1e-6f);
    assert_true(out[1].nonzero == 1 && out[2].nonzero == 0);
}

static void test_clipped_from_either_side(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame out[MOST];
    int16_t pcm[4 * FRAME] = {32439, 32440, 32767, -32439, -32440, INT16_MIN, 0};

    voice_init(&v, RATE, 1);
    assert_int_equal(hear(&v, pcm, (size_t)4 * FRAME, 480, out), 2);
    assert_true(fabsf(out[0].clip - 4.0f / FRAME) < 1e-6f);
    assert_true(out[1].clip == 0);
}

static void test_equal_channels_are_one(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame mono[MOST], stereo[MOST];
    int16_t *one = a_voice(1, RATE), *two = malloc(2 * RATE * sizeof *two);

    for (int i = 0; i < RATE; i++)
        two[2 * i] = two[2 * i + 1] = one[i];
    voice_init(&v, RATE, 1);
    size_t n = hear(&v, one, RATE, 480, mono);
    voice_init(&v, RATE, 2);
    assert_int_equal(hear(&v, two, RATE, 480, stereo), n);
    for (size_t i = 0; i < n; i++) {
        assert_true(fabsf(mono[i].power - stereo[i].power) <= 1e-5f * mono[i].power);
        assert_true(mono[i].speech == stereo[i].speech && mono[i].peak == stereo[i].peak);
    }
    free(one);
    free(two);
}

static void test_digital_silence_sleeps_and_wakes(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame out[MOST];
    int16_t *pcm = a_voice(1, RATE);

    voice_init(&v, RATE, 1);
    hear(&v, pcm, RATE, 960, out);
    float floor_db = out[47].floor_db;
    memset(pcm, 0, RATE * sizeof *pcm);
    assert_false(v.asleep);
    assert_int_equal(hear(&v, pcm, RATE, 960, out), 50);
    assert_true(v.asleep);
    for (int i = 8; i < 50; i++)
        assert_true(out[i].peak == 0 && out[i].power == 0 && out[i].speech == 0);
    assert_true(fabsf(out[49].floor_db - floor_db) < 6); /* the floor is not dragged down */
    pcm[700] = 1;
    assert_int_equal(hear(&v, pcm, 960, 100, out), 1);
    assert_false(v.asleep);
    free(pcm);
}

static void test_a_short_gap_keeps_the_floors_a_long_one_does_not(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame out[MOST];
    int16_t *pcm = a_voice(1, RATE);

    voice_init(&v, RATE, 1);
    hear(&v, pcm, RATE - 100, 960, out);
    voice_skip(&v, VOICE_KEEP_MS);
    assert_true(v.vad.floor_known);
    assert_int_equal(hear(&v, pcm, 3 * 960, 960, out), 1); /* a new frame began, two wait */
    assert_true(out[0].peak > 0);
    voice_skip(&v, VOICE_KEEP_MS + 1);
    assert_false(v.vad.floor_known);
    assert_int_equal(hear(&v, pcm, 2 * 960, 960, out), 0);
    assert_true(v.vad.floor_known);
    for (int ms = 0; ms < VOICE_KEEP_MS; ms += 20) /* pieces of a gap add up */
        voice_skip(&v, 20);
    assert_true(v.vad.floor_known);
    voice_skip(&v, 20);
    assert_false(v.vad.floor_known);
    free(pcm);
}

static void test_all_kernels_agree(void **state) {
    (void)state;
    static struct voice v;
    static struct voice_frame best[MOST], other[MOST];
    int16_t *pcm = a_voice(2, RATE * SECONDS);

    voice_init(&v, RATE, 2);
    size_t n = hear(&v, pcm, RATE * SECONDS, 480, best);
    for (unsigned i = 0; i < kernels_count(); i++) {
        voice_init(&v, RATE, 2);
        voice_use_kernels(&v, i);
        assert_int_equal(hear(&v, pcm, RATE * SECONDS, 480, other), n);
        for (size_t f = 0; f < n; f++) {
            assert_true(fabsf(best[f].speech - other[f].speech) < 0.01f);
            assert_true(fabsf(best[f].f0_hz - other[f].f0_hz) < 1);
            assert_true(fabsf(best[f].syllable_db[1] - other[f].syllable_db[1]) < 0.01f);
        }
    }
    free(pcm);
}

static void test_a_track_stays_small(void **state) {
    (void)state;
    assert_true(sizeof(struct voice) <= 6 * 1024);
}

RUN_TESTS(TEST(test_antiphase_is_heard_as_mono), TEST(test_a_voice_on_one_side_is_heard_as_mono),
          TEST(test_any_cut_gives_the_same_frames),
          TEST(test_every_rate_gives_fifty_frames_a_second),
          TEST(test_levels_are_those_of_their_own_twenty_milliseconds),
          TEST(test_faint_samples_are_counted), TEST(test_clipped_from_either_side),
          TEST(test_equal_channels_are_one), TEST(test_digital_silence_sleeps_and_wakes),
          TEST(test_a_short_gap_keeps_the_floors_a_long_one_does_not), TEST(test_all_kernels_agree),
          TEST(test_a_track_stays_small))
