/* Calls, on SQLite, or with the path of tests/fixtures/postgres as argument on PostgreSQL. */
#include "base/clock.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>

/* A minute ago, because the store deletes feedback that is too old. */
static int64_t T0;

static void never(int err, const struct store_session *s, void *arg) {
    fail_msg("a cancelled call was answered");
}

static void a_cancelled_call_is_silent(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    store_cancel(store_session_get(store, SLICE("x"), never, NULL));
    struct answer a = ask_session(f, store, "x");
    assert_int_equal(a.err, ENOENT);
    store_cancel(store_session_get(store, SLICE("x"), never, NULL));
    store_close(store, 1000);
}

static void a_held_database_answers_within_the_deadline(void **state) {
    struct store_fixture *f = *state;
    const struct store_settings config = {
        .feedback_ttl_days = 14, .deadline_ms = 600, .feedback_queue_max = 20};
    struct store *store = fixture_open(f, &config);
    struct db *holder = fixture_hold(f);
    struct answer a = {0}, b = {0};
    const struct store_session_start start = {
        .meeting_id = SLICE("m"), .room_name = SLICE("r"), .at_ms = T0};
    store_session_start(store, &start, answer_session, &a);
    store_session_start(store, &start, answer_session, &b);
    fixture_wait(f, &a.done);
    fixture_wait(f, &b.done);
    assert_int_equal(a.err, EAGAIN);
    assert_int_equal(b.err, EAGAIN);

    for (unsigned i = 1; i <= 20; i++)
        add_event(store, "m", i, T0 + i);
    const struct store_feedback more = {.id = SLICE("x"), .meeting_id = SLICE("m")};
    assert_false(store_feedback_add(store, &more));
    struct store_stats stats;
    store_stats(store, &stats);
    assert_int_equal(stats.dropped, 1);
    assert_int_equal(stats.queued, 20);
    fixture_release(holder);
    store_close(store, 30000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 20);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_cancelled_call_is_silent),
        STORE_TEST(a_held_database_answers_within_the_deadline),
    };
    T0 = clock_wall_ms() - 60000;
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
