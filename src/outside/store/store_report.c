#include "outside/store/store_report.h"

#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

/* ---- Who took part ---- */

struct participant_call {
    struct store_call call;
    struct store_participant in;
    struct store_participant *stays;
    struct store_participant_list list;
    store_participants_fn *fn;
};

static int run_participant_put(struct db *db, void *question) {
    const struct participant_call *p = question;
    return STORE_WRITE(db, SQL_PARTICIPANT_PUT, db_text(p->in.id), db_text(p->in.meeting_id),
                       db_text(p->in.participant_id), db_maybe(p->in.name),
                       db_text(slice_from(p->in.is_host ? "host" : "participant")),
                       db_time(p->in.joined_ms), db_maybe_time(p->in.left_ms),
                       db_time(p->in.expires_ms));
}

struct store_call *store_participant_put(struct store *store, const struct store_participant *in,
                                         store_done_fn *fn, void *arg) {
    struct participant_call *p =
        store_call_new_done(store, sizeof *p, run_participant_put, fn, arg);
    p->in = *in;
    STORE_COPY(&p->call, &p->in.id, &p->in.meeting_id, &p->in.participant_id, &p->in.name);
    p->call.is_patient = true;
    return store_call_send(&p->call);
}

static void on_stay_row(const struct db_row *row, void *arg) {
    struct participant_call *p = arg;
    struct store_participant *stay = &p->stays[p->list.count++];
    struct slice role;
    STORE_READ(&p->call, row, 0, &stay->participant_id, &stay->name, &role);
    stay->is_host = slice_is_equal(role, SLICE("host"));
    stay->joined_ms = db_row_time(row, 3);
    stay->left_ms = db_row_time(row, 4);
}

static int run_participant_list(struct db *db, void *question) {
    struct participant_call *p = question;
    p->stays = store_call_alloc(&p->call, STORE_STAYS_MAX * sizeof *p->stays);
    p->list.stays = p->stays;
    return STORE_RUN(db, SQL_PARTICIPANT_LIST, on_stay_row, p, db_text(p->in.meeting_id),
                     db_int(STORE_STAYS_MAX));
}

static void answer_participants(void *question) {
    struct participant_call *p = question;
    p->fn(p->call.err, p->call.err ? NULL : &p->list, p->call.arg);
}

struct store_call *store_participant_list(struct store *store, struct slice meeting_id,
                                          store_participants_fn *fn, void *arg) {
    struct participant_call *p =
        store_call_new(store, sizeof *p, run_participant_list, answer_participants, arg);
    p->in.meeting_id = store_call_copy(&p->call, meeting_id);
    p->fn = fn;
    return store_call_send(&p->call);
}

/* ---- Reports ---- */

struct report_call {
    struct store_call call;
    struct store_report in;
    bool is_found;
    store_report_fn *fn;
};

static int run_report_put(struct db *db, void *question) {
    const struct report_call *r = question;
    return STORE_WRITE(db, SQL_REPORT_PUT, db_text(r->in.meeting_id), db_int(r->in.version),
                       db_text(r->in.json), db_time(r->in.created_ms), db_time(r->in.expires_ms));
}

struct store_call *store_report_put(struct store *store, const struct store_report *in,
                                    store_done_fn *fn, void *arg) {
    struct report_call *r = store_call_new_done(store, sizeof *r, run_report_put, fn, arg);
    r->in = *in;
    STORE_COPY(&r->call, &r->in.meeting_id, &r->in.json);
    r->call.is_patient = true;
    return store_call_send(&r->call);
}

static void on_report_row(const struct db_row *row, void *arg) {
    struct report_call *r = arg;
    r->in.json = store_call_copy(&r->call, db_row_text(row, 0));
    r->is_found = true;
}

static int run_report_get(struct db *db, void *question) {
    struct report_call *r = question;
    int err = STORE_RUN(db, SQL_REPORT_GET, on_report_row, r, db_text(r->in.meeting_id));
    return !err && !r->is_found ? ENOENT : err;
}

static void answer_report(void *question) {
    struct report_call *r = question;
    r->fn(r->call.err, r->call.err ? SLICE_NONE : r->in.json, r->call.arg);
}

struct store_call *store_report_get(struct store *store, struct slice meeting_id,
                                    store_report_fn *fn, void *arg) {
    struct report_call *r = store_call_new(store, sizeof *r, run_report_get, answer_report, arg);
    r->in.meeting_id = store_call_copy(&r->call, meeting_id);
    r->fn = fn;
    return store_call_send(&r->call);
}
