#include "app/tracks/way.h"

#include "unit.h"

static const uint8_t zeros[96], noise[] = {75, 0, 0xb5, 0xff}, sound[] = {0, 0, 0x80, 0xff};

static void until_it_is_measured_a_setting_stands_in(void **state) {
    struct way way;
    way_init(&way, 2500, 1000);
    assert_int_equal(way.delay_ms, 2500);
    assert_false(way.is_measured);
    assert_false(way_hear(&way, zeros, sizeof zeros, 1020));
    assert_false(way_hear(&way, noise, sizeof noise, 1040));
    assert_false(way.is_measured);
}

static void first_bytes_that_were_held_tell_the_delay(void **state) {
    struct way way;
    way_init(&way, 2500, 1000);
    assert_true(way_hear(&way, zeros, sizeof zeros, 3060));
    assert_true(way.is_measured);
    assert_int_equal(way.delay_ms, 2060);
    assert_false(way_hear(&way, sound, sizeof sound, 6300)); /* spoken later */
    assert_int_equal(way.delay_ms, 2060);
}

static void the_first_sound_after_zeros_tells_it_and_the_least_holds(void **state) {
    struct way way;
    way_init(&way, 2500, 1000);
    way_hear(&way, zeros, sizeof zeros, 1020);
    assert_true(way_hear(&way, sound, sizeof sound, 4200));
    assert_int_equal(way.delay_ms, 3200);
    assert_false(way_hear(&way, sound, sizeof sound, 4220));
    way_close(&way);
    way_open(&way, 20000);
    way_hear(&way, noise, sizeof noise, 20020);
    assert_true(way_hear(&way, sound, sizeof sound, 22180));
    assert_int_equal(way.delay_ms, 2180);
    way_close(&way);
    way_open(&way, 40000);
    assert_false(way_hear(&way, sound, sizeof sound, 45000));
    assert_int_equal(way.delay_ms, 2180);
}

static void who_speaks_late_measures_nothing(void **state) {
    struct way way;
    way_init(&way, 2500, 1000);
    way_hear(&way, zeros, sizeof zeros, 1020);
    assert_false(way_hear(&way, sound, sizeof sound, 1001 + WAY_MAX_MS));
    assert_false(way.is_measured);
    assert_int_equal(way.delay_ms, 2500);
}

RUN_TESTS(TEST(until_it_is_measured_a_setting_stands_in),
          TEST(first_bytes_that_were_held_tell_the_delay),
          TEST(the_first_sound_after_zeros_tells_it_and_the_least_holds),
          TEST(who_speaks_late_measures_nothing))
