/* What the statements cost. */
#include "outside/store/store_sql.h"

#include "base/macros.h"
#include "base/mem.h"
#include "outside/db/db_statement.h"
#include "store_fixture.h"
#include "unit.h"

static void on_plan(const struct db_row *row, void *arg) {
    const struct slice step = db_row_text(row, 3);
    const char *question = arg;
    if (slice_has_prefix(step, SLICE("SCAN")) ||
        slice_has_prefix(step, SLICE("USE TEMP B-TREE FOR ORDER")))
        fail_msg("%.*s: %s", SLICE_ARG(step), question);
}

/* However many rows there are, SQLite reads a page from an index, in its order. */
static void indexes_serve_the_lists(void **state) {
    static const enum store_sql lists[] = {
        SQL_SESSION_LIST,    SQL_SESSION_LIST_ACTIVE, SQL_FEEDBACK_LIST,      SQL_FEEDBACK_REPLAY,
        SQL_FEEDBACK_EXPIRE, SQL_MEMBERSHIP_LIST,     SQL_PARTICIPANT_EXPIRE, SQL_REPORT_EXPIRE,
        SQL_VERDICT_EXPIRE,  SQL_RIGHT_EXPIRE,        SQL_VERDICT_LIST,       SQL_RIGHT_LIST,
        SQL_PARTICIPANT_LIST};
    struct store_fixture *f = *state;
    store_close(fixture_open(f, NULL), 1000);
    struct db *db = fixture_connect(f);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct buf text = {0};
        const struct db_sql sql = store_sql(lists[i]);
        buf_printf(&text, "EXPLAIN QUERY PLAN %s", db_statement(db, &sql));
        char *question = buf_take_text(&text);
        assert_int_equal(db_ask(db, question, on_plan, question), 0);
        mem_free(question);
    }
    db_close(db);
}

int main(void) {
    const struct CMUnitTest tests[] = {STORE_TEST(indexes_serve_the_lists)};
    fixture_choose(0, NULL);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
