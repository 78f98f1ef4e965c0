/* Recordings in an object store, on SQLite, or with the path of tests/fixtures/postgres as argument on
 * PostgreSQL. */
#include "outside/store/store_object.h"
#include "outside/store/store_recording.h"

#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

#define T0 INT64_C(1790000000123)

struct found {
    struct answer answer;
    char ids[8][32], key[64], upload_id[64], path[64];
    struct store_object first; /* numbers only */
    struct store_object_count count;
};

static void note(struct found *found, const struct store_object *object, size_t i) {
    answer_copy(found->ids[i], sizeof found->ids[i], object->id);
    if (i > 0)
        return;
    found->first = *object;
    answer_copy(found->key, sizeof found->key, object->key);
    answer_copy(found->upload_id, sizeof found->upload_id, object->upload_id);
    answer_copy(found->path, sizeof found->path, object->path);
}

static void on_one(int err, const struct store_object *object, void *arg) {
    struct found *found = arg;
    answer_done(err, &found->answer);
    if (!err)
        note(found, object, 0);
}

static void on_list(int err, const struct store_object_list *list, void *arg) {
    struct found *found = arg;
    answer_done(err, &found->answer);
    found->answer.count = err ? 0 : list->count;
    for (size_t i = 0; i < found->answer.count && i < 8; i++)
        note(found, &list->objects[i], i);
}

static void on_count(int err, const struct store_object_count *count, void *arg) {
    struct found *found = arg;
    answer_done(err, &found->answer);
    if (!err)
        found->count = *count;
}

static void on_put(int err, struct slice meeting_id, void *arg) {
    answer_done(err, arg);
}

static void record(struct store_fixture *f, struct store *store, const char *id, const char *person,
                   int64_t ended_ms) {
    const struct recording_info row = {.id = slice_from(id),
                                       .meeting = SLICE("RM_1"),
                                       .participant = slice_from(person),
                                       .track = SLICE("TR_1"),
                                       .format = SLICE("wav"),
                                       .path = SLICE("RM_1/file.wav"),
                                       .part = 1,
                                       .bytes = 1000,
                                       .started_ms = T0,
                                       .ended_ms = ended_ms};
    struct answer answer = {0};
    store_recording_put(store, &row, on_put, &answer);
    fixture_wait(f, &answer.done);
    assert_int_equal(answer.err, 0);
}

static void gather(struct store_fixture *f, struct store *store, int64_t from_ms, int64_t to_ms) {
    struct answer answer = {0};
    store_object_gather(store, from_ms, to_ms, answer_done, &answer);
    fixture_wait(f, &answer.done);
    assert_int_equal(answer.err, 0);
}

static struct found due(struct store_fixture *f, struct store *store, int64_t now_ms) {
    struct found found = {0};
    store_object_list_due(store, now_ms, 8, on_list, &found);
    fixture_wait(f, &found.answer.done);
    assert_int_equal(found.answer.err, 0);
    return found;
}

static struct found get(struct store_fixture *f, struct store *store, const char *id) {
    struct found found = {0};
    store_object_get(store, slice_from(id), on_one, &found);
    fixture_wait(f, &found.answer.done);
    return found;
}

static struct found count(struct store_fixture *f, struct store *store) {
    struct found found = {0};
    store_object_count(store, on_count, &found);
    fixture_wait(f, &found.answer.done);
    assert_int_equal(found.answer.err, 0);
    return found;
}

static void set(struct store_fixture *f, struct store *store, const struct store_object *object) {
    struct answer answer = {0};
    store_object_set(store, object, answer_done, &answer);
    fixture_wait(f, &answer.done);
    assert_int_equal(answer.err, 0);
}

static void what_has_ended_is_due_in_that_order(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    record(f, store, "open", "bob", 0);
    record(f, store, "second", "bob", T0 + 2000);
    record(f, store, "first", "bob", T0 + 1000);
    record(f, store, "later", "bob", T0 + 9000);
    gather(f, store, 0, T0 + 5000);
    gather(f, store, 0, T0 + 5000);
    struct found found = due(f, store, T0 + 5000);
    assert_int_equal(found.answer.count, 2);
    assert_string_equal(found.ids[0], "first");
    assert_string_equal(found.ids[1], "second");
    assert_string_equal(found.path, "RM_1/file.wav");
    assert_string_equal(found.key, "");
    assert_int_equal(found.first.state, STORE_OBJECT_WAITING);
    assert_int_equal(due(f, store, T0 + 1500).answer.count, 1);
    assert_int_equal(get(f, store, "open").answer.err, ENOENT);
    gather(f, store, T0 + 8000, T0 + 9000);
    assert_int_equal(get(f, store, "later").answer.err, 0);
    struct store_object_count all = count(f, store).count;
    assert_int_equal(all.waiting, 3);
    assert_int_equal(all.waiting_bytes, 3000);
    assert_int_equal(all.oldest_ms, T0 + 1000);
    store_close(store, 1000);
}

