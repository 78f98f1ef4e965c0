/* A database that the former backend's Prisma migrations made, in SQL of our own, is adopted
 * without losing a row. */
#include "base/buf.h"
#include "former.h"
#include "outside/db/db.h"
#include "outside/db/db_migrate.h"
#include "outside/store/store.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static void check_adopted(struct store_fixture *f) {
    struct store *store = fixture_open(f, NULL);
    struct answer a = ask_room(f, store, "room");
    assert_int_equal(a.err, 0);
    assert_string_equal(a.meeting[0], "RM_7");
    assert_int_equal(a.started_ms, INT64_C(1795349220123)); /* 2026-11-22T12:07:00.123Z */

    const struct store_feedback_filter filter = {.meeting_id = SLICE("RM_7"), .limit = 500};
    a = ask_feedback(f, store, &filter);
    assert_int_equal(a.count, 500);
    assert_int_equal(a.ts_ms[0], INT64_C(1795349750500));
    assert_string_equal(a.metadata, "{\"rmsDbfs\": -30.5}");

    /* A type that the former migrations do not know. */
    const struct store_feedback event = {.id = SLICE("new"),
                                         .meeting_id = SLICE("RM_7"),
                                         .participant_id = SLICE("bob"),
                                         .type = SLICE("ruido_de_fundo"),
                                         .severity = SLICE("info"),
                                         .ts_ms = INT64_C(4000000000000),
                                         .window_start_ms = INT64_C(4000000000000),
                                         .window_end_ms = INT64_C(4000000000000),
                                         .message = SLICE("x"),
                                         .seq = 1};
    assert_true(store_feedback_add(store, &event));
    const struct store_session_start start = {.meeting_id = SLICE("RM_21"),
                                              .room_sid = SLICE("RM_21"),
                                              .room_name = SLICE("later"),
                                              .at_ms = INT64_C(1795350000000)};
    ask_start(f, store, &start);
    store_close(store, 2000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 501);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"Session\""), 21);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"User\""), 1);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"_prisma_migrations\""), 1);
    assert_int_equal(
        fixture_count(f, fixture_is_postgres(f)
                             ? "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = "
                               "current_schema() AND indexdef LIKE '%(\"roomName\")'"
                             : "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND sql "
                               "LIKE '%(\"roomName\")'"),
        1);
}

static void a_former_database_is_adopted(void **state) {
    struct store_fixture *f = *state;
    fixture_use_schema(f, "public");
    former_make(f, "public");
    check_adopted(f);
    store_close(fixture_open(f, NULL), 100); /* and the next start finds nothing to do */
}

/* Whatever form the times have, and also while both are found. */
static void a_former_file_is_adopted(void **state) {
    struct store_fixture *f = *state;
    for (enum former_form form = FORMER_NUMBERS; form <= FORMER_BOTH; form++) {
        former_make_file(f, form);
        check_adopted(f);
        store_close(fixture_open(f, NULL), 100);
    }
}

static void a_file_of_strange_times_is_refused(void **state) {
    struct store_fixture *f = *state;
    struct store *store = NULL;
    char why[256] = "";
    former_make_file(f, FORMER_NUMBERS);
    fixture_run(f, "UPDATE \"User\" SET \"updatedAt\" = 'yesterday'");
    const struct store_settings config = {.url = fixture_url(f), .feedback_ttl_days = 14};
    assert_int_equal(store_open(&store, &config, fixture_loop(f), why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"updatedAt\""));
    assert_non_null(strstr(why, "\"User\""));
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"),
                     4);
}

static void so_is_one_in_another_schema(void **state) {
    struct store_fixture *f = *state;
    fixture_use_schema(f, "meetings");
    former_make(f, "meetings");
    check_adopted(f);
}

static void a_dry_run_says_all_and_does_nothing(void **state) {
    struct store_fixture *f = *state;
    struct buf plan = {0};
    char why[256] = "";
    fixture_use_schema(f, "dry");
    former_make(f, "dry");
    struct db *db = fixture_connect(f);
    assert_int_equal(db_migrate(db, true, &plan, why, sizeof why), 0);
    buf_add_byte(&plan, 0);
    assert_non_null(strstr(
        plan.data, "ALTER TYPE \"dry\".\"FeedbackType\" ADD VALUE IF NOT EXISTS 'ruido_de_fundo'"));
    assert_non_null(strstr(plan.data, "ALTER TABLE \"User\" ADD COLUMN \"passwordHash\" TEXT"));
    assert_null(strstr(plan.data, "DROP"));
    buf_free(&plan);
    db_close(db);
    assert_int_equal(
        fixture_count(f,
                      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'dry'"),
        4);
}

static void a_strange_type_is_refused_by_name(void **state) {
    struct store_fixture *f = *state;
    struct store *store = NULL;
    char why[256] = "";
    fixture_use_schema(f, "strange");
    former_make(f, "strange");
    fixture_run(f, "ALTER TABLE \"FeedbackEvent\" ALTER COLUMN \"ts\" TYPE BIGINT USING 0");
    const struct store_settings config = {.url = fixture_url(f), .feedback_ttl_days = 14};
    assert_int_equal(store_open(&store, &config, fixture_loop(f), why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"ts\""));
    assert_non_null(strstr(why, "\"FeedbackEvent\""));
    assert_non_null(strstr(why, "bigint"));
    assert_int_equal(
        fixture_count(
            f, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'strange'"),
        4);
}

int main(int argc, char **argv) {
    const struct CMUnitTest postgres[] = {
        cmocka_unit_test(a_former_database_is_adopted),
        cmocka_unit_test(so_is_one_in_another_schema),
        cmocka_unit_test(a_dry_run_says_all_and_does_nothing),
        cmocka_unit_test(a_strange_type_is_refused_by_name),
    };
    const struct CMUnitTest sqlite[] = {
        cmocka_unit_test(a_former_file_is_adopted),
        cmocka_unit_test(a_file_of_strange_times_is_refused),
    };
    fixture_choose(argc, argv);
    return fixture_chose_postgres()
               ? cmocka_run_group_tests(postgres, fixture_set_up, fixture_tear_down)
               : cmocka_run_group_tests(sqlite, fixture_set_up, fixture_tear_down);
}
