/* Users: registering, joining by invitation, changing passwords. */
#include "base/rand.h"
#include "outside/db/db.h"
#include "outside/store/store_account_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>
#include <stdio.h>

enum { SLUG_BYTES = 64, SLUG_TRIES = 50 };

/* ---- Registering ---- */

struct register_call {
    struct account_call base;
    struct store_registration in;
};

/* Not left to the unique index: e-mails of the former backend may have capitals. */
static int check_email(struct db *db, struct slice email) {
    bool is_taken = false;
    int err = STORE_RUN(db, SQL_USER_BY_EMAIL, db_take_found, &is_taken, db_text(email));
    return !err && is_taken ? EEXIST : err;
}

/* Tries "acme", "acme-2" and so on, at last a random suffix. Slugs are never given twice. */
static int add_organization(struct db *db, const struct store_registration *in, struct slice id) {
    char slug[SLUG_BYTES + 24];
    int base_bytes = (int)(in->slug.len < SLUG_BYTES ? in->slug.len : SLUG_BYTES);
    for (unsigned i = 1; i <= SLUG_TRIES; i++) {
        if (i == 1)
            snprintf(slug, sizeof slug, "%.*s", base_bytes, in->slug.ptr);
        else if (i < SLUG_TRIES)
            snprintf(slug, sizeof slug, "%.*s-%u", base_bytes, in->slug.ptr, i);
        else
            snprintf(slug, sizeof slug, "%.*s-%llx", base_bytes, in->slug.ptr,
                     (unsigned long long)rand_u64());
        int err =
            STORE_WRITE(db, SQL_ORGANIZATION_INSERT, db_text(id), db_text(in->organization_name),
                        db_text(slice_from(slug)), db_time(in->grant.now_ms));
        if (err || db->changed > 0)
            return err;
    }
    return EEXIST;
}

static int run_register(struct db *db, void *question) {
    struct register_call *r = question;
    const struct store_registration *in = &r->in;
    char user_id[RAND_UUID_SIZE], organization_id[RAND_UUID_SIZE];
    int64_t count = 0;
    rand_uuid(user_id);
    rand_uuid(organization_id);
    const struct slice user = slice_from(user_id), organization = slice_from(organization_id);
    int err = check_email(db, in->email);
    if (!err && in->is_first_only)
        err = store_run(db, SQL_USER_COUNT, NULL, 0, db_take_int, &count);
    if (!err && count > 0)
        err = EPERM;
    if (!err)
        err = account_add_user(db, user, in->email, in->name, in->password_hash, in->grant.now_ms);
    if (!err)
        err = add_organization(db, in, organization);
    if (!err)
        err = account_add_member(db, user, organization, ROLE_OWNER, in->grant.now_ms);
    if (!err)
        err = account_add_token(db, user, organization, &in->grant);
    if (!err)
        err = account_read(&r->base, db, user);
    return err ? err : account_choose(&r->base, organization);
}

struct store_call *store_user_register(struct store *store, const struct store_registration *in,
                                       store_account_fn *fn, void *arg) {
    struct register_call *r = account_call_new(store, sizeof *r, run_register, fn, arg);
    r->in = *in;
    STORE_COPY(&r->base.call, &r->in.email, &r->in.name, &r->in.password_hash,
               &r->in.organization_name, &r->in.slug);
    account_use_grant(&r->base, &r->in.grant);
    r->base.call.is_transaction = true;
    return store_call_send(&r->base.call);
}

/* ---- Joining ---- */

struct accept_call {
    struct account_call base;
    struct store_acceptance in;
};

struct invitation_found {
    struct store_call *call;
    struct slice organization_id, email;
    enum store_role role;
    bool is_found;
};

static void on_invitation_row(const struct db_row *row, void *arg) {
    struct invitation_found *found = arg;
    found->organization_id = store_call_copy(found->call, db_row_text(row, 0));
    found->email = store_call_copy(found->call, db_row_text(row, 2));
    found->is_found = store_role_parse(db_row_text(row, 1), &found->role);
}

