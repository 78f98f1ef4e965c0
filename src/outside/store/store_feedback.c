/* Reading stored feedback, and moving it to another meeting. */
#include "outside/db/db.h"
#include "outside/store/feedback_id.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

struct feedback_call {
    struct store_call call;
    struct store_feedback_filter filter;
    int64_t cursor_ms;
    struct slice cursor_id;
    int64_t after_seq;
    struct store_feedback *events;
    struct store_feedback_list list;
    store_feedback_fn *fn;
};

/* The id as it was sent to hosts, also when the table holds UUIDs. */
static struct slice feedback_plain_id(struct feedback_call *f, const struct db *db,
                                      struct slice id) {
    char plain[FEEDBACK_ID_SIZE];
    return db->form.feedback_id_is_uuid && feedback_id_from_uuid(id, plain)
               ? store_call_copy(&f->call, slice_from(plain))
               : id;
}

static void on_feedback_row(const struct db_row *row, void *arg) {
    struct feedback_call *f = arg;
    struct store_feedback *e = &f->events[f->list.count++];
    STORE_READ(&f->call, row, 0, &e->id, &e->meeting_id, &e->participant_id, &e->participant_name,
               &e->type, &e->severity);
    e->id = feedback_plain_id(f, row->db, e->id);
    e->ts_ms = db_row_time(row, 6);
    e->window_start_ms = db_row_time(row, 7);
    e->window_end_ms = db_row_time(row, 8);
    STORE_READ(&f->call, row, 9, &e->message, &e->tips, &e->metadata);
    e->seq = db_row_int(row, 12);
}

/* One row more than the limit is read, to see whether there is a next page. */
static int run_feedback_list(struct db *db, void *question) {
    struct feedback_call *f = question;
    const unsigned limit = f->filter.limit;
    f->events = store_call_alloc(&f->call, (limit + 1) * sizeof *f->events);
    f->list.events = f->events;
    char uuid[FEEDBACK_UUID_SIZE];
    struct slice after = f->cursor_id;
    if (db->form.feedback_id_is_uuid && feedback_id_to_uuid(after, uuid))
        after = slice_from(uuid);
    int err = STORE_RUN(db, SQL_FEEDBACK_LIST, on_feedback_row, f, db_text(f->filter.meeting_id),
                        db_time(f->filter.from_ms), db_time(f->filter.to_ms), db_time(f->cursor_ms),
                        db_text(after), db_int(limit + 1));
    if (!err && f->list.count > limit) {
        const struct store_feedback *last = &f->events[limit - 1];
        f->list.count = limit;
        f->list.next = store_cursor_write(&f->call, last->ts_ms, last->id);
    }
    return err;
}

static int run_replay(struct db *db, void *question) {
    struct feedback_call *f = question;
    f->events = store_call_alloc(&f->call, f->filter.limit * sizeof *f->events);
    f->list.events = f->events;
    return STORE_RUN(db, SQL_FEEDBACK_REPLAY, on_feedback_row, f, db_text(f->filter.meeting_id),
                     db_int(f->after_seq), db_int(f->filter.limit));
}

static void answer_feedback(void *question) {
    struct feedback_call *f = question;
    f->fn(f->call.err, f->call.err ? NULL : &f->list, f->call.arg);
}

struct store_call *store_feedback_list(struct store *store,
                                       const struct store_feedback_filter *filter,
                                       store_feedback_fn *fn, void *arg) {
    struct feedback_call *f =
        store_call_new(store, sizeof *f, run_feedback_list, answer_feedback, arg);
    f->call.may_overtake = true;
    f->filter = *filter;
    f->filter.meeting_id = store_call_copy(&f->call, filter->meeting_id);
    f->filter.limit = store_limit(filter->limit, 1000);
    if (filter->to_ms == 0)
        f->filter.to_ms = STORE_TIME_MAX;
    if (!store_cursor_parse(&f->call, filter->cursor, &f->cursor_ms, &f->cursor_id))
        f->call.run = store_call_refuse;
    f->call.reads_feedback = true;
    f->fn = fn;
    return store_call_send(&f->call);
}

struct store_call *store_feedback_replay(struct store *store, struct slice meeting_id,
                                         int64_t after_seq, unsigned limit, store_feedback_fn *fn,
                                         void *arg) {
    struct feedback_call *f = store_call_new(store, sizeof *f, run_replay, answer_feedback, arg);
    f->filter.meeting_id = store_call_copy(&f->call, meeting_id);
    f->filter.limit = store_limit(limit, 1000);
    f->after_seq = after_seq;
    f->call.reads_feedback = true;
    f->call.is_patient = true;
    f->fn = fn;
    return store_call_send(&f->call);
}

struct rename_call {
    struct store_call call;
    struct slice from, to;
    int64_t since_ms;
};

/* Recordings follow the feedback to the other meeting. */
static int run_rename(struct db *db, void *question) {
    struct rename_call *r = question;
    int err = STORE_WRITE(db, SQL_FEEDBACK_RENAME, db_text(r->from), db_text(r->to),
                          db_time(r->since_ms));
    if (!err)
        err = STORE_WRITE(db, SQL_RECORDING_RENAME, db_text(r->from), db_text(r->to),
                          db_time(r->since_ms), db_time(STORE_TIME_MAX));
    return err;
}

struct store_call *store_feedback_rename(struct store *store, struct slice from_meeting,
                                         struct slice to_meeting, int64_t since_ms,
                                         store_done_fn *fn, void *arg) {
    struct rename_call *r = store_call_new_done(store, sizeof *r, run_rename, fn, arg);
    r->from = store_call_copy(&r->call, from_meeting);
    r->to = store_call_copy(&r->call, to_meeting);
    r->since_ms = since_ms;
    r->call.reads_feedback = true;
    r->call.is_patient = true;
    return store_call_send(&r->call);
}
