/*
 * Everything the store promises, on SQLite, or with the path of tests/fixtures/postgres as argument
 * on PostgreSQL.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "net/loop.h"
#include "outside/store/store.h"
#include "outside/db/db.h"
#include "store_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A minute ago: what is older than the time feedback is kept is deleted behind a test's back. */
static int64_t T0;

/* An answer, copied. */
struct answer {
    bool done;
    int err;
    size_t count;
    char meeting[200][64];
    char owner[64];
    char room_sid[64];
    char room_name[64];
    enum session_status status;
    int64_t started_ms, ended_ms, last_seq;
    int64_t seq[200], ts_ms[200];
    char next[256];
    char tips[128], metadata[256], name[64], message[128];
};

static void copy(char *out, size_t size, struct slice text) {
    snprintf(out, size, "%.*s", SLICE_ARG(text));
}

static void on_done(int err, void *arg) {
    struct answer *a = arg;
    a->err = err;
    a->done = true;
}

static void on_session(int err, const struct store_session *s, void *arg) {
    struct answer *a = arg;
    a->err = err;
    a->done = true;
    if (err)
        return;
    copy(a->meeting[0], sizeof a->meeting[0], s->meeting_id);
    copy(a->owner, sizeof a->owner, s->organization_slug);
    copy(a->room_sid, sizeof a->room_sid, s->room_sid);
    copy(a->room_name, sizeof a->room_name, s->room_name);
    a->status = s->status;
    a->started_ms = s->started_ms;
    a->ended_ms = s->ended_ms;
    a->last_seq = s->last_seq;
}

static void on_sessions(int err, const struct store_session_list *list, void *arg) {
    struct answer *a = arg;
    a->err = err;
    a->done = true;
    for (size_t i = 0; !err && i < list->count; i++)
        copy(a->meeting[i], sizeof a->meeting[i], list->sessions[i].meeting_id);
    a->count = err ? 0 : list->count;
    copy(a->next, sizeof a->next, err ? SLICE_NONE : list->next);
}

static void on_feedback(int err, const struct store_feedback_list *list, void *arg) {
    struct answer *a = arg;
    a->err = err;
    a->done = true;
    a->count = err ? 0 : list->count;
    for (size_t i = 0; i < a->count; i++) {
        a->seq[i] = list->events[i].seq;
        a->ts_ms[i] = list->events[i].ts_ms;
    }
    if (a->count > 0) {
        copy(a->tips, sizeof a->tips, list->events[0].tips);
        copy(a->metadata, sizeof a->metadata, list->events[0].metadata);
        copy(a->name, sizeof a->name, list->events[0].participant_name);
        copy(a->message, sizeof a->message, list->events[0].message);
        copy(a->meeting[0], sizeof a->meeting[0], list->events[0].meeting_id);
    }
    copy(a->next, sizeof a->next, err ? SLICE_NONE : list->next);
}

