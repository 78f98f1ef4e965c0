#include "outside/store/store_recording.h"

#include "base/mem.h"
#include "base/rand.h"
#include "outside/store/store_private.h"
#include "outside/db/db.h"
#include "outside/store/store_sql.h"

#include <errno.h>

enum { LIST_MAX = 1000 };

struct put_call {
    struct store_call call;
    struct store_recording row;
    struct slice meeting_id; /* as the row has it now */
    store_recording_put_fn *fn;
    void *arg;
};

static void copy_texts(struct store_call *call, struct store_recording *row) {
    struct slice *const texts[] = {
        &row->id,       &row->meeting_id, &row->room_name, &row->participant_id,
        &row->track_id, &row->format,     &row->path,      &row->participant_name,
        &row->sha256,   &row->end};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = store_call_copy(call, *texts[i]);
}

static void on_meeting(const struct db_row *row, void *arg) {
    struct put_call *p = arg;
    p->meeting_id = store_call_copy(&p->call, db_row_text(row, 0));
}

static int run_put(struct store_call *call, struct db *db) {
    struct put_call *p = CONTAINER_OF(call, struct put_call, call);
    const struct store_recording *r = &p->row;
    p->meeting_id = r->meeting_id;
    if (r->room_name.len > 0 && slice_is_equal(r->meeting_id, r->room_name)) {
        int err = STORE_RUN(db, SQL_SESSION_OF_ROOM_AT, on_meeting, p, db_text(r->room_name),
                            db_time(r->started_ms + STORE_SKEW_MS), db_time(r->started_ms));
        if (err)
            return err;
    }
    const struct db_value ended =
        r->ended_ms ? db_time(r->ended_ms) : (struct db_value){.kind = DB_NULL};
    return STORE_RUN(db, SQL_RECORDING_PUT, on_meeting, p, db_text(r->id), db_text(p->meeting_id),
                     db_text(r->participant_id), db_maybe(r->participant_name),
                     db_text(r->track_id), db_text(r->format), db_text(r->path),
                     db_maybe(r->sha256), db_maybe(r->end), db_int(r->part), db_int(r->rate_hz),
                     db_int(r->channels), db_time(r->started_ms), ended, db_int(r->bytes),
                     db_int(r->duration_ms), db_text(r->room_name));
}

static void answer_put(struct store_call *call) {
    struct put_call *p = CONTAINER_OF(call, struct put_call, call);
    p->fn(call->err, call->err ? SLICE_NONE : p->meeting_id, p->arg);
}

struct store_call *store_recording_put(struct store *store, const struct store_recording *row,
                                       store_recording_put_fn *fn, void *arg) {
    struct put_call *p = store_call_new(store, sizeof *p, run_put, answer_put);
    p->row = *row;
    copy_texts(&p->call, &p->row);
    p->call.is_patient = true;
    p->fn = fn;
    p->arg = arg;
    return store_call_send(&p->call);
}

/* Reading. */

struct list_call {
    struct store_call call;
    struct slice id; /* of a recording or a meeting */
    int64_t before_ms;
    unsigned skip, limit;
    struct store_recording *rows;
    struct store_recording_list list;
    store_recording_fn *on_one; /* one of the two */
    store_recordings_fn *on_list;
    void *arg;
};

static void on_row(const struct db_row *row, void *arg) {
    struct list_call *l = arg;
    if (l->list.count == l->limit)
        return;
    struct store_recording *r = &l->rows[l->list.count++];
    *r = (struct store_recording){
        .id = db_row_text(row, 0),
        .meeting_id = db_row_text(row, 1),
        .participant_id = db_row_text(row, 2),
        .participant_name = db_row_text(row, 3),
        .track_id = db_row_text(row, 4),
        .format = db_row_text(row, 5),
        .path = db_row_text(row, 6),
        .sha256 = db_row_text(row, 7),
        .end = db_row_text(row, 8),
        .part = db_row_int(row, 9),
        .rate_hz = db_row_int(row, 10),
        .channels = db_row_int(row, 11),
        .started_ms = db_row_time(row, 12),
        .ended_ms = db_row_time(row, 13),
        .bytes = db_row_int(row, 14),
        .duration_ms = db_row_int(row, 15),
    };
    copy_texts(&l->call, r);
}

static struct list_call *list_of(struct store_call *call) {
    struct list_call *l = CONTAINER_OF(call, struct list_call, call);
    l->rows = store_call_alloc(call, l->limit * sizeof *l->rows);
    l->list.recordings = l->rows;
    return l;
}

static int run_get(struct store_call *call, struct db *db) {
    struct list_call *l = list_of(call);
    int err = STORE_RUN(db, SQL_RECORDING_GET, on_row, l, db_text(l->id));
    return !err && l->list.count == 0 ? ENOENT : err;
}

static int run_list(struct store_call *call, struct db *db) {
    struct list_call *l = list_of(call);
    return STORE_RUN(db, SQL_RECORDING_LIST, on_row, l, db_text(l->id), db_int(l->limit));
}

static int run_list_older(struct store_call *call, struct db *db) {
    struct list_call *l = list_of(call);
    return STORE_RUN(db, SQL_RECORDING_LIST_OLDER, on_row, l, db_time(l->before_ms),
                     db_int(l->limit), db_int(l->skip));
}

static void answer_get(struct store_call *call) {
    struct list_call *l = CONTAINER_OF(call, struct list_call, call);
    l->on_one(call->err, call->err ? NULL : l->rows, l->arg);
}

static void answer_list(struct store_call *call) {
    struct list_call *l = CONTAINER_OF(call, struct list_call, call);
    l->on_list(call->err, call->err ? NULL : &l->list, l->arg);
}

