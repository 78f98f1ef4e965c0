/* Vectors as wide as the machine's registers, and the operations that the kernels need. Only for
 * kernels.c, which is compiled once for each width. */
#ifndef SOUND_LANES_H
#define SOUND_LANES_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* LANES floats: one register. A wider vector would live in memory. */
#if defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
enum { SHORTS = 2 * LANES };
typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t lanes_int __attribute__((vector_size(4 * LANES)));
typedef uint32_t lanes_uint __attribute__((vector_size(4 * LANES)));
typedef int16_t shorts __attribute__((vector_size(2 * SHORTS)));

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

INLINE lanes pick(lanes_int mask, lanes yes, lanes no) {
    return (lanes)((mask & (lanes_int)yes) | (~mask & (lanes_int)no));
}

INLINE shorts load_shorts(const int16_t *p) {
    shorts v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE shorts load_pairs(const int32_t *p) {
    shorts v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store_shorts(int16_t *p, shorts v) {
    memcpy(p, &v, sizeof v);
}

INLINE lanes to_floats(lanes_int v) {
    return __builtin_convertvector(v, lanes);
}

/* The first and the second of each pair of shorts. */
INLINE lanes_int firsts(shorts v) {
    return (lanes_int)((lanes_uint)v << 16) >> 16;
}

INLINE lanes_int seconds(shorts v) {
    return (lanes_int)v >> 16;
}

/* LANES shorts as floats. */
INLINE lanes load_widened(const int16_t *p) {
    typedef int16_t half __attribute__((vector_size(2 * LANES)));
    half v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, lanes);
}

INLINE int16_t at_most_short(int32_t x) {
    return (int16_t)(x < INT16_MIN ? INT16_MIN : x > INT16_MAX ? INT16_MAX : x);
}

/* The intrinsics of both widths differ in their prefix only. */
#if defined(__AVX2__)
#define WIDE(operation) _mm256_##operation
typedef __m256i whole_register;
#elif defined(__SSE2__)
#define WIDE(operation) _mm_##operation
typedef __m128i whole_register;
#endif

/* pair_products: a[2i] b[2i] + a[2i + 1] b[2i + 1]; to_whole: rounded; minus: a - b, at most s16;
 * pack: a, then b, at most s16. */
#if defined(__SSE2__)
INLINE lanes_int pair_products(shorts a, shorts b) {
    return (lanes_int)WIDE(madd_epi16)((whole_register)a, (whole_register)b);
}

INLINE lanes lower(lanes a, lanes b) {
    return WIDE(min_ps)(a, b);
}

INLINE lanes higher(lanes a, lanes b) {
    return WIDE(max_ps)(a, b);
}

INLINE lanes_int to_whole(lanes v) {
    return (lanes_int)WIDE(cvtps_epi32)(v);
}

INLINE shorts minus(shorts a, shorts b) {
    return (shorts)WIDE(subs_epi16)((whole_register)a, (whole_register)b);
}

INLINE shorts pack(lanes_int a, lanes_int b) {
    whole_register packed = WIDE(packs_epi32)((whole_register)a, (whole_register)b);
#if defined(__AVX2__)
    packed = _mm256_permute4x64_epi64(packed, 0xd8); /* each half was packed on its own */
#endif
    return (shorts)packed;
}
#else
INLINE lanes_int pair_products(shorts a, shorts b) {
    return firsts(a) * firsts(b) + seconds(a) * seconds(b);
}

INLINE lanes lower(lanes a, lanes b) {
    return pick(a < b, a, b);
}

INLINE lanes higher(lanes a, lanes b) {
    return pick(a > b, a, b);
}

INLINE lanes_int to_whole(lanes v) {
    return __builtin_convertvector(v + pick(v < 0, all(-0.5f), all(0.5f)), lanes_int);
}

INLINE shorts minus(shorts a, shorts b) {
    for (int i = 0; i < SHORTS; i++)
        a[i] = at_most_short(a[i] - b[i]);
    return a;
}

INLINE shorts pack(lanes_int a, lanes_int b) {
    shorts v;
    for (int i = 0; i < LANES; i++) {
        v[i] = at_most_short(a[i]);
        v[LANES + i] = at_most_short(b[i]);
    }
    return v;
}
#endif

/* The first of each pair of a, then of b. */
INLINE shorts pack_firsts(shorts a, shorts b) {
#if defined(__AVX2__)
    lanes_int low = (lanes_int)a & 0xffff, high = (lanes_int)b & 0xffff;
    return (shorts)_mm256_permute4x64_epi64(_mm256_packus_epi32((__m256i)low, (__m256i)high), 0xd8);
#else
    return pack(firsts(a), firsts(b));
#endif
}

INLINE lanes_int plus_products(lanes_int sum, shorts a, shorts b) {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return (lanes_int)_mm256_dpwssd_epi32((__m256i)sum, (__m256i)a, (__m256i)b);
#else
    return sum + pair_products(a, b);
#endif
}

#define SHUFFLED(a, b, ...) __builtin_shufflevector((lanes)(a), (lanes)(b), __VA_ARGS__)

#if defined(__AVX2__)
INLINE lanes reversed(lanes v) {
    return __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0);
}

INLINE float sum(lanes v) {
    v += __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3);
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5);
    return v[0] + v[1];
}

