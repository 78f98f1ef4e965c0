#include "outside/store/store_recording.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/rand.h"
#include "meeting/report_erase.h"
#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

enum { LIST_MAX = 1000 };

struct put_call {
    struct store_call call;
    struct recording_info row;
    struct slice meeting_id; /* as the row has it now */
    store_recording_put_fn *fn;
};

static void copy_texts(struct store_call *call, struct recording_info *row) {
    for (size_t i = 0; i < RECORDING_INFO_TEXTS; i++) {
        struct slice *text = recording_info_text(row, i);
        *text = store_call_copy(call, *text);
    }
}

static void on_meeting_row(const struct db_row *row, void *arg) {
    struct put_call *p = arg;
    p->meeting_id = store_call_copy(&p->call, db_row_text(row, 0));
}

static int run_put(struct db *db, void *question) {
    struct put_call *p = question;
    const struct recording_info *r = &p->row;
    p->meeting_id = r->meeting;
    if (r->room.len > 0 && slice_is_equal(r->meeting, r->room)) {
        int err = STORE_RUN(db, SQL_SESSION_OF_ROOM_AT, on_meeting_row, p, db_text(r->room),
                            db_time(r->started_ms + STORE_SKEW_MS), db_time(r->started_ms));
        if (err)
            return err;
    }
    return STORE_RUN(db, SQL_RECORDING_PUT, on_meeting_row, p, db_text(r->id),
                     db_text(p->meeting_id), db_text(r->participant), db_maybe(r->name),
                     db_text(r->track), db_text(r->format), db_text(r->path), db_maybe(r->sha256),
                     db_maybe(r->end), db_int(r->part), db_int(r->rate_hz), db_int(r->channels),
                     db_time(r->started_ms), db_maybe_time(r->ended_ms), db_int((int64_t)r->bytes),
                     db_int(r->duration_ms), db_text(r->room));
}

static void answer_put(void *question) {
    struct put_call *p = question;
    p->fn(p->call.err, p->call.err ? SLICE_NONE : p->meeting_id, p->call.arg);
}

struct store_call *store_recording_put(struct store *store, const struct recording_info *row,
                                       store_recording_put_fn *fn, void *arg) {
    struct put_call *p = store_call_new(store, sizeof *p, run_put, answer_put, arg);
    p->row = *row;
    copy_texts(&p->call, &p->row);
    p->call.is_patient = true;
    p->fn = fn;
    return store_call_send(&p->call);
}

/* ---- Reading ---- */

struct recording_call {
    struct store_call call;
    struct slice id, participant; /* of a recording or a meeting */
    int64_t before_ms;
    unsigned skip, limit;
    struct recording_info *rows;
    struct store_recording_list list;
    /* one of the two */
    store_recording_fn *on_one;
    store_recordings_fn *on_list;
};

static void on_recording_row(const struct db_row *row, void *arg) {
    struct recording_call *l = arg;
    if (l->list.count == l->limit)
        return;
    struct recording_info *r = &l->rows[l->list.count++];
    *r = (struct recording_info){
        .id = db_row_text(row, 0),
        .meeting = db_row_text(row, 1),
        .participant = db_row_text(row, 2),
        .name = db_row_text(row, 3),
        .track = db_row_text(row, 4),
        .format = db_row_text(row, 5),
        .path = db_row_text(row, 6),
        .sha256 = db_row_text(row, 7),
        .end = db_row_text(row, 8),
        .part = (unsigned)db_row_int(row, 9),
        .rate_hz = (uint32_t)db_row_int(row, 10),
        .channels = (uint32_t)db_row_int(row, 11),
        .started_ms = db_row_time(row, 12),
        .ended_ms = db_row_time(row, 13),
        .bytes = (uint64_t)db_row_int(row, 14),
        .duration_ms = db_row_int(row, 15),
    };
    copy_texts(&l->call, r);
}

static struct recording_call *list_of(void *question) {
    struct recording_call *l = question;
    l->rows = store_call_alloc(&l->call, l->limit * sizeof *l->rows);
    l->list.recordings = l->rows;
    return l;
}

static int run_recording_get(struct db *db, void *question) {
    struct recording_call *l = list_of(question);
    int err = STORE_RUN(db, SQL_RECORDING_GET, on_recording_row, l, db_text(l->id));
    return !err && l->list.count == 0 ? ENOENT : err;
}

static int run_recording_list(struct db *db, void *question) {
    struct recording_call *l = list_of(question);
    return STORE_RUN(db, SQL_RECORDING_LIST, on_recording_row, l, db_text(l->id), db_int(l->limit));
}

static int run_person_list(struct db *db, void *question) {
    struct recording_call *l = list_of(question);
    return STORE_RUN(db, SQL_RECORDING_LIST_PERSON, on_recording_row, l, db_text(l->id),
                     db_int(l->limit), db_text(l->participant));
}

