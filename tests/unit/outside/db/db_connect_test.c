/*
 * Which databases are opened, also by several nodes at once, on SQLite, or with the path of
 * tests/fixtures/postgres as argument on PostgreSQL.
 */
#include "outside/db/db_connect.h"

#include "base/clock.h"
#include "base/macros.h"
#include "outside/db/db.h"
#include "outside/db/db_schema.h"
#include "outside/db/db_url.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

enum { PATIENCE_MS = 60000 };

/* Opens the fixture's database, migrates and closes it. */
static int try_connect(struct store_fixture *f, char *why, size_t why_bytes) {
    struct db_url url;
    struct db *db;
    assert_int_equal(db_url_parse(&url, fixture_url(f), why, why_bytes), 0);
    int err = db_connect(&db, &url, clock_mono_ms() + PATIENCE_MS, why, why_bytes);
    if (!err)
        db_close(db);
    db_url_free(&url);
    return err;
}

static void make_tables(struct store_fixture *f) {
    char why[512];
    if (try_connect(f, why, sizeof why))
        fail_msg("%s", why);
}

static void a_newer_database_is_refused(void **state) {
    struct store_fixture *f = *state;
    make_tables(f);
    fixture_run(f, "INSERT INTO \"_prosa_migrations\" VALUES (99, 'later', 'then')");
    char why[512];
    assert_int_equal(try_connect(f, why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "newer Prosa"));
    assert_non_null(strstr(why, "99"));
}

static void an_unknown_shape_is_refused_by_name(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    if (fixture_is_postgres(f)) {
        make_tables(f); /* also makes the schema */
        fixture_run(f, "DROP TABLE \"Session\" CASCADE; DELETE FROM \"_prosa_migrations\"");
    }
    fixture_run(f, "CREATE TABLE \"Session\" (\"id\" INTEGER, \"colour\" TEXT)");
    assert_int_equal(try_connect(f, why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"Session\""));
    assert_int_equal(
        fixture_count(f,
                      fixture_is_postgres(f)
                          ? "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = "
                            "current_schema() AND table_name = 'Session'"
                          : "SELECT COUNT(*) FROM pragma_table_info('Session')"),
        2);
}

static void an_unknown_required_column_is_refused(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make_tables(f);
    fixture_run(f, "DROP TABLE \"OrganizationInvitation\"");
    fixture_run(f, "DELETE FROM \"_prosa_migrations\"");
    fixture_run(f, "DROP TABLE \"Session\"");
    fixture_run(f, "CREATE TABLE \"Session\" (\"id\" TEXT, \"meetingId\" TEXT, \"roomSid\" TEXT, "
                   "\"roomName\" TEXT, "
                   "\"status\" TEXT, \"startedAt\" TIMESTAMP, \"endedAt\" TIMESTAMP, \"tenantId\" "
                   "TEXT NOT NULL)");
    assert_int_equal(try_connect(f, why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"tenantId\""));
}

struct opener {
    pthread_t thread;
    struct store_fixture *fixture;
    int err;
    char why[512];
};

static void *open_in_thread(void *arg) {
    struct opener *o = arg;
    o->err = try_connect(o->fixture, o->why, sizeof o->why);
    return NULL;
}

static void start_four_nodes(void **state) {
    struct opener openers[4];
    for (size_t i = 0; i < ARRAY_LEN(openers); i++) {
        openers[i] = (struct opener){.fixture = *state};
        assert_int_equal(pthread_create(&openers[i].thread, NULL, open_in_thread, &openers[i]), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(openers); i++) {
        pthread_join(openers[i].thread, NULL);
        if (openers[i].err)
            fail_msg("%d %s", openers[i].err, openers[i].why);
    }
    assert_int_equal(fixture_count(*state, "SELECT COUNT(*) FROM \"_prosa_migrations\""),
                     schema_latest);
}

/* Several times, because it is chance whether they meet. */
static void four_nodes_may_start_at_once(void **state) {
    for (int i = 0; i < 8; i++) {
        fixture_next(*state);
        start_four_nodes(state);
    }
}

static void a_damaged_file_is_refused(void **state) {
    struct store_fixture *f = *state;
    if (fixture_is_postgres(f))
        return;
    make_tables(f);
    FILE *file = fopen(fixture_url(f) + strlen("sqlite:"), "r+b");
    assert_non_null(file);
    fseek(file, 4096, SEEK_SET);
    for (int i = 0; i < 4096 * 4; i++)
        fputc('x', file);
    fclose(file);
    char why[512];
    int err = try_connect(f, why, sizeof why);
    assert_int_equal(err, EIO);
    assert_non_null(strstr(why, "prosa.db"));
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_newer_database_is_refused),
        STORE_TEST(an_unknown_shape_is_refused_by_name),
        STORE_TEST(an_unknown_required_column_is_refused),
        STORE_TEST(four_nodes_may_start_at_once),
        STORE_TEST(a_damaged_file_is_refused),
    };
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
