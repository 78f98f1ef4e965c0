/* One source, two objects (meson.build): KERNELS names the table this one defines. */
#include "sound/kernels.h"

#include "sound/tables.h"

#include <string.h>

/* LANES floats: what the machine has, for a wider vector would live in memory. */
#if defined(__AVX2__)
enum { LANES = 8 };
typedef float lanes __attribute__((vector_size(32)));
typedef int32_t lanes_int __attribute__((vector_size(32)));
typedef uint32_t lanes_uint __attribute__((vector_size(32)));
#else
enum { LANES = 4 };
typedef float lanes __attribute__((vector_size(16)));
typedef int32_t lanes_int __attribute__((vector_size(16)));
typedef uint32_t lanes_uint __attribute__((vector_size(16)));
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const float *p) {
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, lanes v) {
    memcpy(p, &v, sizeof v);
}

INLINE lanes all(float x) {
    return x - (lanes){0};
}

#if defined(__AVX2__)
INLINE lanes reversed(lanes v) {
    return __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0);
}

INLINE lanes evens(lanes a, lanes b) {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}

INLINE lanes odds(lanes a, lanes b) {
    return __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}

INLINE float sum(lanes v) {
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
    return v[0] + v[1];
}

/* Lane i of the answer is the sum of rows[i]. Every shuffle is one instruction of AVX. */
INLINE lanes pair_sums(lanes a, lanes b) {
    return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}

INLINE lanes sums(const lanes rows[LANES]) {
    lanes low = pair_sums(pair_sums(rows[0], rows[1]), pair_sums(rows[2], rows[3]));
    lanes high = pair_sums(pair_sums(rows[4], rows[5]), pair_sums(rows[6], rows[7]));
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11) +
           __builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
}
#else
INLINE lanes reversed(lanes v) {
    return __builtin_shufflevector(v, v, 3, 2, 1, 0);
}

INLINE lanes evens(lanes a, lanes b) {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6);
}

INLINE lanes odds(lanes a, lanes b) {
    return __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

INLINE float sum(lanes v) {
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return v[0] + v[1];
}

INLINE lanes sums(const lanes rows[LANES]) {
    lanes low = evens(rows[0], rows[1]) + odds(rows[0], rows[1]);
    lanes high = evens(rows[2], rows[3]) + odds(rows[2], rows[3]);
    return evens(low, high) + odds(low, high);
}
#endif

INLINE lanes pick(lanes_int mask, lanes yes, lanes no) {
    return (lanes)((mask & (lanes_int)yes) | (~mask & (lanes_int)no));
}

/* 2^x by its exponent and a polynomial of the rest; relative error below 3e-7. */
INLINE lanes exp2_of(lanes x) {
    lanes y = x + 127.0f;
    y = pick(y < 1.0f, all(1.0f), y);
    y = pick(y > 254.0f, all(254.0f), y);
    lanes_int whole = __builtin_convertvector(y, lanes_int);
    lanes f = y - __builtin_convertvector(whole, lanes);
    lanes p = 1.8775767e-3f * f + 8.9893397e-3f;
    p = p * f + 5.5826318e-2f;
    p = p * f + 2.4015361e-1f;
    p = p * f + 6.9315308e-1f;
    p = p * f + 9.9999994e-1f;
    return p * (lanes)(whole << 23);
}

/* log2 of a positive x; absolute error below 1e-5. */
INLINE lanes log2_of(lanes x) {
    lanes_int bits = (lanes_int)x;
    lanes e = __builtin_convertvector((bits >> 23) - 127, lanes);
    lanes m = (lanes)((bits & 0x7fffff) | 0x3f800000);
    lanes p = -3.4436006e-2f * m + 3.1821337e-1f;
    p = p * m - 1.2315303f;
    p = p * m + 2.5988452f;
    p = p * m - 3.3241990f;
    p = p * m + 3.1157899f;
    return p * (m - 1.0f) + e;
}

INLINE lanes sigmoid(lanes x) {
    return 1.0f / (1.0f + exp2_of(-1.44269504f * x));
}

static float squares(const float *x, size_t n) {
    lanes even = all(0), odd = all(0);
    size_t i = 0;

    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        lanes a = load(x + i), b = load(x + i + LANES);
        even += a * a;
        odd += b * b;
    }
    float total = sum(even + odd);
    for (; i < n; i++)
        total += x[i] * x[i];
    return total;
}

