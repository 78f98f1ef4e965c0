/*
 * The database goes away under load, in every way it can, and comes back: no event that fitted the
 * queue is lost. On SQLite, or with the path of tests/fixtures/postgres as argument on PostgreSQL.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "outside/db/db.h"
#include "outside/store/store.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

/* Longer than any answer takes, also on a slow machine. */
enum { AWAY_MS = 6000 };

/* With the deadline of a server. */
static const struct store_settings settings = {.feedback_ttl_days = 14};

/* Feeds the store two events at each look, and has one call open all the time. */
struct load {
    struct store_fixture *fixture;
    struct store *store;
    unsigned added, wanted;
    unsigned asked, answered, refused;
    int64_t slowest_ms, asked_ms;
    bool is_asking;
    int64_t until_ms;
};

static void on_session(int err, const struct store_session *s, void *arg) {
    struct load *load = arg;
    int64_t took_ms = clock_mono_ms() - load->asked_ms;
    load->is_asking = false;
    load->answered++;
    load->refused += err == EAGAIN;
    assert_true(err == EAGAIN || err == ENOENT);
    if (took_ms > load->slowest_ms)
        load->slowest_ms = took_ms;
}

static bool feed(void *arg) {
    struct load *load = arg;
    for (int i = 0; i < 2; i++) {
        char id[32];
        snprintf(id, sizeof id, "e-%u", load->added++);
        const struct store_feedback event = {
            .id = slice_from(id),
            .meeting_id = SLICE("m"),
            .participant_id = SLICE("p"),
            .type = SLICE("volume_alto"),
            .severity = SLICE("info"),
            .ts_ms = clock_wall_ms(),
            .message = SLICE("a sentence of the usual length, with a name in it"),
            .seq = load->added};
        assert_true(store_feedback_add(load->store, &event));
    }
    if (!load->is_asking) {
        load->is_asking = true;
        load->asked_ms = clock_mono_ms();
        load->asked++;
        store_session_get(load->store, SLICE("nobody"), on_session, load);
    }
    return clock_mono_ms() >= load->until_ms;
}

static void feed_for(struct load *load, int64_t ms) {
    load->until_ms = clock_mono_ms() + ms;
    fixture_wait_for(load->fixture, feed, load, ms + 1000);
}

static bool feed_until_away(void *arg) {
    struct load *load = arg;
    struct store_stats stats;
    feed(load);
    store_stats(load->store, &stats);
    return stats.is_away;
}

/* Feeds until the store says that it is away, and then for more_ms. */
static void feed_away(struct load *load, int64_t more_ms) {
    assert_true(fixture_wait_for(load->fixture, feed_until_away, load, 30000));
    feed_for(load, more_ms);
}

static bool is_written(void *arg) {
    const struct load *load = arg;
    struct store_stats stats;
    store_stats(load->store, &stats);
    return stats.queued == 0 && !stats.is_away && !load->is_asking;
}

static void expect_all(struct load *load) {
    struct store_stats stats;
    assert_true(fixture_wait_for(load->fixture, is_written, load, 60000));
    store_stats(load->store, &stats);
    assert_int_equal(stats.dropped, 0);
    assert_int_equal(stats.refused, 0);
    store_close(load->store, 30000);
    assert_int_equal(fixture_count(load->fixture, "SELECT COUNT(*) FROM \"FeedbackEvent\""),
                     load->added);
    assert_true(load->refused > 0);          /* some calls were refused, ... */
    assert_true(load->slowest_ms < AWAY_MS); /* ... none waited until it was back */
}

static void start(struct load *load) {
    fixture_next(load->fixture);
    load->store = fixture_open(load->fixture, &settings);
    feed_for(load, 600);
}

static void killed_and_started_again(void **state) {
    struct load load = {.fixture = *state};
    start(&load);
    fixture_server(load.fixture, "kill");
    feed_away(&load, 3000);
    fixture_server(load.fixture, "again");
    feed_for(&load, 500);
    expect_all(&load);
}

static void stopped_and_continued(void **state) {
    struct load load = {.fixture = *state};
    start(&load);
    fixture_server(load.fixture, "pause");
    feed_away(&load, AWAY_MS);
    fixture_server(load.fixture, "resume");
    feed_for(&load, 500);
    expect_all(&load);
}

/*
 * Stopped at any point: in a batch, in a handshake, between two statements of a new connection; and
 * stopped again just after it continued.
 */
