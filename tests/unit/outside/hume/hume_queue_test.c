#include "outside/hume/hume_queue.h"

#include "base/mem.h"
#include "unit.h"

struct world {
    struct hume_queue queue;
    _Atomic size_t kept_bytes;
};

static int begin(void **state) {
    struct world *world = mem_alloc(sizeof *world);
    hume_queue_init(&world->queue, &world->kept_bytes);
    *state = world;
    return 0;
}

static int end(void **state) {
    struct world *world = *state;
    while (hume_queue_first(&world->queue))
        mem_free(hume_queue_take(&world->queue, HUME_DROPPED));
    mem_free(world->queue.filling);
    assert_int_equal(world->kept_bytes, 0);
    mem_free(world);
    return 0;
}

static void add_audio(struct world *world, int16_t value) {
    struct hume_item *item = hume_item_new(value * 100, 1);
    item->pcm[0] = value;
    hume_queue_add(&world->queue, item);
}

static void add_flush(struct world *world, int64_t at_ms) {
    struct hume_item *flush = hume_item_new(at_ms, 0);
    flush->is_flush = true;
    hume_queue_add(&world->queue, flush);
}

/* The first item's sample. */
static int take(struct world *world, enum hume_fate fate) {
    struct hume_item *item = hume_queue_take(&world->queue, fate);
    assert_int_equal(item->samples, 1);
    int value = item->pcm[0];
    mem_free(item);
    return value;
}

static void take_flush(struct world *world, enum hume_fate expected) {
    struct hume_item *item = hume_queue_take(&world->queue, HUME_SENT);
    assert_true(item->is_flush);
    mem_free(item);
    assert_int_equal(hume_queue_end_group(&world->queue), expected);
}

static void items_come_out_in_order_and_their_bytes_are_counted(void **state) {
    struct world *world = *state;
    for (int16_t i = 1; i <= 3; i++)
        add_audio(world, i);
    assert_int_equal(world->kept_bytes, 3 * sizeof(int16_t));
    assert_int_equal(world->queue.waiting, 3);
    assert_int_equal(take(world, HUME_SENT), 1);
    struct hume_item *again = hume_queue_take(&world->queue, HUME_SENT);
    hume_queue_put_back(&world->queue, again);
    assert_int_equal(take(world, HUME_SENT), 2);
    assert_int_equal(take(world, HUME_SENT), 3);
    assert_int_equal(world->kept_bytes, 0);
    assert_null(hume_queue_first(&world->queue));
}

static void the_oldest_audio_goes_and_its_own_group_learns_of_it(void **state) {
    struct world *world = *state;
    add_audio(world, 1);
    add_audio(world, 2);
    add_flush(world, 200);
    add_audio(world, 3);
    add_flush(world, 300);
    assert_int_equal(hume_queue_limit(&world->queue, 1), 2);
    assert_int_equal(hume_queue_limit(&world->queue, 1), 0);
    assert_int_equal(world->kept_bytes, sizeof(int16_t));
    for (int i = 0; i < 2; i++) {
        struct hume_item *mark = hume_queue_take(&world->queue, HUME_SENT);
        assert_true(mark->is_dropped);
        assert_int_equal(mark->samples, 0);
        mem_free(mark);
    }
    take_flush(world, HUME_DROPPED);
    assert_int_equal(take(world, HUME_SENT), 3);
    take_flush(world, HUME_SENT);
}

static void the_worst_fate_of_its_parts_is_that_of_a_group(void **state) {
    struct world *world = *state;
    add_flush(world, 0);
    take_flush(world, HUME_SILENT);
    static const enum hume_fate fates[] = {HUME_SENT, HUME_DROPPED, HUME_ERROR};
    for (int count = 1; count <= 3; count++) {
        for (int i = 0; i < count; i++) {
            add_audio(world, 7);
            take(world, fates[count - 1 - i]);
        }
        add_flush(world, 0);
        take_flush(world, fates[count - 1]);
    }
}

static void pieces_fill_one_item_up_to_its_size(void **state) {
    struct world *world = *state;
    static const int16_t pcm[] = {1, 2, 3, 4, 5};
    assert_null(hume_queue_take_filled(&world->queue));
    assert_int_equal(hume_queue_fill(&world->queue, 4, pcm, 3, 70), 3);
    assert_int_equal(hume_queue_fill(&world->queue, 4, pcm + 3, 2, 80), 1);
    assert_int_equal(hume_queue_fill(&world->queue, 4, pcm + 4, 1, 90), 0);
    struct hume_item *item = hume_queue_take_filled(&world->queue);
    assert_int_equal(item->samples, 4);
    assert_int_equal(item->from_ms, 70);
    assert_memory_equal(item->pcm, pcm, 4 * sizeof *pcm);
    mem_free(item);
    assert_int_equal(hume_queue_fill(&world->queue, 4, pcm + 4, 1, 90), 1);
    item = hume_queue_take_filled(&world->queue);
    assert_int_equal(item->samples, 1);
    mem_free(item);
}

#define QUEUE_TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

RUN_TESTS(QUEUE_TEST(items_come_out_in_order_and_their_bytes_are_counted),
          QUEUE_TEST(the_oldest_audio_goes_and_its_own_group_learns_of_it),
          QUEUE_TEST(the_worst_fate_of_its_parts_is_that_of_a_group),
          QUEUE_TEST(pieces_fill_one_item_up_to_its_size))
