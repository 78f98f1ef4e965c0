/* The breaker, with a clock that the test sets. Tracks are nothing but their addresses here. */
#include "outside/hume/hume_gate.h"

#include "unit.h"

enum { STEP_MS = 1000, PIONEERS = 5, FAILURES = 5 };

struct world {
    struct hume_limiter limiter;
    struct hume_gate gate;
    int64_t now_ms;
    char tracks[20];
};

static void begin(struct world *world) {
    *world = (struct world){.now_ms = 1000000};
    hume_gate_init(&world->gate, &world->limiter, 1000);
}

static const struct hume_track *track_of(struct world *world, int i) {
    return (const struct hume_track *)(void *)&world->tracks[i];
}

/* As hume_track does: a handshake, and then the state of dialling. */
static bool dial(struct world *world, int i) {
    world->now_ms += STEP_MS;
    if (!hume_gate_take(&world->gate, track_of(world, i), world->now_ms))
        return false;
    world->gate.dialling++;
    return true;
}

static void break_off(struct world *world, int i) {
    world->gate.dialling--;
    hume_gate_failed(&world->gate, track_of(world, i), "test", world->now_ms);
}

static void open_breaker(struct world *world) {
    for (int i = 0; i < FAILURES; i++) {
        assert_int_equal(world->gate.probe_ms, 0);
        assert_true(dial(world, i));
        break_off(world, i);
    }
}

static void five_failures_in_a_row_open_the_breaker(void **state) {
    struct world world;
    begin(&world);
    open_breaker(&world);
    assert_in_range(world.gate.probe_ms - world.now_ms, HUME_BACKOFF_MS / 2, HUME_BACKOFF_MS);
    assert_false(hume_gate_has_room(&world.gate, world.now_ms));
    assert_false(hume_gate_take(&world.gate, track_of(&world, 0), world.gate.probe_ms - 1));
}

static void an_answer_between_keeps_it_closed(void **state) {
    struct world world;
    begin(&world);
    for (int i = 0; i < FAILURES * 2; i++) {
        assert_true(dial(&world, 0));
        break_off(&world, 0);
        if (i % FAILURES == FAILURES - 2)
            hume_gate_succeeded(&world.gate);
        assert_int_equal(world.gate.probe_ms, 0);
    }
}

static void one_probe_at_a_time_goes_out_and_each_waits_longer(void **state) {
    struct world world;
    begin(&world);
    open_breaker(&world);
    int64_t wait_ms = HUME_BACKOFF_MS;
    for (int i = 0; i < 10; i++) {
        world.now_ms = world.gate.probe_ms;
        assert_true(dial(&world, 1));
        assert_false(dial(&world, 2));
        break_off(&world, 2); /* a connection from before says nothing about the probe */
        world.gate.dialling++;
        assert_ptr_equal(world.gate.probe, track_of(&world, 1));
        break_off(&world, 1);
        wait_ms = wait_ms * 2 < HUME_BACKOFF_MAX_MS ? wait_ms * 2 : HUME_BACKOFF_MAX_MS;
        assert_in_range(world.gate.probe_ms - world.now_ms, wait_ms / 2, wait_ms);
    }
}

static void a_probe_that_is_answered_closes_it(void **state) {
    struct world world;
    begin(&world);
    open_breaker(&world);
    world.now_ms = world.gate.probe_ms;
    assert_true(dial(&world, 1));
    hume_gate_reached(&world.gate);
    hume_gate_succeeded(&world.gate);
    for (int i = 2; i < 12; i++)
        assert_true(dial(&world, i));
}

static void a_probe_whose_track_ends_makes_way_for_the_next(void **state) {
    struct world world;
    begin(&world);
    open_breaker(&world);
    world.now_ms = world.gate.probe_ms;
    assert_true(dial(&world, 1));
    assert_false(dial(&world, 2));
    hume_gate_forget(&world.gate, track_of(&world, 1));
    world.gate.dialling--;
    assert_true(dial(&world, 2));
}

static void until_one_is_through_five_dial_and_the_others_lose_patience(void **state) {
    struct world world;
    begin(&world);
    int64_t began_ms = world.now_ms + STEP_MS;
    for (int i = 0; i < PIONEERS; i++)
        assert_true(dial(&world, i));
    assert_false(dial(&world, PIONEERS));
    assert_true(hume_gate_has_room(&world.gate, began_ms + 1500));
    assert_true(hume_gate_may_wait(&world.gate, began_ms + 1500));
    assert_false(hume_gate_has_room(&world.gate, began_ms + 1501));
    assert_false(hume_gate_may_wait(&world.gate, began_ms + 1501));
    hume_gate_reached(&world.gate);
    assert_true(hume_gate_has_room(&world.gate, world.now_ms));
    assert_true(dial(&world, PIONEERS));
}

static void a_refusal_lasts_ten_minutes_and_then_one_looks(void **state) {
    struct world world;
    begin(&world);
    assert_true(dial(&world, 0));
    world.gate.dialling--;
    hume_gate_refused(&world.gate, track_of(&world, 0), "http_401", world.now_ms);
    assert_string_equal(world.gate.refusal, "http_401");
    int64_t until_ms = world.now_ms + 10 * 60 * 1000;
    assert_false(hume_gate_has_room(&world.gate, until_ms - 1));
    assert_false(hume_gate_take(&world.gate, track_of(&world, 0), until_ms - 1));
    assert_true(hume_gate_take(&world.gate, track_of(&world, 0), until_ms));
    assert_false(hume_gate_take(&world.gate, track_of(&world, 1), until_ms));
    hume_gate_succeeded(&world.gate);
    assert_string_equal(world.gate.refusal, "");
    assert_true(hume_gate_take(&world.gate, track_of(&world, 1), until_ms));
}

RUN_TESTS(TEST(five_failures_in_a_row_open_the_breaker), TEST(an_answer_between_keeps_it_closed),
          TEST(one_probe_at_a_time_goes_out_and_each_waits_longer),
          TEST(a_probe_that_is_answered_closes_it),
          TEST(a_probe_whose_track_ends_makes_way_for_the_next),
          TEST(until_one_is_through_five_dial_and_the_others_lose_patience),
          TEST(a_refusal_lasts_ten_minutes_and_then_one_looks))
