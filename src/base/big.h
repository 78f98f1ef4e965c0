/* Big-endian numbers, network byte order, as in RTP, STUN and SCTP. The bytes may have any
 * alignment. */
#ifndef BASE_BIG_H
#define BASE_BIG_H

#include <stdint.h>

static inline uint16_t big_u16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t big_u24(const uint8_t *p) {
    return (uint32_t)p[0] << 16 | big_u16(p + 1);
}

static inline uint32_t big_u32(const uint8_t *p) {
    return (uint32_t)big_u16(p) << 16 | big_u16(p + 2);
}

static inline uint64_t big_u64(const uint8_t *p) {
    return (uint64_t)big_u32(p) << 32 | big_u32(p + 4);
}

/* Each returns the position after the number written. */
static inline uint8_t *big_put_u16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static inline uint8_t *big_put_u32(uint8_t *p, uint32_t v) {
    p = big_put_u16(p, (uint16_t)(v >> 16));
    return big_put_u16(p, (uint16_t)v);
}

static inline uint8_t *big_put_u64(uint8_t *p, uint64_t v) {
    p = big_put_u32(p, (uint32_t)(v >> 32));
    return big_put_u32(p, (uint32_t)v);
}

#endif
