#include "outside/store/store_object.h"

#include "base/macros.h"
#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

static const char *const state_names[] = {"waiting", "stored", "erasing"};

struct object_call {
    struct store_call call;
    struct store_object in;
    int64_t from_ms, to_ms;
    unsigned limit;
    struct store_object *rows;
    struct store_object_list list;
    struct store_object_count count;
    /* one of them */
    store_object_fn *on_one;
    store_objects_fn *on_list;
    store_object_count_fn *on_count;
};

static struct store_call *send_patiently(struct object_call *o) {
    o->call.is_patient = true;
    return store_call_send(&o->call);
}

/* ---- Writing ---- */

static int run_object_gather(struct db *db, void *question) {
    const struct object_call *o = question;
    return STORE_WRITE(db, SQL_OBJECT_GATHER, db_time(o->from_ms), db_time(o->to_ms),
                       db_int(STORE_OBJECTS_MAX));
}

struct store_call *store_object_gather(struct store *store, int64_t from_ms, int64_t to_ms,
                                       store_done_fn *fn, void *arg) {
    struct object_call *o = store_call_new_done(store, sizeof *o, run_object_gather, fn, arg);
    o->from_ms = from_ms;
    o->to_ms = to_ms;
    return send_patiently(o);
}

static int run_object_set(struct db *db, void *question) {
    const struct object_call *o = question;
    const struct store_object *in = &o->in;
    int err = STORE_WRITE(db, SQL_OBJECT_SET_NAMES, db_text(in->id), db_maybe(in->key),
                          db_maybe(in->upload_id));
    return err ? err
               : STORE_WRITE(db, SQL_OBJECT_SET, db_text(in->id),
                             db_text(slice_from(state_names[in->state])), db_int(in->tries),
                             db_maybe_time(in->next_ms), db_maybe_time(in->stored_ms),
                             db_int(in->is_local_gone));
}

struct store_call *store_object_set(struct store *store, const struct store_object *in,
                                    store_done_fn *fn, void *arg) {
    struct object_call *o = store_call_new_done(store, sizeof *o, run_object_set, fn, arg);
    o->in = *in;
    STORE_COPY(&o->call, &o->in.id, &o->in.path, &o->in.format, &o->in.key, &o->in.upload_id);
    o->call.is_transaction = true;
    return send_patiently(o);
}

static int run_object_forget(struct db *db, void *question) {
    const struct object_call *o = question;
    return STORE_WRITE(db, SQL_OBJECT_FORGET, db_text(o->in.id));
}

struct store_call *store_object_forget(struct store *store, struct slice id, store_done_fn *fn,
                                       void *arg) {
    struct object_call *o = store_call_new_done(store, sizeof *o, run_object_forget, fn, arg);
    o->in.id = store_call_copy(&o->call, id);
    return send_patiently(o);
}

/* ---- Reading ---- */

static enum store_object_state state_of(struct slice name) {
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++)
        if (slice_is_equal(name, slice_from(state_names[i])))
            return (enum store_object_state)i;
    return STORE_OBJECT_STORED; /* of another program: left alone */
}

static void on_object_row(const struct db_row *row, void *arg) {
    struct object_call *o = arg;
    if (o->list.count == o->limit)
        return;
    struct store_object *object = &o->rows[o->list.count++];
    struct slice state;
    STORE_READ(&o->call, row, 0, &object->id, &object->path, &object->format, &object->key,
               &object->upload_id, &state);
    object->state = state_of(state);
    object->tries = (unsigned)db_row_int(row, 6);
    object->next_ms = db_row_time(row, 7);
    object->stored_ms = db_row_time(row, 8);
    object->is_local_gone = db_row_int(row, 9) != 0;
}

static void make_rows(struct object_call *o) {
    o->rows = store_call_alloc(&o->call, o->limit * sizeof *o->rows);
    o->list.objects = o->rows;
}

static int run_object_list(struct db *db, void *question) {
    struct object_call *o = question;
    make_rows(o);
    return STORE_RUN(db, SQL_OBJECT_LIST_DUE, on_object_row, o, db_time(o->to_ms),
                     db_int(o->limit));
}

static void answer_objects(void *question) {
    struct object_call *o = question;
    o->on_list(o->call.err, o->call.err ? NULL : &o->list, o->call.arg);
}

struct store_call *store_object_list_due(struct store *store, int64_t now_ms, unsigned limit,
                                         store_objects_fn *fn, void *arg) {
    struct object_call *o = store_call_new(store, sizeof *o, run_object_list, answer_objects, arg);
    o->to_ms = now_ms;
    o->limit = store_limit(limit, STORE_OBJECTS_MAX);
    o->on_list = fn;
    return send_patiently(o);
}

static int run_object_get(struct db *db, void *question) {
    struct object_call *o = question;
    make_rows(o);
    int err = STORE_RUN(db, SQL_OBJECT_GET, on_object_row, o, db_text(o->in.id));
    return !err && o->list.count == 0 ? ENOENT : err;
}

static void answer_object(void *question) {
    struct object_call *o = question;
    o->on_one(o->call.err, o->call.err ? NULL : o->rows, o->call.arg);
}

struct store_call *store_object_get(struct store *store, struct slice id, store_object_fn *fn,
                                    void *arg) {
    struct object_call *o = store_call_new(store, sizeof *o, run_object_get, answer_object, arg);
    o->in.id = store_call_copy(&o->call, id);
    o->limit = 1;
    o->call.may_overtake = true;
    o->on_one = fn;
    return store_call_send(&o->call);
}

static void on_count_row(const struct db_row *row, void *arg) {
    struct object_call *o = arg;
    uint64_t count = (uint64_t)db_row_int(row, 1);
    if (state_of(db_row_text(row, 0)) == STORE_OBJECT_ERASING) {
        o->count.erasing = count;
    } else {
        o->count.waiting = count;
        o->count.waiting_bytes = (uint64_t)db_row_int(row, 2);
        o->count.oldest_ms = db_row_time(row, 3);
    }
}

static int run_object_count(struct db *db, void *question) {
    return store_run(db, SQL_OBJECT_COUNT, NULL, 0, on_count_row, question);
}

static void answer_count(void *question) {
    struct object_call *o = question;
    o->on_count(o->call.err, o->call.err ? NULL : &o->count, o->call.arg);
}

struct store_call *store_object_count(struct store *store, store_object_count_fn *fn, void *arg) {
    struct object_call *o = store_call_new(store, sizeof *o, run_object_count, answer_count, arg);
    o->on_count = fn;
    return send_patiently(o);
}
