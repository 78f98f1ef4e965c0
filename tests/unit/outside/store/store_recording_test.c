/* Recordings and erasing, on SQLite, or with the path of tests/fixtures/postgres as argument on
 * PostgreSQL. */
#include "outside/store/store_recording.h"

#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>

#define T0 INT64_C(1790000000123)

/* An answer about recordings. */
struct found {
    struct answer answer;
    char id[8][32];
    struct recording_info first; /* numbers only */
    char path[64], sha256[80], end[16], name[32];
    struct store_erased erased;
};

static void note_recording(struct found *found, const struct recording_info *r, size_t i) {
    answer_copy(found->id[i], sizeof found->id[i], r->id);
    if (i > 0)
        return;
    found->first = *r;
    answer_copy(found->path, sizeof found->path, r->path);
    answer_copy(found->sha256, sizeof found->sha256, r->sha256);
    answer_copy(found->end, sizeof found->end, r->end);
    answer_copy(found->name, sizeof found->name, r->name);
}

static void on_recording(int err, const struct recording_info *r, void *arg) {
    struct found *found = arg;
    answer_done(err, &found->answer);
    if (!err)
        note_recording(found, r, 0);
}

static void on_recordings(int err, const struct store_recording_list *list, void *arg) {
    struct found *found = arg;
    answer_done(err, &found->answer);
    found->answer.count = err ? 0 : list->count;
    for (size_t i = 0; i < found->answer.count && i < 8; i++)
        note_recording(found, &list->recordings[i], i);
}

static void on_erased(int err, const struct store_erased *erased, void *arg) {
    struct found *found = arg;
    answer_done(err, &found->answer);
    if (!err)
        found->erased = *erased;
}

static struct recording_info sample(const char *id, int64_t started_ms) {
    return (struct recording_info){.id = slice_from(id),
                                   .meeting = SLICE("RM_1"),
                                   .participant = SLICE("bob:x"),
                                   .name = SLICE("Bob"),
                                   .track = SLICE("TR_1"),
                                   .format = SLICE("wav"),
                                   .path = SLICE("RM_1/file.wav"),
                                   .part = 1,
                                   .rate_hz = 48000,
                                   .channels = 2,
                                   .started_ms = started_ms};
}

static void on_put(int err, struct slice meeting_id, void *arg) {
    struct answer *a = arg;
    answer_done(err, a);
    answer_copy(a->meeting[0], sizeof a->meeting[0], meeting_id);
}

