#include "outside/disk/chain.h"

#include "unit.h"

enum { LONG_BYTES = 2 * DISK_BLOCK_BYTES + 100 };

static uint8_t byte_at(size_t i) {
    return (uint8_t)(i * 7 + i / 251 + 1);
}

/* Its bytes, one behind the other. Gives the blocks back. */
static size_t drain(struct chain *chain, uint8_t out[LONG_BYTES]) {
    size_t len = 0;
    struct disk_block *first = chain_take(chain);
    for (const struct disk_block *block = first; block; block = block->next) {
        memcpy(out + len, block->data, block->len);
        len += block->len;
    }
    if (first) {
        assert_int_equal(chain_bytes(first), len);
        disk_port_give(first);
    }
    return len;
}

static void bytes_fill_block_after_block(void **state) {
    struct chain chain = {.port = disk_port_new(NULL)};
    static uint8_t in[LONG_BYTES], out[LONG_BYTES];
    for (size_t i = 0; i < LONG_BYTES; i++)
        in[i] = byte_at(i);
    for (size_t at = 0; at < LONG_BYTES;) {
        size_t n = LONG_BYTES - at < 999 ? LONG_BYTES - at : 999;
        chain_append(&chain, in + at, n);
        at += n;
        assert_int_equal(chain.bytes, at);
    }
    assert_int_equal(chain.first->len, DISK_BLOCK_BYTES);
    assert_int_equal(chain.last->len, 100);
    assert_int_equal(drain(&chain, out), LONG_BYTES);
    assert_memory_equal(out, in, LONG_BYTES);
    assert_int_equal(chain.bytes, 0);
    assert_null(chain_take(&chain));
    disk_port_free(chain.port);
}

static void no_bytes_are_zeros(void **state) {
    struct chain chain = {.port = disk_port_new(NULL)};
    static uint8_t out[LONG_BYTES];
    chain_append(&chain, "ab", 2);
    chain_append(&chain, NULL, 3);
    chain_append(&chain, "c", 1);
    assert_int_equal(drain(&chain, out), 6);
    assert_memory_equal(out, "ab\0\0\0c", 6);
    disk_port_free(chain.port);
}

static void a_patch_may_lie_over_a_seam(void **state) {
    struct chain chain = {.port = disk_port_new(NULL)};
    static uint8_t out[LONG_BYTES];
    chain_append(&chain, NULL, LONG_BYTES);
    chain_patch(&chain, DISK_BLOCK_BYTES - 2, "wxyz", 4);
    chain_patch(&chain, LONG_BYTES - 1, "!and beyond", 11);
    assert_int_equal(drain(&chain, out), LONG_BYTES);
    assert_memory_equal(out + DISK_BLOCK_BYTES - 3, "\0wxyz\0", 6);
    assert_memory_equal(out + LONG_BYTES - 2, "\0!", 2);
    disk_port_free(chain.port);
}

static void an_empty_batch_has_a_block_once(void **state) {
    struct chain chain = {.port = disk_port_new(NULL)};
    uint8_t out[LONG_BYTES];
    chain_begin(&chain);
    struct disk_block *first = chain.first;
    assert_non_null(first);
    chain_begin(&chain);
    assert_ptr_equal(chain.last, first);
    assert_int_equal(drain(&chain, out), 0);
    disk_port_free(chain.port);
}

RUN_TESTS(TEST(bytes_fill_block_after_block), TEST(no_bytes_are_zeros),
          TEST(a_patch_may_lie_over_a_seam), TEST(an_empty_batch_has_a_block_once))