static int run_older_list(struct db *db, void *question) {
    struct recording_call *l = list_of(question);
    return STORE_RUN(db, SQL_RECORDING_LIST_OLDER, on_recording_row, l, db_time(l->before_ms),
                     db_int(l->limit), db_int(l->skip), db_time(0));
}

static void answer_recording(void *question) {
    struct recording_call *l = question;
    l->on_one(l->call.err, l->call.err ? NULL : l->rows, l->call.arg);
}

static void answer_recordings(void *question) {
    struct recording_call *l = question;
    l->on_list(l->call.err, l->call.err ? NULL : &l->list, l->call.arg);
}

static struct recording_call *list_new(struct store *store, struct slice id, unsigned limit,
                                       store_run_fn *run, store_answer_fn *answer, void *arg) {
    struct recording_call *l = store_call_new(store, sizeof *l, run, answer, arg);
    l->id = store_call_copy(&l->call, id);
    l->limit = store_limit(limit, LIST_MAX);
    return l;
}

struct store_call *store_recording_get(struct store *store, struct slice id, store_recording_fn *fn,
                                       void *arg) {
    struct recording_call *l = list_new(store, id, 1, run_recording_get, answer_recording, arg);
    l->call.may_overtake = true;
    l->on_one = fn;
    return store_call_send(&l->call);
}

struct store_call *store_recording_list(struct store *store, struct slice meeting_id,
                                        unsigned limit, store_recordings_fn *fn, void *arg) {
    struct recording_call *l =
        list_new(store, meeting_id, limit, run_recording_list, answer_recordings, arg);
    l->call.is_patient = true;
    l->on_list = fn;
    return store_call_send(&l->call);
}

struct store_call *store_recording_list_person(struct store *store, struct slice meeting_id,
                                               struct slice participant, unsigned limit,
                                               store_recordings_fn *fn, void *arg) {
    struct recording_call *l =
        list_new(store, meeting_id, limit, run_person_list, answer_recordings, arg);
    l->participant = store_call_copy(&l->call, participant);
    l->call.is_patient = true;
    l->on_list = fn;
    return store_call_send(&l->call);
}

struct store_call *store_recording_list_committed(struct store *store, struct slice meeting_id,
                                                  unsigned limit, store_recordings_fn *fn,
                                                  void *arg) {
    struct recording_call *l =
        list_new(store, meeting_id, limit, run_recording_list, answer_recordings, arg);
    l->call.may_overtake = true;
    l->on_list = fn;
    return store_call_send(&l->call);
}

struct store_call *store_recording_list_older(struct store *store, int64_t before_ms, unsigned skip,
                                              unsigned limit, store_recordings_fn *fn, void *arg) {
    struct recording_call *l =
        list_new(store, SLICE_NONE, limit, run_older_list, answer_recordings, arg);
    l->before_ms = before_ms;
    l->skip = skip;
    l->call.is_patient = true;
    l->on_list = fn;
    return store_call_send(&l->call);
}

/* ---- Erasing ---- */

struct erase_call {
    struct store_call call;
    struct store_erasure in;
    struct store_erased erased;
    bool is_active, is_found;
    store_erased_fn *fn; /* of a meeting */
};

static int write_audit(struct erase_call *e, struct db *db, const char *action) {
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    return STORE_WRITE(db, SQL_AUDIT_INSERT, db_text(slice_from(id)), db_time(e->in.at_ms),
                       db_text(slice_from(action)), db_text(e->in.actor), db_text(e->in.meeting_id),
                       db_maybe(e->in.id), db_maybe(e->in.what));
}

static int run_erase_recording(struct db *db, void *question) {
    struct erase_call *e = question;
    int err = STORE_WRITE(db, SQL_OBJECT_ERASE, db_text(e->in.id), db_time(e->in.at_ms));
    if (!err)
        err = STORE_WRITE(db, SQL_RECORDING_DELETE, db_text(e->in.id));
    return err ? err : write_audit(e, db, "recording.delete");
}

static void on_status_row(const struct db_row *row, void *arg) {
    struct erase_call *e = arg;
    e->is_found = true;
    e->is_active = !slice_is_equal(db_row_text(row, 6), SLICE("ENDED"));
}

static int delete_of_meeting(struct erase_call *e, struct db *db, enum store_sql sql,
                             int64_t *count) {
    int err = STORE_WRITE(db, sql, db_text(e->in.meeting_id));
    *count = db->changed;
    return err;
}