static void put(struct store_fixture *f, struct store *store, const struct recording_info *r,
                const char *meeting) {
    struct answer a = {0};
    store_recording_put(store, r, on_put, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    assert_string_equal(a.meeting[0], meeting);
}

static struct found get(struct store_fixture *f, struct store *store, const char *id) {
    struct found found = {0};
    store_recording_get(store, slice_from(id), on_recording, &found);
    fixture_wait(f, &found.answer.done);
    return found;
}

static struct found list(struct store_fixture *f, struct store *store, const char *meeting) {
    struct found found = {0};
    store_recording_list(store, slice_from(meeting), 100, on_recordings, &found);
    fixture_wait(f, &found.answer.done);
    assert_int_equal(found.answer.err, 0);
    return found;
}

static struct found list_older(struct store_fixture *f, struct store *store, int64_t before_ms,
                               unsigned skip) {
    struct found found = {0};
    store_recording_list_older(store, before_ms, skip, 10, on_recordings, &found);
    fixture_wait(f, &found.answer.done);
    return found;
}

static void a_row_grows_with_what_is_known(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct recording_info r = sample("r1", T0);
    put(f, store, &r, "RM_1");
    struct found a = get(f, store, "r1");
    assert_int_equal(a.answer.err, 0);
    assert_int_equal(a.first.ended_ms, 0);
    assert_string_equal(a.end, "");

    r.ended_ms = T0 + 5000;
    r.end = SLICE("closed");
    r.bytes = INT64_C(5000000000);
    r.duration_ms = 5000;
    r.sha256 = SLICE("abc");
    put(f, store, &r, "RM_1");
    a = get(f, store, "r1");
    assert_int_equal(a.first.bytes, INT64_C(5000000000));
    assert_int_equal(a.first.ended_ms, T0 + 5000);
    assert_int_equal(a.first.started_ms, T0);
    assert_string_equal(a.end, "closed");
    assert_string_equal(a.sha256, "abc");
    assert_string_equal(a.path, "RM_1/file.wav");
    assert_string_equal(a.name, "Bob");
    assert_int_equal(list(f, store, "RM_1").answer.count, 1);
    store_close(store, 1000);
}

static void an_unknown_one_is_not_there(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct found a = get(f, store, "x");
    assert_int_equal(a.answer.err, ENOENT);
    assert_int_equal(list(f, store, "RM_1").answer.count, 0);
    store_close(store, 1000);
}

static void old_ones_are_found_and_erased_with_a_trace(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct recording_info open = sample("open", T0), old = sample("old", T0 + 1),
                          young = sample("young", T0 + 2);
    old.ended_ms = T0 + 1000;
    young.ended_ms = T0 + 9000;
    put(f, store, &open, "RM_1");
    put(f, store, &old, "RM_1");
    put(f, store, &young, "RM_1");
    struct found a = list_older(f, store, T0 + 5000, 0);
    assert_int_equal(a.answer.count, 1);
    assert_string_equal(a.id[0], "old");
    a = list_older(f, store, T0 + 10000, 1);
    assert_int_equal(a.answer.count, 1);
    assert_string_equal(a.id[0], "young");

    const struct store_erasure erasure = {.id = SLICE("old"),
                                          .meeting_id = SLICE("RM_1"),
                                          .actor = SLICE("retention"),
                                          .what = SLICE("RM_1/file.wav"),
                                          .at_ms = T0 + 6000};
    struct answer erased = {0};
    store_recording_erase(store, &erasure, answer_done, &erased);
    fixture_wait(f, &erased.done);
    assert_int_equal(erased.err, 0);
    a = list(f, store, "RM_1");
    assert_int_equal(a.answer.count, 2);
    assert_string_equal(a.id[0], "open");
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"AuditEvent\" WHERE \"action\" = "
                                      "'recording.delete' AND \"recordingId\" = 'old'"),
                     1);
    store_close(store, 1000);
}

static struct found erase(struct store_fixture *f, struct store *store) {
    struct found found = {0};
    const struct store_erasure erasure = {.meeting_id = SLICE("RM_1"),
                                          .actor = SLICE("user"),
                                          .what = SLICE("2 files"),
                                          .at_ms = T0 + 1};
    store_meeting_erase(store, &erasure, on_erased, &found);
    fixture_wait(f, &found.answer.done);
    return found;
}

static void a_meeting_is_erased_once_it_has_ended(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    assert_int_equal(erase(f, store).answer.err, ENOENT);
    const struct store_session_start start = {
        .meeting_id = SLICE("RM_1"), .room_name = SLICE("room"), .at_ms = T0};
    ask_start(f, store, &start);
    struct recording_info r = sample("r1", T0);
    put(f, store, &r, "RM_1");
    const struct store_feedback event = {.id = SLICE("e1"),
                                         .meeting_id = SLICE("RM_1"),
                                         .participant_id = SLICE("bob"),
                                         .type = SLICE("volume_baixo"),
                                         .severity = SLICE("info"),
                                         .ts_ms = INT64_C(4000000000000),
                                         .message = SLICE("m")};
    assert_true(store_feedback_add(store, &event));
    assert_int_equal(erase(f, store).answer.err, EBUSY);
    assert_int_equal(list(f, store, "RM_1").answer.count, 1);

    assert_int_equal(ask_end(f, store, "RM_1", T0 + 1), 0);
    struct found a = erase(f, store);
    assert_int_equal(a.answer.err, 0);
    assert_int_equal(a.erased.feedback, 1);
    assert_int_equal(a.erased.recordings, 1);
    assert_int_equal(a.erased.sessions, 1);
    assert_int_equal(list(f, store, "RM_1").answer.count, 0);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 0);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"AuditEvent\" WHERE \"action\" = "
                                      "'session.delete' AND \"actor\" = 'user'"),
                     1);
    store_close(store, 1000);
}

