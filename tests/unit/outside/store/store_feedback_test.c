/* Feedback, on SQLite, or with the path of tests/fixtures/postgres as argument on PostgreSQL. */
#include "base/clock.h"
#include "base/macros.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A minute ago, because the store deletes feedback that is too old. */
static int64_t T0;

static struct answer list_feedback(struct store_fixture *f, struct store *store,
                                   const char *meeting, int64_t from_ms, int64_t to_ms,
                                   const char *cursor, unsigned limit) {
    return ask_feedback(f, store,
                        &(struct store_feedback_filter){.meeting_id = slice_from(meeting),
                                                        .from_ms = from_ms,
                                                        .to_ms = to_ms,
                                                        .cursor = slice_from(cursor),
                                                        .limit = limit});
}

static void feedback_is_read_back_newest_first(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    for (unsigned i = 1; i <= 450; i++)
        add_event(store, "m", i, T0 + i / 10);
    add_event(store, "other", 1, T0);

    struct answer a = list_feedback(f, store, "m", 0, 0, "", 1);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.ts_ms[0], T0 + 45);
    assert_string_equal(a.name, "Ana Bela");
    assert_string_equal(a.message, "Ana: volume baixo; \xC3\xA9 preciso aumentar");
    assert_non_null(strstr(a.metadata, "-31.5"));
    assert_non_null(strstr(a.tips, "Chegue perto"));

    char cursor[256] = "";
    unsigned total = 0;
    bool seen[451] = {false};
    int64_t last_ms = INT64_MAX;
    do {
        a = list_feedback(f, store, "m", 0, 0, cursor, 100);
        for (size_t i = 0; i < a.count; i++, total++) {
            assert_true(a.ts_ms[i] <= last_ms);
            assert_false(seen[a.seq[i]]);
            seen[a.seq[i]] = true;
            last_ms = a.ts_ms[i];
        }
        snprintf(cursor, sizeof cursor, "%s", a.next);
    } while (*cursor);
    assert_int_equal(total, 450);
    assert_int_equal(list_feedback(f, store, "m", T0 + 10, T0 + 12, "", 100).count, 20);

    a = (struct answer){0};
    store_feedback_replay(store, SLICE("m"), 440, 100, answer_feedback, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.count, 10);
    assert_int_equal(a.seq[0], 441);
    assert_int_equal(a.seq[9], 450);
    const struct store_session_start start = {
        .meeting_id = SLICE("m"), .room_name = SLICE("r"), .at_ms = T0};
    assert_int_equal(ask_start(f, store, &start).last_seq, 450);
    store_close(store, 1000);
}

static void a_provisional_meetings_events_follow_it(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    add_event(store, "room", 1, T0 - 86400000);
    for (unsigned i = 2; i <= 11; i++)
        add_event(store, "room", i, T0 + i);
    struct answer a = {0};
    store_feedback_rename(store, SLICE("room"), SLICE("RM_9"), T0, answer_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    assert_int_equal(list_feedback(f, store, "RM_9", 0, 0, "", 100).count, 10);
    assert_int_equal(list_feedback(f, store, "room", 0, 0, "", 100).count, 1);
    store_close(store, 1000);
}

static void closing_writes_what_waits(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    for (unsigned i = 1; i <= 1000; i++)
        add_event(store, "m", i, T0 + i);
    store_close(store, 30000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 1000);
}

static void the_same_event_is_there_once(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    for (int i = 0; i < 3; i++)
        add_event(store, "m", 7, T0);
    add_event(store, "m", 8, T0);
    store_close(store, 30000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 2);
}

static void one_bad_event_does_not_hold_up_the_others(void **state) {
    struct store_fixture *f = *state;
    if (!fixture_is_postgres(f))
        return; /* SQLite takes what it is given */
    struct store *store = fixture_open(f, NULL);
    for (unsigned i = 1; i <= 20; i++)
        add_event(store, "m", i, T0 + i);
    const struct slice bad[] = {SLICE("{\"a\":\"\\ud800\"}"), SLICE("{\"a\":\"\\u0000\"}"),
                                SLICE("{"), SLICE("{\"a\":\"\xFF\"}"), SLICE("{\"a\":\"\0\"}")};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char id[16];
        snprintf(id, sizeof id, "bad-%zu", i);
        const struct store_feedback event = {.id = slice_from(id),
                                             .meeting_id = SLICE("m"),
                                             .participant_id = SLICE("p"),
                                             .type = SLICE("volume_baixo"),
                                             .severity = SLICE("info"),
                                             .metadata = bad[i]};
        assert_true(store_feedback_add(store, &event));
    }
    const struct store_feedback unknown = {.id = SLICE("bad-type"),
                                           .meeting_id = SLICE("m"),
                                           .type = SLICE("nonsense"),
                                           .severity = SLICE("info")};
    assert_true(store_feedback_add(store, &unknown));
    for (unsigned i = 21; i <= 40; i++)
        add_event(store, "m", i, T0 + i);
    assert_int_equal(list_feedback(f, store, "m", 0, 0, "", 100).count, 40);
    struct store_stats stats;
    store_stats(store, &stats);
    assert_int_equal(stats.refused, 6);
    assert_int_equal(stats.written, 40);
    assert_int_equal(stats.queued, 0);
    store_close(store, 1000);
}

static bool is_expired(void *arg) {
    struct store_stats stats;
    store_stats(arg, &stats);
    return stats.expired == 1200;
}

static void what_is_old_goes(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    const int64_t now_ms = clock_wall_ms();
    for (unsigned i = 1; i <= 1200; i++)
        add_event(store, "old", i, now_ms - INT64_C(15) * 24 * 3600 * 1000);
    add_event(store, "new", 1, now_ms);
    store_close(store, 30000);
    store = fixture_open(f, NULL);
    assert_true(fixture_wait_for(f, is_expired, store, 8000));
    store_close(store, 1000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 1);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(feedback_is_read_back_newest_first),
        STORE_TEST(a_provisional_meetings_events_follow_it),
        STORE_TEST(closing_writes_what_waits),
        STORE_TEST(the_same_event_is_there_once),
        STORE_TEST(one_bad_event_does_not_hold_up_the_others),
        STORE_TEST(what_is_old_goes),
    };
    T0 = clock_wall_ms() - 60000;
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
