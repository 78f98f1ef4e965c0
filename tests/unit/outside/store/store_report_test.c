/* Who took part, and reports, on SQLite, or with the path of tests/fixtures/postgres as argument on
 * PostgreSQL. */
#include "outside/store/store_report.h"

#include "base/buf.h"
#include "base/clock.h"
#include "outside/store/store_recording.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>

#define T0   INT64_C(1790000000123)
#define CASA "0b6a2c9e-1111-4222-8333-444455556666"

struct stays {
    struct answer answer;
    char identity[8][32], name[8][32];
    bool is_host[8];
    int64_t left_ms[8];
};

static void on_stays(int err, const struct store_participant_list *list, void *arg) {
    struct stays *stays = arg;
    answer_done(err, &stays->answer);
    stays->answer.count = err ? 0 : list->count;
    for (size_t i = 0; i < stays->answer.count && i < 8; i++) {
        answer_copy(stays->identity[i], 32, list->stays[i].participant_id);
        answer_copy(stays->name[i], 32, list->stays[i].name);
        stays->is_host[i] = list->stays[i].is_host;
        stays->left_ms[i] = list->stays[i].left_ms;
    }
}

static struct stays list(struct store_fixture *f, struct store *store, const char *meeting) {
    struct stays stays = {0};
    store_participant_list(store, slice_from(meeting), on_stays, &stays);
    fixture_wait(f, &stays.answer.done);
    assert_int_equal(stays.answer.err, 0);
    return stays;
}

