/* Refresh tokens: a row each, chained to its successor. The tokens of one login are a family, which
 * ends as a whole. */
#include "outside/db/db.h"
#include "outside/store/store_account_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

/* ---- Adding ---- */

struct token_call {
    struct store_call call;
    struct slice user_id, organization_id;
    struct store_grant grant;
};

static int run_token_add(struct db *db, void *question) {
    struct token_call *t = question;
    return account_add_token(db, t->user_id, t->organization_id, &t->grant);
}

struct store_call *store_token_add(struct store *store, struct slice user_id,
                                   struct slice organization_id, const struct store_grant *grant,
                                   store_done_fn *fn, void *arg) {
    struct token_call *t = store_call_new_done(store, sizeof *t, run_token_add, fn, arg);
    t->user_id = store_call_copy(&t->call, user_id);
    t->organization_id = store_call_copy(&t->call, organization_id);
    t->grant = *grant;
    account_copy_grant(&t->call, &t->grant);
    return store_call_send(&t->call);
}

/* ---- Rotating ---- */

struct token_row {
    struct store_call *call;
    struct slice family_id, user_id, organization_id, replaced_by;
    int64_t expires_ms, used_ms, revoked_ms;
    int64_t next_used_ms, next_revoked_ms; /* the successor's */
    bool is_found;
};

struct rotate_call {
    struct account_call base;
    struct store_rotation in;
    bool is_reuse;
};

static void on_token_row(const struct db_row *row, void *arg) {
    struct token_row *t = arg;
    STORE_READ(t->call, row, 0, &t->family_id, &t->user_id, &t->organization_id);
    t->expires_ms = db_row_time(row, 3);
    t->used_ms = db_row_time(row, 4);
    t->replaced_by = store_call_copy(t->call, db_row_text(row, 5));
    t->revoked_ms = db_row_time(row, 6);
    t->next_used_ms = db_row_time(row, 7);
    t->next_revoked_ms = db_row_time(row, 8);
    t->is_found = true;
}

static void on_family_start(const struct db_row *row, void *arg) {
    *(int64_t *)arg = db_row_time(row, 0);
}

static int add_successor(struct db *db, const struct rotate_call *r, const struct token_row *t) {
    const struct store_rotation *in = &r->in;
    int64_t start_ms = in->now_ms;
    int err =
        STORE_RUN(db, SQL_TOKEN_FAMILY_START, on_family_start, &start_ms, db_text(t->family_id));
    if (err)
        return err;
    const int64_t family_end_ms = start_ms + in->family_ttl_ms;
    const int64_t own_end_ms = in->now_ms + in->ttl_ms;
    const struct store_grant grant = {
        .token_id = in->next_id,
        .family_id = t->family_id,
        .token_hash = in->next_hash,
        .user_agent = in->user_agent,
        .now_ms = in->now_ms,
        .expires_ms = own_end_ms < family_end_ms ? own_end_ms : family_end_ms,
    };
    return account_add_token(db, t->user_id, t->organization_id, &grant);
}

/* The same token again, because an answer was lost or two tabs sent it at once. */
static bool is_within_grace(const struct rotate_call *r, const struct token_row *t) {
    return t->used_ms > 0 && t->replaced_by.len > 0 && t->next_used_ms == 0 &&
           t->next_revoked_ms == 0 && r->in.now_ms - t->used_ms <= r->in.grace_ms;
}

/*
 * The conditional update comes first. Of two rotations at once the second waits for the first, and
 * then changes nothing.
 */
static int token_rotate(struct db *db, struct rotate_call *r) {
    const struct store_rotation *in = &r->in;
    struct token_row t = {.call = &r->base.call};
    int err = STORE_WRITE(db, SQL_TOKEN_USE, db_text(in->token_hash), db_time(in->now_ms),
                          db_text(in->next_id));
    const bool is_fresh = !err && db->changed == 1;
    if (!err)
        err = STORE_RUN(db, SQL_TOKEN_GET, on_token_row, &t, db_text(in->token_hash));
    if (err || !t.is_found)
        return err ? err : ENOENT;
    r->base.account.token_id = is_fresh ? in->next_id : t.replaced_by;
    r->base.account.family_id = t.family_id;
    if (is_fresh)
        err = add_successor(db, r, &t);
    else if (t.revoked_ms > 0 || t.expires_ms <= in->now_ms)
        err = ENOENT;
    else if (!is_within_grace(r, &t)) {
        r->is_reuse = true; /* the transaction commits all the same */
        r->base.account.user_id = t.user_id;
        return STORE_WRITE(db, SQL_TOKEN_REVOKE_FAMILY, db_text(t.family_id), db_time(in->now_ms));
    }
    if (!err)
        err = account_read(&r->base, db, t.user_id);
    return err ? err : account_choose(&r->base, t.organization_id);
}

static int run_rotate(struct db *db, void *question) {
    struct rotate_call *r = question;
    int err = db_begin(db);
    if (!err)
        err = db_end(db, token_rotate(db, r));
    return !err && r->is_reuse ? EACCES : err;
}

struct store_call *store_token_rotate(struct store *store, const struct store_rotation *in,
                                      store_account_fn *fn, void *arg) {
    struct rotate_call *r = account_call_new(store, sizeof *r, run_rotate, fn, arg);
    struct store_call *call = &r->base.call;
    r->in = *in;
    STORE_COPY(call, &r->in.token_hash, &r->in.next_id, &r->in.next_hash, &r->in.user_agent);
    return store_call_send(call);
}

/* ---- Revoking ---- */

struct revoke_call {
    struct store_call call;
    struct slice token_hash;
    int64_t now_ms;
    struct token_row row;
    store_owner_fn *fn;
};

static int run_token_revoke(struct db *db, void *question) {
    struct revoke_call *r = question;
    r->row = (struct token_row){.call = &r->call};
    int err = STORE_RUN(db, SQL_TOKEN_GET, on_token_row, &r->row, db_text(r->token_hash));
    return err ? err
               : STORE_WRITE(db, SQL_TOKEN_REVOKE_BY_HASH, db_text(r->token_hash),
                             db_time(r->now_ms));
}

static void answer_revoke(void *question) {
    struct revoke_call *r = question;
    r->fn(r->call.err, r->row.user_id, r->call.arg);
}

struct store_call *store_token_revoke(struct store *store, struct slice token_hash, int64_t now_ms,
                                      store_owner_fn *fn, void *arg) {
    struct revoke_call *r = store_call_new(store, sizeof *r, run_token_revoke, answer_revoke, arg);
    r->fn = fn;
    r->token_hash = store_call_copy(&r->call, token_hash);
    r->now_ms = now_ms;
    return store_call_send(&r->call);
}