static void stopped_at_any_moment(void **state) {
    static const int64_t away_ms[] = {2400, 30, 3100, 10, 700, 20, 2900, 50};
    struct load load = {.fixture = *state};
    start(&load);
    for (size_t i = 0; i < ARRAY_LEN(away_ms); i++) {
        fixture_server(load.fixture, "pause");
        feed_for(&load, away_ms[i]);
        fixture_server(load.fixture, "resume");
        feed_for(&load, 5 + (int64_t)i * 7);
    }
    load.refused++; /* it is chance whether a call came at the wrong moment */
    expect_all(&load);
}

/* ALTER SYSTEM works neither in a transaction nor in a session that only reads. */
static void make_writable(struct store_fixture *f) {
    struct db *db = fixture_connect(f);
    assert_int_equal(db_script(db, "SET default_transaction_read_only TO off"), 0);
    assert_int_equal(db_script(db, "ALTER SYSTEM RESET default_transaction_read_only"), 0);
    assert_int_equal(db_script(db, "SELECT pg_reload_conf()"), 0);
    db_close(db);
}

static void read_only_and_writable_again(void **state) {
    struct load load = {.fixture = *state};
    start(&load);
    fixture_run(load.fixture, "ALTER SYSTEM SET default_transaction_read_only TO on");
    fixture_run(load.fixture, "SELECT pg_reload_conf()");
    feed_away(&load, 1000);
    make_writable(load.fixture);
    feed_for(&load, 500);
    load.refused++; /* calls are answered all the time */
    expect_all(&load);
}

static void away_from_the_start(void **state) {
    struct load load = {.fixture = *state};
    fixture_next(load.fixture);
    fixture_server(load.fixture, "kill");
    load.store = fixture_open(load.fixture, &settings);
    feed_away(&load, 1500);
    fixture_server(load.fixture, "again");
    expect_all(&load);
}

static bool is_migration_waiting(void *arg) {
    return fixture_count(arg, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT "
                              "granted") > 0;
}

static bool has_answered(void *arg) {
    const struct load *load = arg;
    return !load->is_asking;
}

static void ask(struct load *load) {
    load->is_asking = true;
    load->asked_ms = clock_mono_ms();
    store_session_get(load->store, SLICE("nobody"), on_session, load);
    assert_true(fixture_wait_for(load->fixture, has_answered, load, 30000));
}

/* A new connection may have to wait while another node makes the tables. Calls are refused at once
 * meanwhile. */
static void a_migration_that_waits_holds_nobody_up(void **state) {
    enum { QUESTIONS = 8 };
    struct load load = {.fixture = *state};
    fixture_next(load.fixture);
    fixture_run(load.fixture, "ALTER SYSTEM SET default_transaction_read_only TO on");
    fixture_run(load.fixture, "SELECT pg_reload_conf()");
    load.store = fixture_open(load.fixture, &settings);
    struct db *holder = fixture_connect(load.fixture);
    assert_int_equal(db_script(holder, "SELECT pg_advisory_lock(482956243809)"), 0);
    make_writable(load.fixture);
    assert_true(fixture_wait_for(load.fixture, is_migration_waiting, load.fixture, 20000));

    int64_t start_ms = clock_mono_ms();
    for (int i = 0; i < QUESTIONS; i++)
        ask(&load);
    assert_int_equal(load.refused, QUESTIONS);
    assert_true(clock_mono_ms() - start_ms < QUESTIONS * 1000); /* the deadline is twice that */
    db_close(holder);
    int64_t until_ms = clock_mono_ms() + 60000;
    do {
        ask(&load);
    } while (load.refused == load.answered && clock_mono_ms() < until_ms);
    assert_true(load.answered > load.refused);
    store_close(load.store, 3000);
}

