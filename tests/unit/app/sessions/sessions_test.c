/* Sessions with a store behind them: what is in memory and what is in the table, in every order. */
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/loop.h"
#include "outside/livekit/livekit_info.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>

enum { PATIENCE_MS = 60000, ROUNDS = 6 };

struct world {
    struct store_fixture *fixture;
    struct store *store;
    struct sessions *sessions;
    int started, ended, stored;
};

static void count_started(const struct session *session, void *user) {
    assert_true(session->is_active);
    ((struct world *)user)->started++;
}

static void count_ended(const struct session *session, void *user) {
    assert_false(session->is_active);
    ((struct world *)user)->ended++;
}

static void count_stored(const struct session *session, void *user) {
    ((struct world *)user)->stored++;
}

static void sessions_begin(struct world *w) {
    const struct sessions_settings settings = {
        .loop = fixture_loop(w->fixture),
        .store = w->store,
        .on_started = count_started,
        .on_ended = count_ended,
        .on_stored = count_stored,
        .user = w,
    };
    w->sessions = sessions_new(&settings);
}

static void world_open(struct world *w, void **state) {
    log_setup(LOG_OFF, LOG_TEXT);
    *w = (struct world){.fixture = *state};
    w->store = fixture_open(w->fixture, NULL);
    sessions_begin(w);
}

static void world_close(struct world *w) {
    sessions_free(w->sessions);
    store_close(w->store, PATIENCE_MS);
}

/* ---- Events ---- */

static struct livekit_room room_of(const char *sid, const char *name, int64_t created_ms) {
    return (struct livekit_room){
        .sid = slice_from(sid), .name = slice_from(name), .created_ms = created_ms};
}

static const struct session *started(struct world *w, const char *sid, int64_t at_ms) {
    const struct livekit_room room = room_of(sid, "sala", 0);
    return sessions_room_started(w->sessions, &room, &(struct session_event){at_ms, true});
}

static const struct session *seen(struct world *w, const char *sid, int64_t at_ms) {
    const struct livekit_room room = room_of(sid, "sala", 0);
    return sessions_room_seen(w->sessions, &room, &(struct session_event){at_ms, true});
}

static void finished(struct world *w, const char *sid, int64_t at_ms) {
    const struct livekit_room room = room_of(sid, "sala", 0);
    sessions_room_finished(w->sessions, &room, &(struct session_event){at_ms, true});
}

static const struct session *active(const struct world *w) {
    return sessions_find_active(w->sessions, SLICE("sala"));
}

/* ---- The table ---- */

struct row {
    bool is_read;
    int err;
    enum session_status status;
    int64_t started_ms, ended_ms;
};

static void on_row(int err, const struct store_session *session, void *arg) {
    struct row *row = arg;
    row->is_read = true;
    row->err = err;
    if (err)
        return;
    row->status = session->status;
    row->started_ms = session->started_ms;
    row->ended_ms = session->ended_ms;
}

static struct row row_read(struct world *w, const char *id) {
    struct row row = {0};
    store_session_get(w->store, slice_from(id), on_row, &row);
    fixture_wait(w->fixture, &row.is_read);
    return row;
}

static struct row row_wait(struct world *w, const char *id, enum session_status status) {
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    struct row row;
    do
        row = row_read(w, id);
    while ((row.err || row.status != status) && clock_mono_ms() < until_ms);
    assert_int_equal(row.err, 0);
    assert_int_equal(row.status, status);
    return row;
}

/* The store answers in order, and a session sends its next call when one is answered: after some
 * rounds there is none left. */
static void world_settle(struct world *w) {
    for (int i = 0; i < ROUNDS; i++)
        row_read(w, "");
}

static void ignore_done(int err, void *arg) {
    *(bool *)arg = true;
}

static void ignore_session(int err, const struct store_session *session, void *arg) {
    *(bool *)arg = true;
}

/* A session that an earlier run of the server stored; ended_ms 0: it did not end. */
static void row_write(struct world *w, const char *id, int64_t started_ms, int64_t ended_ms) {
    bool is_done = false;
    const struct store_session_start start = {.meeting_id = slice_from(id),
                                              .room_sid = slice_from(id),
                                              .room_name = SLICE("sala"),
                                              .at_ms = started_ms};
    store_session_start(w->store, &start, ignore_session, &is_done);
    fixture_wait(w->fixture, &is_done);
    is_done = ended_ms == 0;
    if (ended_ms)
        store_session_end(w->store, slice_from(id), ended_ms, ignore_done, &is_done);
    fixture_wait(w->fixture, &is_done);
}

