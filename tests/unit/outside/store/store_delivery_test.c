/* Webhooks that wait in the table, on SQLite, or with the path of tests/fixtures/postgres as argument
 * on PostgreSQL. */
#include "outside/store/store_delivery.h"

#include "base/clock.h"
#include "outside/store/store_recording.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>

#define HERE SLICE("https://app.example.org/hook")

struct claimed {
    struct answer answer;
    char id[20][40], body[20][40], error[20][40];
    unsigned attempts[20], status[20];
};

static void on_rows(int err, const struct store_delivery_list *list, void *arg) {
    struct claimed *claimed = arg;
    answer_done(err, &claimed->answer);
    claimed->answer.count = err ? 0 : list->count;
    for (size_t i = 0; i < claimed->answer.count && i < 20; i++) {
        answer_copy(claimed->id[i], 40, list->rows[i].id);
        answer_copy(claimed->body[i], 40, list->rows[i].body);
        answer_copy(claimed->error[i], 40, list->rows[i].last_error);
        claimed->attempts[i] = list->rows[i].attempts;
        claimed->status[i] = list->rows[i].last_status;
    }
}

static int add(struct store_fixture *f, struct store *store, const char *id, const char *person,
               int64_t due_ms, unsigned most) {
    struct answer a = {0};
    const struct store_delivery row = {
        .id = slice_from(id),
        .meeting_id = SLICE("RM_1"),
        .participant_id = slice_from(person),
        .type = SLICE("meeting.started"),
        .url = HERE,
        .body = slice_from(id),
        .due_ms = due_ms,
        .created_ms = due_ms,
        .expires_ms = clock_wall_ms() + 60000,
    };
    store_delivery_add(store, &row, most, answer_done, &a);
    fixture_wait(f, &a.done);
    return a.err;
}

static struct claimed claim(struct store_fixture *f, struct store *store, int64_t now_ms,
                            int64_t until_ms) {
    struct claimed claimed = {0};
    store_delivery_claim(store, HERE, now_ms, until_ms, 4, on_rows, &claimed);
    fixture_wait(f, &claimed.answer.done);
    assert_int_equal(claimed.answer.err, 0);
    return claimed;
}

static void settle(struct store_fixture *f, struct store *store, const char *id, unsigned attempts,
                   int64_t due_ms, enum delivery_state state) {
    struct answer a = {0};
    const struct store_delivery row = {.id = slice_from(id),
                                       .attempts = attempts,
                                       .due_ms = due_ms,
                                       .last_status = 500,
                                       .last_error = SLICE("HTTP status 500")};
    store_delivery_settle(store, &row, state, answer_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
}

static struct claimed list(struct store_fixture *f, struct store *store,
                           enum delivery_state state) {
    struct claimed listed = {0};
    store_delivery_list(store, state, 10, on_rows, &listed);
    fixture_wait(f, &listed.answer.done);
    assert_int_equal(listed.answer.err, 0);
    return listed;
}

static void what_is_due_is_claimed_once(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    const int64_t now_ms = 1790000000000;
    assert_int_equal(add(f, store, "late", "", now_ms + 1, 100), 0);
    assert_int_equal(add(f, store, "a", "ana", now_ms, 100), 0);
    assert_int_equal(add(f, store, "a", "ana", now_ms, 100), 0); /* told again */
    struct claimed first = claim(f, store, now_ms, now_ms + 500);
    assert_int_equal(first.answer.count, 1);
    assert_string_equal(first.id[0], "a");
    assert_string_equal(first.body[0], "a");
    struct claimed second = claim(f, store, now_ms + 499, now_ms + 900);
    assert_int_equal(second.answer.count, 1); /* the late one */
    assert_string_equal(second.id[0], "late");
    struct claimed third = claim(f, store, now_ms + 500, now_ms + 1000);
    assert_int_equal(third.answer.count, 1); /* the claim is over: who had it is gone */
    assert_string_equal(third.id[0], "a");
    store_close(store, 1000);
}

static void it_is_tried_until_it_is_taken_or_given_up(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    const int64_t now_ms = clock_wall_ms();
    struct answer again = {0}, unknown = {0};
    add(f, store, "a", "", now_ms, 100);
    add(f, store, "b", "", now_ms, 100);
    claim(f, store, now_ms, now_ms + 1000);
    settle(f, store, "a", 1, now_ms + 50, DELIVERY_PENDING);
    settle(f, store, "b", 0, now_ms, DELIVERY_SENT);
    struct claimed next = claim(f, store, now_ms + 50, now_ms + 2000);
    assert_int_equal(next.answer.count, 1);
    assert_int_equal(next.attempts[0], 1);
    settle(f, store, "a", 2, now_ms + 60, DELIVERY_DEAD);
    assert_int_equal(claim(f, store, now_ms + 90, now_ms + 2000).answer.count, 0);
    struct claimed dead = list(f, store, DELIVERY_DEAD);
    assert_int_equal(dead.answer.count, 1);
    assert_string_equal(dead.error[0], "HTTP status 500");
    assert_int_equal(dead.status[0], 500);
    assert_int_equal(
        fixture_count(f, "SELECT COUNT(*) FROM \"WebhookDelivery\" WHERE \"body\" = ''"), 1);
    store_delivery_again(store, SLICE("a"), now_ms, now_ms + 60000, answer_done, &again);
    fixture_wait(f, &again.done);
    assert_int_equal(again.err, 0);
    assert_int_equal(claim(f, store, now_ms + 90, now_ms + 2000).attempts[0], 0);
    store_delivery_again(store, SLICE("a"), now_ms, now_ms + 60000, answer_done, &unknown);
    fixture_wait(f, &unknown.done);
    assert_int_equal(unknown.err, ENOENT);
    store_close(store, 1000);
}

static void only_so_many_wait(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    assert_int_equal(add(f, store, "a", "", 1, 2), 0);
    assert_int_equal(add(f, store, "b", "", 1, 2), 0);
    assert_int_equal(add(f, store, "c", "", 1, 2), EBUSY);
    settle(f, store, "a", 0, 1, DELIVERY_SENT);
    assert_int_equal(add(f, store, "c", "", 1, 2), 0);
    store_close(store, 1000);
}

static void on_erased(int err, const struct store_erased *erased, void *arg) {
    answer_done(err, arg);
}

static void they_go_with_their_meeting_and_person(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct answer a = {0}, b = {0};
    const struct store_session_start session = {
        .meeting_id = SLICE("RM_1"), .room_name = SLICE("daily"), .at_ms = 1790000000000};
    ask_start(f, store, &session);
    ask_end(f, store, "RM_1", 1790000001000);
    add(f, store, "a", "ana", 1, 100);
    add(f, store, "b", "bob", 1, 100);
    struct store_erasure erasure = {.meeting_id = SLICE("RM_1"),
                                    .participant = SLICE("ana"),
                                    .actor = SLICE("eva"),
                                    .at_ms = 1790000002000};
    store_person_erase(store, &erasure, on_erased, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    struct claimed left = list(f, store, DELIVERY_PENDING);
    assert_int_equal(left.answer.count, 1);
    assert_string_equal(left.id[0], "b");
    erasure.participant = SLICE_NONE;
    store_meeting_erase(store, &erasure, on_erased, &b);
    fixture_wait(f, &b.done);
    assert_int_equal(list(f, store, DELIVERY_PENDING).answer.count, 0);
    store_close(store, 1000);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_is_due_is_claimed_once),
        STORE_TEST(it_is_tried_until_it_is_taken_or_given_up),
        STORE_TEST(only_so_many_wait),
        STORE_TEST(they_go_with_their_meeting_and_person),
    };
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
