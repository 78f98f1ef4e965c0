#include "outside/store/store_delivery.h"

#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

struct delivery_call {
    struct store_call call;
    struct store_delivery in;
    enum delivery_state state;
    unsigned limit;
    int64_t until_ms, pending, dead;
    struct store_delivery *rows;
    struct store_delivery_list list;
    store_deliveries_fn *fn;
    store_delivery_count_fn *count_fn;
};

static struct slice state_name(enum delivery_state state) {
    static const char *const names[] = {
        [DELIVERY_PENDING] = "pending", [DELIVERY_SENT] = "sent", [DELIVERY_DEAD] = "dead"};
    return slice_from(names[state]);
}

static void copy_in(struct delivery_call *d, const struct store_delivery *in) {
    d->in = *in;
    STORE_COPY(&d->call, &d->in.id, &d->in.meeting_id, &d->in.participant_id, &d->in.type,
               &d->in.url, &d->in.body, &d->in.trace, &d->in.last_error);
    d->call.is_patient = true;
}

static int count(struct db *db, enum delivery_state state, int64_t *rows) {
    return STORE_RUN(db, SQL_DELIVERY_COUNT, db_take_int, rows, db_text(state_name(state)));
}

/* ---- Adding ---- */

static int run_add(struct db *db, void *question) {
    const struct delivery_call *d = question;
    int64_t pending = 0;
    int err = count(db, DELIVERY_PENDING, &pending);
    if (err)
        return err;
    if (pending >= d->limit)
        return EBUSY;
    return STORE_WRITE(db, SQL_DELIVERY_ADD, db_text(d->in.id), db_text(d->in.meeting_id),
                       db_maybe(d->in.participant_id), db_text(d->in.type), db_text(d->in.url),
                       db_text(d->in.body), db_int(d->in.due_ms), db_time(d->in.created_ms),
                       db_time(d->in.expires_ms), db_maybe(d->in.trace));
}

struct store_call *store_delivery_add(struct store *store, const struct store_delivery *in,
                                      unsigned max_pending, store_done_fn *fn, void *arg) {
    struct delivery_call *d = store_call_new_done(store, sizeof *d, run_add, fn, arg);
    copy_in(d, in);
    d->limit = max_pending;
    return store_call_send(&d->call);
}

/* ---- Claiming ---- */

static void on_due_row(const struct db_row *row, void *arg) {
    struct delivery_call *d = arg;
    struct store_delivery *one = &d->rows[d->list.count++];
    STORE_READ(&d->call, row, 0, &one->id, &one->type, &one->body, &one->trace);
    one->attempts = (unsigned)db_row_int(row, 4);
    one->due_ms = db_row_int(row, 5);
    one->created_ms = db_row_time(row, 6);
}

static int run_claim(struct db *db, void *question) {
    struct delivery_call *d = question;
    d->rows = store_call_alloc(&d->call, d->limit * sizeof *d->rows);
    d->list.rows = d->rows;
    int err = STORE_RUN(db, SQL_DELIVERY_DUE, on_due_row, d, db_text(d->in.url),
                        db_int(d->in.due_ms), db_int(d->limit));
    size_t claimed = 0;
    for (size_t i = 0; !err && i < d->list.count; i++) {
        err = STORE_WRITE(db, SQL_DELIVERY_CLAIM, db_text(d->rows[i].id), db_int(d->rows[i].due_ms),
                          db_int(d->until_ms));
        if (!err && db->changed == 1)
            d->rows[claimed++] = d->rows[i];
    }
    d->list.count = claimed;
    return claimed > 0 ? 0 : err; /* what is claimed is delivered, whatever came after it */
}

static void answer_rows(void *question) {
    struct delivery_call *d = question;
    d->fn(d->call.err, d->call.err ? NULL : &d->list, d->call.arg);
}

