/*
 * Databases of the shapes that NestJS projects usually have are adopted, or refused with the ways
 * on. On SQLite, or with the path of tests/fixtures/postgres as argument on PostgreSQL.
 */
#include "base/clock.h"
#include "former.h"
#include "outside/db/db.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_url.h"
#include "outside/store/store_accounts.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LATER_MS INT64_C(4000000000000)

/* ---- Making and opening ---- */

static void make(struct store_fixture *f) {
    static unsigned number;
    char schema[32];
    if (!fixture_is_postgres(f)) {
        former_make_file(f, FORMER_TEXT);
        return;
    }
    snprintf(schema, sizeof schema, "shape%u", number++);
    fixture_use_schema(f, schema);
    former_make(f, schema);
}

static const char *timestamp(const struct store_fixture *f) {
    return fixture_is_postgres(f) ? "TIMESTAMP(3)" : "DATETIME";
}

/* Opens and closes it; `why` is the refusal, or what was said of the adoption. */
static int adopt(struct store_fixture *f, char *why, size_t why_bytes) {
    struct db_url url;
    struct db *db;
    assert_int_equal(db_url_parse(&url, fixture_url(f), why, why_bytes), 0);
    int err = db_connect(&db, &url, clock_mono_ms() + 60000, why, why_bytes);
    db_url_free(&url);
    if (err)
        return err;
    snprintf(why, why_bytes, "%s", db->news ? db->news : "");
    db_close(db);
    return 0;
}

static void expect_word(const char *text, const char *word) {
    if (!strstr(text, word))
        fail_msg("no %s in: %s", word, text);
}

/* ---- A user of ours, in whatever tables ---- */

struct answer_of_account {
    struct store_fixture *fixture;
    bool done;
    int err;
    char user[64], name[64], role[32];
    size_t memberships;
};

static void on_account(int err, const struct store_account *a, void *arg) {
    struct answer_of_account *answer = arg;
    answer->done = true;
    answer->err = err;
    if (err)
        return;
    answer->memberships = a->membership_count;
    snprintf(answer->user, sizeof answer->user, "%.*s", SLICE_ARG(a->user_id));
    snprintf(answer->name, sizeof answer->name, "%.*s", SLICE_ARG(a->name));
    if (a->current)
        snprintf(answer->role, sizeof answer->role, "%.*s", SLICE_ARG(a->current->role_name));
}

static struct answer_of_account await_account(struct answer_of_account *answer) {
    fixture_wait(answer->fixture, &answer->done);
    return *answer;
}

static struct answer_of_account register_ana(struct store_fixture *f, struct store *store) {
    struct answer_of_account answer = {.fixture = f};
    const struct store_registration in = {
        .email = SLICE("ana@example.org"),
        .password_hash = SLICE("h"),
        .organization_name = SLICE("Acme"),
        .slug = SLICE("acme"),
        .grant = {.token_id = SLICE("6f1c0f0e-0000-4000-8000-000000000001"),
                  .family_id = SLICE("6f1c0f0e-0000-4000-8000-000000000002"),
                  .token_hash = SLICE("hash"),
                  .now_ms = LATER_MS,
                  .expires_ms = LATER_MS + 100000}};
    store_user_register(store, &in, on_account, &answer);
    return await_account(&answer);
}

static struct answer_of_account find(struct store_fixture *f, struct store *store,
                                     const char *email) {
    struct answer_of_account answer = {.fixture = f};
    store_user_find(store, slice_from(email), on_account, &answer);
    return await_account(&answer);
}

/* Registers, refreshes: every table of accounts takes our rows. */
static void expect_accounts_to_work(struct store_fixture *f, const char *name) {
    struct store *store = fixture_open(f, NULL);
    struct answer_of_account answer = register_ana(f, store);
    assert_int_equal(answer.err, 0);
    assert_string_equal(answer.name, name);
    const struct store_rotation rotation = {.token_hash = SLICE("hash"),
                                            .next_id =
                                                SLICE("6f1c0f0e-0000-4000-8000-000000000003"),
                                            .next_hash = SLICE("next"),
                                            .now_ms = LATER_MS + 1000,
                                            .ttl_ms = 100000,
                                            .family_ttl_ms = 100000};
    answer = (struct answer_of_account){.fixture = f};
    store_token_rotate(store, &rotation, on_account, &answer);
    assert_int_equal(await_account(&answer).err, 0);
    store_close(store, 1000);
}

/* ---- Tables as NestJS projects have them ---- */