static float mix(const int16_t *pcm, size_t frames, unsigned channels, float *mono) {
    size_t i = 0;

    if (channels == 1) {
        for (; i < frames; i++)
            mono[i] = (float)pcm[i] * (1.0f / 32768);
        return squares(mono, frames);
    }
    for (; i + LANES <= frames; i += LANES) { /* a pair is an int32 whose halves are added */
        lanes_int pair;
        memcpy(&pair, pcm + 2 * i, sizeof pair);
        lanes_int low = (lanes_int)((lanes_uint)pair << 16) >> 16;
        store(mono + i, __builtin_convertvector(low + (pair >> 16), lanes) * (0.5f / 32768));
    }
    for (; i < frames; i++)
        mono[i] = (float)(pcm[2 * i] + pcm[2 * i + 1]) * (0.5f / 32768);
    return squares(mono, frames);
}

static int peak(const int16_t *pcm, size_t n) {
    int16_t high = 0, low = 0;

    for (size_t i = 0; i < n; i++) {
        high = pcm[i] > high ? pcm[i] : high;
        low = pcm[i] < low ? pcm[i] : low;
    }
    return high > -low ? high : -low;
}

/* Whole vectors of outputs; where ntaps and step are constants the loops unfold. */
INLINE size_t decimate_rows(const float *x, const float *taps, size_t ntaps, size_t step, float *y,
                            size_t ny) {
    size_t i = 0;

    for (; i + LANES <= ny; i += LANES) {
        const float *from = x + i * step;
        lanes rows[LANES];
        for (int r = 0; r < LANES; r++)
            rows[r] = all(0);
        for (size_t k = 0; k < ntaps; k += LANES) {
            lanes t = load(taps + k);
            for (int r = 0; r < LANES; r++)
                rows[r] += t * load(from + (size_t)r * step + k);
        }
        store(y + i, sums(rows));
    }
    return i;
}

static void decimate(const float *x, const float *taps, size_t ntaps, size_t step, float *y,
                     size_t ny) {
    size_t i;

    if (ntaps == 48 && step == 3) /* 48 kHz: the common case */
        i = decimate_rows(x, taps, 48, 3, y, ny);
    else if (ntaps == 48 && step == 2)
        i = decimate_rows(x, taps, 48, 2, y, ny);
    else
        i = decimate_rows(x, taps, ntaps, step, y, ny);
    for (; i < ny; i++) {
        lanes row = all(0);
        for (size_t k = 0; k < ntaps; k += LANES)
            row += load(taps + k) * load(x + i * step + k);
        y[i] = sum(row);
    }
}

struct complex {
    lanes re, im;
};

INLINE void dft4(struct complex *a, struct complex *b, struct complex *c, struct complex *d) {
    struct complex ac = {a->re + c->re, a->im + c->im}, a_c = {a->re - c->re, a->im - c->im};
    struct complex bd = {b->re + d->re, b->im + d->im}, b_d = {b->re - d->re, b->im - d->im};

    *a = (struct complex){ac.re + bd.re, ac.im + bd.im};
    *b = (struct complex){a_c.re + b_d.im, a_c.im - b_d.re};
    *c = (struct complex){ac.re - bd.re, ac.im - bd.im};
    *d = (struct complex){a_c.re - b_d.im, a_c.im + b_d.re};
}

INLINE struct complex turn(struct complex a, float re, float im) {
    return (struct complex){a.re * re - a.im * im, a.re * im + a.im * re};
}

