/* One source, several objects (meson.build): KERNELS names the table this one defines. */
#include "sound/kernels.h"

#include "sound/lanes.h"
#include "sound/tables.h"

/* A pair's squares overflow only where both are -32768: then the float is -2^31, and its magnitude
 * right. */
INLINE lanes pair_squares(shorts v) {
    lanes square = to_floats(pair_products(v, v));
    return (lanes)((lanes_int)square & 0x7fffffff);
}

static float squares(const int16_t *x, size_t n) {
    lanes even = all(0), odd = all(0);
    size_t i = 0;
    for (; i + 2 * SHORTS <= n; i += 2 * SHORTS) {
        even += pair_squares(load_shorts(x + i));
        odd += pair_squares(load_shorts(x + i + SHORTS));
    }
    float total = sum(even + odd);
    for (; i < n; i++)
        total += (float)(x[i] * x[i]);
    return total * (1.0f / 32768 / 32768);
}

static void take_channel(const int16_t *pcm, size_t frames, int16_t *mono, float of[2]) {
    memcpy(mono, pcm, frames * sizeof *mono);
    of[0] = squares(mono, frames);
    of[1] = 0;
}

/* SHORTS frames of one side, with the squares of it and of both. */
INLINE void take_shorts(const int16_t *pcm, unsigned side, int16_t *mono, lanes *own, lanes *both) {
    shorts a = load_shorts(pcm), b = load_shorts(pcm + SHORTS);
    shorts one = side == 0 ? pack_firsts(a, b) : pack(seconds(a), seconds(b));
    store_shorts(mono, one);
    *own += pair_squares(one);
    *both += pair_squares(a) + pair_squares(b);
}

/* With a constant side the choice is none. */
INLINE void take_side(const int16_t *pcm, size_t frames, unsigned side, int16_t *mono,
                      float of[2]) {
    lanes own[2] = {all(0), all(0)}, both[2] = {all(0), all(0)};
    size_t i = 0;
    for (; i + 2 * SHORTS <= frames; i += 2 * SHORTS) {
        take_shorts(pcm + 2 * i, side, mono + i, &own[0], &both[0]);
        take_shorts(pcm + 2 * (i + SHORTS), side, mono + i + SHORTS, &own[1], &both[1]);
    }
    float total = sum(both[0] + both[1]);
    of[0] = sum(own[0] + own[1]);
    for (; i < frames; i++) {
        mono[i] = pcm[2 * i + side];
        float square = (float)(mono[i] * mono[i]), other = (float)pcm[2 * i + 1 - side];
        of[0] += square;
        total += square + other * other;
    }
    of[0] *= 1.0f / 32768 / 32768;
    of[1] = total * (1.0f / 32768 / 32768) - of[0];
    of[1] = of[1] > 0 ? of[1] : 0; /* rounding */
}

static void take(const int16_t *pcm, size_t frames, unsigned channels, unsigned side, int16_t *mono,
                 float of[2]) {
    if (channels == 1)
        take_channel(pcm, frames, mono, of);
    else if (side == 0)
        take_side(pcm, frames, 0, mono, of);
    else
        take_side(pcm, frames, 1, mono, of);
}

static int peak(const int16_t *pcm, size_t n) {
    int16_t high = 0, low = 0;
    for (size_t i = 0; i < n; i++) {
        high = pcm[i] > high ? pcm[i] : high;
        low = pcm[i] < low ? pcm[i] : low;
    }
    return high > -low ? high : -low;
}

/* LANES outputs; where ntaps and step are constants the loops unfold. */
INLINE lanes_int filtered(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step) {
    lanes_int rows[LANES];
    for (int r = 0; r < LANES; r++) {
        const int16_t *from = x + (size_t)r * step;
        rows[r] = pair_products(load_shorts(taps), load_shorts(from));
        for (size_t k = SHORTS; k < ntaps; k += SHORTS)
            rows[r] = plus_products(rows[r], load_shorts(taps + k), load_shorts(from + k));
    }
    return sums_int(rows);
}

INLINE size_t decimate_rows(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step,
                            int16_t *y, size_t ny) {
    size_t i = 0;
    for (; i + SHORTS <= ny; i += SHORTS) {
        lanes_int a = filtered(x + i * step, taps, ntaps, step);
        lanes_int b = filtered(x + (i + LANES) * step, taps, ntaps, step);
        store_shorts(y + i, pack((a + (1 << 14)) >> 15, (b + (1 << 14)) >> 15));
    }
    return i;
}

