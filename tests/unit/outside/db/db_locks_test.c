/*
 * A database that others use while it is adopted: their writes go on. PostgreSQL; the path of
 * tests/fixtures/postgres is the argument.
 */
#include "base/clock.h"
#include "former.h"
#include "outside/db/db.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_migrate.h"
#include "outside/db/db_url.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 100000, MOST_MS = 100, PATIENCE_MS = 120 * 1000 };

/*
 * A busy machine holds up everybody, also the server while it has locks: so many times what a
 * bystander's slowest write took is forgiven, and the best of some tries counts.
 */
enum { FORGIVEN = 3, TRIES = 4 };

/* ---- The former backend, which goes on writing ---- */

struct former_app {
    struct db *db;
    const char *update;
    pthread_t thread;
    atomic_bool must_end;
    atomic_uint writes;
    _Atomic int64_t slowest_us;
};

/* In the server's own time, from the arrival of each statement to its end, waits for locks
 * included. */
static void *write_on(void *arg) {
    struct former_app *app = arg;
    while (!atomic_load(&app->must_end)) {
        int64_t us = 0;
        app->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
        char sql[320];
        snprintf(sql, sizeof sql,
                 "WITH written AS (%s RETURNING 1) SELECT CAST(EXTRACT(EPOCH FROM "
                 "clock_timestamp() - statement_timestamp()) * 1000000 AS BIGINT) FROM written",
                 app->update);
        if (db_ask(app->db, sql, db_take_int, &us))
            return app->db->why;
        if (us > atomic_load(&app->slowest_us))
            atomic_store(&app->slowest_us, us);
        atomic_fetch_add(&app->writes, 1);
        usleep(500);
    }
    return NULL;
}

static void app_start(struct former_app *app, struct store_fixture *f, const char *update) {
    *app = (struct former_app){.db = fixture_connect(f), .update = update};
    assert_int_equal(db_script(app->db, "SET statement_timeout TO 0"), 0);
    assert_int_equal(pthread_create(&app->thread, NULL, write_on, app), 0);
    while (atomic_load(&app->writes) < 20)
        usleep(1000);
    atomic_store(&app->slowest_us, 0);
}

static void app_end(struct former_app *app) {
    void *why;
    atomic_store(&app->must_end, true);
    pthread_join(app->thread, &why);
    if (why)
        fail_msg("the former backend: %s", (const char *)why);
    db_close(app->db);
}

/* One that writes to a table of ours, and a bystander who writes to another. */
struct two_apps {
    struct former_app app, bystander;
};

static void both_start(struct two_apps *both, struct store_fixture *f) {
    fixture_run(f, "CREATE TABLE \"Bystander\" (\"id\" TEXT, \"at\" TIMESTAMP);"
                   "INSERT INTO \"Bystander\" VALUES ('s7', now())");
    app_start(&both->bystander, f, "UPDATE \"Bystander\" SET \"at\" = now() WHERE \"id\" = 's7'");
    app_start(&both->app, f, "UPDATE \"Session\" SET \"endedAt\" = now() WHERE \"id\" = 's7'");
}

static bool were_writes_quick(struct two_apps *both) {
    app_end(&both->app);
    app_end(&both->bystander);
    const int64_t slowest_us = atomic_load(&both->app.slowest_us);
    const int64_t machine_us = atomic_load(&both->bystander.slowest_us);
    print_message("slowest write %lld us of %u, the machine's %lld us\n", (long long)slowest_us,
                  atomic_load(&both->app.writes), (long long)machine_us);
    return slowest_us < MOST_MS * 1000 + FORGIVEN * machine_us;
}

/* ---- Adopting beside it ---- */

static void make_large(struct store_fixture *f, const char *schema) {
    char sql[640];
    fixture_use_schema(f, schema);
    former_make(f, schema);
    snprintf(
        sql, sizeof sql,
        "INSERT INTO \"FeedbackEvent\" (\"id\", \"meetingId\", \"participantId\", \"type\", "
        "\"severity\", \"ts\", \"windowStart\", \"windowEnd\", \"message\", \"expiresAt\") "
        "SELECT 'g' || i, 'RM_' || i %% 100, 'ana', 'volume_baixo', 'info', now(), now(), now(), "
        "'x', '2099-01-01' FROM generate_series(1, %d) i",
        ROWS);
    struct db *db = fixture_connect(f);
    db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    assert_int_equal(db_script(db, "SET statement_timeout TO 0"), 0);
    if (db_script(db, sql))
        fail_msg("%s", db->why);
    db_close(db);
}

/* Tries as the server does, until it is done. Counts the attempts that gave way; `why` is of the
 * first. */
static int adopt(struct store_fixture *f, unsigned *gave_way, char *why, size_t why_bytes) {
    struct db_url url;
    struct db *db;
    const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    assert_int_equal(db_url_parse(&url, fixture_url(f), why, why_bytes), 0);
    int err;
    char later[512];
    err = db_connect(&db, &url, clock_mono_ms() + 5000, why, why_bytes);
    while (err == EAGAIN && clock_mono_ms() < until_ms) {
        ++*gave_way;
        usleep(50 * 1000);
        err = db_connect(&db, &url, clock_mono_ms() + 5000, later, sizeof later);
    }
    db_url_free(&url);
    if (!err)
        db_close(db);
    return err;
}