/* Sixteen points, for LANES columns at a time: 4 x 4. The answer's order is [k / 4 + k % 4 * 4]. */
INLINE void dft16(struct complex z[16]) {
    static const float c = 0.92387953f, s = 0.38268343f, h = 0.70710678f;

    for (int i = 0; i < 4; i++)
        dft4(&z[i], &z[4 + i], &z[8 + i], &z[12 + i]);
    z[5] = turn(z[5], c, -s);
    z[6] = turn(z[6], h, -h);
    z[7] = turn(z[7], s, -c);
    z[9] = turn(z[9], h, -h);
    z[10] = (struct complex){z[10].im, -z[10].re};
    z[11] = turn(z[11], -h, -h);
    z[13] = turn(z[13], s, -c);
    z[14] = turn(z[14], -h, -h);
    z[15] = turn(z[15], -c, s);
    for (int i = 0; i < 16; i += 4)
        dft4(&z[i], &z[i + 1], &z[i + 2], &z[i + 3]);
}

/* 256 complex points as 16 x 16: transform the columns, twiddle, transpose, transform again; the
 * second answer lies in natural order. */
static void dft256(float re[256], float im[256]) {
    _Alignas(32) float tre[256], tim[256];

    for (int column = 0; column < 16; column += LANES) {
        struct complex z[16];
        for (int row = 0; row < 16; row++)
            z[row] = (struct complex){load(re + row * 16 + column), load(im + row * 16 + column)};
        dft16(z);
        for (int row = 0; row < 16; row++) {
            struct complex a = z[row / 4 + row % 4 * 4];
            lanes wre = load(table_twiddle_re + row * 16 + column);
            lanes wim = load(table_twiddle_im + row * 16 + column);
            store(tre + row * 16 + column, a.re * wre - a.im * wim);
            store(tim + row * 16 + column, a.re * wim + a.im * wre);
        }
    }
    for (int row = 0; row < 16; row++)
        for (int column = 0; column < 16; column++) {
            re[column * 16 + row] = tre[row * 16 + column];
            im[column * 16 + row] = tim[row * 16 + column];
        }
    for (int column = 0; column < 16; column += LANES) {
        struct complex z[16];
        for (int row = 0; row < 16; row++)
            z[row] = (struct complex){load(re + row * 16 + column), load(im + row * 16 + column)};
        dft16(z);
        for (int row = 0; row < 16; row++) {
            store(re + row * 16 + column, z[row / 4 + row % 4 * 4].re);
            store(im + row * 16 + column, z[row / 4 + row % 4 * 4].im);
        }
    }
}

/* A real transform of 512 by a complex one of 256: even samples real, odd samples imaginary; with
 * E and O the transforms of both halves, X[k] = E + W^k O and X[256 - k] = conj(E - W^k O). */
static void spectrum(const float x[SPECTRUM_WINDOW], float power[SPECTRUM_PADDED]) {
    _Alignas(32) float re[256 + LANES], im[256 + LANES];

    for (int i = 0; i < 256; i += LANES) {
        lanes a = load(x + 2 * i) * load(table_hann + 2 * i);
        lanes b = load(x + 2 * i + LANES) * load(table_hann + 2 * i + LANES);
        store(re + i, evens(a, b));
        store(im + i, odds(a, b));
    }
    dft256(re, im);
    re[256] = re[0];
    im[256] = im[0];
    for (int k = 0; k < 128; k += LANES) {
        lanes are = load(re + k), aim = load(im + k);
        lanes bre = reversed(load(re + 257 - LANES - k)),
              bim = reversed(load(im + 257 - LANES - k));
        lanes ere = 0.5f * (are + bre), eim = 0.5f * (aim - bim);
        lanes ore = 0.5f * (aim + bim), oim = 0.5f * (bre - are);
        lanes wre = load(table_split_re + k), wim = load(table_split_im + k);
        lanes tre = ore * wre - oim * wim, tim = ore * wim + oim * wre;
        lanes low_re = ere + tre, low_im = eim + tim, high_re = ere - tre, high_im = eim - tim;
        store(power + k, low_re * low_re + low_im * low_im);
        store(power + 257 - LANES - k, reversed(high_re * high_re + high_im * high_im));
    }
    power[128] = re[128] * re[128] + im[128] * im[128];
}

