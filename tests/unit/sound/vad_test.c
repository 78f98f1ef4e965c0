#include "sound/vad.h"

#include "unit.h"

#include <math.h>

enum { FRAMES = 500, SAMPLES = FRAMES * VAD_FRAME };

static const double PI = 3.14159265358979323846;
static int16_t audio[SAMPLES];
static float speech[FRAMES]; /* of frame i, the delay taken out */
static uint32_t seed;

static float noise(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(int32_t)seed / 2147483648.0f;
}

static int16_t sample(double x) {
    return (int16_t)lrint(32768 * fmax(-1, fmin(x, 0.99996)));
}

static void hear(struct vad *v) {
    const struct kernels *k = kernels_best();
    struct vad_frame out;

    for (int i = 0; i < FRAMES; i++) {
        memcpy(vad_input(v), audio + i * VAD_FRAME, VAD_FRAME * sizeof *audio);
        vad_hear(v, k, false, &out);
        assert_true(out.speech >= 0 && out.speech <= 1);
        if (i >= VAD_DELAY_FRAMES)
            speech[i - VAD_DELAY_FRAMES] = out.speech;
    }
}

/* Share of the frames from..to that are heard as speech. */
static double share(int from, int to) {
    int n = 0;

    for (int i = from; i < to; i++)
        n += speech[i] >= 0.5f;
    return (double)n / (to - from);
}

struct formant {
    double a1, a2, gain, y1, y2;
};

static void formant_tune(struct formant *f, double hz, double width_hz) {
    double r = exp(-PI * width_hz / VAD_RATE_HZ);

    f->a1 = 2 * r * cos(2 * PI * hz / VAD_RATE_HZ);
    f->a2 = -r * r;
    f->gain = 1 - r;
}

static double formant_pass(struct formant *f, double x) {
    double y = f->gain * x + f->a1 * f->y1 + f->a2 * f->y2;

    f->y2 = f->y1;
    f->y1 = y;
    return y;
}

/* A talking machine: pulses of a gliding pitch through three formants that move between vowels, a
 * hiss before some syllables, 4.5 syllables a second, silent between frames 200 and 300. */
static void talk(double level) {
    static const double vowels[][3] = {{730, 1090, 2440},
                                       {270, 2290, 3010},
                                       {570, 840, 2410},
                                       {530, 1840, 2480},
                                       {300, 870, 2240}};
    struct formant f[3] = {0};
    double phase = 0;

    seed = 5;
    for (int i = 0; i < SAMPLES; i++) {
        double t = (double)i / VAD_RATE_HZ, at = t * 4.5, within = at - floor(at);
        int syllable = (int)at, now = syllable % 5, before = (syllable + 4) % 5;
        double blend = fmin(1, within * 3), pulse = 0;
        for (int j = 0; j < 3 && i % 32 == 0; j++)
            formant_tune(&f[j], vowels[before][j] * (1 - blend) + vowels[now][j] * blend,
                         60 + 30 * j);
        phase += (125 + 25 * sin(2 * PI * 0.4 * t) - 15 * within) / VAD_RATE_HZ;
        if (phase >= 1) {
            phase -= 1;
            pulse = 1;
        }
        bool hiss = within < 0.3 && syllable % 2;
        double source = hiss ? 0 : pulse * 30 * sin(PI * fmin(1, within * 1.1 + 0.02));
        double y = formant_pass(&f[0], source) + 0.6 * formant_pass(&f[1], source) +
                   0.3 * formant_pass(&f[2], source) + (hiss ? 0.15 * (double)noise() : 0);
        bool silent = i / VAD_FRAME >= 200 && i / VAD_FRAME < 300;
        audio[i] = sample((silent ? 0 : level * y) + 3e-4 * (double)noise());
    }
}

static void test_hears_a_talking_machine_and_its_pause(void **state) {
    (void)state;
    struct vad v;

    for (double level = 0.02; level < 0.5; level *= 3) {
        talk(level);
        v = (struct vad){0};
        hear(&v);
        assert_true(share(50, 195) > 0.85);
        assert_true(share(310, 495) > 0.85);
        assert_true(share(215, 295) < 0.1);
    }
}

static void test_steady_noise_is_no_speech(void **state) {
    (void)state;
    struct vad v;

    for (int kind = 0; kind < 4; kind++) {
        double low = 0;
        seed = 9;
        for (int i = 0; i < SAMPLES; i++) {
            low += 0.05 * ((double)noise() - low);
            float x = kind == 0   ? 0.1f * noise()
                      : kind == 1 ? 0.5f * (float)low
                      : kind == 2 ? 0.1f * sinf((float)(2 * PI * 50 / VAD_RATE_HZ) * (float)i)
                                  : (i % 4000 < 40 ? 0.3f * noise() : 1e-3f * noise());
            audio[i] = sample((double)x);
        }
        v = (struct vad){0};
        hear(&v);
        assert_true(share(50, FRAMES) < 0.03);
    }
}