static bool adopt_beside_writers(struct store_fixture *f, const char *schema) {
    struct two_apps both;
    unsigned gave_way = 0;
    char why[512] = "";
    make_large(f, schema);
    both_start(&both, f);
    assert_int_equal(adopt(f, &gave_way, why, sizeof why), 0);
    return were_writes_quick(&both);
}

static void writes_go_on_while_a_hundred_thousand_rows_are_adopted(void **state) {
    static const char *const schemas[TRIES] = {"large", "large2", "large3", "large4"};
    struct store_fixture *f = *state;
    unsigned tries = 0;
    while (tries < TRIES && !adopt_beside_writers(f, schemas[tries]))
        tries++;
    assert_true(tries < TRIES);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM pg_index i JOIN pg_class c ON c.oid = "
                                      "i.indexrelid WHERE NOT i.indisvalid"),
                     0);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = 'large' "
                                      "AND indexname = 'FeedbackEvent_meetingId_ts_id_idx'"),
                     1);
}

struct patient {
    pthread_t thread;
    struct store_fixture *fixture;
    unsigned gave_way;
    int err;
    char why[512];
};

static void *adopt_in_thread(void *arg) {
    struct patient *p = arg;
    p->err = adopt(p->fixture, &p->gave_way, p->why, sizeof p->why);
    return NULL;
}

/* A reader holds the tables; its transaction lasts. We give way, say who it is, and go on later. */
static bool adopt_beside_a_reader(struct store_fixture *f, const char *schema) {
    struct two_apps both;
    struct patient patient = {.fixture = f};
    make_large(f, schema);
    struct db *reader = fixture_connect(f);
    assert_int_equal(db_script(reader, "SET idle_in_transaction_session_timeout TO 0;"
                                       "SET application_name TO 'reports'"),
                     0);
    assert_int_equal(db_begin(reader), 0);
    assert_int_equal(db_script(reader, "SELECT COUNT(*) FROM \"Session\""), 0);
    both_start(&both, f);
    assert_int_equal(pthread_create(&patient.thread, NULL, adopt_in_thread, &patient), 0);
    const unsigned before = atomic_load(&both.app.writes);
    while (atomic_load(&both.app.writes) < before + 1000)
        usleep(10000);
    assert_int_equal(db_commit(reader), 0);
    db_close(reader);
    pthread_join(patient.thread, NULL);
    const bool were_quick = were_writes_quick(&both);
    print_message("gave way %u times: %s\n", patient.gave_way, patient.why);
    assert_int_equal(patient.err, 0);
    assert_true(patient.gave_way > 0);
    assert_non_null(strstr(patient.why, "reports"));
    return were_quick;
}

static void a_reader_that_stays_holds_up_nobody_but_us(void **state) {
    static const char *const schemas[TRIES] = {"held", "held2", "held3", "held4"};
    unsigned tries = 0;
    while (tries < TRIES && !adopt_beside_a_reader(*state, schemas[tries]))
        tries++;
    assert_true(tries < TRIES);
}

static void a_dry_run_waits_for_nobody(void **state) {
    struct store_fixture *f = *state;
    struct buf plan = {0};
    char why[512] = "";
    fixture_use_schema(f, "looked_at");
    former_make(f, "looked_at");
    struct db *holder = fixture_connect(f);
    assert_int_equal(db_begin(holder), 0);
    assert_int_equal(db_script(holder, "LOCK TABLE \"Session\", \"FeedbackEvent\", \"User\" IN "
                                       "ACCESS EXCLUSIVE MODE"),
                     0);
    struct db *db = fixture_connect(f);
    assert_int_equal(db_migrate(db, true, &plan, why, sizeof why), 0);
    assert_true(plan.len > 0);
    buf_free(&plan);
    db_close(db);
    fixture_release(holder);
}

/* An index that a broken connection left unfinished is made anew. */
static void a_broken_index_is_made_anew(void **state) {
    struct store_fixture *f = *state;
    unsigned gave_way = 0;
    char why[512] = "";
    fixture_use_schema(f, "broken");
    former_make(f, "broken");
    assert_int_equal(adopt(f, &gave_way, why, sizeof why), 0);
    fixture_run(f, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = "
                   "'\"FeedbackEvent_meetingId_seq_idx\"'::regclass");
    assert_int_equal(adopt(f, &gave_way, why, sizeof why), 0);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM pg_index WHERE NOT indisvalid"), 0);
}

static void rows_that_are_not_unique_are_named(void **state) {
    struct store_fixture *f = *state;
    unsigned gave_way = 0;
    char why[512] = "";
    fixture_use_schema(f, "twice");
    former_make(f, "twice");
    fixture_run(f, "DROP INDEX \"User_email_key\"");
    fixture_run(f, "INSERT INTO \"User\" (\"id\", \"email\", \"updatedAt\") VALUES "
                   "('u2', 'Old@Example.org', now())");
    assert_int_equal(adopt(f, &gave_way, why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"User\""));
    assert_non_null(strstr(why, "\"email\""));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_go_on_while_a_hundred_thousand_rows_are_adopted),
        cmocka_unit_test(a_reader_that_stays_holds_up_nobody_but_us),
        cmocka_unit_test(a_dry_run_waits_for_nobody),
        cmocka_unit_test(a_broken_index_is_made_anew),
        cmocka_unit_test(rows_that_are_not_unique_are_named),
    };
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
