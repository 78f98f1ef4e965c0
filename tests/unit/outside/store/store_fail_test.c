/*
 * Every step of every statement fails once, in turn: nothing half done stays, no transaction stays
 * open, and the next try succeeds. sqlite3_step is wrapped at link time.
 */
#include "outside/db/db.h"
#include "outside/store/store_accounts.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>

int __real_sqlite3_step(sqlite3_stmt *);
int __wrap_sqlite3_step(sqlite3_stmt *);

/* In the future, because the store deletes what is old. */
#define LATER_MS INT64_C(4000000000000)

static atomic_int steps_left; /* before one fails; negative: none does */
static atomic_int failures;

int __wrap_sqlite3_step(sqlite3_stmt *stmt) {
    if (atomic_load(&steps_left) >= 0 && atomic_fetch_sub(&steps_left, 1) == 0) {
        atomic_fetch_add(&failures, 1);
        return SQLITE_IOERR;
    }
    return __real_sqlite3_step(stmt);
}

struct world {
    struct store_fixture *fixture;
    struct store *store;
    bool done;
    int err;
    char user_id[64], organization_id[64];
};

static void on_account(int err, const struct store_account *a, void *arg) {
    struct world *w = arg;
    w->done = true;
    w->err = err;
    if (!err) {
        snprintf(w->user_id, sizeof w->user_id, "%.*s", SLICE_ARG(a->user_id));
        snprintf(w->organization_id, sizeof w->organization_id, "%.*s",
                 SLICE_ARG(a->current->organization_id));
    }
}

static void on_session(int err, const struct store_session *s, void *arg) {
    struct world *w = arg;
    w->done = true;
    w->err = err;
}

static void on_done(int err, void *arg) {
    struct world *w = arg;
    w->done = true;
    w->err = err;
}

static int answer(struct world *w) {
    fixture_wait(w->fixture, &w->done);
    w->done = false;
    return w->err;
}

static struct store_grant grant(const char *token) {
    return (struct store_grant){.token_id = slice_from(token),
                                .family_id = slice_from(token),
                                .token_hash = slice_from(token),
                                .now_ms = LATER_MS,
                                .expires_ms = LATER_MS + 100000};
}

static int do_register(struct world *w) {
    const struct store_registration in = {.email = SLICE("a@x.org"),
                                          .password_hash = SLICE("h"),
                                          .organization_name = SLICE("Acme"),
                                          .slug = SLICE("acme"),
                                          .grant = grant("t1")};
    store_user_register(w->store, &in, on_account, w);
    return answer(w);
}

static int do_rotate(struct world *w) {
    const struct store_rotation in = {.token_hash = SLICE("t1"),
                                      .next_id = SLICE("t2"),
                                      .next_hash = SLICE("t2"),
                                      .now_ms = LATER_MS + 1000,
                                      .ttl_ms = 100000,
                                      .family_ttl_ms = 100000};
    store_token_rotate(w->store, &in, on_account, w);
    return answer(w);
}

static int do_session(struct world *w) {
    const struct store_session_start in = {.meeting_id = SLICE("m"),
                                           .room_sid = SLICE("m"),
                                           .room_name = SLICE("r"),
                                           .is_signed = true,
                                           .at_ms = 3000};
    store_session_start(w->store, &in, on_session, w);
    return answer(w);
}

static int do_password(struct world *w) {
    store_password_set(w->store, slice_from(w->user_id), SLICE("h"), SLICE("h2"), SLICE("none"),
                       4000, on_done, w);
    return answer(w);
}

static void expect_whole(struct world *w, int users) {
    assert_int_equal(fixture_count(w->fixture, "SELECT COUNT(*) FROM \"User\""), users);
    assert_int_equal(fixture_count(w->fixture, "SELECT COUNT(*) FROM \"Organization\""), users);
    assert_int_equal(fixture_count(w->fixture, "SELECT COUNT(*) FROM \"OrganizationMembership\""),
                     users);
}

/* Fails the n-th step of the action for n = 0, 1, ... until it succeeds. */
static void fail_each(struct world *w, int (*action)(struct world *)) {
    int users = (int)fixture_count(w->fixture, "SELECT COUNT(*) FROM \"User\"");
    for (int n = 0; n < 200; n++) {
        atomic_store(&failures, 0);
        atomic_store(&steps_left, n);
        int err = action(w);
        bool has_failed = atomic_load(&failures) > 0;
        atomic_store(&steps_left, -1);
        if (!has_failed) {
            assert_int_equal(err, 0);
            assert_true(n > 0);
            return;
        }
        if (err == 0)
            return; /* a step after the commit failed */
        assert_int_equal(err, EAGAIN);
        expect_whole(w, users);
    }
    fail_msg("it never succeeded");
}

static void every_step_may_fail(void **state) {
    struct world w = {.fixture = *state};
    w.store = fixture_open(w.fixture, NULL);
    fail_each(&w, do_register);
    expect_whole(&w, 1);
    fail_each(&w, do_rotate);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"RefreshToken\""), 2);
    fail_each(&w, do_session);
    assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"Session\""), 1);
    fail_each(&w, do_password);
    assert_int_equal(
        fixture_count(w.fixture, "SELECT COUNT(*) FROM \"User\" WHERE \"passwordHash\" = 'h2'"), 1);
    store_close(w.store, 1000);
}

static void every_write_of_events_may_fail(void **state) {
    struct world w = {.fixture = *state};
    for (int n = 0; n < 40; n++) {
        w.store = fixture_open(w.fixture, NULL);
        atomic_store(&steps_left, n);
        for (int i = 0; i < 30; i++) {
            char id[32];
            snprintf(id, sizeof id, "%d-%d", n, i);
            const struct store_feedback event = {.id = slice_from(id),
                                                 .meeting_id = SLICE("m"),
                                                 .participant_id = SLICE("p"),
                                                 .type = SLICE("volume_alto"),
                                                 .severity = SLICE("info"),
                                                 .ts_ms = INT64_C(4000000000000)};
            assert_true(store_feedback_add(w.store, &event));
        }
        store_close(w.store, 5000);
        atomic_store(&steps_left, -1);
        assert_int_equal(fixture_count(w.fixture, "SELECT COUNT(*) FROM \"FeedbackEvent\""),
                         30 * (n + 1));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_step_may_fail, fixture_next_database),
        cmocka_unit_test_setup(every_write_of_events_may_fail, fixture_next_database),
    };
    atomic_store(&steps_left, -1);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
