/* Random numbers from OpenSSL's generator, which is strong enough for keys. Aborts when the system
 * provides none. */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *ptr, size_t len);
uint64_t rand_u64(void);

/* Uniform over 0 <= x < below; `below` is not 0. */
uint64_t rand_below(uint64_t below);

enum { RAND_UUID_SIZE = 37 };

/* A random (version 4) UUID as text. */
void rand_uuid(char out[RAND_UUID_SIZE]);

/* `len` characters of the base64url alphabet, 6 random bits each. `out` has room for a terminator
 * too: len + 1 bytes. */
void rand_token(char *out, size_t len);

#endif