static struct answer start_session(struct store_fixture *f, struct store *store,
                                   const char *meeting, const char *room, const char *organization,
                                   int64_t at_ms) {
    struct answer a = {0};
    const struct store_session_start start = {.meeting_id = slice_from(meeting),
                                              .room_sid = slice_from(meeting),
                                              .room_name = slice_from(room),
                                              .organization = slice_from(organization),
                                              .is_signed = true,
                                              .at_ms = at_ms};
    store_session_start(store, &start, on_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    return a;
}

static void add_event(struct store *store, const char *meeting, unsigned number, int64_t ts_ms) {
    char id[32];
    snprintf(id, sizeof id, "%s-%u", meeting, number);
    const struct store_feedback event = {
        .id = slice_from(id),
        .meeting_id = slice_from(meeting),
        .participant_id = SLICE("ana"),
        .participant_name = SLICE("Ana Bela"),
        .type = SLICE("volume_baixo"),
        .severity = SLICE("warning"),
        .ts_ms = ts_ms,
        .window_start_ms = ts_ms - 3000,
        .window_end_ms = ts_ms,
        .message = SLICE("Ana: volume baixo; \xC3\xA9 preciso aumentar"),
        .tips = SLICE("[\"Aumente o ganho\",\"Chegue perto\"]"),
        .metadata = SLICE("{\"rmsDbfs\":-31.5}"),
        .seq = number,
    };
    assert_true(store_feedback_add(store, &event));
}

static void a_session_starts_ends_and_comes_back(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct answer a = start_session(f, store, "RM_1", "daily", "", T0);
    assert_string_equal(a.meeting[0], "RM_1");
    assert_string_equal(a.room_sid, "RM_1");
    assert_int_equal(a.status, SESSION_ACTIVE);
    assert_int_equal(a.started_ms, T0);

    a = (struct answer){0};
    store_session_resolve(store, SLICE("daily"), on_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    assert_string_equal(a.meeting[0], "RM_1");

    a = (struct answer){0};
    store_session_end(store, SLICE("RM_1"), T0 + 5000, on_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    a = (struct answer){0};
    store_session_end(store, SLICE("RM_1"), T0 + 9000, on_done, &a);
    fixture_wait(f, &a.done);
    a = (struct answer){0};
    store_session_get(store, SLICE("RM_1"), on_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.status, SESSION_ENDED);
    assert_int_equal(a.ended_ms, T0 + 5000);

    a = (struct answer){0};
    store_session_resolve(store, SLICE("daily"), on_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, ENOENT);
    a = (struct answer){0};
    store_session_end(store, SLICE("nobody"), T0, on_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, ENOENT);

    a = start_session(f, store, "RM_1", "daily", "", T0 + 60000);
    assert_int_equal(a.status, SESSION_ACTIVE);
    assert_int_equal(a.ended_ms, 0);
    assert_int_equal(a.started_ms, T0);
    store_close(store, 1000);
}

static void the_latest_of_two_sessions_of_a_room_counts(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    start_session(f, store, "RM_new", "daily", "", T0 + 1000);
    start_session(f, store, "RM_old", "daily", "", T0);
    struct answer a = {0};
    store_session_resolve(store, SLICE("daily"), on_session, &a);
    fixture_wait(f, &a.done);
    assert_string_equal(a.meeting[0], "RM_new");
    store_close(store, 1000);
}

static void a_sid_that_is_taken_does_not_stop_a_meeting(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    start_session(f, store, "RM_1", "daily", "", T0);
    struct answer a = {0};
    const struct store_session_start start = {.meeting_id = SLICE("other"),
                                              .room_sid = SLICE("RM_1"),
                                              .room_name = SLICE("weekly"),
                                              .at_ms = T0};
    store_session_start(store, &start, on_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    assert_string_equal(a.room_sid, "");
    store_close(store, 1000);
}

#define ORGANIZATIONS                                                                              \
    "INSERT INTO \"Organization\" (\"id\", \"name\", \"slug\", \"createdAt\", \"linkedAt\") "      \
    "VALUES "                                                                                      \
    "('o1', 'Acme', 'acme', %s, %s), ('o2', 'Evil', 'evil', %s, NULL), ('o3', 'Base', 'base', "    \
    "%s, NULL)"

static void add_organizations(struct store_fixture *f) {
    char sql[512];
    const char *now = fixture_is_postgres(f) ? "now()" : "1790000000000";
    snprintf(sql, sizeof sql, ORGANIZATIONS, now, now, now, now);
    fixture_run(f, sql);
}

static void only_a_linked_slug_of_a_signed_webhook_owns_a_meeting(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    add_organizations(f);
    assert_string_equal(start_session(f, store, "m1", "r", "acme", T0).owner, "acme");
    assert_string_equal(start_session(f, store, "m2", "r", "evil", T0).owner, "");
    assert_string_equal(start_session(f, store, "m3", "r", "nobody", T0).owner, "");
    assert_string_equal(start_session(f, store, "m4", "r", "", T0).owner, "");
    /* Fixed by the first call, whatever it was. */
    assert_string_equal(start_session(f, store, "m1", "r", "", T0).owner, "acme");
    assert_string_equal(start_session(f, store, "m4", "r", "acme", T0).owner, "");

    struct answer a = {0};
    const struct store_session_start unsigned_start = {.meeting_id = SLICE("m5"),
                                                       .room_name = SLICE("r"),
                                                       .organization = SLICE("acme"),
                                                       .at_ms = T0};
    store_session_start(store, &unsigned_start, on_session, &a);
    fixture_wait(f, &a.done);
    assert_string_equal(a.owner, "");
    store_close(store, 1000);
}

static void the_default_organization_takes_the_rest(void **state) {
    struct store_fixture *f = *state;
    const struct store_settings config = {.feedback_ttl_days = 14, .default_organization = "base"};
    struct store *store = fixture_open(f, &config);
    add_organizations(f);
    assert_string_equal(start_session(f, store, "m1", "r", "acme", T0).owner, "acme");
    assert_string_equal(start_session(f, store, "m2", "r", "evil", T0).owner, "base");
    assert_string_equal(start_session(f, store, "m3", "r", "", T0).owner, "base");
    store_close(store, 1000);
}

static struct answer list_sessions(struct store_fixture *f, struct store *store,
                                   const char *organization, int status, int64_t from_ms,
                                   int64_t to_ms, const char *cursor, unsigned limit) {
    struct answer a = {0};
    const struct store_session_filter filter = {.organization_id = slice_from(organization),
                                                .status = status,
                                                .from_ms = from_ms,
                                                .to_ms = to_ms,
                                                .cursor = slice_from(cursor),
                                                .limit = limit};
    store_session_list(store, &filter, on_sessions, &a);
    fixture_wait(f, &a.done);
    return a;
}

static void sessions_come_in_pages_of_one_organization(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    add_organizations(f);
    for (int i = 0; i < 25; i++) {
        char meeting[16];
        snprintf(meeting, sizeof meeting, "m%02d", i);
        start_session(f, store, meeting, "r", "acme", T0 + i / 5); /* five of each time */
    }
    start_session(f, store, "foreign", "r", "", T0);
    struct answer done = {0};
    store_session_end(store, SLICE("m03"), T0 + 99, on_done, &done);
    fixture_wait(f, &done.done);

    bool seen[25] = {false};
    char cursor[256] = "";
    unsigned pages = 0, total = 0;
    do {
        struct answer a = list_sessions(f, store, "o1", -1, 0, 0, cursor, 7);
        assert_int_equal(a.err, 0);
        for (size_t i = 0; i < a.count; i++, total++) {
            int number = atoi(a.meeting[i] + 1);
            assert_false(seen[number]);
            seen[number] = true;
            assert_int_equal(number / 5, 4 - (int)total / 5);
        }
        snprintf(cursor, sizeof cursor, "%s", a.next);
        pages++;
    } while (*cursor);
    assert_int_equal(total, 25);
    assert_int_equal(pages, 4);

    assert_int_equal(list_sessions(f, store, "o2", -1, 0, 0, "", 50).count, 0);
    assert_int_equal(list_sessions(f, store, "o1", SESSION_ENDED, 0, 0, "", 50).count, 1);
    assert_int_equal(list_sessions(f, store, "o1", SESSION_ACTIVE, 0, 0, "", 50).count, 24);
    assert_int_equal(list_sessions(f, store, "o1", -1, T0 + 1, T0 + 3, "", 50).count, 10);
    assert_int_equal(list_sessions(f, store, "o1", -1, 0, 0, "garbage", 50).err, EINVAL);
    assert_int_equal(list_sessions(f, store, "o1", -1, 0, 0, "MTIz", 50).err, EINVAL);

    struct answer active = {0};
    store_session_list_active(store, 100, on_sessions, &active);
    fixture_wait(f, &active.done);
    assert_int_equal(active.count, 25);
    store_close(store, 1000);
}

static struct answer list_feedback(struct store_fixture *f, struct store *store,
                                   const char *meeting, int64_t from_ms, int64_t to_ms,
                                   const char *cursor, unsigned limit) {
    struct answer a = {0};
    const struct store_feedback_filter filter = {.meeting_id = slice_from(meeting),
                                                 .from_ms = from_ms,
                                                 .to_ms = to_ms,
                                                 .cursor = slice_from(cursor),
                                                 .limit = limit};
    store_feedback_list(store, &filter, on_feedback, &a);
    fixture_wait(f, &a.done);
    return a;
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
    store_feedback_replay(store, SLICE("m"), 440, 100, on_feedback, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.count, 10);
    assert_int_equal(a.seq[0], 441);
    assert_int_equal(a.seq[9], 450);
    assert_int_equal(start_session(f, store, "m", "r", "", T0).last_seq, 450);
    store_close(store, 1000);
}

static void a_provisional_meetings_events_follow_it(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    add_event(store, "room", 1, T0 - 86400000);
    for (unsigned i = 2; i <= 11; i++)
        add_event(store, "room", i, T0 + i);
    struct answer a = {0};
    store_feedback_rename(store, SLICE("room"), SLICE("RM_9"), T0, on_done, &a);
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

static void never(int err, const struct store_session *s, void *arg) {
    fail_msg("a cancelled call was answered");
}

static void a_cancelled_call_is_silent(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    store_cancel(store_session_get(store, SLICE("x"), never, NULL));
    struct answer a = {0};
    store_session_get(store, SLICE("x"), on_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, ENOENT);
    store_cancel(store_session_get(store, SLICE("x"), never, NULL));
    store_close(store, 1000);
}

static void strange_text_stays_what_it_is(void **state) {
    struct store_fixture *f = *state;
    static const char *const names[] = {"'; DROP TABLE \"Session\"; --", "$1", "%s\\'\"",
                                        "r\xC3\xA9union \xE2\x98\x95", "a\nb\tc"};
    struct store *store = fixture_open(f, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        start_session(f, store, names[i], names[i], names[i], T0);
        struct answer a = {0};
        store_session_resolve(store, slice_from(names[i]), on_session, &a);
        fixture_wait(f, &a.done);
        assert_int_equal(a.err, 0);
        assert_string_equal(a.meeting[0], names[i]);
        assert_string_equal(a.room_name, names[i]);
    }
    store_close(store, 1000);
}

/* Somebody holds the database. */
static struct db *hold(struct store_fixture *f) {
    struct db *db = fixture_connect(f);
    db->deadline_ms = INT64_MAX;
    if (fixture_is_postgres(f)) {
        assert_int_equal(db_begin(db), 0);
        assert_int_equal(
            db_script(db, "LOCK TABLE \"FeedbackEvent\", \"Session\" IN ACCESS EXCLUSIVE MODE"), 0);
    } else {
        assert_int_equal(db_script(db, "BEGIN EXCLUSIVE"), 0);
    }
    return db;
}

static void a_held_database_answers_within_the_deadline(void **state) {
    struct store_fixture *f = *state;
    const struct store_settings config = {
        .feedback_ttl_days = 14, .deadline_ms = 600, .feedback_queue_max = 20};
    struct store *store = fixture_open(f, &config);
    struct db *holder = hold(f);
    struct answer a = {0}, b = {0};
    const struct store_session_start start = {
        .meeting_id = SLICE("m"), .room_name = SLICE("r"), .at_ms = T0};
    store_session_start(store, &start, on_session, &a);
    store_session_start(store, &start, on_session, &b);
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
    db_rollback(holder);
    db_close(holder);
    store_close(store, 30000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 20);
}

int main(int argc, char **argv) {
#define TEST(name) cmocka_unit_test_setup(name, fixture_next_database)
    const struct CMUnitTest tests[] = {
        TEST(a_session_starts_ends_and_comes_back),
        TEST(the_latest_of_two_sessions_of_a_room_counts),
        TEST(a_sid_that_is_taken_does_not_stop_a_meeting),
        TEST(only_a_linked_slug_of_a_signed_webhook_owns_a_meeting),
        TEST(the_default_organization_takes_the_rest),
        TEST(sessions_come_in_pages_of_one_organization),
        TEST(feedback_is_read_back_newest_first),
        TEST(a_provisional_meetings_events_follow_it),
        TEST(closing_writes_what_waits),
        TEST(the_same_event_is_there_once),
        TEST(one_bad_event_does_not_hold_up_the_others),
        TEST(what_is_old_goes),
        TEST(a_cancelled_call_is_silent),
        TEST(strange_text_stays_what_it_is),
        TEST(a_held_database_answers_within_the_deadline),
    };
    T0 = clock_wall_ms() - 60000;
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