static int run_erase_meeting(struct db *db, void *question) {
    struct erase_call *e = question;
    int err = STORE_RUN(db, SQL_SESSION_GET, on_status_row, e, db_text(e->in.meeting_id));
    if (!err && !e->is_found)
        err = ENOENT;
    if (!err && e->is_active)
        err = EBUSY;
    if (!err)
        err = delete_of_meeting(e, db, SQL_FEEDBACK_DELETE, &e->erased.feedback);
    if (!err)
        err = STORE_WRITE(db, SQL_OBJECT_ERASE_MEETING, db_text(e->in.meeting_id),
                          db_time(e->in.at_ms));
    if (!err)
        err = delete_of_meeting(e, db, SQL_RECORDING_DELETE_MEETING, &e->erased.recordings);
    static const enum store_sql others[] = {SQL_PARTICIPANT_DELETE, SQL_REPORT_DELETE,
                                            SQL_VERDICT_DELETE, SQL_RIGHT_DELETE,
                                            SQL_DELIVERY_DELETE};
    for (size_t i = 0; !err && i < ARRAY_LEN(others); i++)
        err = STORE_WRITE(db, others[i], db_text(e->in.meeting_id));
    if (!err)
        err = delete_of_meeting(e, db, SQL_SESSION_DELETE, &e->erased.sessions);
    return err ? err : write_audit(e, db, "session.delete");
}

struct report_of_person {
    struct slice participant;
    struct buf json; /* without them; empty: they were not in it, or there is none */
};

static void on_report_with_person(const struct db_row *row, void *arg) {
    struct report_of_person *report = arg;
    report_erase(&report->json, db_row_text(row, 0), report->participant);
}

static int take_out_of_report(struct erase_call *e, struct db *db) {
    struct report_of_person report = {.participant = e->in.participant};
    int err =
        STORE_RUN(db, SQL_REPORT_GET, on_report_with_person, &report, db_text(e->in.meeting_id));
    if (!err && report.json.len > 0)
        err = STORE_WRITE(db, SQL_REPORT_REPLACE, db_text(e->in.meeting_id),
                          db_text(buf_slice(&report.json)));
    buf_free(&report.json);
    return err;
}

static int run_erase_person(struct db *db, void *question) {
    static const enum store_sql others[] = {SQL_PERSON_STAYS_DELETE, SQL_PERSON_VERDICTS_DELETE,
                                            SQL_PERSON_DELIVERIES_DELETE};
    struct erase_call *e = question;
    struct db_value meeting = db_text(e->in.meeting_id), person = db_text(e->in.participant);
    int err = STORE_RUN(db, SQL_SESSION_GET, on_status_row, e, meeting);
    if (!err && !e->is_found)
        err = ENOENT;
    if (!err && e->is_active)
        err = EBUSY;
    if (!err)
        err = STORE_WRITE(db, SQL_PERSON_FEEDBACK_DELETE, meeting, person);
    e->erased.feedback = db->changed;
    if (!err)
        err = STORE_WRITE(db, SQL_OBJECT_ERASE_PERSON, meeting, db_time(e->in.at_ms), person);
    if (!err)
        err = STORE_WRITE(db, SQL_PERSON_RECORDINGS_DELETE, meeting, person);
    e->erased.recordings = db->changed;
    for (size_t i = 0; !err && i < ARRAY_LEN(others); i++)
        err = STORE_WRITE(db, others[i], meeting, person);
    if (!err)
        err = take_out_of_report(e, db);
    return err ? err : write_audit(e, db, "participant.delete");
}

static void answer_erased(void *question) {
    struct erase_call *e = question;
    e->fn(e->call.err, e->call.err ? NULL : &e->erased, e->call.arg);
}

static struct store_call *erase_send(struct erase_call *e, const struct store_erasure *in) {
    e->in = *in;
    STORE_COPY(&e->call, &e->in.id, &e->in.meeting_id, &e->in.participant, &e->in.actor,
               &e->in.what);
    e->call.is_patient = true;
    e->call.is_transaction = true;
    return store_call_send(&e->call);
}

struct store_call *store_recording_erase(struct store *store, const struct store_erasure *in,
                                         store_done_fn *fn, void *arg) {
    struct erase_call *e = store_call_new_done(store, sizeof *e, run_erase_recording, fn, arg);
    return erase_send(e, in);
}

struct store_call *store_meeting_erase(struct store *store, const struct store_erasure *in,
                                       store_erased_fn *fn, void *arg) {
    struct erase_call *e = store_call_new(store, sizeof *e, run_erase_meeting, answer_erased, arg);
    e->call.reads_feedback = true; /* queued events are written first, so that they are deleted */
    e->fn = fn;
    return erase_send(e, in);
}

struct store_call *store_person_erase(struct store *store, const struct store_erasure *in,
                                      store_erased_fn *fn, void *arg) {
    struct erase_call *e = store_call_new(store, sizeof *e, run_erase_person, answer_erased, arg);
    e->call.reads_feedback = true;
    e->fn = fn;
    return erase_send(e, in);
}
