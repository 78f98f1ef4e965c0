#include "base/ring.h"
#include "unit.h"

static void first_in_first_out_up_to_the_limit(void **state) {
    struct ring ring;
    ring_init(&ring, sizeof(int), 20);
    int in = 0, out = 0, value;
    for (int round = 0; round < 100; round++) {
        while (ring_push(&ring, &in))
            in++;
        assert_int_equal(ring.len, 20);
        for (int i = 0; i < 7; i++) {
            assert_true(ring_pop(&ring, &value));
            assert_int_equal(value, out++);
        }
    }
    assert_int_equal(*(int *)ring_at(&ring, 0), out);
    while (ring_pop(&ring, &value))
        assert_int_equal(value, out++);
    assert_int_equal(in, out);
    assert_false(ring_pop(&ring, NULL));
    ring_free(&ring);
}

RUN_TESTS(TEST(first_in_first_out_up_to_the_limit))
