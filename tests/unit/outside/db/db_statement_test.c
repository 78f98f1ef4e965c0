#include "outside/db/db_statement.h"

#include "outside/db/db.h"
#include "unit.h"

#include <stdio.h>

static const struct db_engine postgres = {.name = "PostgreSQL"}, sqlite = {.name = "SQLite"};

static void expect(struct db *db, const char *text, const char *adapted) {
    const struct db_sql sql = {.text = text, .id = 3};
    assert_string_equal(db_statement(db, &sql), adapted);
    db_statement_forget(db);
}

static struct db with_fill(const struct db_engine *engine, const char *table, const char *column) {
    struct db db = {.engine = engine, .form = {.fill_count = 1}};
    db.form.fills[0].table = table;
    snprintf(db.form.fills[0].column, sizeof db.form.fills[0].column, "%s", column);
    return db;
}

static void time_of_stays_only_where_both_forms_are(void **state) {
    static const char text[] = "SELECT MIN(time_of(\"a\")) FROM t WHERE (time_of(a), (b)) < "
                               "(time_of(COALESCE($1, 0)), $2)";
    struct db db = {.engine = &sqlite};
    expect(&db, text, "SELECT MIN(\"a\") FROM t WHERE (a, (b)) < (COALESCE($1, 0), $2)");
    db.form.has_both_times = true;
    expect(&db, text, text);
}

static void columns_of_others_are_filled(void **state) {
    struct db db = with_fill(&postgres, "Session", "updatedAt");
    expect(&db,
           "INSERT INTO \"Session\" (\"id\") VALUES ($1, (SELECT 1)) ON CONFLICT (\"id\") DO "
           "UPDATE SET \"id\" = $1",
           "INSERT INTO \"Session\" (\"updatedAt\", \"id\") VALUES (CURRENT_TIMESTAMP, $1, (SELECT "
           "1)) ON CONFLICT (\"id\") DO UPDATE SET \"updatedAt\" = CURRENT_TIMESTAMP, \"id\" = $1");
    expect(&db, "UPDATE \"Session\" SET \"a\" = 1",
           "UPDATE \"Session\" SET \"updatedAt\" = CURRENT_TIMESTAMP, \"a\" = 1");
    expect(&db, "UPDATE \"Sessions\" SET \"a\" = 1", "UPDATE \"Sessions\" SET \"a\" = 1");
    expect(&db, "SELECT \"a\" FROM \"Session\"", "SELECT \"a\" FROM \"Session\"");
}

static void the_time_has_the_form_of_the_file(void **state) {
    struct db db = with_fill(&sqlite, "T", "u");
    expect(&db, "UPDATE \"T\" SET a = 1",
           "UPDATE \"T\" SET \"u\" = CAST(strftime('%s', 'now') AS INTEGER) * 1000, a = 1");
    db.form.has_text_times = true;
    expect(&db, "UPDATE \"T\" SET a = 1",
           "UPDATE \"T\" SET \"u\" = strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), a = 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_of_stays_only_where_both_forms_are),
        cmocka_unit_test(columns_of_others_are_filled),
        cmocka_unit_test(the_time_has_the_form_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
