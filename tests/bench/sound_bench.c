/* What one track's listening costs: levels, resampling, voice activity, F0 and syllables of 20 ms of
 * 48 kHz stereo that comes in messages of 10 ms, with each set of kernels, and digital silence.
 *
 * Every figure is the median of rounds. A round measures each set of kernels once, and before each a
 * fixed scalar kernel (a chain of dependent multiply-adds), whose time tells machines apart: compare
 * the ratios of one run. A chain waits for itself; what shares the core's units with a neighbour
 * gets slower by a third, and the chain does not. */
#include "sound/voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RATE = 48000,
    MESSAGE = RATE / 100,
    FRAMES = 1000,
    MESSAGES = 100, /* a second over and over: the server's buffer stays in the cache too */
    ROUNDS = 15,
    CHAIN = 4000, /* steps of the reference for each frame */
};

static double now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* us of the reference for one frame. */
static double reference(void) {
    volatile double seed = 1e-9;
    double x = seed, from = now_us();

    for (int i = 0; i < FRAMES * CHAIN; i++)
        x = x * 0.999 + 1e-3;
    seed = x;
    return (now_us() - from) / FRAMES;
}

static double listen(const int16_t *pcm, unsigned kernels, float *speech) {
    static struct voice v;
    struct voice_frame frame;

    voice_init(&v, RATE, 2);
    voice_use_kernels(&v, kernels);
    double from = now_us();
    for (int m = 0; m < 2 * FRAMES; m++) {
        const int16_t *message = pcm + (size_t)(m % MESSAGES) * MESSAGE * 2;
        for (size_t at = 0; at < MESSAGE;) {
            bool done;
            at += voice_hear(&v, message + 2 * at, MESSAGE - at, &frame, &done);
            *speech += done ? frame.speech : 0;
        }
    }
    return (now_us() - from) / FRAMES;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double x[ROUNDS]) {
    qsort(x, ROUNDS, sizeof *x, ascending);
    return x[ROUNDS / 2];
}

/* Noise that swells four times a second: loud and quiet, never zero. */
static void fill(int16_t *pcm) {
    uint32_t seed = 1;

    for (int i = 0; i < RATE; i++) {
        int swell = i % (RATE / 4) < RATE / 8 ? 4000 : 200;
        seed = seed * 1664525u + 1013904223u;
        pcm[2 * i] = pcm[2 * i + 1] = (int16_t)((int)(seed >> 16) % swell - swell / 2);
    }
}

struct series {
    const char *name;
    const int16_t *pcm;
    unsigned kernels;
    double limit_us, us[ROUNDS], chain[ROUNDS];
};

/* Each round measures all of them: a neighbour who slows the machine slows them alike. */
static void measure(struct series *series, unsigned count) {
    float speech = 0;

    for (int i = 0; i < ROUNDS; i++)
        for (unsigned k = 0; k < count; k++) {
            series[k].chain[i] = reference();
            series[k].us[i] = listen(series[k].pcm, series[k].kernels, &speech);
        }
    for (unsigned k = 0; k < count; k++) {
        double it = median(series[k].us), ref = median(series[k].chain);
        printf("sound %s us_per_20ms=%.2f reference_us=%.2f ratio=%.3f limit_us=%.1f\n",
               series[k].name, it, ref, it / ref, series[k].limit_us);
    }
    if (speech < 0) /* keeps the work from being optimised away */
        puts("");
}

int main(void) {
    size_t samples = (size_t)RATE * 2;
    int16_t *pcm = malloc(samples * sizeof *pcm), *zeros = calloc(samples, sizeof *zeros);
    struct series series[8];
    unsigned count = 0;

    fill(pcm);
    for (unsigned i = kernels_count(); i-- > 0;)
        series[count++] = (struct series){
            .name = kernels_at(i)->name, .pcm = pcm, .kernels = i, .limit_us = i ? 3.5 : 7};
    series[count++] = (struct series){
        .name = "silence", .pcm = zeros, .kernels = kernels_count() - 1, .limit_us = 0.3};
    measure(series, count);
    free(pcm);
    free(zeros);
    return 0;
}
