#include "base/rand.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

void rand_bytes(void *ptr, size_t len) {
    assert(len <= INT32_MAX);
    if (RAND_bytes(ptr, (int)len) == 1)
        return;
    fprintf(stderr, "prosa: the system gives no random numbers\n");
    abort();
}

uint64_t rand_u64(void) {
    uint64_t value;
    rand_bytes(&value, sizeof value);
    return value;
}

uint64_t rand_below(uint64_t below) {
    assert(below);
    /* Values from the limit on would favour small remainders, so they are drawn again. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % below;
    uint64_t value;
    do
        value = rand_u64();
    while (value >= limit);
    return value % below;
}

void rand_uuid(char out[RAND_UUID_SIZE]) {
    uint8_t b[16];
    rand_bytes(b, sizeof b);
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    snprintf(out, RAND_UUID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

void rand_token(char *out, size_t len) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    rand_bytes(out, len);
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[(unsigned char)out[i] & 63];
    out[len] = '\0';
}