static struct list_call *list_new(struct store *store, struct slice id, unsigned limit,
                                  int (*run)(struct store_call *, struct db *),
                                  void (*answer)(struct store_call *), void *arg) {
    struct list_call *l = store_call_new(store, sizeof *l, run, answer);
    l->id = store_call_copy(&l->call, id);
    l->limit = store_limit(limit, LIST_MAX);
    l->arg = arg;
    return l;
}

struct store_call *store_recording_get(struct store *store, struct slice id, store_recording_fn *fn,
                                       void *arg) {
    struct list_call *l = list_new(store, id, 1, run_get, answer_get, arg);
    l->call.may_overtake = true;
    l->on_one = fn;
    return store_call_send(&l->call);
}

struct store_call *store_recording_list(struct store *store, struct slice meeting_id,
                                        unsigned limit, store_recordings_fn *fn, void *arg) {
    struct list_call *l = list_new(store, meeting_id, limit, run_list, answer_list, arg);
    l->call.is_patient = true;
    l->on_list = fn;
    return store_call_send(&l->call);
}

struct store_call *store_recording_list_older(struct store *store, int64_t before_ms, unsigned skip,
                                              unsigned limit, store_recordings_fn *fn, void *arg) {
    struct list_call *l = list_new(store, SLICE_NONE, limit, run_list_older, answer_list, arg);
    l->before_ms = before_ms;
    l->skip = skip;
    l->call.is_patient = true;
    l->on_list = fn;
    return store_call_send(&l->call);
}

/* Erasing. */

struct erase_call {
    struct store_call call;
    struct store_erasure in;
    struct store_erased erased;
    bool is_active, is_found;
    store_done_fn *on_done; /* one of the two */
    store_erased_fn *on_erased;
    void *arg;
};

static int write_audit(struct erase_call *e, struct db *db, const char *action) {
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    return STORE_RUN(db, SQL_AUDIT_INSERT, NULL, NULL, db_text(slice_from(id)),
                     db_time(e->in.at_ms), db_text(slice_from(action)), db_text(e->in.actor),
                     db_text(e->in.meeting_id), db_maybe(e->in.id), db_maybe(e->in.what));
}

static int erase_recording(struct db *db, void *arg) {
    struct erase_call *e = arg;
    int err = STORE_RUN(db, SQL_RECORDING_DELETE, NULL, NULL, db_text(e->in.id));
    return err ? err : write_audit(e, db, "recording.delete");
}

static int run_erase_recording(struct store_call *call, struct db *db) {
    return store_transaction(db, erase_recording, CONTAINER_OF(call, struct erase_call, call));
}

static void on_status(const struct db_row *row, void *arg) {
    struct erase_call *e = arg;
    e->is_found = true;
    e->is_active = !slice_is_equal(db_row_text(row, 6), SLICE("ENDED"));
}

static int delete_of_meeting(struct erase_call *e, struct db *db, enum store_sql sql,
                             int64_t *count) {
    int err = STORE_RUN(db, sql, NULL, NULL, db_text(e->in.meeting_id));
    *count = db->changed;
    return err;
}

static int erase_meeting(struct db *db, void *arg) {
    struct erase_call *e = arg;
    int err = STORE_RUN(db, SQL_SESSION_GET, on_status, e, db_text(e->in.meeting_id));
    if (!err && !e->is_found)
        err = ENOENT;
    if (!err && e->is_active)
        err = EBUSY;
    if (!err)
        err = delete_of_meeting(e, db, SQL_FEEDBACK_DELETE, &e->erased.feedback);
    if (!err)
        err = delete_of_meeting(e, db, SQL_RECORDING_DELETE_MEETING, &e->erased.recordings);
    if (!err)
        err = delete_of_meeting(e, db, SQL_SESSION_DELETE, &e->erased.sessions);
    return err ? err : write_audit(e, db, "session.delete");
}

static int run_erase_meeting(struct store_call *call, struct db *db) {
    return store_transaction(db, erase_meeting, CONTAINER_OF(call, struct erase_call, call));
}

static void answer_done(struct store_call *call) {
    struct erase_call *e = CONTAINER_OF(call, struct erase_call, call);
    e->on_done(call->err, e->arg);
}

static void answer_erased(struct store_call *call) {
    struct erase_call *e = CONTAINER_OF(call, struct erase_call, call);
    e->on_erased(call->err, call->err ? NULL : &e->erased, e->arg);
}

static struct erase_call *erase_new(struct store *store, const struct store_erasure *in,
                                    int (*run)(struct store_call *, struct db *),
                                    void (*answer)(struct store_call *), void *arg) {
    struct erase_call *e = store_call_new(store, sizeof *e, run, answer);
    e->in = *in;
    e->in.id = store_call_copy(&e->call, in->id);
    e->in.meeting_id = store_call_copy(&e->call, in->meeting_id);
    e->in.actor = store_call_copy(&e->call, in->actor);
    e->in.what = store_call_copy(&e->call, in->what);
    e->call.is_patient = true;
    e->arg = arg;
    return e;
}

struct store_call *store_recording_erase(struct store *store, const struct store_erasure *in,
                                         store_done_fn *fn, void *arg) {
    struct erase_call *e = erase_new(store, in, run_erase_recording, answer_done, arg);
    e->on_done = fn;
    return store_call_send(&e->call);
}

struct store_call *store_meeting_erase(struct store *store, const struct store_erasure *in,
                                       store_erased_fn *fn, void *arg) {
    struct erase_call *e = erase_new(store, in, run_erase_meeting, answer_erased, arg);
    e->call.reads_feedback = true; /* events still queued are written first, then deleted */
    e->on_erased = fn;
    return store_call_send(&e->call);
}