static void the_usual_tables_are_adopted(void **state) {
    struct store_fixture *f = *state;
    char sql[1024], why[512];
    make(f);
    snprintf(sql, sizeof sql,
             "CREATE TABLE \"Organization\" (\"id\" TEXT PRIMARY KEY, \"name\" TEXT NOT NULL, "
             "\"createdAt\" %s NOT NULL, \"updatedAt\" %s NOT NULL);"
             "CREATE TABLE \"RefreshToken\" (\"id\" TEXT PRIMARY KEY, \"userId\" TEXT NOT NULL, "
             "\"tokenHash\" TEXT NOT NULL, \"createdAt\" %s NOT NULL, \"expiresAt\" %s NOT NULL);",
             timestamp(f), timestamp(f), timestamp(f), timestamp(f));
    fixture_run(f, sql);
    fixture_run(f, "INSERT INTO \"RefreshToken\" VALUES ('old', 'u1', 'theirs', "
                   "'2026-11-22 12:00:00', '2026-11-22 12:00:00')");
    assert_int_equal(adopt(f, why, sizeof why), 0);
    expect_word(why, "adopted: Session, FeedbackEvent, User, Organization, RefreshToken");
    expect_word(why, "made: OrganizationMembership");
    expect_accounts_to_work(f, "");
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"Organization\" WHERE \"updatedAt\" > "
                                      "'2026-01-01'"),
                     1);
    assert_int_equal(
        fixture_count(f, "SELECT COUNT(*) FROM \"RefreshToken\" WHERE \"tokenHash\" = 'theirs'"),
        1);
}

static void what_we_cannot_fill_is_refused_with_the_ways_on(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make(f);
    fixture_run(f,
                "CREATE TABLE \"Organization\" (\"id\" TEXT PRIMARY KEY, \"name\" TEXT NOT NULL, "
                "\"taxNumber\" TEXT NOT NULL)");
    assert_int_equal(adopt(f, why, sizeof why), EINVAL);
    expect_word(why, "\"Organization\"");
    expect_word(why, "\"taxNumber\"");
    expect_word(why, "default");
    expect_word(why, fixture_is_postgres(f) ? "?schema=prosa" : "a file of its own");
}

static void a_name_that_is_required_comes_from_the_email(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make(f);
    if (fixture_is_postgres(f)) {
        fixture_run(f, "UPDATE \"User\" SET \"name\" = 'Old'");
        fixture_run(f, "ALTER TABLE \"User\" ALTER COLUMN \"name\" SET NOT NULL");
    } else {
        fixture_run(f, "DROP TABLE \"User\"");
        fixture_run(f,
                    "CREATE TABLE \"User\" (\"id\" TEXT NOT NULL PRIMARY KEY, \"email\" TEXT NOT "
                    "NULL, \"name\" TEXT NOT NULL, \"createdAt\" DATETIME NOT NULL, "
                    "\"updatedAt\" DATETIME NOT NULL)");
    }
    assert_int_equal(adopt(f, why, sizeof why), 0);
    expect_accounts_to_work(f, "ana");
}

static void other_tables_are_named(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make(f);
    fixture_run(f, "CREATE TABLE \"feedback_events\" (\"id\" TEXT PRIMARY KEY)");
    fixture_run(f, "CREATE TABLE \"users\" (\"id\" TEXT PRIMARY KEY)");
    assert_int_equal(adopt(f, why, sizeof why), 0);
    expect_word(why, "not understood: tables feedback_events, users");
    assert_int_equal(adopt(f, why, sizeof why), 0); /* only once */
    assert_string_equal(why, "");
}

/* ---- Values ---- */

static void make_status(struct store_fixture *f, const char *value) {
    char sql[128];
    if (fixture_is_postgres(f)) {
        snprintf(sql, sizeof sql, "ALTER TYPE \"SessionStatus\" ADD VALUE '%s'", value);
        fixture_run(f, sql);
    }
    snprintf(sql, sizeof sql, "UPDATE \"Session\" SET \"status\" = '%s' WHERE \"id\" = 's7'",
             value);
    fixture_run(f, sql);
}

static void a_strange_status_is_read_as_it_is(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make(f);
    make_status(f, "SCHEDULED");
    assert_int_equal(adopt(f, why, sizeof why), 0);
    expect_word(why, "Session.status SCHEDULED");
    struct store *store = fixture_open(f, NULL);
    const struct answer a = ask_session(f, store, "RM_7");
    assert_int_equal(a.err, 0);
    assert_string_equal(a.status_name, "SCHEDULED");
    assert_int_equal(ask_room(f, store, "room").err, ENOENT); /* none is active */
    store_close(store, 1000);
}

static void a_strange_role_locks_nobody_out(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make(f);
    assert_int_equal(adopt(f, why, sizeof why), 0);
    struct store *store = fixture_open(f, NULL);
    assert_int_equal(register_ana(f, store).err, 0);
    if (fixture_is_postgres(f))
        fixture_run(f, "ALTER TYPE \"OrganizationRole\" ADD VALUE 'VIEWER'");
    fixture_run(f, "UPDATE \"OrganizationMembership\" SET \"role\" = 'VIEWER'");
    const struct answer_of_account a = find(f, store, "ana@example.org");
    assert_int_equal(a.err, 0);
    assert_int_equal(a.memberships, 1);
    assert_string_equal(a.role, "VIEWER");
    store_close(store, 1000);
    assert_int_equal(adopt(f, why, sizeof why), 0);
    expect_word(why, "OrganizationMembership.role VIEWER");
}

/* ---- Ids of PostgreSQL's type uuid ---- */

