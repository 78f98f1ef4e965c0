/* A SQLite file that others use keeps the form of times that they write. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "former.h"
#include "outside/db/db.h"
#include "outside/db/db_migrate.h"
#include "outside/db/db_times.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* All that the former backend wrote, in its columns, as one number. */
static int64_t digest(struct store_fixture *f) {
    int64_t sum = 0;
    static const char *const parts[] = {
        "SELECT TOTAL(length(quote(\"startedAt\")) * 7 + rowid * unicode(typeof(\"startedAt\"))) + "
        "TOTAL(CAST(substr(\"startedAt\", 6, 2) AS INTEGER)) FROM \"Session\" WHERE \"id\" LIKE "
        "'s%'",
        "SELECT TOTAL(length(quote(\"expiresAt\") || quote(\"ts\") || quote(\"windowStart\") || "
        "quote(\"windowEnd\") || quote(\"createdAt\")) * rowid) FROM \"FeedbackEvent\"",
        "SELECT TOTAL(length(quote(\"updatedAt\") || quote(\"createdAt\"))) FROM \"User\""};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        sum = sum * 1000003 + fixture_count(f, parts[i]);
    return sum;
}

/* The clean-up of the former backend: deleteMany({ where: { expiresAt: { lt: now } } }). */
static int64_t others_would_delete(struct store_fixture *f, bool is_text) {
    return fixture_count(f, is_text
                                ? "SELECT COUNT(*) FROM \"FeedbackEvent\" WHERE \"expiresAt\" < "
                                  "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"
                                : "SELECT COUNT(*) FROM \"FeedbackEvent\" WHERE \"expiresAt\" < "
                                  "CAST(strftime('%s', 'now') AS INTEGER) * 1000");
}

static int64_t written_as(struct store_fixture *f, const char *table, const char *column,
                          const char *type) {
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM \"%s\" WHERE typeof(\"%s\") = '%s'", table,
             column, type);
    return fixture_count(f, sql);
}

static void start_later(struct store_fixture *f, struct store *store) {
    const struct store_session_start start = {
        .meeting_id = SLICE("RM_21"), .room_name = SLICE("later"), .at_ms = INT64_C(1795350000250)};
    ask_start(f, store, &start);
}

static void starting_once_changes_no_row_of_others(void **state) {
    struct store_fixture *f = *state;
    for (enum former_form form = FORMER_NUMBERS; form <= FORMER_TEXT; form++) {
        former_make_file(f, form);
        const int64_t before = digest(f);
        store_close(fixture_open(f, NULL), 1000);
        assert_int_equal(digest(f), before);
        assert_int_equal(others_would_delete(f, form == FORMER_TEXT), 0);
    }
}

static void our_rows_have_the_form_of_the_file(void **state) {
    struct store_fixture *f = *state;
    for (enum former_form form = FORMER_NUMBERS; form <= FORMER_TEXT; form++) {
        former_make_file(f, form);
        struct store *store = fixture_open(f, NULL);
        start_later(f, store);
        store_close(store, 1000);
        assert_int_equal(
            written_as(f, "Session", "startedAt", form == FORMER_TEXT ? "text" : "integer"), 21);
        assert_int_equal(
            fixture_count(f, form == FORMER_TEXT
                                 ? "SELECT COUNT(*) FROM \"Session\" WHERE \"startedAt\" = "
                                   "'2026-11-22T12:20:00.250+00:00'"
                                 : "SELECT COUNT(*) FROM \"Session\" WHERE \"startedAt\" = "
                                   "1795350000250"),
            1);
    }
}

static bool have_expired(void *arg) {
    return fixture_count(arg, "SELECT COUNT(*) FROM \"FeedbackEvent\"") <= 490;
}

/* Ten events have expired: they go and nothing else, whatever form the file has. */
static void only_what_has_expired_is_deleted(void **state) {
    struct store_fixture *f = *state;
    for (enum former_form form = FORMER_NUMBERS; form <= FORMER_BOTH; form++) {
        former_make_file(f, form);
        fixture_run(f, form == FORMER_NUMBERS
                           ? "UPDATE \"FeedbackEvent\" SET \"expiresAt\" = 1000 WHERE rowid <= 10"
                           : "UPDATE \"FeedbackEvent\" SET \"expiresAt\" = "
                             "'2020-01-01T00:00:00.000+00:00' WHERE rowid <= 10");
        struct store *store = fixture_open(f, NULL);
        assert_true(fixture_wait_for(f, have_expired, f, 60000));
        store_close(store, 1000);
        assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 490);
    }
}

/* A file of numbers, into which somebody begins to write text: theirs is the form from now on. */
static void another_form_is_noticed(void **state) {
    struct store_fixture *f = *state;
    char why[256] = "";
    former_make_file(f, FORMER_NUMBERS);
    struct db *db = fixture_connect(f);
    assert_int_equal(db_migrate(db, false, NULL, why, sizeof why), 0);
    assert_false(db->form.has_text_times);
    assert_false(db_times_have_changed(db));
    fixture_run(
        f, "INSERT INTO \"Session\" (\"id\", \"meetingId\", \"roomName\", \"startedAt\") VALUES "
           "('x', 'RM_99', 'room', '2026-11-22T13:00:00.000+00:00')");
    assert_true(db_times_have_changed(db));
    assert_int_equal(db_times_read(db), 0);
    assert_true(db->form.has_text_times && db->form.has_both_times);
    assert_false(db_times_have_changed(db));
    db_close(db);

    struct store *store = fixture_open(f, NULL);
    const struct answer a = ask_room(f, store, "room");
    assert_string_equal(a.meeting[0], "RM_99");
    assert_int_equal(a.started_ms, INT64_C(1795352400000));
    store_close(store, 1000);
}

static void a_command_converts_and_the_file_remembers(void **state) {
    struct store_fixture *f = *state;
    char why[256] = "";
    former_make_file(f, FORMER_BOTH);
    struct db *db = fixture_connect(f);
    assert_int_equal(db_migrate(db, false, NULL, why, sizeof why), 0);
    assert_true(db->form.has_both_times);
    for (int to_text = 0; to_text < 2; to_text++) {
        assert_int_equal(db_times_convert(db, to_text, why, sizeof why), 0);
        assert_false(db->form.has_both_times);
        assert_int_equal(db->form.has_text_times, to_text);
        assert_int_equal(written_as(f, "FeedbackEvent", "ts", to_text ? "text" : "integer"), 500);
    }
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\" WHERE \"ts\" = "
                                      "strftime('%Y-%m-%dT%H:%M:%f+00:00', 1795349250.5 + "
                                      "CAST(substr(\"id\", 2) AS INTEGER), 'unixepoch')"),
                     500);
    db_close(db);
    fixture_run(f, "DELETE FROM \"FeedbackEvent\"; DELETE FROM \"Session\"; DELETE FROM \"User\"");
    struct store *store = fixture_open(f, NULL);
    start_later(f, store);
    store_close(store, 1000);
    assert_int_equal(written_as(f, "Session", "startedAt", "text"), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(starting_once_changes_no_row_of_others),
        STORE_TEST(our_rows_have_the_form_of_the_file),
        STORE_TEST(only_what_has_expired_is_deleted),
        STORE_TEST(another_form_is_noticed),
        STORE_TEST(a_command_converts_and_the_file_remembers),
    };
    fixture_choose(0, NULL);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
