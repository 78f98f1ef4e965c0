#include "store_answer.h"

#include "store_fixture.h"
#include "unit.h"

#include <stdio.h>

void answer_copy(char *out, size_t size, struct slice text) {
    snprintf(out, size, "%.*s", SLICE_ARG(text));
}

void answer_done(int err, void *arg) {
    struct answer *a = arg;
    a->err = err;
    a->done = true;
}

void answer_session(int err, const struct store_session *s, void *arg) {
    struct answer *a = arg;
    answer_done(err, a);
    if (err)
        return;
    answer_copy(a->meeting[0], sizeof a->meeting[0], s->meeting_id);
    answer_copy(a->owner, sizeof a->owner, s->organization_slug);
    answer_copy(a->room_sid, sizeof a->room_sid, s->room_sid);
    answer_copy(a->room_name, sizeof a->room_name, s->room_name);
    a->status = s->status;
    answer_copy(a->status_name, sizeof a->status_name, s->status_name);
    a->started_ms = s->started_ms;
    a->ended_ms = s->ended_ms;
    a->last_seq = s->last_seq;
}

void answer_sessions(int err, const struct store_session_list *list, void *arg) {
    struct answer *a = arg;
    answer_done(err, a);
    if (err)
        return;
    a->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        answer_copy(a->meeting[i], sizeof a->meeting[i], list->sessions[i].meeting_id);
    answer_copy(a->next, sizeof a->next, list->next);
}

void answer_feedback(int err, const struct store_feedback_list *list, void *arg) {
    struct answer *a = arg;
    answer_done(err, a);
    if (err)
        return;
    a->count = list->count;
    answer_copy(a->next, sizeof a->next, list->next);
    for (size_t i = 0; i < list->count && i < 200; i++) {
        a->seq[i] = list->events[i].seq;
        a->ts_ms[i] = list->events[i].ts_ms;
        answer_copy(a->ids[i], sizeof a->ids[i], list->events[i].id);
    }
    if (list->count == 0)
        return;
    const struct store_feedback *first = &list->events[0];
    answer_copy(a->tips, sizeof a->tips, first->tips);
    answer_copy(a->metadata, sizeof a->metadata, first->metadata);
    answer_copy(a->name, sizeof a->name, first->participant_name);
    answer_copy(a->message, sizeof a->message, first->message);
}

struct answer ask_start(struct store_fixture *f, struct store *store,
                        const struct store_session_start *start) {
    struct answer a = {0};
    store_session_start(store, start, answer_session, &a);
    fixture_wait(f, &a.done);
    assert_int_equal(a.err, 0);
    return a;
}

int ask_end(struct store_fixture *f, struct store *store, const char *meeting, int64_t at_ms) {
    struct answer a = {0};
    store_session_end(store, slice_from(meeting), at_ms, answer_done, &a);
    fixture_wait(f, &a.done);
    return a.err;
}

struct answer ask_session(struct store_fixture *f, struct store *store, const char *meeting) {
    struct answer a = {0};
    store_session_get(store, slice_from(meeting), answer_session, &a);
    fixture_wait(f, &a.done);
    return a;
}

struct answer ask_room(struct store_fixture *f, struct store *store, const char *room) {
    struct answer a = {0};
    store_session_resolve(store, slice_from(room), answer_session, &a);
    fixture_wait(f, &a.done);
    return a;
}

struct answer ask_feedback(struct store_fixture *f, struct store *store,
                           const struct store_feedback_filter *filter) {
    struct answer a = {0};
    store_feedback_list(store, filter, answer_feedback, &a);
    fixture_wait(f, &a.done);
    return a;
}

void add_event(struct store *store, const char *meeting, unsigned number, int64_t ts_ms) {
    char id[32];
    snprintf(id, sizeof id, "%s-%u", meeting, number);
    const struct store_feedback event = {
        .id = slice_from(id),
        .meeting_id = slice_from(meeting),
        .participant_id = SLICE("ana"),
        .participant_name = SLICE("Ana Bela"),
        .type = SLICE("volume_baixo"),
        .severity = SLICE("warning"),
        .ts_ms = ts_ms,
        .window_start_ms = ts_ms - 3000,
        .window_end_ms = ts_ms,
        .message = SLICE("Ana: volume baixo; \xC3\xA9 preciso aumentar"),
        .tips = SLICE("[\"Aumente o ganho\",\"Chegue perto\"]"),
        .metadata = SLICE("{\"rmsDbfs\":-31.5}"),
        .seq = number,
    };
    assert_true(store_feedback_add(store, &event));
}
