#include "base/map.h"
#include "unit.h"

#include <stdio.h>

static void keys_are_bytes(void **state) {
    struct map map;
    map_init(&map, 7);
    int one = 1, two = 2;
    assert_null(map_find(&map, SLICE("a")));
    assert_null(map_set(&map, slice_of("a\0b", 3), &one));
    assert_null(map_set(&map, slice_of("a\0c", 3), &two));
    assert_ptr_equal(map_find(&map, slice_of("a\0b", 3)), &one);
    assert_ptr_equal(map_set(&map, slice_of("a\0b", 3), &two), &one);
    assert_ptr_equal(map_remove(&map, slice_of("a\0b", 3)), &two);
    assert_null(map_remove(&map, slice_of("a\0b", 3)));
    assert_int_equal(map.len, 1);
    map_free(&map);
}

static void a_thousand_keys_are_found_and_walked_once(void **state) {
    struct map map;
    map_init(&map, 7);
    int values[1000] = {0};
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        map_set(&map, slice_from(key), &values[i]);
    }
    struct map_cursor at = {0};
    while (map_next(&map, &at)) {
        int *value = at.value;
        ++*value;
        if (value - values >= 500)
            map_remove(&map, at.key);
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(values[i], 1);
        snprintf(key, sizeof key, "key %d", i);
        assert_ptr_equal(map_find(&map, slice_from(key)), i < 500 ? &values[i] : NULL);
    }
    map_free(&map);
}

static void a_loop_may_skip_remove_and_stop(void **state) {
    struct map map;
    map_init(&map, 7);
    int values[100], sum = 0, seen = 0;
    MAP_EACH(&map, at)
        seen++;
    assert_int_equal(seen, 0);
    for (int i = 0; i < 100; i++) {
        values[i] = i;
        map_set(&map, slice_of(&values[i], sizeof values[i]), &values[i]);
    }
    MAP_EACH(&map, at) {
        const int *value = at.value;
        assert_memory_equal(at.key.ptr, value, sizeof *value);
        if (*value % 2)
            continue;
        map_remove(&map, at.key);
    }
    MAP_EACH(&map, at)
        sum += *(int *)at.value;
    assert_int_equal(sum, 2500);
    MAP_EACH(&map, at)
        MAP_EACH(&map, other) {
            seen++;
            break;
        }
    assert_int_equal(seen, 50);
    map_free(&map);
}

static void the_seed_changes_the_hash(void **state) {
    assert_true(map_hash(1, SLICE("room")) == map_hash(1, SLICE("room")));
    assert_true(map_hash(1, SLICE("room")) != map_hash(2, SLICE("room")));
    assert_true(map_hash(1, SLICE("12345678")) != map_hash(1, SLICE("12345679")));
}

RUN_TESTS(TEST(keys_are_bytes), TEST(a_thousand_keys_are_found_and_walked_once),
          TEST(a_loop_may_skip_remove_and_stop), TEST(the_seed_changes_the_hash))
