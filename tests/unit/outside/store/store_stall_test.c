/*
 * SQLite's writer is stalled, here because another connection holds its lock: requests are refused
 * soon, and what was refused is not done when the lock is free again.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "outside/db/db.h"
#include "outside/store/store_accounts.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
    PATIENT_MS = 120000, /* the deadline: too far away to be the reason of an answer */
    STALL_MS = 50,
    HOUR_MS = 3600 * 1000,
};

static const struct store_settings settings = {
    .feedback_ttl_days = 14, .deadline_ms = PATIENT_MS, .stall_ms = STALL_MS};

struct answer {
    bool done;
    int err;
    int64_t asked_ms, took_ms;
};

static struct answer asked(void) {
    return (struct answer){.asked_ms = clock_mono_ms()};
}

static void note(struct answer *a, int err) {
    a->done = true;
    a->err = err;
    a->took_ms = clock_mono_ms() - a->asked_ms;
}

static void on_account(int err, const struct store_account *account, void *arg) {
    note(arg, err);
}

static void on_session(int err, const struct store_session *session, void *arg) {
    note(arg, err);
}

static void add_user(struct store *store, const char *name, int64_t now_ms, struct answer *a) {
    const struct store_registration in = {.email = slice_from(name),
                                          .password_hash = SLICE("$argon2id$hash"),
                                          .organization_name = slice_from(name),
                                          .slug = slice_from(name),
                                          .grant = {.token_id = slice_from(name),
                                                    .family_id = slice_from(name),
                                                    .token_hash = slice_from(name),
                                                    .now_ms = now_ms,
                                                    .expires_ms = now_ms + HOUR_MS}};
    *a = asked();
    store_user_register(store, &in, on_account, a);
}

static void rotate(struct store *store, const char *hash, const char *next, int64_t now_ms,
                   struct answer *a) {
    const struct store_rotation in = {.token_hash = slice_from(hash),
                                      .next_id = slice_from(next),
                                      .next_hash = slice_from(next),
                                      .now_ms = now_ms,
                                      .ttl_ms = HOUR_MS,
                                      .family_ttl_ms = HOUR_MS,
                                      .grace_ms = 10000};
    *a = asked();
    store_token_rotate(store, &in, on_account, a);
}

static void start_session(struct store *store, const char *name, struct answer *a) {
    const struct store_session_start start = {
        .meeting_id = slice_from(name), .room_name = slice_from(name), .at_ms = clock_wall_ms()};
    *a = asked();
    store_session_start(store, &start, on_session, a);
}

static int ended(struct store_fixture *f, struct answer *a) {
    fixture_wait(f, &a->done);
    return a->err;
}

/* Tries again when refused, because a real disk may stall as well. */
static void add_user_in_the_end(struct store_fixture *f, struct store *store, const char *name,
                                int64_t now_ms) {
    struct answer a;
    do {
        add_user(store, name, now_ms, &a);
    } while (ended(f, &a) == EAGAIN);
    assert_int_equal(a.err, 0);
}

static void rotate_in_the_end(struct store_fixture *f, struct store *store, const char *hash,
                              const char *next, int64_t now_ms) {
    struct answer a;
    do {
        rotate(store, hash, next, now_ms, &a);
    } while (ended(f, &a) == EAGAIN);
    assert_int_equal(a.err, 0);
}

/* The first call runs when it is refused, the second one is queued behind it. */
static void what_was_refused_is_not_done(void **state) {
    struct store_fixture *f = *state;
    struct answer first, second, third, patient, read;
    struct store_stats stats;
    fixture_next(f);
    struct store *store = fixture_open(f, &settings);
    add_user_in_the_end(f, store, "ana", clock_wall_ms());

    struct db *holder = fixture_hold(f);
    add_user(store, "bo", clock_wall_ms(), &first);
    add_user(store, "cy", clock_wall_ms(), &second);
    start_session(store, "daily", &patient);
    assert_int_equal(ended(f, &first), EAGAIN);
    assert_int_equal(ended(f, &second), EAGAIN);
    assert_true(first.took_ms < PATIENT_MS / 2);
    assert_true(store_is_stalled(store));
    store_stats(store, &stats);
    assert_true(stats.is_away);
    assert_true(stats.stalls > 0);

    add_user(store, "di", clock_wall_ms(), &third);
    assert_int_equal(ended(f, &third), EAGAIN);
    read = asked();
    store_session_get(store, SLICE("nobody"), on_session, &read);
    assert_int_equal(ended(f, &read), ENOENT);
    assert_false(patient.done);

    fixture_release(holder);
    assert_int_equal(ended(f, &patient), 0);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"User\""), 1);
    add_user_in_the_end(f, store, "bo", clock_wall_ms());
    store_close(store, 3000);
}

