#include "outside/store/store_verdict.h"

#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

/* ---- Verdicts ---- */

struct verdict_call {
    struct store_call call;
    struct store_verdict in;
    struct store_verdict *verdicts;
    struct store_verdict_list list;
    store_verdicts_fn *fn;
};

static int run_verdict_add(struct db *db, void *question) {
    const struct verdict_call *v = question;
    const struct store_verdict *in = &v->in;
    int64_t count = 0;
    int err = STORE_RUN(db, SQL_VERDICT_COUNT, db_take_int, &count, db_text(in->meeting_id));
    if (!err && count >= STORE_VERDICTS_MAX)
        err = EBUSY;
    if (err)
        return err;
    return STORE_WRITE(db, SQL_VERDICT_ADD, db_text(in->id), db_text(in->meeting_id),
                       db_text(in->verdict), db_text(in->type), db_maybe(in->participant_id),
                       db_maybe(in->feedback_id), db_maybe_time(in->until_ms), db_maybe(in->by),
                       db_time(in->said_ms), db_time(in->expires_ms));
}

struct store_call *store_verdict_add(struct store *store, const struct store_verdict *in,
                                     store_done_fn *fn, void *arg) {
    struct verdict_call *v = store_call_new_done(store, sizeof *v, run_verdict_add, fn, arg);
    v->in = *in;
    STORE_COPY(&v->call, &v->in.id, &v->in.meeting_id, &v->in.verdict, &v->in.type,
               &v->in.participant_id, &v->in.feedback_id, &v->in.by);
    return store_call_send(&v->call);
}

static void on_verdict_row(const struct db_row *row, void *arg) {
    struct verdict_call *v = arg;
    struct store_verdict *out = &v->verdicts[v->list.count++];
    STORE_READ(&v->call, row, 0, &out->id, &out->verdict, &out->type, &out->participant_id,
               &out->feedback_id, &out->by);
    out->until_ms = db_row_time(row, 6);
    out->said_ms = db_row_time(row, 7);
}

static int run_verdict_list(struct db *db, void *question) {
    struct verdict_call *v = question;
    v->verdicts = store_call_alloc(&v->call, STORE_VERDICTS_MAX * sizeof *v->verdicts);
    v->list.verdicts = v->verdicts;
    return STORE_RUN(db, SQL_VERDICT_LIST, on_verdict_row, v, db_text(v->in.meeting_id),
                     db_int(STORE_VERDICTS_MAX));
}

static void answer_verdicts(void *question) {
    struct verdict_call *v = question;
    v->fn(v->call.err, v->call.err ? NULL : &v->list, v->call.arg);
}

struct store_call *store_verdict_list(struct store *store, struct slice meeting_id,
                                      store_verdicts_fn *fn, void *arg) {
    struct verdict_call *v =
        store_call_new(store, sizeof *v, run_verdict_list, answer_verdicts, arg);
    v->in.meeting_id = store_call_copy(&v->call, meeting_id);
    v->fn = fn;
    return store_call_send(&v->call);
}

static int run_verdict_remove(struct db *db, void *question) {
    const struct verdict_call *v = question;
    int err = STORE_WRITE(db, SQL_VERDICT_REMOVE, db_text(v->in.id), db_text(v->in.meeting_id));
    return !err && db->changed == 0 ? ENOENT : err;
}

struct store_call *store_verdict_remove(struct store *store, struct slice meeting_id,
                                        struct slice id, store_done_fn *fn, void *arg) {
    struct verdict_call *v = store_call_new_done(store, sizeof *v, run_verdict_remove, fn, arg);
    v->in.meeting_id = store_call_copy(&v->call, meeting_id);
    v->in.id = store_call_copy(&v->call, id);
    return store_call_send(&v->call);
}

/* ---- Rights to one meeting ---- */

struct right_call {
    struct store_call call;
    struct store_right in;
    enum store_sql find;
    int64_t now_ms;
    struct store_right *rights;
    struct store_right_list list;
    store_right_fn *fn;
    store_rights_fn *list_fn;
};

