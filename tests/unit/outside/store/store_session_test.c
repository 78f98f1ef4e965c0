/* Sessions, on SQLite, or with the path of tests/fixtures/postgres as argument on PostgreSQL. */
#include "base/clock.h"
#include "base/macros.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A minute ago, because the store deletes feedback that is too old. */
static int64_t T0;

static struct answer start_session(struct store_fixture *f, struct store *store,
                                   const char *meeting, const char *room, const char *organization,
                                   int64_t at_ms) {
    return ask_start(f, store,
                     &(struct store_session_start){.meeting_id = slice_from(meeting),
                                                   .room_sid = slice_from(meeting),
                                                   .room_name = slice_from(room),
                                                   .organization = slice_from(organization),
                                                   .is_signed = true,
                                                   .at_ms = at_ms});
}

static void a_session_starts_ends_and_comes_back(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct answer a = start_session(f, store, "RM_1", "daily", "", T0);
    assert_string_equal(a.meeting[0], "RM_1");
    assert_string_equal(a.room_sid, "RM_1");
    assert_int_equal(a.status, SESSION_ACTIVE);
    assert_int_equal(a.started_ms, T0);

    a = ask_room(f, store, "daily");
    assert_int_equal(a.err, 0);
    assert_string_equal(a.meeting[0], "RM_1");

    assert_int_equal(ask_end(f, store, "RM_1", T0 + 5000), 0);
    assert_int_equal(ask_end(f, store, "RM_1", T0 + 9000), 0);
    a = ask_session(f, store, "RM_1");
    assert_int_equal(a.status, SESSION_ENDED);
    assert_int_equal(a.ended_ms, T0 + 5000);

    a = ask_room(f, store, "daily");
    assert_int_equal(a.err, ENOENT);
    assert_int_equal(ask_end(f, store, "nobody", T0), ENOENT);

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
    struct answer a = ask_room(f, store, "daily");
    assert_string_equal(a.meeting[0], "RM_new");
    store_close(store, 1000);
}

static void a_sid_that_is_taken_does_not_stop_a_meeting(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    start_session(f, store, "RM_1", "daily", "", T0);
    const struct store_session_start start = {.meeting_id = SLICE("other"),
                                              .room_sid = SLICE("RM_1"),
                                              .room_name = SLICE("weekly"),
                                              .at_ms = T0};
    assert_string_equal(ask_start(f, store, &start).room_sid, "");
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

    const struct store_session_start unsigned_start = {.meeting_id = SLICE("m5"),
                                                       .room_name = SLICE("r"),
                                                       .organization = SLICE("acme"),
                                                       .at_ms = T0};
    assert_string_equal(ask_start(f, store, &unsigned_start).owner, "");
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
    store_session_list(store, &filter, answer_sessions, &a);
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
    assert_int_equal(ask_end(f, store, "m03", T0 + 99), 0);

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
    store_session_list_active(store, 100, answer_sessions, &active);
    fixture_wait(f, &active.done);
    assert_int_equal(active.count, 25);
    store_close(store, 1000);
}

static void strange_text_stays_what_it_is(void **state) {
    struct store_fixture *f = *state;
    static const char *const names[] = {"'; DROP TABLE \"Session\"; --", "$1", "%s\\'\"",
                                        "r\xC3\xA9union \xE2\x98\x95", "a\nb\tc"};
    struct store *store = fixture_open(f, NULL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        start_session(f, store, names[i], names[i], names[i], T0);
        struct answer a = ask_room(f, store, names[i]);
        assert_int_equal(a.err, 0);
        assert_string_equal(a.meeting[0], names[i]);
        assert_string_equal(a.room_name, names[i]);
    }
    store_close(store, 1000);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_session_starts_ends_and_comes_back),
        STORE_TEST(the_latest_of_two_sessions_of_a_room_counts),
        STORE_TEST(a_sid_that_is_taken_does_not_stop_a_meeting),
        STORE_TEST(only_a_linked_slug_of_a_signed_webhook_owns_a_meeting),
        STORE_TEST(the_default_organization_takes_the_rest),
        STORE_TEST(sessions_come_in_pages_of_one_organization),
        STORE_TEST(strange_text_stays_what_it_is),
    };
    T0 = clock_wall_ms() - 60000;
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
