/* Little-endian numbers, as in RIFF, IVF and Ogg files. The bytes may have any alignment. */
#ifndef BASE_LITTLE_H
#define BASE_LITTLE_H

#include <stdint.h>

static inline uint16_t little_u16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t little_u32(const uint8_t *p) {
    return little_u16(p) | (uint32_t)little_u16(p + 2) << 16;
}

static inline uint64_t little_u64(const uint8_t *p) {
    return little_u32(p) | (uint64_t)little_u32(p + 4) << 32;
}

/* Each returns the position after the number written. */
static inline uint8_t *little_put_u16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    return p + 2;
}

static inline uint8_t *little_put_u32(uint8_t *p, uint32_t v) {
    p = little_put_u16(p, (uint16_t)v);
    return little_put_u16(p, (uint16_t)(v >> 16));
}

static inline uint8_t *little_put_u64(uint8_t *p, uint64_t v) {
    p = little_put_u32(p, (uint32_t)v);
    return little_put_u32(p, (uint32_t)(v >> 32));
}

#endif
