/* Cyclic redundancy checks of 32 bits whose bits are reflected, with the polynomial as an argument. */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

#define CRC_ISO3309    UINT32_C(0xedb88320) /* of Ethernet, ZIP and STUN */
#define CRC_CASTAGNOLI UINT32_C(0x82f63b78) /* CRC-32C, of SCTP */

/* The register after these bytes. It begins as UINT32_MAX; the check is its complement. */
static inline uint32_t crc_add(uint32_t crc, uint32_t polynomial, const uint8_t *bytes,
                               size_t len) {
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    return crc;
}

#endif
