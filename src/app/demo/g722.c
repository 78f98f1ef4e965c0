#include "app/demo/g722.h"

#include <stdbool.h>
#include <string.h>

/* Tables and formulas: ITU-T G.722 (09/2012), blocks by their names there. */

static int saturate(int value) {
    return value > 32767 ? 32767 : value < -32768 ? -32768 : value;
}

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

/* Blocks UPPOL2 and UPPOL1: the two poles. */
static void poles_update(struct g722_band *b) {
    bool same1 = (b->partial[0] < 0) == (b->partial[1] < 0);
    bool same2 = (b->partial[0] < 0) == (b->partial[2] < 0);
    int slope = saturate(b->pole[0] * 4);
    slope = same1 ? -slope : slope;
    slope = slope > 32767 ? 32767 : slope;
    int second = (slope >> 7) + (same2 ? 128 : -128) + (b->pole[1] * 32512 >> 15);
    second = clamp(second, -12288, 12288);
    int first = saturate((same1 ? 192 : -192) + (b->pole[0] * 32640 >> 15));
    int limit = saturate(15360 - second);
    b->pole[0] = clamp(first, -limit, limit);
    b->pole[1] = second;
}

/* Block UPZERO: the six zeros. */
static void zeros_update(struct g722_band *b) {
    int gain = b->difference[0] == 0 ? 0 : 128;
    for (int i = 0; i < 6; i++) {
        bool same = (b->difference[0] < 0) == (b->difference[i + 1] < 0);
        b->zero[i] = saturate((same ? gain : -gain) + (b->zero[i] * 32640 >> 15));
    }
}

/* Block DELAYA. */
static void shift(int *line, int count) {
    memmove(line + 1, line, (size_t)(count - 1) * sizeof *line);
}

/* Blocks RECONS to PREDIC: takes the difference of this sample in and predicts the next. */
static void predict(struct g722_band *b, int difference) {
    b->difference[0] = difference;
    b->whole[0] = saturate(b->predicted + difference);
    b->partial[0] = saturate(b->predicted_zeros + difference);
    poles_update(b);
    zeros_update(b);
    shift(b->difference, 7);
    shift(b->whole, 3);
    shift(b->partial, 3);
    int poles = 0, zeros = 0;
    for (int i = 0; i < 2; i++)
        poles += b->pole[i] * saturate(b->whole[i + 1] * 2) >> 15;
    for (int i = 5; i >= 0; i--)
        zeros += b->zero[i] * saturate(b->difference[i + 1] * 2) >> 15;
    b->predicted_zeros = saturate(zeros);
    b->predicted = saturate(saturate(poles) + b->predicted_zeros);
}

/* Blocks LOGSC and SCALE: the quantiser's step grows after large codes, shrinks after small. */
static void step_update(struct g722_band *b, int change, int limit, int shift_down) {
    static const int mantissa[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383,
                                     2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
                                     2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371,
                                     3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
    b->log_step = clamp((b->log_step * 127 >> 7) + change, 0, limit);
    int down = shift_down - (b->log_step >> 11);
    int value = mantissa[b->log_step >> 6 & 31];
    b->step = (down < 0 ? value << -down : value >> down) * 4;
}

/* Six bits: the sample is rebuilt from all of them, the predictor follows the upper four. */
static int low_decode(struct g722_band *b, unsigned code) {
    static const int six[64] = {
        -136,   -136,   -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280,
        -11192, -10232, -9360, -8576, -7856,  -7192,  -6576,  -6000,  -5456,  -4944,  -4464,
        -4008,  -3576,  -3168, -2776, -2400,  -2032,  -1688,  -1360,  -1040,  -728,   24808,
        21904,  19008,  16704, 14984, 13512,  12280,  11192,  10232,  9360,   8576,   7856,
        7192,   6576,   6000,  5456,  4944,   4464,   4008,   3576,   3168,   2776,   2400,
        2032,   1688,   1360,  1040,  728,    432,    136,    -432,   -136};
    static const int four[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
                                 20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
    static const int change[16] = {-60,  3042, 1198, 538, 334, 172, 58,  -30,
                                   3042, 1198, 538,  334, 172, 58,  -30, -60};
    int sample = clamp(b->predicted + (b->step * six[code] >> 15), -16384, 16383);
    int difference = b->step * four[code >> 2] >> 15;
    step_update(b, change[code >> 2], 18432, 8);
    predict(b, difference);
    return sample;
}

static int high_decode(struct g722_band *b, unsigned code) {
    static const int two[4] = {-7408, -1616, 7408, 1616};
    static const int change[4] = {798, -214, 798, -214};
    int difference = b->step * two[code] >> 15;
    int sample = clamp(b->predicted + difference, -16384, 16383);
    step_update(b, change[code], 22528, 10);
    predict(b, difference);
    return sample;
}

/* The receive quadrature mirror filter. */
static void bands_join(struct g722 *g, int low, int high, int16_t out[2]) {
    static const int taps[12] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};
    memmove(g->mirror, g->mirror + 2, 22 * sizeof *g->mirror);
    g->mirror[22] = low + high;
    g->mirror[23] = low - high;
    int first = 0, second = 0;
    for (int i = 0; i < 12; i++) {
        second += g->mirror[2 * i] * taps[i];
        first += g->mirror[2 * i + 1] * taps[11 - i];
    }
    out[0] = (int16_t)saturate(first >> 11);
    out[1] = (int16_t)saturate(second >> 11);
}

void g722_init(struct g722 *g) {
    *g = (struct g722){.low = {.step = 32}, .high = {.step = 8}};
}

void g722_decode(struct g722 *g, const uint8_t *bytes, size_t len, int16_t *pcm) {
    for (size_t i = 0; i < len; i++) {
        int low = low_decode(&g->low, bytes[i] & 63);
        int high = high_decode(&g->high, bytes[i] >> 6);
        bands_join(g, low, high, pcm + 2 * i);
    }
}