static void mel(const float power[SPECTRUM_PADDED], float db[MEL_PADDED]) {
    const float *w = table_mel_weights;
    _Alignas(32) float total[MEL_PADDED] = {0};

    for (int b = 0; b < MEL_BANDS; b++) {
        const float *p = power + table_mel_start[b];
        lanes acc = all(0);
        for (int i = 0; i < table_mel_count[b]; i += LANES)
            acc += load(w + i) * load(p + i);
        w += table_mel_count[b];
        total[b] = sum(acc);
    }
    for (int b = MEL_BANDS; b < MEL_PADDED; b++)
        total[b] = 1.0f;
    for (int b = 0; b < MEL_PADDED; b += LANES) /* 1e-11: -110 dB is silence */
        store(db + b, 3.01029996f * log2_of(load(total + b) + 1e-11f));
}

static float band_sum(const float db[MEL_PADDED]) {
    _Alignas(32) float power[MEL_PADDED];

    for (int b = 0; b < MEL_PADDED; b += LANES)
        store(power + b, exp2_of(0.332192809f * load(db + b)));
    for (int b = MEL_BANDS; b < MEL_PADDED; b++)
        power[b] = 0;
    lanes total = all(0);
    for (int b = 0; b < MEL_PADDED; b += LANES)
        total += load(power + b);
    return 3.01029996f * log2_of(all(sum(total)))[0];
}

/* LANES lags a vector; ascending memory is descending lag, hence the reversal at the end. */
static void correlate(const float *x, size_t n, float cross[AUTOCORR_LAGS],
                      float energy[AUTOCORR_LAGS]) {
    enum { AT_ONCE = 4 };

    for (int lag = 0; lag < AUTOCORR_LAGS; lag += AT_ONCE * LANES) {
        const float *past = x - AUTOCORR_LAG_MIN - lag - (LANES - 1);
        lanes c[AT_ONCE], e[AT_ONCE];
        for (int b = 0; b < AT_ONCE; b++)
            c[b] = e[b] = all(0);
        for (size_t i = 0; i < n; i++) {
            lanes now = all(x[i]);
            for (int b = 0; b < AT_ONCE; b++) {
                lanes then = load(past + (ptrdiff_t)i - b * LANES);
                c[b] += now * then;
                e[b] += then * then;
            }
        }
        for (int b = 0; b < AT_ONCE; b++) {
            store(cross + lag + b * LANES, reversed(c[b]));
            store(energy + lag + b * LANES, reversed(e[b]));
        }
    }
}

INLINE void affine_columns(const float *w, const float *bias, const float *x, size_t nx, float *y,
                           size_t ny, const int vectors) {
    lanes acc[6];

    for (int v = 0; v < vectors; v++)
        acc[v] = load(bias + v * LANES);
    for (size_t i = 0; i < nx; i++) {
        lanes xi = all(x[i]);
        for (int v = 0; v < vectors; v++)
            acc[v] += xi * load(w + i * ny + (size_t)(v * LANES));
    }
    for (int v = 0; v < vectors; v++)
        store(y + v * LANES, acc[v]);
}

static void affine(const float *w, const float *bias, const float *x, size_t nx, float *y,
                   size_t ny) {
    size_t j = 0;

    for (; j + 6 * LANES <= ny; j += 6 * LANES)
        affine_columns(w + j, bias + j, x, nx, y + j, ny, 6);
    for (; j + 4 * LANES <= ny; j += 4 * LANES)
        affine_columns(w + j, bias + j, x, nx, y + j, ny, 4);
    for (; j < ny; j += LANES)
        affine_columns(w + j, bias + j, x, nx, y + j, ny, 1);
}

static void gru(const float *from_input, const float *from_h, float *h, size_t n) {
    for (size_t i = 0; i < n; i += LANES) {
        lanes r = sigmoid(load(from_input + i) + load(from_h + i));
        lanes z = sigmoid(load(from_input + n + i) + load(from_h + n + i));
        lanes c = load(from_input + 2 * n + i) + r * load(from_h + 2 * n + i);
        lanes candidate = 2.0f * sigmoid(2.0f * c) - 1.0f;
        store(h + i, candidate + z * (load(h + i) - candidate));
    }
}

extern const struct kernels KERNELS;
const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .mix = mix,
    .peak = peak,
    .decimate = decimate,
    .spectrum = spectrum,
    .mel = mel,
    .band_sum = band_sum,
    .correlate = correlate,
    .squares = squares,
    .affine = affine,
    .gru = gru,
};