/* ---- One session ---- */

static void a_session_is_stored_from_its_beginning_to_its_end(void **state) {
    struct world w;
    world_open(&w, state);
    const struct session *session = started(&w, "RM_1", 100000);
    assert_ptr_equal(active(&w), session);
    assert_int_equal(row_wait(&w, "RM_1", SESSION_ACTIVE).started_ms, 100000);
    finished(&w, "RM_1", 200000);
    assert_null(active(&w));
    struct row row = row_wait(&w, "RM_1", SESSION_ENDED);
    assert_int_equal(row.started_ms, 100000);
    assert_int_equal(row.ended_ms, 200000);
    assert_int_equal(w.started, 1);
    assert_int_equal(w.ended, 1);
    assert_int_equal(w.stored, 1);
    world_close(&w);
}

static void an_end_at_once_reaches_the_table_after_its_beginning(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_1", 100000);
    finished(&w, "RM_1", 101000);
    assert_int_equal(row_wait(&w, "RM_1", SESSION_ENDED).ended_ms, 101000);
    world_settle(&w);
    assert_int_equal(row_read(&w, "RM_1").status, SESSION_ENDED);
    world_close(&w);
}

static void the_end_may_come_before_the_beginning(void **state) {
    struct world w;
    world_open(&w, state);
    finished(&w, "RM_1", 200000);
    const struct session *session = started(&w, "RM_1", 100000);
    assert_false(session->is_active);
    assert_int_equal(session->started_ms, 100000);
    assert_int_equal(session->ended_ms, 200000);
    world_settle(&w);
    struct row row = row_read(&w, "RM_1");
    assert_int_equal(row.status, SESSION_ENDED);
    assert_int_equal(row.started_ms, 100000);
    assert_int_equal(row.ended_ms, 200000);
    world_close(&w);
}

static void an_older_event_moves_the_beginning_back(void **state) {
    struct world w;
    world_open(&w, state);
    const struct session *session = seen(&w, "RM_1", 150000);
    assert_int_equal(session->started_ms, 150000);
    started(&w, "RM_1", 100000);
    assert_int_equal(session->started_ms, 100000);
    seen(&w, "RM_1", 180000);
    assert_int_equal(session->started_ms, 100000);
    world_settle(&w);
    assert_int_equal(row_read(&w, "RM_1").started_ms, 100000);
    assert_int_equal(w.started, 1);
    world_close(&w);
}

static void ended_it_comes_back_only_when_its_room_starts_later(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_1", 100000);
    finished(&w, "RM_1", 200000);
    seen(&w, "RM_1", 300000);
    assert_null(active(&w));
    started(&w, "RM_1", 150000);
    assert_null(active(&w));
    started(&w, "RM_1", 300000);
    assert_non_null(active(&w));
    world_settle(&w);
    assert_int_equal(row_read(&w, "RM_1").status, SESSION_ACTIVE);
    assert_int_equal(w.started, 2);
    assert_int_equal(w.ended, 1);
    world_close(&w);
}

/* ---- Sessions of an earlier run ---- */

static void a_stale_event_does_not_wake_a_stored_session(void **state) {
    struct world w;
    world_open(&w, state);
    row_write(&w, "RM_1", 100000, 500000);
    const struct session *session = seen(&w, "RM_1", 400000);
    assert_true(session->is_active); /* until the store has answered */
    world_settle(&w);
    assert_false(session->is_active);
    assert_int_equal(session->ended_ms, 500000);
    assert_null(active(&w));
    assert_int_equal(w.ended, 1);
    struct row row = row_read(&w, "RM_1");
    assert_int_equal(row.status, SESSION_ENDED);
    assert_int_equal(row.started_ms, 100000);
    assert_int_equal(row.ended_ms, 500000);
    world_close(&w);
}

static void a_newer_event_wakes_a_stored_session(void **state) {
    struct world w;
    world_open(&w, state);
    row_write(&w, "RM_1", 100000, 500000);
    const struct session *session = started(&w, "RM_1", 600000);
    world_settle(&w);
    assert_true(session->is_active);
    assert_int_equal(session->started_ms, 100000);
    assert_int_equal(row_read(&w, "RM_1").status, SESSION_ACTIVE);
    assert_int_equal(w.ended, 0);
    world_close(&w);
}

