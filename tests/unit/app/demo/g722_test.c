#include "app/demo/g722.h"

#include "unit.h"

enum { BYTES = 4000 };

/* Pseudo-random input drives every table and limit; the hash is that of ffmpeg's decoder on the same bytes. */
static void test_same_samples_as_the_reference_decoder(void **state) {
    (void)state;
    static uint8_t bytes[BYTES];
    static int16_t pcm[BYTES * G722_SAMPLES_PER_BYTE];
    uint32_t x = 12345;
    for (int i = 0; i < BYTES; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffffu;
        bytes[i] = (uint8_t)(x >> 16);
    }
    struct g722 decoder;
    g722_init(&decoder);
    g722_decode(&decoder, bytes, 1, pcm); /* in pieces as at once */
    g722_decode(&decoder, bytes + 1, BYTES - 1, pcm + 2);
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a, 64 bits */
    for (int i = 0; i < BYTES * G722_SAMPLES_PER_BYTE; i++) {
        hash = (hash ^ ((uint16_t)pcm[i] & 255)) * 0x100000001b3u;
        hash = (hash ^ ((uint16_t)pcm[i] >> 8)) * 0x100000001b3u;
    }
    assert_true(hash == 0xf1c3c8f1ae0656a9u);
}

RUN_TESTS(TEST(test_same_samples_as_the_reference_decoder))