static void make_uuids(struct store_fixture *f) {
    make(f);
    fixture_run(f, "DELETE FROM \"FeedbackEvent\"; DELETE FROM \"User\"; DELETE FROM \"Session\";"
                   "ALTER TABLE \"FeedbackEvent\" ALTER COLUMN \"id\" TYPE UUID USING \"id\"::uuid;"
                   "ALTER TABLE \"User\" ALTER COLUMN \"id\" TYPE UUID USING \"id\"::uuid;"
                   "ALTER TABLE \"Session\" ALTER COLUMN \"id\" TYPE UUID USING \"id\"::uuid");
}

static void ids_of_type_uuid_are_filled_and_read_as_sent(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make_uuids(f);
    assert_int_equal(adopt(f, why, sizeof why), 0);
    expect_accounts_to_work(f, "");
    struct store *store = fixture_open(f, NULL);
    const struct store_session_start start = {
        .meeting_id = SLICE("RM_1"), .room_name = SLICE("daily"), .at_ms = LATER_MS};
    assert_int_equal(ask_start(f, store, &start).err, 0);
    static const char *const ids[] = {"mwrsswtr-1g1x2p", "mwrsswts-0"};
    for (size_t i = 0; i < 2; i++) {
        const struct store_feedback event = {.id = slice_from(ids[i]),
                                             .meeting_id = SLICE("RM_1"),
                                             .participant_id = SLICE("ana"),
                                             .type = SLICE("volume_alto"),
                                             .severity = SLICE("info"),
                                             .ts_ms = LATER_MS,
                                             .seq = (int64_t)i + 1};
        assert_true(store_feedback_add(store, &event));
    }
    struct store_feedback_filter filter = {.meeting_id = SLICE("RM_1"), .limit = 1};
    struct answer a = ask_feedback(f, store, &filter);
    assert_int_equal(a.count, 1);
    assert_string_equal(a.ids[0], ids[1]);
    filter.cursor = slice_from(a.next);
    a = ask_feedback(f, store, &filter);
    assert_int_equal(a.count, 1);
    assert_string_equal(a.ids[0], ids[0]);
    store_close(store, 1000);
    assert_int_equal(
        fixture_count(f, "SELECT COUNT(*) FROM \"RefreshToken\" t JOIN \"User\" u ON "
                         "t.\"userId\" = u.\"id\" AND pg_typeof(t.\"userId\") = 'uuid'::regtype"),
        2);
}

static void ids_that_do_not_fit_are_refused_by_name(void **state) {
    static const char *const changes[][2] = {
        {"ALTER TABLE \"User\" ALTER COLUMN \"id\" TYPE VARCHAR(25)",
         "character varying (too short)"},
        {"ALTER TABLE \"Session\" ALTER COLUMN \"id\" TYPE INTEGER USING 1", "integer"},
        {"CREATE TABLE \"RefreshToken\" (\"id\" TEXT PRIMARY KEY, \"userId\" UUID)", "\"userId\""}};
    struct store_fixture *f = *state;
    char why[512];
    for (size_t i = 0; i < 3; i++) {
        make(f);
        fixture_run(f, "DELETE FROM \"Session\"");
        fixture_run(f, changes[i][0]);
        assert_int_equal(adopt(f, why, sizeof why), EINVAL);
        expect_word(why, changes[i][1]);
    }
}

static void whole_numbers_as_ids_are_refused_by_name(void **state) {
    struct store_fixture *f = *state;
    char why[512];
    make(f);
    fixture_run(f, "DROP TABLE \"User\"");
    fixture_run(f, "CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "
                   "\"email\" TEXT NOT NULL)");
    assert_int_equal(adopt(f, why, sizeof why), EINVAL);
    expect_word(why, "\"id\" of table \"User\" takes only whole numbers");
}

#define SHAPES                                                                                     \
    cmocka_unit_test(the_usual_tables_are_adopted),                                                \
        cmocka_unit_test(what_we_cannot_fill_is_refused_with_the_ways_on),                         \
        cmocka_unit_test(a_name_that_is_required_comes_from_the_email),                            \
        cmocka_unit_test(other_tables_are_named),                                                  \
        cmocka_unit_test(a_strange_status_is_read_as_it_is),                                       \
        cmocka_unit_test(a_strange_role_locks_nobody_out)

int main(int argc, char **argv) {
    const struct CMUnitTest postgres[] = {
        SHAPES,
        cmocka_unit_test(ids_of_type_uuid_are_filled_and_read_as_sent),
        cmocka_unit_test(ids_that_do_not_fit_are_refused_by_name),
    };
    const struct CMUnitTest sqlite[] = {
        SHAPES,
        cmocka_unit_test(whole_numbers_as_ids_are_refused_by_name),
    };
    fixture_choose(argc, argv);
    return fixture_chose_postgres()
               ? cmocka_run_group_tests(postgres, fixture_set_up, fixture_tear_down)
               : cmocka_run_group_tests(sqlite, fixture_set_up, fixture_tear_down);
}