static void while_the_store_is_asked_a_newer_event_may_come(void **state) {
    struct world w;
    world_open(&w, state);
    row_write(&w, "RM_1", 100000, 500000);
    const struct session *session = seen(&w, "RM_1", 400000);
    seen(&w, "RM_1", 600000);
    world_settle(&w);
    assert_true(session->is_active);
    assert_int_equal(row_read(&w, "RM_1").status, SESSION_ACTIVE);
    world_close(&w);
}

static void a_stored_session_began_when_its_row_says(void **state) {
    struct world w;
    world_open(&w, state);
    row_write(&w, "RM_1", 100000, 0);
    const struct session *session = seen(&w, "RM_1", 300000);
    assert_int_equal(session->started_ms, 300000);
    world_settle(&w);
    assert_int_equal(session->started_ms, 100000);
    assert_int_equal(row_read(&w, "RM_1").started_ms, 100000);
    world_close(&w);
}

static bool is_loaded(void *arg) {
    return sessions_are_loaded(((struct world *)arg)->sessions);
}

static void active_sessions_are_loaded_at_the_start(void **state) {
    struct world w;
    world_open(&w, state);
    row_write(&w, "RM_1", 100000, 200000);
    row_write(&w, "RM_2", 300000, 0);
    row_write(&w, "RM_3", 250000, 0);
    started(&w, "RM_3", 260000); /* comes before the answer */
    assert_false(sessions_are_loaded(w.sessions));
    sessions_load(w.sessions);
    assert_true(fixture_wait_for(w.fixture, is_loaded, &w, PATIENCE_MS));
    world_settle(&w);
    assert_int_equal(sessions_count_active(w.sessions), 2);
    assert_null(sessions_find(w.sessions, SLICE("RM_1")));
    assert_int_equal(sessions_find(w.sessions, SLICE("RM_2"))->started_ms, 300000);
    assert_string_equal(active(&w)->meeting_id, "RM_2"); /* the one that started last */
    assert_int_equal(w.started, 2);
    finished(&w, "RM_2", 400000);
    assert_int_equal(row_wait(&w, "RM_2", SESSION_ENDED).ended_ms, 400000);
    world_close(&w);
}

static void without_a_store_there_is_nothing_to_load(void **state) {
    struct world w = {.fixture = *state};
    sessions_begin(&w);
    assert_false(sessions_are_loaded(w.sessions));
    sessions_load(w.sessions);
    assert_true(sessions_are_loaded(w.sessions));
    started(&w, "RM_1", 100000);
    assert_int_equal(sessions_count_active(w.sessions), 1);
    sessions_free(w.sessions);
}

/* ---- Several sessions of a room ---- */

static void assert_succession(struct world *w) {
    assert_string_equal(active(w)->meeting_id, "RM_2");
    assert_int_equal(sessions_count_active(w->sessions), 1);
    world_settle(w);
    struct row row = row_read(w, "RM_1");
    assert_int_equal(row.status, SESSION_ENDED);
    assert_int_equal(row.started_ms, 100000);
    assert_int_equal(row.ended_ms, 200000);
    assert_int_equal(row_read(w, "RM_2").status, SESSION_ACTIVE);
    assert_int_equal(w->ended, 1);
}

static void a_new_session_ends_its_predecessor(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_1", 100000);
    started(&w, "RM_2", 200000);
    assert_succession(&w);
    world_close(&w);
}

static void a_predecessor_may_come_after_its_successor(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_2", 200000);
    started(&w, "RM_1", 100000);
    assert_succession(&w);
    world_close(&w);
}

static void an_end_without_a_sid_is_of_the_active_session(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_1", 100000);
    finished(&w, "", 50000); /* of a session before this one */
    assert_non_null(active(&w));
    finished(&w, "", 200000);
    assert_null(active(&w));
    assert_int_equal(sessions_find(w.sessions, SLICE("RM_1"))->ended_ms, 200000);
    world_close(&w);
}

static void without_a_sid_the_name_is_the_meeting(void **state) {
    struct world w;
    world_open(&w, state);
    assert_string_equal(started(&w, "", 100000)->meeting_id, "sala");
    assert_int_equal(row_wait(&w, "sala", SESSION_ACTIVE).started_ms, 100000);
    world_close(&w);
}