static void a_row_remembers_where_an_upload_stood(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    record(f, store, "r1", "bob", T0);
    gather(f, store, 0, T0);
    struct store_object object = {.id = SLICE("r1"),
                                  .key = SLICE("audio/RM_1/file.wav"),
                                  .upload_id = SLICE("id"),
                                  .tries = 3,
                                  .next_ms = T0 + 500};
    set(f, store, &object);
    assert_int_equal(due(f, store, T0 + 499).answer.count, 0);
    struct found found = due(f, store, T0 + 500);
    assert_int_equal(found.answer.count, 1);
    assert_int_equal(found.first.tries, 3);
    assert_string_equal(found.key, "audio/RM_1/file.wav");
    assert_string_equal(found.upload_id, "id");

    object.upload_id = SLICE_NONE;
    object.state = STORE_OBJECT_STORED;
    object.next_ms = 0;
    object.stored_ms = T0 + 600;
    object.is_local_gone = true;
    set(f, store, &object);
    assert_int_equal(due(f, store, T0 + 900000).answer.count, 0);
    found = get(f, store, "r1");
    assert_int_equal(found.first.state, STORE_OBJECT_STORED);
    assert_int_equal(found.first.stored_ms, T0 + 600);
    assert_int_equal(found.first.next_ms, 0);
    assert_true(found.first.is_local_gone);
    assert_string_equal(found.upload_id, "");
    gather(f, store, 0, T0);
    assert_int_equal(count(f, store).count.waiting, 0);
    store_close(store, 1000);
}

static void on_erased(int err, const struct store_erased *erased, void *arg) {
    answer_done(err, arg);
}

/* A worker may be in the middle of an upload when its recording is erased: what it says afterwards
 * must not bring the object back. */
static void what_is_erased_stays_erased(void **state) {
    struct store_fixture *f = *state;
    struct store *store = fixture_open(f, NULL);
    const struct store_session_start start = {
        .meeting_id = SLICE("RM_1"), .room_name = SLICE("room"), .at_ms = T0};
    ask_start(f, store, &start);
    record(f, store, "bobs", "bob", T0 + 1);
    record(f, store, "anas", "ana", T0 + 2);
    gather(f, store, 0, T0 + 5);
    ask_end(f, store, "RM_1", T0 + 3);
    const struct store_erasure person = {.meeting_id = SLICE("RM_1"),
                                         .participant = SLICE("bob"),
                                         .actor = SLICE("user"),
                                         .what = SLICE("1 recordings"),
                                         .at_ms = T0 + 100};
    struct answer answer = {0};
    store_person_erase(store, &person, on_erased, &answer);
    fixture_wait(f, &answer.done);
    assert_int_equal(answer.err, 0);
    assert_int_equal(get(f, store, "bobs").first.state, STORE_OBJECT_ERASING);
    assert_int_equal(get(f, store, "anas").first.state, STORE_OBJECT_WAITING);

    const struct store_object late = {.id = SLICE("bobs"),
                                      .key = SLICE("audio/b.wav"),
                                      .state = STORE_OBJECT_STORED,
                                      .next_ms = T0 + 900000};
    set(f, store, &late);
    struct found found = get(f, store, "bobs");
    assert_int_equal(found.first.state, STORE_OBJECT_ERASING);
    assert_int_equal(found.first.next_ms, T0 + 100);
    assert_string_equal(found.key, "audio/b.wav");
    assert_int_equal(count(f, store).count.erasing, 1);

    struct answer gone = {0};
    store_object_forget(store, SLICE("bobs"), answer_done, &gone);
    fixture_wait(f, &gone.done);
    assert_int_equal(get(f, store, "bobs").answer.err, ENOENT);

    const struct store_erasure meeting = {
        .meeting_id = SLICE("RM_1"), .actor = SLICE("user"), .what = SLICE("1"), .at_ms = T0 + 200};
    struct answer all = {0};
    store_meeting_erase(store, &meeting, on_erased, &all);
    fixture_wait(f, &all.done);
    assert_int_equal(all.err, 0);
    assert_int_equal(get(f, store, "anas").first.state, STORE_OBJECT_ERASING);
    store_close(store, 1000);
}

int main(int argc, char **argv) {
    fixture_choose(argc, argv);
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_has_ended_is_due_in_that_order),
        STORE_TEST(a_row_remembers_where_an_upload_stood),
        STORE_TEST(what_is_erased_stays_erased),
    };
    return cmocka_run_group_tests(tests, fixture_set_up, fixture_tear_down);
}