static void a_provisional_meeting_hands_its_recordings_on(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct recording_info r = sample("r1", T0);
    r.meeting = SLICE("room");
    put(f, store, &r, "room");
    struct answer a = {0};
    store_feedback_rename(store, SLICE("room"), SLICE("RM_1"), T0 - 1, answer_done, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(list(f, store, "RM_1").answer.count, 1);

    r.meeting = SLICE("RM_1");
    r.ended_ms = T0 + 1000;
    put(f, store, &r, "RM_1");
    r.meeting = SLICE("room"); /* a sidecar from before the renaming */
    put(f, store, &r, "RM_1");
    assert_int_equal(list(f, store, "RM_1").answer.count, 1);
    store_close(store, 1000);
}

static void start(struct store_fixture *f, struct store *store, const char *id, int64_t at_ms,
                  int64_t ended_ms) {
    const struct store_session_start session = {.meeting_id = slice_from(id),
                                                .room_name = SLICE("room"),
                                                .at_ms = at_ms,
                                                .ended_ms = ended_ms};
    ask_start(f, store, &session);
}

/* As after a restart: only the database knows that the recordings were of this room. */
static void a_session_takes_what_was_recorded_since_its_room_was_made(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct recording_info before = sample("before", T0 - 60000), open = sample("open", T0 + 1000),
                          closed = sample("closed", T0 + 2000), after = sample("after", T0 + 9000);
    struct recording_info *const rows[] = {&before, &open, &closed, &after};
    closed.ended_ms = T0 + 3000;
    for (size_t i = 0; i < 4; i++) {
        rows[i]->meeting = rows[i]->room = SLICE("room");
        put(f, store, rows[i], "room");
    }
    start(f, store, "RM_1", T0, T0 + 5000);
    assert_int_equal(list(f, store, "RM_1").answer.count, 2);
    assert_int_equal(list(f, store, "room").answer.count, 2);
    start(f, store, "RM_1", T0, T0 + 5000);
    assert_int_equal(list(f, store, "RM_1").answer.count, 2);
    store_close(store, 1000);
}

/* The report of a track that ended while its meeting was renamed comes after the renaming. */
static void a_rooms_name_takes_no_meeting_back(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    struct recording_info r = sample("r1", T0);
    r.meeting = r.room = SLICE("room");
    put(f, store, &r, "room");
    start(f, store, "RM_1", T0 - 1000, 0);
    r.ended_ms = T0 + 1000;
    put(f, store, &r, "RM_1");
    put(f, store, &r, "RM_1");

    struct recording_info late = sample("r2", T0 + 500);
    late.meeting = late.room = SLICE("room");
    put(f, store, &late, "RM_1");
    late = sample("r3", T0 - 60000);
    late.meeting = late.room = SLICE("room");
    put(f, store, &late, "room");
    late = sample("r4", T0 + 500);
    late.meeting = SLICE("RM_2");
    late.room = SLICE("room");
    put(f, store, &late, "RM_2");
    store_close(store, 1000);
}

int main(int argc, char **argv) {
    fixture_choose(argc, argv);
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_row_grows_with_what_is_known),
        STORE_TEST(an_unknown_one_is_not_there),
        STORE_TEST(old_ones_are_found_and_erased_with_a_trace),
        STORE_TEST(a_meeting_is_erased_once_it_has_ended),
        STORE_TEST(a_provisional_meeting_hands_its_recordings_on),
        STORE_TEST(a_session_takes_what_was_recorded_since_its_room_was_made),
        STORE_TEST(a_rooms_name_takes_no_meeting_back),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
