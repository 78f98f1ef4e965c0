#include "outside/store/store_egress.h"

#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

struct stop_call {
    struct store_call call;
    struct slice meeting_id, track_sid;
    int64_t at_ms;
    struct slice *found; /* at most STORE_EGRESS_STOPS_MAX */
    size_t count;
    store_egress_stops_fn *fn;
};

static int run_stop_add(struct db *db, void *question) {
    struct stop_call *s = question;
    return STORE_WRITE(db, SQL_EGRESS_STOP_ADD, db_text(s->track_sid), db_text(s->meeting_id),
                       db_time(s->at_ms));
}

static int run_stop_forget(struct db *db, void *question) {
    struct stop_call *s = question;
    return STORE_WRITE(db, SQL_EGRESS_STOP_FORGET, db_text(s->meeting_id));
}

static void on_stop_row(const struct db_row *row, void *arg) {
    struct stop_call *s = arg;
    s->found[s->count++] = store_call_copy(&s->call, db_row_text(row, 0));
}

static int run_stop_list(struct db *db, void *question) {
    struct stop_call *s = question;
    s->found = store_call_alloc(&s->call, STORE_EGRESS_STOPS_MAX * sizeof *s->found);
    return STORE_RUN(db, SQL_EGRESS_STOP_LIST, on_stop_row, s, db_text(s->meeting_id),
                     db_int(STORE_EGRESS_STOPS_MAX));
}

static void answer_stops(void *question) {
    struct stop_call *s = question;
    if (s->fn)
        s->fn(s->call.err, s->found, s->call.err ? 0 : s->count, s->call.arg);
}

static struct stop_call *stop_call_new(struct store *store, struct slice meeting_id,
                                       store_run_fn *run, void *arg) {
    struct stop_call *s = store_call_new(store, sizeof *s, run, answer_stops, arg);
    s->meeting_id = store_call_copy(&s->call, meeting_id);
    s->call.is_patient = true;
    return s;
}

void store_egress_stop_add(struct store *store, struct slice meeting_id, struct slice track_sid,
                           int64_t at_ms) {
    struct stop_call *s = stop_call_new(store, meeting_id, run_stop_add, NULL);
    s->track_sid = store_call_copy(&s->call, track_sid);
    s->at_ms = at_ms;
    store_call_send(&s->call);
}

struct store_call *store_egress_stops_list(struct store *store, struct slice meeting_id,
                                           store_egress_stops_fn *fn, void *arg) {
    struct stop_call *s = stop_call_new(store, meeting_id, run_stop_list, arg);
    s->fn = fn;
    return store_call_send(&s->call);
}

void store_egress_stops_forget(struct store *store, struct slice meeting_id) {
    store_call_send(&stop_call_new(store, meeting_id, run_stop_forget, NULL)->call);
}