/* Uses it up first, so that of two acceptances at once one fails. */
static int use_invitation(struct db *db, const struct accept_call *a, struct slice user,
                          struct invitation_found *found) {
    int err = STORE_WRITE(db, SQL_INVITATION_USE, db_text(a->in.token_hash),
                          db_time(a->in.grant.now_ms), db_text(user));
    if (!err && db->changed == 0)
        err = ENOENT;
    if (!err)
        err =
            STORE_RUN(db, SQL_INVITATION_GET, on_invitation_row, found, db_text(a->in.token_hash));
    return !err && !found->is_found ? ENOENT : err;
}

static int run_accept(struct db *db, void *question) {
    struct accept_call *a = question;
    const struct store_acceptance *in = &a->in;
    struct invitation_found found = {.call = &a->base.call};
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    const bool is_new = in->user_id.len == 0;
    const struct slice user = is_new ? slice_from(id) : in->user_id;
    int err = use_invitation(db, a, user, &found);
    if (!err && is_new)
        err = check_email(db, in->email);
    if (!err && is_new)
        err = account_add_user(db, user, in->email, in->name, in->password_hash, in->grant.now_ms);
    if (!err)
        err = account_add_member(db, user, found.organization_id, found.role, in->grant.now_ms);
    if (!err)
        err = account_read(&a->base, db, user);
    if (!err && found.email.len > 0 && !slice_is_equal_nocase(found.email, a->base.account.email))
        err = EACCES;
    if (!err && in->grant.token_id.len > 0)
        err = account_add_token(db, user, found.organization_id, &in->grant);
    return err ? err : account_choose(&a->base, found.organization_id);
}

struct store_call *store_invitation_accept(struct store *store, const struct store_acceptance *in,
                                           store_account_fn *fn, void *arg) {
    struct accept_call *a = account_call_new(store, sizeof *a, run_accept, fn, arg);
    a->in = *in;
    STORE_COPY(&a->base.call, &a->in.token_hash, &a->in.user_id, &a->in.email, &a->in.name,
               &a->in.password_hash);
    account_use_grant(&a->base, &a->in.grant);
    a->base.call.is_transaction = true;
    return store_call_send(&a->base.call);
}

/* ---- Passwords ---- */

struct password_call {
    struct store_call call;
    struct slice user_id, old_hash, new_hash, keep_family;
    bool ends_others;
    int64_t now_ms;
};

static int run_password(struct db *db, void *question) {
    struct password_call *p = question;
    int err = STORE_WRITE(db, SQL_USER_UPGRADE_HASH, db_text(p->user_id), db_text(p->old_hash),
                          db_text(p->new_hash), db_time(p->now_ms));
    if (!err && db->changed == 0)
        err = ENOENT;
    if (!err && p->ends_others)
        err = STORE_WRITE(db, SQL_TOKEN_REVOKE_USER, db_text(p->user_id), db_text(p->keep_family),
                          db_time(p->now_ms));
    return err;
}

static struct store_call *password_send(struct store *store, struct slice user_id,
                                        struct slice old_hash, struct slice new_hash,
                                        const struct slice *keep_family, int64_t now_ms,
                                        store_done_fn *fn, void *arg) {
    struct password_call *p = store_call_new_done(store, sizeof *p, run_password, fn, arg);
    p->user_id = store_call_copy(&p->call, user_id);
    p->old_hash = store_call_copy(&p->call, old_hash);
    p->new_hash = store_call_copy(&p->call, new_hash);
    p->ends_others = keep_family != NULL;
    if (keep_family)
        p->keep_family = store_call_copy(&p->call, *keep_family);
    p->now_ms = now_ms;
    p->call.is_transaction = true;
    return store_call_send(&p->call);
}

struct store_call *store_password_upgrade(struct store *store, struct slice user_id,
                                          struct slice old_hash, struct slice new_hash,
                                          int64_t now_ms, store_done_fn *fn, void *arg) {
    return password_send(store, user_id, old_hash, new_hash, NULL, now_ms, fn, arg);
}

struct store_call *store_password_set(struct store *store, struct slice user_id,
                                      struct slice old_hash, struct slice new_hash,
                                      struct slice keep_family, int64_t now_ms, store_done_fn *fn,
                                      void *arg) {
    return password_send(store, user_id, old_hash, new_hash, &keep_family, now_ms, fn, arg);
}
