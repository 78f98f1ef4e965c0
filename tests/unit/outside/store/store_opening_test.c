/*
 * Which databases the store opens, and who may at once, on SQLite, or with the path of
 * tests/fixtures/postgres as argument on PostgreSQL.
 */
#include "base/mem.h"
#include "net/loop.h"
#include "outside/store/store.h"
#include "outside/db/db_schema.h"
#include "outside/store/store_sql.h"
#include "store_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int try_open(struct store_fixture *f, char *why, size_t why_bytes) {
    struct store *store = NULL;
    const struct store_settings config = {.url = fixture_url(f), .feedback_ttl_days = 14};
    *why = 0;
    int err = store_open(&store, &config, fixture_loop(f), why, why_bytes);
    if (!err)
        store_close(store, 100);
    return err;
}

static void a_newer_database_is_refused(void **state) {
    struct store_fixture *f = *state;
    store_close(fixture_open(f, NULL), 100);
    fixture_run(f, "INSERT INTO \"_prosa_migrations\" VALUES (99, 'later', 'then')");
    char why[512];
    assert_int_equal(try_open(f, why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "newer Prosa"));
    assert_non_null(strstr(why, "99"));
}

static void an_unknown_shape_is_refused_by_name(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    if (fixture_is_postgres(f)) {
        store_close(fixture_open(f, NULL), 100); /* makes the schema */
        fixture_run(f, "DROP TABLE \"Session\" CASCADE; DELETE FROM \"_prosa_migrations\"");
    }
    fixture_run(f, "CREATE TABLE \"Session\" (\"id\" INTEGER, \"colour\" TEXT)");
    assert_int_equal(try_open(f, why, sizeof why), EINVAL);
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
    store_close(fixture_open(f, NULL), 100);
    fixture_run(f, "DROP TABLE \"OrganizationInvitation\"");
    fixture_run(f, "DELETE FROM \"_prosa_migrations\"");
    fixture_run(f, "DROP TABLE \"Session\"");
    fixture_run(f, "CREATE TABLE \"Session\" (\"id\" TEXT, \"meetingId\" TEXT, \"roomSid\" TEXT, "
                   "\"roomName\" TEXT, "
                   "\"status\" TEXT, \"startedAt\" TIMESTAMP, \"endedAt\" TIMESTAMP, \"tenantId\" "
                   "TEXT NOT NULL)");
    assert_int_equal(try_open(f, why, sizeof why), EINVAL);
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
    struct loop *loop;
    struct store *store = NULL;
    const struct store_settings config = {.url = fixture_url(o->fixture), .feedback_ttl_days = 14};
    o->err = loop_open(&loop);
    if (!o->err)
        o->err = store_open(&store, &config, loop, o->why, sizeof o->why);
    if (store)
        store_close(store, 100);
    loop_close(loop);
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

/* More than once: whether they meet is chance. */
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
    store_close(fixture_open(f, NULL), 100);
    FILE *file = fopen(fixture_url(f) + strlen("sqlite:"), "r+b");
    assert_non_null(file);
    fseek(file, 4096, SEEK_SET);
    for (int i = 0; i < 4096 * 4; i++)
        fputc('x', file);
    fclose(file);
    char why[512];
    int err = try_open(f, why, sizeof why);
    assert_int_equal(err, EIO);
    assert_non_null(strstr(why, "prosa.db"));
}

static void on_plan(const struct db_row *row, void *arg) {
    const struct slice step = db_row_text(row, 3);
    const char *question = arg;
    if (slice_has_prefix(step, SLICE("SCAN")) ||
        slice_has_prefix(step, SLICE("USE TEMP B-TREE FOR ORDER")))
        fail_msg("%.*s: %s", SLICE_ARG(step), question);
}

/* However many rows there are, a page is read from an index, in its order. */
static void indexes_serve_the_lists(void **state) {
    static const enum store_sql lists[] = {SQL_SESSION_LIST,    SQL_SESSION_LIST_ACTIVE,
                                           SQL_FEEDBACK_LIST,   SQL_FEEDBACK_REPLAY,
                                           SQL_FEEDBACK_EXPIRE, SQL_MEMBERSHIP_LIST};
    struct store_fixture *f = *state;
    if (fixture_is_postgres(f))
        skip();
    store_close(fixture_open(f, NULL), 1000);
    struct db *db = fixture_connect(f);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct buf text = {0};
        buf_printf(&text, "EXPLAIN QUERY PLAN %s", store_sql(lists[i]).text);
        char *question = buf_take_text(&text);
        assert_int_equal(db_ask(db, question, on_plan, question), 0);
        mem_free(question);
    }
    db_close(db);
}

int main(int argc, char **argv) {
#define TEST(name) cmocka_unit_test_setup(name, fixture_next_database)
    const struct CMUnitTest tests[] = {
        TEST(a_newer_database_is_refused),
        TEST(an_unknown_shape_is_refused_by_name),
        TEST(an_unknown_required_column_is_refused),
        TEST(four_nodes_may_start_at_once),
        TEST(a_damaged_file_is_refused),
        TEST(indexes_serve_the_lists),
    };
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
