/* A tone at one and a half times its speed is the same tone; and samples between samples. */
#include "sound/sinc.h"
#include "sound/stretch.h"

#include "unit.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

enum { RATE = 24000, SECONDS = 2, OUT = RATE * SECONDS };

static float tone(double hz, double at_s) {
    return (float)(8000 * sin(2 * PI * hz * at_s));
}

/* Power of a frequency among all power, from the second quarter on. */
static double share_of(const float *x, size_t count, double hz, double rate) {
    double re = 0, im = 0, all = 0;
    for (size_t i = count / 4; i < count; i++) {
        re += x[i] * cos(2 * PI * hz * (double)i / rate);
        im += x[i] * sin(2 * PI * hz * (double)i / rate);
        all += (double)x[i] * x[i];
    }
    return 2 * (re * re + im * im) / (all * (double)(count - count / 4));
}

static void a_faster_tone_keeps_its_pitch(void **state) {
    static const double rates[] = {1.25, 1.5, 2};
    for (size_t r = 0; r < 3; r++) {
        struct stretch *stretch = malloc(sizeof *stretch);
        float *out = calloc(OUT, sizeof *out);
        stretch_init(stretch, rates[r]);
        for (size_t at = 0; at + STRETCH_HOP <= OUT; at += STRETCH_HOP) {
            uint64_t from, to;
            stretch_span(stretch, &from, &to);
            assert_true(to - from <= 8 * STRETCH_HOP);
            float *in = calloc((size_t)(to - from), sizeof *in);
            for (uint64_t i = from; i < to; i++)
                in[i - from] = tone(440, (double)i / RATE);
            stretch_step(stretch, in, out + at);
            free(in);
        }
        assert_true(share_of(out, OUT - STRETCH_HOP, 440, RATE) > 0.95);
        free(out);
        free(stretch);
    }
}

static void any_rate_becomes_24_khz(void **state) {
    static const uint32_t rates[] = {8000, 16000, 44100, 48000, 192000};
    for (size_t r = 0; r < 5; r++) {
        struct sinc *sinc = malloc(sizeof *sinc);
        float in[SINC_TAPS_MAX], out[RATE / 10];
        sinc_init(sinc, rates[r], RATE);
        for (int i = 0; i < RATE / 10; i++) {
            double place = (double)i * rates[r] / RATE + 1000;
            double whole = floor(place);
            for (unsigned k = 0; k < sinc->taps; k++)
                in[k] = tone(1000, (whole - sinc_reach(sinc) + 1 + k) / rates[r]);
            out[i] = sinc_at(sinc, in, place - whole);
            assert_true(fabsf(out[i] - tone(1000, place / rates[r])) < 160); /* 2 % */
        }
        free(sinc);
    }
}

/* What 24 kHz cannot hold is gone, and does not come back as another tone. */
static void what_is_too_high_is_left_out(void **state) {
    struct sinc *sinc = malloc(sizeof *sinc);
    float in[SINC_TAPS_MAX];
    double power = 0;
    sinc_init(sinc, 48000, RATE);
    for (int i = 0; i < 1000; i++) {
        for (unsigned k = 0; k < sinc->taps; k++)
            in[k] = tone(17000, (2.0 * i + k) / 48000);
        float out = sinc_at(sinc, in, 0);
        power += (double)out * out / 1000;
    }
    assert_true(10 * log10(power / (8000.0 * 8000 / 2)) < -40);
    free(sinc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_faster_tone_keeps_its_pitch),
        cmocka_unit_test(any_rate_becomes_24_khz),
        cmocka_unit_test(what_is_too_high_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