static void test_floors_find_the_noise_under_the_talk(void **state) {
    (void)state;
    struct vad v;
    struct vad_frame out;

    talk(0.2);
    for (int i = 0; i < SAMPLES; i++)
        audio[i] =
            sample(audio[i] / 32768.0 +
                   0.01 * (double)noise()); /* -44.8 dBFS, of which 7.1 of 8 kHz are in the bands */
    v = (struct vad){0};
    hear(&v);
    vad_hear(&v, kernels_at(0), false, &out);
    assert_true(out.floor_db > -56 && out.floor_db < -43);
}

/* A laptop's keys under its own microphone: nine blows a second, each key a body of its own that
 * rings below 1 kHz, each blow with a touch before it and a release after it. */
static void type(double level) {
    static double line[SAMPLES];
    enum { KEYS = 9, STROKE = VAD_RATE_HZ / 5 };

    seed = 3;
    memset(line, 0, sizeof line);
    for (int at = 4000, stroke = 0; at + 2 * STROKE < SAMPLES; stroke++) {
        for (int part = 0; part < 3; part++) {
            struct formant f[3] = {0};
            int key = (stroke * 5 + part * 4) % KEYS, shift = part * 500 + part / 2 * 1000;
            double gain = level * (part == 1 ? 1 : 0.4) * (1 + 0.7 * (double)noise());
            formant_tune(&f[0], 110 + 27 * key, 12);
            formant_tune(&f[1], 350 + 83 * (key * 4 % KEYS), 25);
            formant_tune(&f[2], 900 + 170 * (key * 7 % KEYS), 60);
            for (int i = 0; i < STROKE; i++) {
                double blow = i < 48 ? (double)noise() * sin(PI * i / 48) : 0;
                line[at + shift + i] += gain * 20 *
                                        (formant_pass(&f[0], blow) +
                                         0.7 * formant_pass(&f[1], blow) +
                                         0.3 * formant_pass(&f[2], blow));
            }
        }
        at += (int)(VAD_RATE_HZ / 9.0 * (1 + 0.4 * (double)noise()));
    }
    for (int i = 0; i < SAMPLES; i++)
        audio[i] = sample(line[i] + 3e-4 * (double)noise());
}

static void test_typing_is_no_speech(void **state) {
    (void)state;
    struct vad v;

    for (double level = 0.05; level < 1; level *= 3) {
        type(level);
        v = (struct vad){0};
        hear(&v);
        assert_true(share(50, FRAMES) < 0.1);
    }
}

/* Mean of the inputs that tell how far the bands are above a floor: `first` is the first of them. */
static float above(const float *inputs, int first) {
    float sum = 0;

    for (int b = 0; b < MEL_BANDS; b++)
        sum += inputs[first + b] / MEL_BANDS;
    return sum;
}

static void test_the_calm_floor_remembers_ten_seconds(void **state) {
    (void)state;
    struct vad v = {0};
    struct vad_frame out;
    float inputs[VAD_INPUTS_PADDED], quick[15] = {0}, calm[15] = {0};

    seed = 9;
    for (int i = 0; i < 15 * 50; i++) { /* a second of soft noise, then fourteen of loud noise */
        for (int j = 0; j < VAD_FRAME; j++)
            vad_input(&v)[j] = sample((i < 50 ? 0.001 : 0.1) * (double)noise());
        vad_inputs(&v, kernels_best(), false, inputs, &out);
        quick[i / 50] += (above(inputs, MEL_BANDS) + 0.5f) * 15 / 50;
        calm[i / 50] += (above(inputs, 2 * MEL_BANDS) + 1) * 15 / 50;
    }
    assert_true(quick[1] > 35 && calm[1] > 35); /* 40 dB louder than before */
    assert_true(quick[6] < 15);
    assert_true(calm[6] > 40 && calm[9] > 40);
    assert_true(calm[13] < 15);
}

static void test_digital_silence_moves_no_floor(void **state) {
    (void)state;
    struct vad v;
    struct vad_frame out;
    float floors[MEL_PADDED];

    seed = 9;
    for (int i = 0; i < SAMPLES; i++)
        audio[i] = sample(0.01 * (double)noise());
    v = (struct vad){0};
    hear(&v);
    memcpy(floors, v.floors, sizeof floors);
    for (int i = 0; i < 100; i++) {
        memset(vad_input(&v), 0, VAD_FRAME * sizeof(int16_t));
        vad_hear(&v, kernels_at(0), true, &out);
    }
    assert_memory_equal(floors, v.floors, sizeof floors);
}

RUN_TESTS(TEST(test_hears_a_talking_machine_and_its_pause), TEST(test_steady_noise_is_no_speech),
          TEST(test_floors_find_the_noise_under_the_talk),
          TEST(test_the_calm_floor_remembers_ten_seconds), TEST(test_typing_is_no_speech),
          TEST(test_digital_silence_moves_no_floor))