/* A client that sends its token again is no thief, however long the disk stalled. */
static void a_refused_rotation_leaves_the_token_as_it_was(void **state) {
    struct store_fixture *f = *state;
    const int64_t now_ms = clock_wall_ms();
    struct answer a, after;
    fixture_next(f);
    struct store *store = fixture_open(f, &settings);
    add_user_in_the_end(f, store, "t1", now_ms);

    struct db *holder = fixture_hold(f);
    rotate(store, "t1", "t2", now_ms, &a);
    start_session(store, "daily", &after);
    assert_int_equal(ended(f, &a), EAGAIN);
    fixture_release(holder);
    assert_int_equal(ended(f, &after), 0);

    rotate_in_the_end(f, store, "t1", "t3", now_ms + 60000);
    rotate_in_the_end(f, store, "t3", "t4", now_ms + 60001);
    store_close(store, 3000);
}

static bool is_done(void *arg) {
    const struct answer *a = arg;
    return a->done;
}

/* Another connection holds the lock now and then, shorter than stall_ms. */
static void a_short_pause_refuses_nobody(void **state) {
    struct store_fixture *f = *state;
    struct store_settings config = settings;
    struct answer a;
    char name[16];
    config.stall_ms = 20000;
    fixture_next(f);
    struct store *store = fixture_open(f, &config);
    for (int i = 0; i < 5; i++) {
        struct db *holder = fixture_hold(f);
        snprintf(name, sizeof name, "u%d", i);
        add_user(store, name, clock_wall_ms(), &a);
        fixture_wait_for(f, is_done, &a, 60);
        fixture_release(holder);
        assert_int_equal(ended(f, &a), 0);
    }
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"User\""), 5);
    store_close(store, 3000);
}

struct growth {
    struct store *store;
    unsigned added;
    char path[600];
    bool is_moved;
};

static off_t bytes_of(const char *path, const char *suffix) {
    char name[700];
    struct stat stat_of;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &stat_of) ? 0 : stat_of.st_size;
}

static bool has_moved(void *arg) {
    struct growth *g = arg;
    static char message[4000];
    struct store_stats stats;
    memset(message, 'm', sizeof message);
    store_stats(g->store, &stats);
    for (unsigned i = 0; i < 100 && stats.queued < 1000; i++) {
        char id[32];
        snprintf(id, sizeof id, "e-%u", g->added++);
        const struct store_feedback event = {.id = slice_from(id),
                                             .meeting_id = SLICE("m"),
                                             .participant_id = SLICE("p"),
                                             .type = SLICE("volume_alto"),
                                             .severity = SLICE("info"),
                                             .ts_ms = clock_wall_ms(),
                                             .message = slice_of(message, sizeof message)};
        store_feedback_add(g->store, &event);
    }
    return bytes_of(g->path, "") > 8 << 20;
}

/* The thread of checkpoints does it, while the writer writes. */
static void the_log_is_moved_into_the_database(void **state) {
    struct store_fixture *f = *state;
    struct growth growth = {0};
    fixture_next(f);
    snprintf(growth.path, sizeof growth.path, "%s", strchr(fixture_url(f), ':') + 1);
    growth.store = fixture_open(f, &settings);
    assert_true(fixture_wait_for(f, has_moved, &growth, 60000));
    assert_true(bytes_of(growth.path, "-wal") > 0);
    store_close(growth.store, 60000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), growth.added);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_refused_is_not_done),
        cmocka_unit_test(a_refused_rotation_leaves_the_token_as_it_was),
        cmocka_unit_test(a_short_pause_refuses_nobody),
        cmocka_unit_test(the_log_is_moved_into_the_database),
    };
    fixture_choose(0, NULL);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