static void decimate(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step, int16_t *y,
                     size_t ny) {
    size_t i;
    if (ntaps == 48 && step == 3) /* 48 kHz: the common case */
        i = decimate_rows(x, taps, 48, 3, y, ny);
    else if (ntaps == 32 && step == 3)
        i = decimate_rows(x, taps, 32, 3, y, ny);
    else if (ntaps == 32 && step == 4)
        i = decimate_rows(x, taps, 32, 4, y, ny);
    else
        i = decimate_rows(x, taps, ntaps, step, y, ny);
    for (; i < ny; i++) {
        lanes_int row = {0};
        for (size_t k = 0; k < ntaps; k += SHORTS)
            row = plus_products(row, load_shorts(taps + k), load_shorts(x + i * step + k));
        int32_t total = 1 << 14;
        for (int l = 0; l < LANES; l++)
            total += row[l];
        y[i] = at_most_short(total >> 15);
    }
}

INLINE lanes squares_rows(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step,
                          size_t ny) {
    lanes total = all(0);
    for (size_t i = 0; i < ny; i += LANES) {
        lanes y = to_floats(filtered(x + i * step, taps, ntaps, step)) * 0x1p-30f;
        total += y * y;
    }
    return total;
}

static float band_squares(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step,
                          size_t ny) {
    if (ntaps == 48 && step == 4)
        return sum(squares_rows(x, taps, 48, 4, ny));
    return sum(squares_rows(x, taps, ntaps, step, ny));
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
 * second answer lies in natural order. Even samples are the real, odd ones the imaginary part. */
static void dft256(const int16_t x[SPECTRUM_WINDOW], float re[256], float im[256]) {
    _Alignas(32) float tre[256], tim[256];
    for (int column = 0; column < 16; column += LANES) {
        struct complex z[16];
        lanes a[16], b[16];
        for (int row = 0; row < 16; row++) {
            int at = row * 16 + column;
            shorts pairs = load_shorts(x + 2 * at);
            z[row].re = to_floats(firsts(pairs)) * load(table_hann + at);
            z[row].im = to_floats(seconds(pairs)) * load_reversed(table_hann + 256 - LANES - at);
        }
        dft16(z);
        for (int row = 0; row < 16; row++) {
            struct complex c = z[row / 4 + row % 4 * 4];
            lanes wre = load(table_twiddle_re + row * 16 + column);
            lanes wim = load(table_twiddle_im + row * 16 + column);
            a[row] = c.re * wre - c.im * wim;
            b[row] = c.re * wim + c.im * wre;
        }
        for (int row = 0; row < 16; row += LANES) {
            transpose(a + row);
            transpose(b + row);
            for (int i = 0; i < LANES; i++) {
                store(tre + (column + i) * 16 + row, a[row + i]);
                store(tim + (column + i) * 16 + row, b[row + i]);
            }
        }
    }
    for (int column = 0; column < 16; column += LANES) {
        struct complex z[16];
        for (int row = 0; row < 16; row++)
            z[row] = (struct complex){load(tre + row * 16 + column), load(tim + row * 16 + column)};
        dft16(z);
        for (int row = 0; row < 16; row++) {
            store(re + row * 16 + column, z[row / 4 + row % 4 * 4].re);
            store(im + row * 16 + column, z[row / 4 + row % 4 * 4].im);
        }
    }
}

/* A real transform of 512 by a complex one of 256: with E and O the transforms of the even and the
 * odd samples, X[k] = E + W^k O and X[256 - k] = conj(E - W^k O). The halves in E and O are the
 * window's. */
static void spectrum(const int16_t x[SPECTRUM_WINDOW], float power[SPECTRUM_PADDED]) {
    _Alignas(32) float re[256 + LANES], im[256 + LANES];
    dft256(x, re, im);
    re[256] = re[0];
    im[256] = im[0];
    for (int k = 0; k < 128; k += LANES) {
        lanes are = load(re + k), aim = load(im + k);
        lanes bre = load_reversed(re + 257 - LANES - k), bim = load_reversed(im + 257 - LANES - k);
        lanes ere = are + bre, eim = aim - bim, ore = aim + bim, oim = bre - are;
        lanes wre = load_reversed(table_sine + 129 - LANES - k), wim = -load(table_sine + k);
        lanes tre = ore * wre - oim * wim, tim = ore * wim + oim * wre;
        lanes low_re = ere + tre, low_im = eim + tim, high_re = ere - tre, high_im = eim - tim;
        store(power + k, low_re * low_re + low_im * low_im);
        store(power + 257 - LANES - k, reversed(high_re * high_re + high_im * high_im));
    }
    power[128] = 4 * (re[128] * re[128] + im[128] * im[128]);
}

/* What is added to each band: -110 dB is silence, and the padding is 0 dB. */
static const float least[MEL_PADDED] = {
    1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f,
    1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1e-11f, 1,      1,      1,      1};

static float mel(const float power[SPECTRUM_PADDED], float db[MEL_PADDED]) {
    const float *w = table_mel_weights;
    lanes total = all(0);
    for (int b = 0; b < MEL_PADDED; b += LANES) {
        lanes rows[LANES];
        for (int r = 0; r < LANES; r++) {
            rows[r] = all(0);
            if (b + r >= MEL_BANDS)
                continue;
            const float *p = power + table_mel_start[b + r];
            for (int i = 0; i < table_mel_count[b + r]; i += LANES)
                rows[r] += load(w + i) * load(p + i);
            w += table_mel_count[b + r];
        }
        lanes band = sums(rows);
        total += band;
        store(db + b, 3.01029996f * log2_of(band + load(least + b)));
    }
    return 3.01029996f * log2_of(all(sum(total) + MEL_BANDS * 1e-11f))[0];
}

static float band_sum(const float db[MEL_PADDED]) {
    lanes total = all(0);
    for (int b = 0; b < MEL_PADDED; b += LANES) {
        lanes power = exp2_of(0.332192809f * load(db + b));
        total += pick((lanes_int)(load(least + b) < 0.5f), power, all(0));
    }
    return 3.01029996f * log2_of(all(sum(total)))[0];
}

/* The line without its constant part, small enough that eighty products fit 32 bits; returns by how
 * many bits it was made smaller. */
static int centre(const int16_t line[AUTOCORR_LINE], float *dc, int16_t x[AUTOCORR_LINE]) {
    enum { MOST = 5181 };
    int total = 0, shift = 0;
    for (int i = 0; i < AUTOCORR_FRAME; i++)
        total += line[AUTOCORR_HISTORY + i];
    *dc += 0.1f * ((float)total / AUTOCORR_FRAME - *dc);
    shorts constant = (int16_t)((int)(*dc + 32768.5f) - 32768) - (shorts){0};
    for (int i = 0; i < AUTOCORR_LINE; i += SHORTS)
        store_shorts(x + i, minus(load_shorts(line + i), constant));
    for (int most = peak(x, AUTOCORR_LINE); most >> shift > MOST;)
        shift++;
    for (int i = 0; i < AUTOCORR_LINE && shift; i += SHORTS)
        store_shorts(x + i, load_shorts(x + i) >> shift);
    return shift;
}

/* Sums of products for LANES lags a vector; ascending memory is descending lag. */
INLINE void cross_products(const int16_t x[AUTOCORR_LINE], float scale,
                           float cross[AUTOCORR_LAGS]) {
    enum { VECTORS = 8 };
    int32_t pairs[AUTOCORR_LINE]; /* x[i], x[i + 1]: each sample twice, for the odd lags too */
    for (int i = 0; i < AUTOCORR_LINE - 1; i++)
        pairs[i] = (int32_t)((uint32_t)(uint16_t)x[i] | (uint32_t)x[i + 1] << 16);
    for (int lag = 0; lag < AUTOCORR_LAGS; lag += VECTORS * LANES) {
        const int32_t *now = pairs + AUTOCORR_HISTORY;
        const int32_t *then = now - AUTOCORR_LAG_MIN - lag - (LANES - 1);
        lanes_int sum[VECTORS];
        for (int v = 0; v < VECTORS; v++)
            sum[v] = (lanes_int){0};
        for (int i = 0; i < AUTOCORR_FRAME; i += 2)
            for (int v = 0; v < VECTORS; v++)
                sum[v] = plus_products(sum[v], (shorts)(now[i] - (lanes_int){0}),
                                       load_pairs(then + i - v * LANES));
        for (int v = 0; v < VECTORS; v++)
            store(cross + lag + v * LANES, reversed(to_floats(sum[v])) * scale);
    }
}

/* Energies of successive lags differ by one square that comes and one that goes. */
static void correlate(const int16_t line[AUTOCORR_LINE], float *dc, struct autocorr *now) {
    _Alignas(32) int16_t x[AUTOCORR_LINE];
    _Alignas(32) float square[AUTOCORR_LINE];
    int shift = centre(line, dc, x);
    float scale = (float)(1 << 2 * shift) * 0x1p-30f;
    cross_products(x, scale, now->cross);
    for (int i = 0; i < AUTOCORR_LINE; i += LANES) {
        lanes v = load_widened(x + i);
        store(square + i, v * v * scale);
    }
    lanes self = all(0), first = all(0);
    for (int i = 0; i < AUTOCORR_FRAME; i += LANES) {
        self += load(square + AUTOCORR_HISTORY + i);
        first += load(square + AUTOCORR_HISTORY - AUTOCORR_LAG_MIN + i);
    }
    float power = sum(self + first);
    for (int lag = 0; lag < AUTOCORR_LAGS; lag += LANES) {
        const float *comes = square + AUTOCORR_HISTORY - AUTOCORR_LAG_MIN - LANES - lag;
        lanes change = reversed(load(comes) - load(comes + AUTOCORR_FRAME));
        lanes changed = running(change);
        store(now->power + lag, power + (changed - change));
        power += changed[LANES - 1];
    }
}

static void vertices(const struct autocorr *before, const struct autocorr *now,
                     float height[AUTOCORR_LAGS], float shift[AUTOCORR_LAGS]) {
    _Alignas(32) float line[AUTOCORR_LAGS + 2 * LANES], *at = line + LANES;
    /* 2ab / (a^2 + b^2) over 40 ms: as good as ab / sqrt(a^2 b^2), never above 1, no root */
    for (int l = 0; l < AUTOCORR_LAGS; l += LANES)
        store(at + l, 2 * (load(before->cross + l) + load(now->cross + l)) /
                          (load(before->power + l) + load(now->power + l) + 1e-9f));
    at[-1] = at[0];
    at[AUTOCORR_LAGS] = at[AUTOCORR_LAGS - 1];
    for (int l = 0; l < AUTOCORR_LAGS; l += LANES) {
        lanes p = load(at + l), earlier = load(at + l - 1), later = load(at + l + 1);
        lanes slope = earlier - later, bend = earlier - 2 * p + later;
        lanes_int is_peak = (lanes_int)(p >= earlier) & (p > later) & (p > 0);
        lanes_int is_bent = is_peak & (bend < -1e-6f);
        lanes by = pick(is_bent, 0.5f * slope / pick(is_bent, bend, all(1)), all(0));
        store(shift + l, by);
        store(height + l, pick(is_peak, p - 0.25f * slope * by, all(0)));
    }
}

static void narrow(const float *x, float scale, int16_t *y, size_t n) {
    for (size_t i = 0; i < n; i += SHORTS) {
        lanes_int a = to_whole(lower(load(x + i) * scale, all(INT16_MAX)));
        lanes_int b = to_whole(lower(load(x + i + LANES) * scale, all(INT16_MAX)));
        store_shorts(y + i, pack(a, b));
    }
}

INLINE void affine_columns(const int16_t *w, const float *scale, const float *bias,
                           const int16_t *x, size_t nx, float *y, size_t ny, const int vectors) {
    lanes_int acc[6];
    for (int v = 0; v < vectors; v++)
        acc[v] = (lanes_int){0};
    for (size_t i = 0; i < nx; i += 2) {
        int32_t pair;
        memcpy(&pair, x + i, sizeof pair);
        shorts xi = (shorts)(pair - (lanes_int){0});
        for (int v = 0; v < vectors; v++)
            acc[v] = plus_products(acc[v], xi, load_shorts(w + i * ny + (size_t)(v * SHORTS)));
    }
    for (int v = 0; v < vectors; v++)
        store(y + v * LANES, to_floats(acc[v]) * load(scale + v * LANES) + load(bias + v * LANES));
}

static void affine(const int16_t *w, const float *scale, const float *bias, const int16_t *x,
                   size_t nx, float *y, size_t ny) {
    size_t j = 0;
    for (; j + 6 * LANES <= ny; j += 6 * LANES)
        affine_columns(w + 2 * j, scale + j, bias + j, x, nx, y + j, ny, 6);
    for (; j + 4 * LANES <= ny; j += 4 * LANES)
        affine_columns(w + 2 * j, scale + j, bias + j, x, nx, y + j, ny, 4);
    for (; j < ny; j += LANES)
        affine_columns(w + 2 * j, scale + j, bias + j, x, nx, y + j, ny, 1);
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
    .take = take,
    .peak = peak,
    .decimate = decimate,
    .band_squares = band_squares,
    .spectrum = spectrum,
    .mel = mel,
    .band_sum = band_sum,
    .correlate = correlate,
    .vertices = vertices,
    .narrow = narrow,
    .affine = affine,
    .gru = gru,
};