/* ---- Strange rooms, and the end ---- */

static void rooms_without_a_proper_name_are_none(void **state) {
    struct world w;
    world_open(&w, state);
    const struct session_event event = {100000, true};
    const struct livekit_room rooms[] = {room_of("RM_1", "", 0), room_of("RM_1", "a\nb", 0),
                                         room_of("R\x7fM", "sala", 0)};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        assert_null(sessions_room_started(w.sessions, &rooms[i], &event));
        assert_null(sessions_room_seen(w.sessions, &rooms[i], &event));
        sessions_room_finished(w.sessions, &rooms[i], &event);
    }
    assert_int_equal(w.started, 0);
    struct map_cursor at = {0};
    assert_null(sessions_next(w.sessions, &at));
    world_close(&w);
}

static void what_was_asked_may_be_answered_after_the_end(void **state) {
    struct world w;
    world_open(&w, state);
    row_write(&w, "RM_3", 50000, 0);
    sessions_load(w.sessions);
    started(&w, "RM_2", 200000);
    started(&w, "RM_1", 100000); /* has ended at once, and is stored */
    sessions_free(w.sessions);
    w.sessions = NULL;
    world_settle(&w);
    assert_int_equal(w.stored, 0);
    world_close(&w);
}

/* ---- No new ones ---- */

static void where_new_ones_are_refused_the_others_go_on(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_1", 1000);
    sessions_refuse_new(w.sessions);
    const struct livekit_room other = room_of("RM_9", "outra", 0);
    const struct session_event event = {2000, true};
    assert_null(sessions_room_started(w.sessions, &other, &event));
    assert_null(sessions_room_seen(w.sessions, &other, &event));
    sessions_room_finished(w.sessions, &other, &event);
    assert_null(sessions_find(w.sessions, SLICE("RM_9")));
    assert_non_null(seen(&w, "RM_1", 2000));
    assert_int_equal(sessions_stats(w.sessions)->refused, 2);
    finished(&w, "RM_1", 3000);
    assert_int_equal(w.ended, 1);
    assert_int_equal(row_wait(&w, "RM_1", SESSION_ENDED).ended_ms, 3000);
    started(&w, "RM_1", 4000); /* nor does it come back */
    assert_int_equal(sessions_count_active(w.sessions), 0);
    world_close(&w);
}

static void a_refused_one_is_the_end_of_its_predecessor(void **state) {
    struct world w;
    world_open(&w, state);
    started(&w, "RM_2", 2000);
    sessions_refuse_new(w.sessions);
    assert_null(seen(&w, "RM_1", 5000)); /* late news of an older one, maybe */
    assert_int_equal(sessions_count_active(w.sessions), 1);
    assert_null(started(&w, "RM_1", 1000));
    assert_int_equal(sessions_count_active(w.sessions), 1);
    assert_null(started(&w, "RM_3", 3000));
    assert_null(active(&w));
    assert_int_equal(row_wait(&w, "RM_2", SESSION_ENDED).ended_ms, 3000);
    world_close(&w);
}

#define STORED(function) cmocka_unit_test_setup(function, fixture_next_database)

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        STORED(a_session_is_stored_from_its_beginning_to_its_end),
        STORED(an_end_at_once_reaches_the_table_after_its_beginning),
        STORED(the_end_may_come_before_the_beginning),
        STORED(an_older_event_moves_the_beginning_back),
        STORED(ended_it_comes_back_only_when_its_room_starts_later),
        STORED(a_stale_event_does_not_wake_a_stored_session),
        STORED(a_newer_event_wakes_a_stored_session),
        STORED(while_the_store_is_asked_a_newer_event_may_come),
        STORED(a_stored_session_began_when_its_row_says),
        STORED(active_sessions_are_loaded_at_the_start),
        STORED(without_a_store_there_is_nothing_to_load),
        STORED(a_new_session_ends_its_predecessor),
        STORED(a_predecessor_may_come_after_its_successor),
        STORED(an_end_without_a_sid_is_of_the_active_session),
        STORED(without_a_sid_the_name_is_the_meeting),
        STORED(rooms_without_a_proper_name_are_none),
        STORED(what_was_asked_may_be_answered_after_the_end),
        STORED(where_new_ones_are_refused_the_others_go_on),
        STORED(a_refused_one_is_the_end_of_its_predecessor),
    };
    fixture_choose(argc, argv);
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