/* Every shuffle here is one instruction of AVX. */
#define PAIRED(type, a, b)                                                                         \
    ((type)SHUFFLED(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +                                             \
     (type)SHUFFLED(a, b, 1, 3, 9, 11, 5, 7, 13, 15))
#define HALVES(type, a, b)                                                                         \
    ((type)SHUFFLED(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +                                              \
     (type)SHUFFLED(a, b, 4, 5, 6, 7, 12, 13, 14, 15))

/* Lane i of the answer is the sum of rows[i]. */
INLINE lanes sums(const lanes r[LANES]) {
    lanes a = PAIRED(lanes, r[0], r[1]), b = PAIRED(lanes, r[2], r[3]);
    lanes c = PAIRED(lanes, r[4], r[5]), d = PAIRED(lanes, r[6], r[7]);
    lanes low = PAIRED(lanes, a, b), high = PAIRED(lanes, c, d);
    return HALVES(lanes, low, high);
}

INLINE lanes_int sums_int(const lanes_int r[LANES]) {
    lanes_int a = PAIRED(lanes_int, r[0], r[1]), b = PAIRED(lanes_int, r[2], r[3]);
    lanes_int c = PAIRED(lanes_int, r[4], r[5]), d = PAIRED(lanes_int, r[6], r[7]);
    lanes_int low = PAIRED(lanes_int, a, b), high = PAIRED(lanes_int, c, d);
    return HALVES(lanes_int, low, high);
}

/* Lane i becomes the sum of lanes 0..i. */
INLINE lanes running(lanes v) {
    const lanes none = {0};
    v += SHUFFLED(none, v, 0, 8, 9, 10, 4, 12, 13, 14);
    v += SHUFFLED(none, v, 0, 1, 8, 9, 4, 5, 12, 13);
    lanes low = SHUFFLED(none, v, 0, 1, 2, 3, 8, 9, 10, 11);
    return v + SHUFFLED(low, none, 0, 1, 2, 3, 7, 7, 7, 7);
}

/* LANES rows of LANES columns become LANES columns. */
INLINE void transpose(lanes r[LANES]) {
    lanes a[LANES];
    for (int i = 0; i < LANES; i += 2) {
        a[i] = SHUFFLED(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        a[i + 1] = SHUFFLED(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < LANES; i += 4) {
        r[i] = SHUFFLED(a[i], a[i + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        r[i + 1] = SHUFFLED(a[i], a[i + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        r[i + 2] = SHUFFLED(a[i + 1], a[i + 3], 0, 1, 8, 9, 4, 5, 12, 13);
        r[i + 3] = SHUFFLED(a[i + 1], a[i + 3], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    for (int i = 0; i < 4; i++) {
        lanes low = r[i], high = r[i + 4];
        r[i] = SHUFFLED(low, high, 0, 1, 2, 3, 8, 9, 10, 11);
        r[i + 4] = SHUFFLED(low, high, 4, 5, 6, 7, 12, 13, 14, 15);
    }
}
#else
INLINE lanes reversed(lanes v) {
    return __builtin_shufflevector(v, v, 3, 2, 1, 0);
}

INLINE float sum(lanes v) {
    v += __builtin_shufflevector(v, v, 2, 3, 0, 1);
    return v[0] + v[1];
}

#define PAIRED(type, a, b) ((type)SHUFFLED(a, b, 0, 2, 4, 6) + (type)SHUFFLED(a, b, 1, 3, 5, 7))

/* Lane i of the answer is the sum of rows[i]. */
INLINE lanes sums(const lanes r[LANES]) {
    lanes low = PAIRED(lanes, r[0], r[1]), high = PAIRED(lanes, r[2], r[3]);
    return PAIRED(lanes, low, high);
}

INLINE lanes_int sums_int(const lanes_int r[LANES]) {
    lanes_int low = PAIRED(lanes_int, r[0], r[1]), high = PAIRED(lanes_int, r[2], r[3]);
    return PAIRED(lanes_int, low, high);
}

/* Lane i becomes the sum of lanes 0..i. */
INLINE lanes running(lanes v) {
    const lanes none = {0};
    v += SHUFFLED(none, v, 0, 4, 5, 6);
    return v + SHUFFLED(none, v, 0, 1, 4, 5);
}

/* LANES rows of LANES columns become LANES columns. */
INLINE void transpose(lanes r[LANES]) {
    lanes a = SHUFFLED(r[0], r[1], 0, 4, 1, 5), b = SHUFFLED(r[0], r[1], 2, 6, 3, 7);
    lanes c = SHUFFLED(r[2], r[3], 0, 4, 1, 5), d = SHUFFLED(r[2], r[3], 2, 6, 3, 7);
    r[0] = SHUFFLED(a, c, 0, 1, 4, 5);
    r[1] = SHUFFLED(a, c, 2, 3, 6, 7);
    r[2] = SHUFFLED(b, d, 0, 1, 4, 5);
    r[3] = SHUFFLED(b, d, 2, 3, 6, 7);
}
#endif

INLINE lanes load_reversed(const float *p) {
    return reversed(load(p));
}

/* 2^x by its exponent and a polynomial of the rest; relative error below 3e-7. */
INLINE lanes exp2_of(lanes x) {
    lanes y = x + 127.0f;
    y = lower(higher(y, all(1.0f)), all(254.0f));
    lanes_int whole = __builtin_convertvector(y, lanes_int);
    lanes f = y - to_floats(whole);
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
    lanes e = to_floats((bits >> 23) - 127);
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

#endif