/* PostgreSQL fails as it does when its disk is full. */
static void full_and_empty_again(void **state) {
    struct load load = {.fixture = *state};
    start(&load);
    fixture_run(load.fixture,
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$");
    fixture_run(load.fixture, "CREATE TRIGGER full_disk BEFORE INSERT ON \"FeedbackEvent\" "
                              "FOR EACH ROW EXECUTE FUNCTION full_disk()");
    feed_away(&load, 1000);
    fixture_run(load.fixture, "DROP TRIGGER full_disk ON \"FeedbackEvent\"");
    feed_for(&load, 500);
    load.refused++; /* calls are answered all the time */
    expect_all(&load);
}

/* Files may not grow any more: to SQLite that is a full disk. */
static void a_full_disk_under_sqlite(void **state) {
    struct load load = {.fixture = *state};
    struct rlimit before, none = {4096, 0};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    start(&load);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    bool was_away = fixture_wait_for(load.fixture, feed_until_away, &load, 30000);
    feed_for(&load, 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(was_away);
    feed_for(&load, 500);
    load.refused++;
    expect_all(&load);
}

static void held_by_somebody_under_sqlite(void **state) {
    struct load load = {.fixture = *state};
    start(&load);
    struct db *holder = fixture_hold(load.fixture);
    feed_away(&load, 2000);
    fixture_release(holder);
    feed_for(&load, 500);
    load.refused++;
    expect_all(&load);
}

struct beside {
    struct store_call *writing;
    unsigned reads;
    bool is_written;
};

static void on_read(int err, const struct store_session *s, void *arg) {
    struct beside *beside = arg;
    assert_int_equal(err, 0);
    assert_true(slice_is_equal(s->meeting_id, SLICE("RM_1")));
    beside->reads++;
}

static void on_started(int err, const struct store_session *s, void *arg) {
    struct beside *beside = arg;
    assert_int_equal(err, 0);
    beside->is_written = true;
}

static bool has_read(void *arg) {
    const struct beside *beside = arg;
    return beside->reads == 2;
}

/* A call that only reads does not wait for a writer without progress. */
static void read_beside_a_writer_that_stands_still(void **state) {
    struct store_fixture *fixture = *state;
    struct beside beside = {0};
    fixture_next(fixture);
    struct store *store = fixture_open(fixture, &(struct store_settings){.deadline_ms = 30000});
    struct store_session_start start = {
        .meeting_id = SLICE("RM_1"), .room_name = SLICE("daily"), .at_ms = clock_wall_ms()};
    store_session_start(store, &start, on_started, &beside);
    fixture_wait(fixture, &beside.is_written);
    struct db *holder = fixture_hold(fixture);

    beside.is_written = false;
    start.meeting_id = SLICE("RM_2");
    store_session_start(store, &start, on_started, &beside);
    store_session_get(store, SLICE("RM_1"), on_read, &beside);
    store_session_resolve(store, SLICE("daily"), on_read, &beside);
    store_cancel(store_session_get(store, SLICE("RM_1"), on_read, &beside));
    assert_true(fixture_wait_for(fixture, has_read, &beside, 20000));
    assert_false(beside.is_written);

    fixture_release(holder);
    fixture_wait(fixture, &beside.is_written);
    store_close(store, 3000);
}

static void on_refused(int err, const struct store_session *s, void *arg) {
    assert_int_equal(err, EAGAIN);
    *(bool *)arg = true;
}

/* Whatever the writer waits for, a call is answered soon after its deadline. */
static void told_in_time_that_it_takes_too_long(void **state) {
    struct store_fixture *fixture = *state;
    bool is_told[3] = {0};
    fixture_next(fixture);
    struct store *store = fixture_open(fixture, &(struct store_settings){.deadline_ms = 500});
    struct db *holder = fixture_hold(fixture);
    const struct store_session_start start = {
        .meeting_id = SLICE("RM_1"), .room_name = SLICE("daily"), .at_ms = clock_wall_ms()};
    for (size_t i = 0; i < ARRAY_LEN(is_told); i++)
        store_session_start(store, &start, on_refused, &is_told[i]);
    for (size_t i = 0; i < ARRAY_LEN(is_told); i++)
        fixture_wait(fixture, &is_told[i]);
    fixture_release(holder);
    store_close(store, 3000);
}

int main(int argc, char **argv) {
    const struct CMUnitTest postgres[] = {
        cmocka_unit_test(killed_and_started_again),
        cmocka_unit_test(stopped_and_continued),
        cmocka_unit_test(read_only_and_writable_again),
        cmocka_unit_test(full_and_empty_again),
        cmocka_unit_test(away_from_the_start),
        cmocka_unit_test(stopped_at_any_moment),
        cmocka_unit_test(a_migration_that_waits_holds_nobody_up),
    };
    const struct CMUnitTest sqlite[] = {
        cmocka_unit_test(a_full_disk_under_sqlite),
        cmocka_unit_test(held_by_somebody_under_sqlite),
        cmocka_unit_test(read_beside_a_writer_that_stands_still),
        cmocka_unit_test(told_in_time_that_it_takes_too_long),
    };
    fixture_choose(argc, argv);
    return fixture_chose_postgres()
               ? cmocka_run_group_tests(postgres, fixture_set_up, fixture_tear_down)
               : cmocka_run_group_tests(sqlite, fixture_set_up, fixture_tear_down);
}