static void put(struct store_fixture *f, struct store *store, const struct store_participant *in) {
    struct answer a = {0};
    store_participant_put(store, in, answer_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
}

static struct store_participant stay(const char *id, const char *identity, int64_t joined_ms) {
    return (struct store_participant){.id = slice_from(id),
                                      .meeting_id = SLICE("RM_1"),
                                      .participant_id = slice_from(identity),
                                      .joined_ms = joined_ms,
                                      .expires_ms = clock_wall_ms() + 60000};
}

static void a_stay_grows_with_what_is_known(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct store_participant ana = stay("RM_1/PA_1", "ana", T0 + 5), bob = stay("b", "bob", T0);
    put(f, store, &ana);
    put(f, store, &bob);
    ana.name = SLICE("Ana");
    ana.is_host = true;
    ana.left_ms = T0 + 9000;
    put(f, store, &ana);
    ana.left_ms = 0; /* told late, of a moment before */
    ana.name = SLICE_NONE;
    put(f, store, &ana);
    struct stays a = list(f, store, "RM_1");
    assert_int_equal(a.answer.count, 2);
    assert_string_equal(a.identity[0], "bob");
    assert_string_equal(a.identity[1], "ana");
    assert_string_equal(a.name[1], "Ana");
    assert_true(a.is_host[1]);
    assert_int_equal(a.left_ms[1], T0 + 9000);
    assert_int_equal(a.left_ms[0], 0);
    store_close(store, 1000);
}

static const struct store_session_start start = {.meeting_id = SLICE("RM_1"),
                                                 .room_name = SLICE("Daily 100%"),
                                                 .organization = SLICE("casa"),
                                                 .is_signed = true,
                                                 .at_ms = T0};

static void who_is_there_at_the_end_leaves_with_it(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    ask_start(f, store, &start);
    struct store_participant ana = stay("RM_1/PA_1", "ana", T0), bob = stay("b", "bob", T0 + 1);
    bob.left_ms = T0 + 500;
    put(f, store, &ana);
    put(f, store, &bob);
    assert_int_equal(ask_end(f, store, "RM_1", T0 + 1000), 0);
    struct stays a = list(f, store, "RM_1");
    assert_int_equal(a.left_ms[0], T0 + 1000);
    assert_int_equal(a.left_ms[1], T0 + 500);
    store_close(store, 1000);
}

static struct answer search(struct store_fixture *f, struct store *store, const char *owner,
                            const char *room, const char *person) {
    struct answer a = {0};
    const struct store_session_filter filter = {.organization_id = slice_from(owner),
                                                .status = -1,
                                                .room = slice_from(room),
                                                .person = slice_from(person),
                                                .limit = 10};
    store_session_list(store, &filter, answer_sessions, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    return a;
}

static void meetings_are_found_by_room_and_person(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    fixture_run(f, "INSERT INTO \"Organization\" (\"id\", \"name\", \"slug\", \"createdAt\", "
                   "\"linkedAt\") VALUES ('" CASA "', 'Casa', 'casa', "
                   "CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)");
    ask_start(f, store, &start);
    struct store_participant ana = stay("RM_1/PA_1", "ana@example.org", T0);
    ana.name = SLICE("Ana_B");
    put(f, store, &ana);
    static const struct {
        const char *room, *person;
        size_t count;
    } rows[] = {{"", "", 1},    {"DAILY", "", 1},    {"100%", "", 1},
                {"1%0", "", 0}, {"", "EXAMPLE", 1},  {"", "a_b", 1},
                {"", "axb", 0}, {"daily", "ana", 1}, {"daily", "bob", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(search(f, store, CASA, rows[i].room, rows[i].person).count, rows[i].count);
    store_close(store, 1000);
}

struct got {
    struct answer answer;
    struct buf json;
};

static void on_report(int err, struct slice json, void *arg) {
    struct got *got = arg;
    answer_done(err, &got->answer);
    buf_add_slice(&got->json, json);
}

static int get(struct store_fixture *f, struct store *store, const char *want) {
    struct got got = {0};
    store_report_get(store, SLICE("RM_1"), on_report, &got);
    fixture_wait(f, &got.answer.done);
    if (!got.answer.err)
        assert_true(slice_is_equal(buf_slice(&got.json), slice_from(want)));
    buf_free(&got.json);
    return got.answer.err;
}

static void put_report(struct store_fixture *f, struct store *store, const char *json,
                       int64_t lasts_ms) {
    struct answer a = {0};
    const struct store_report report = {.meeting_id = SLICE("RM_1"),
                                        .version = 1,
                                        .json = slice_from(json),
                                        .created_ms = T0,
                                        .expires_ms = clock_wall_ms() + lasts_ms};
    store_report_put(store, &report, answer_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
}

static bool is_expired(void *arg) {
    return fixture_count(arg, "SELECT COUNT(*) FROM \"MeetingReport\"") == 0 &&
           fixture_count(arg, "SELECT COUNT(*) FROM \"Participant\"") == 0;
}

static void a_report_is_replaced_and_goes_after_its_time(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    assert_int_equal(get(f, store, NULL), ENOENT);
    put_report(f, store, "{\"version\":1, \"b\":1, \"a\":\"\\u0041\"}", 60000);
    assert_int_equal(get(f, store, "{\"version\":1, \"b\":1, \"a\":\"\\u0041\"}"), 0);
    put_report(f, store, "{\"version\":2}", -1000);
    assert_int_equal(get(f, store, "{\"version\":2}"), 0);
    struct store_participant ana = stay("x", "ana", T0);
    ana.expires_ms = clock_wall_ms() - 1000;
    put(f, store, &ana);
    store_close(store, 1000);
    store = fixture_open(f, NULL); /* expired rows are looked for soon after the start */
    assert_true(fixture_wait_for(f, is_expired, f, 60000));
    store_close(store, 1000);
}

static void on_erased(int err, const struct store_erased *erased, void *arg) {
    answer_done(err, arg);
}

static void they_go_with_their_meeting(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct answer a = {0};
    ask_start(f, store, &start);
    struct store_participant ana = stay("RM_1/PA_1", "ana", T0);
    put(f, store, &ana);
    put_report(f, store, "{}", 60000);
    assert_int_equal(ask_end(f, store, "RM_1", T0 + 1000), 0);
    const struct store_erasure erasure = {
        .meeting_id = SLICE("RM_1"), .actor = SLICE("eva"), .at_ms = T0 + 2000};
    store_meeting_erase(store, &erasure, on_erased, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    assert_true(is_expired(f));
    store_close(store, 1000);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_stay_grows_with_what_is_known),
        STORE_TEST(who_is_there_at_the_end_leaves_with_it),
        STORE_TEST(meetings_are_found_by_room_and_person),
        STORE_TEST(a_report_is_replaced_and_goes_after_its_time),
        STORE_TEST(they_go_with_their_meeting),
    };
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