struct store_call *store_delivery_claim(struct store *store, struct slice url, int64_t now_ms,
                                        int64_t until_ms, unsigned limit, store_deliveries_fn *fn,
                                        void *arg) {
    struct delivery_call *d = store_call_new(store, sizeof *d, run_claim, answer_rows, arg);
    copy_in(d, &(struct store_delivery){.url = url, .due_ms = now_ms});
    d->until_ms = until_ms;
    d->limit = store_limit(limit, STORE_CLAIMS_MAX);
    d->fn = fn;
    return store_call_send(&d->call);
}

/* ---- What became of it ---- */

static int run_settle(struct db *db, void *question) {
    const struct delivery_call *d = question;
    return STORE_WRITE(db, SQL_DELIVERY_SETTLE, db_text(d->in.id), db_text(state_name(d->state)),
                       db_int(d->in.attempts), db_int(d->in.due_ms), db_int(d->in.last_status),
                       db_maybe(d->in.last_error), db_int(d->state == DELIVERY_SENT));
}

struct store_call *store_delivery_settle(struct store *store, const struct store_delivery *in,
                                         enum delivery_state state, store_done_fn *fn, void *arg) {
    struct delivery_call *d = store_call_new_done(store, sizeof *d, run_settle, fn, arg);
    copy_in(d, in);
    d->state = state;
    return store_call_send(&d->call);
}

static int run_again(struct db *db, void *question) {
    const struct delivery_call *d = question;
    int err = STORE_WRITE(db, SQL_DELIVERY_AGAIN, db_text(d->in.id), db_int(d->in.due_ms),
                          db_time(d->in.created_ms), db_time(d->in.expires_ms));
    return err ? err : db->changed > 0 ? 0 : ENOENT;
}

struct store_call *store_delivery_again(struct store *store, struct slice id, int64_t now_ms,
                                        int64_t expires_ms, store_done_fn *fn, void *arg) {
    struct delivery_call *d = store_call_new_done(store, sizeof *d, run_again, fn, arg);
    d->in =
        (struct store_delivery){.due_ms = now_ms, .created_ms = now_ms, .expires_ms = expires_ms};
    d->in.id = store_call_copy(&d->call, id);
    return store_call_send(&d->call);
}

/* ---- Looking ---- */

static void on_listed_row(const struct db_row *row, void *arg) {
    struct delivery_call *d = arg;
    struct store_delivery *one = &d->rows[d->list.count++];
    STORE_READ(&d->call, row, 0, &one->id, &one->type, &one->meeting_id, &one->url,
               &one->last_error);
    one->attempts = (unsigned)db_row_int(row, 5);
    one->last_status = (unsigned)db_row_int(row, 6);
    one->due_ms = db_row_int(row, 7);
    one->created_ms = db_row_time(row, 8);
}

static int run_list(struct db *db, void *question) {
    struct delivery_call *d = question;
    d->rows = store_call_alloc(&d->call, d->limit * sizeof *d->rows);
    d->list.rows = d->rows;
    return STORE_RUN(db, SQL_DELIVERY_LIST, on_listed_row, d, db_text(state_name(d->state)),
                     db_int(d->limit));
}

struct store_call *store_delivery_list(struct store *store, enum delivery_state state,
                                       unsigned limit, store_deliveries_fn *fn, void *arg) {
    struct delivery_call *d = store_call_new(store, sizeof *d, run_list, answer_rows, arg);
    d->state = state;
    d->limit = store_limit(limit, STORE_DELIVERIES_MAX);
    d->fn = fn;
    return store_call_send(&d->call);
}

static int run_count(struct db *db, void *question) {
    struct delivery_call *d = question;
    int err = count(db, DELIVERY_PENDING, &d->pending);
    return err ? err : count(db, DELIVERY_DEAD, &d->dead);
}

static void answer_count(void *question) {
    const struct delivery_call *d = question;
    d->count_fn(d->call.err, d->pending, d->dead, d->call.arg);
}

struct store_call *store_delivery_count(struct store *store, store_delivery_count_fn *fn,
                                        void *arg) {
    struct delivery_call *d = store_call_new(store, sizeof *d, run_count, answer_count, arg);
    d->count_fn = fn;
    d->call.is_patient = true;
    return store_call_send(&d->call);
}
