/* Blocks on their way: what is needed stays, what a standstill of the disk needed goes back. */
#include "outside/disk/disk_port.h"

#include "base/mem.h"
#include "unit.h"

#include <sys/mman.h>

enum { STANDSTILL = 100, USUAL = 10, ROUNDS = 50 };

/* Takes `count` blocks at a time, writes to them and gives them back, each by itself. */
static void pass_through(struct disk_port *port, size_t count, uint8_t **data) {
    struct disk_block *blocks[STANDSTILL];
    for (size_t i = 0; i < count; i++) {
        blocks[i] = disk_port_take(port);
        assert_null(blocks[i]->next);
        assert_int_equal(blocks[i]->len, 0);
        memset(blocks[i]->data, 1, DISK_BLOCK_BYTES);
        if (data)
            data[i] = blocks[i]->data;
    }
    for (size_t i = 0; i < count; i++)
        disk_port_give(blocks[i]);
}

static size_t count_mapped(uint8_t *const *data, size_t count) {
    unsigned char pages[DISK_BLOCK_BYTES / 4096];
    size_t mapped = 0;
    for (size_t i = 0; i < count; i++)
        mapped += mincore(data[i], DISK_BLOCK_BYTES, pages) == 0;
    return mapped;
}

static void a_standstill_is_forgotten_while_audio_goes_on(void **state) {
    struct disk_port *port = disk_port_new(NULL);
    uint8_t *data[STANDSTILL];
    pass_through(port, STANDSTILL, data);
    disk_port_trim(port);
    assert_int_equal(count_mapped(data, STANDSTILL), STANDSTILL);
    for (int i = 0; i < ROUNDS; i++) {
        for (int j = 0; j < STANDSTILL; j++) /* all of them are used in turn */
            pass_through(port, USUAL, NULL);
        disk_port_trim(port);
    }
    assert_int_equal(count_mapped(data, STANDSTILL), USUAL);
    disk_port_free(port);
}

static void what_is_needed_in_every_span_stays(void **state) {
    struct disk_port *port = disk_port_new(NULL);
    uint8_t *data[USUAL];
    pass_through(port, USUAL, data);
    for (int i = 0; i < ROUNDS; i++) {
        disk_port_trim(port);
        assert_int_equal(count_mapped(data, USUAL), USUAL);
        pass_through(port, USUAL, NULL);
    }
    disk_port_free(port);
}

static void what_is_in_use_outlasts_every_trim(void **state) {
    struct disk_port *port = disk_port_new(NULL);
    struct disk_block *block = disk_port_take(port);
    uint8_t *data = block->data;
    for (int i = 0; i < 3; i++) {
        disk_port_trim(port);
        assert_int_equal(count_mapped(&data, 1), 1);
    }
    disk_port_give(block);
    disk_port_trim(port); /* the span in which it was used */
    disk_port_trim(port);
    assert_int_equal(count_mapped(&data, 1), 0);
    disk_port_free(port);
}

RUN_TESTS(TEST(a_standstill_is_forgotten_while_audio_goes_on),
          TEST(what_is_needed_in_every_span_stays), TEST(what_is_in_use_outlasts_every_trim))