static int run_right_add(struct db *db, void *question) {
    const struct right_call *r = question;
    return STORE_WRITE(db, SQL_RIGHT_ADD, db_text(r->in.id), db_text(r->in.token_hash),
                       db_text(r->in.meeting_id), db_text(r->in.room_name), db_text(r->in.subject),
                       db_time(r->in.created_ms), db_time(r->in.expires_ms));
}

struct store_call *store_right_add(struct store *store, const struct store_right *in,
                                   store_done_fn *fn, void *arg) {
    struct right_call *r = store_call_new_done(store, sizeof *r, run_right_add, fn, arg);
    r->in = *in;
    STORE_COPY(&r->call, &r->in.id, &r->in.token_hash, &r->in.meeting_id, &r->in.room_name,
               &r->in.subject);
    return store_call_send(&r->call);
}

static void on_right_row(const struct db_row *row, void *arg) {
    struct right_call *r = arg;
    struct store_right *out = &r->rights[r->list.count++];
    STORE_READ(&r->call, row, 0, &out->id, &out->meeting_id, &out->room_name, &out->subject);
    out->created_ms = db_row_time(row, 4);
    out->expires_ms = db_row_time(row, 5);
    out->revoked_ms = db_row_time(row, 6);
}

static int run_right_find(struct db *db, void *question) {
    struct right_call *r = question;
    r->rights = store_call_alloc(&r->call, sizeof *r->rights);
    r->list.rights = r->rights;
    int err = STORE_RUN(db, r->find, on_right_row, r, db_text(r->in.id));
    return !err && r->list.count == 0 ? ENOENT : err;
}

static void answer_right(void *question) {
    struct right_call *r = question;
    r->fn(r->call.err, r->call.err ? NULL : r->rights, r->call.arg);
}

static struct store_call *right_find(struct store *store, enum store_sql find, struct slice key,
                                     store_right_fn *fn, void *arg) {
    struct right_call *r = store_call_new(store, sizeof *r, run_right_find, answer_right, arg);
    r->find = find;
    r->in.id = store_call_copy(&r->call, key);
    r->fn = fn;
    return store_call_send(&r->call);
}

struct store_call *store_right_find(struct store *store, struct slice token_hash,
                                    store_right_fn *fn, void *arg) {
    return right_find(store, SQL_RIGHT_FIND, token_hash, fn, arg);
}

struct store_call *store_right_get(struct store *store, struct slice id, store_right_fn *fn,
                                   void *arg) {
    return right_find(store, SQL_RIGHT_GET, id, fn, arg);
}

static int run_right_list(struct db *db, void *question) {
    struct right_call *r = question;
    r->rights = store_call_alloc(&r->call, STORE_RIGHTS_MAX * sizeof *r->rights);
    r->list.rights = r->rights;
    return STORE_RUN(db, SQL_RIGHT_LIST, on_right_row, r, db_text(r->in.meeting_id),
                     db_int(STORE_RIGHTS_MAX));
}

static void answer_rights(void *question) {
    struct right_call *r = question;
    r->list_fn(r->call.err, r->call.err ? NULL : &r->list, r->call.arg);
}

struct store_call *store_right_list(struct store *store, struct slice meeting_id,
                                    store_rights_fn *fn, void *arg) {
    struct right_call *r = store_call_new(store, sizeof *r, run_right_list, answer_rights, arg);
    r->in.meeting_id = store_call_copy(&r->call, meeting_id);
    r->list_fn = fn;
    return store_call_send(&r->call);
}

static int run_right_revoke(struct db *db, void *question) {
    const struct right_call *r = question;
    int err = STORE_WRITE(db, SQL_RIGHT_REVOKE, db_text(r->in.id), db_time(r->now_ms));
    return !err && db->changed == 0 ? ENOENT : err;
}

struct store_call *store_right_revoke(struct store *store, struct slice id, int64_t now_ms,
                                      store_done_fn *fn, void *arg) {
    struct right_call *r = store_call_new_done(store, sizeof *r, run_right_revoke, fn, arg);
    r->in.id = store_call_copy(&r->call, id);
    r->now_ms = now_ms;
    return store_call_send(&r->call);
}
