#include "outside/store/store_account_private.h"

#include "base/macros.h"
#include "base/rand.h"
#include "outside/db/db.h"
#include "outside/store/store_sql.h"

#include <errno.h>

static const char *const role_names[] = {
    [ROLE_MEMBER] = "MEMBER", [ROLE_ADMIN] = "ADMIN", [ROLE_OWNER] = "OWNER"};

const char *store_role_name(enum store_role role) {
    return role_names[role];
}

bool store_role_parse(struct slice text, enum store_role *role) {
    for (size_t i = 0; i < ARRAY_LEN(role_names); i++) {
        if (slice_is_equal_nocase(text, slice_from(role_names[i]))) {
            *role = (enum store_role)i;
            return true;
        }
    }
    return false;
}

static void answer_account(void *question) {
    struct account_call *a = question;
    bool has_account = !a->call.err || a->call.err == EACCES;
    a->fn(a->call.err, has_account ? &a->account : NULL, a->call.arg);
}

void *account_call_new(struct store *store, size_t bytes, store_run_fn *run, store_account_fn *fn,
                       void *arg) {
    struct account_call *a = store_call_new(store, bytes, run, answer_account, arg);
    a->fn = fn;
    return a;
}

static void on_user_row(const struct db_row *row, void *arg) {
    struct account_call *a = arg;
    STORE_READ(&a->call, row, 0, &a->account.user_id, &a->account.email, &a->account.name,
               &a->account.password_hash);
    a->account.is_disabled = db_row_text(row, 4).len > 0;
    a->account.created_ms = db_row_time(row, 5);
}

static void on_membership_row(const struct db_row *row, void *arg) {
    struct account_call *a = arg;
    struct store_membership *m = &a->memberships[a->account.membership_count];
    if (a->account.membership_count == MEMBERSHIPS_MAX)
        return;
    STORE_READ(&a->call, row, 0, &m->organization_id, &m->organization_name, &m->organization_slug,
               &m->role_name);
    if (!store_role_parse(m->role_name, &m->role))
        m->role = ROLE_OTHER;
    a->account.membership_count++;
}

static int read_memberships(struct account_call *a, struct db *db) {
    a->account.memberships = a->memberships;
    a->account.membership_count = 0;
    a->account.current = NULL;
    int err =
        STORE_RUN(db, SQL_MEMBERSHIP_OF_USER, on_membership_row, a, db_text(a->account.user_id));
    if (!err && a->account.membership_count > 0)
        a->account.current = &a->memberships[0];
    return err;
}

int account_read(struct account_call *a, struct db *db, struct slice user_id) {
    a->account.user_id = SLICE_NONE;
    int err = STORE_RUN(db, SQL_USER_BY_ID, on_user_row, a, db_text(user_id));
    if (err || a->account.user_id.len == 0 || a->account.is_disabled)
        return err ? err : ENOENT;
    a->account.password_hash = SLICE_NONE;
    return read_memberships(a, db);
}

int account_choose(struct account_call *a, struct slice organization_id) {
    for (size_t i = 0; i < a->account.membership_count; i++) {
        if (slice_is_equal(a->memberships[i].organization_id, organization_id)) {
            a->account.current = &a->memberships[i];
            return 0;
        }
    }
    return ENOENT;
}

int account_add_user(struct db *db, struct slice id, struct slice email, struct slice name,
                     struct slice password_hash, int64_t now_ms) {
    if (db->form.user_needs_name && name.len == 0)
        name = slice_take(email, slice_find_byte(email, '@'));
    return STORE_WRITE(db, SQL_USER_INSERT, db_text(id), db_text(email), db_maybe(name),
                       db_text(password_hash), db_time(now_ms));
}

int account_add_member(struct db *db, struct slice user_id, struct slice organization_id,
                       enum store_role role, int64_t now_ms) {
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    int err = STORE_WRITE(db, SQL_MEMBERSHIP_INSERT, db_text(slice_from(id)), db_text(user_id),
                          db_text(organization_id), db_text(slice_from(store_role_name(role))),
                          db_time(now_ms));
    return !err && db->changed == 0 ? EEXIST : err;
}

int account_add_token(struct db *db, struct slice user_id, struct slice organization_id,
                      const struct store_grant *grant) {
    return STORE_WRITE(db, SQL_TOKEN_INSERT, db_text(grant->token_id), db_text(grant->family_id),
                       db_text(user_id), db_text(organization_id), db_text(grant->token_hash),
                       db_time(grant->now_ms), db_time(grant->expires_ms),
                       db_maybe(grant->user_agent));
}

struct role_found {
    enum store_role role;
    bool is_found;
};

static void on_role_row(const struct db_row *row, void *arg) {
    struct role_found *found = arg;
    found->is_found = true;
    if (!store_role_parse(db_row_text(row, 0), &found->role))
        found->role = ROLE_OTHER;
}

int account_role(struct db *db, struct slice user_id, struct slice organization_id,
                 enum store_role *role) {
    struct role_found found = {0};
    int err = STORE_RUN(db, SQL_MEMBERSHIP_ROLE, on_role_row, &found, db_text(user_id),
                        db_text(organization_id));
    if (err || !found.is_found)
        return err ? err : ENOENT;
    *role = found.role;
    return 0;
}

void account_copy_grant(struct store_call *call, struct store_grant *grant) {
    STORE_COPY(call, &grant->token_id, &grant->family_id, &grant->token_hash, &grant->user_agent);
}

void account_use_grant(struct account_call *a, struct store_grant *grant) {
    account_copy_grant(&a->call, grant);
    a->account.token_id = grant->token_id;
    a->account.family_id = grant->family_id;
}

/* ---- Finding and checking users ---- */

struct find_call {
    struct account_call base;
    struct slice email;
    struct slice user_id, organization_id, family_id;
};

/* An unknown user takes as many questions as a known one, so that the time tells nothing. */
static int run_user_find(struct db *db, void *question) {
    struct find_call *f = question;
    int err = STORE_RUN(db, SQL_USER_BY_EMAIL, on_user_row, &f->base, db_text(f->email));
    const bool is_known = f->base.account.user_id.len > 0;
    if (!is_known)
        f->base.account.user_id = SLICE("00000000-0000-0000-0000-000000000000");
    if (!err)
        err = read_memberships(&f->base, db);
    return err || is_known ? err : ENOENT;
}

/* ENOENT: the user is no member, is disabled, or the login has ended. */
static int check_login(struct db *db, struct slice user_id, struct slice organization_id,
                       struct slice family_id) {
    bool is_good = false;
    int err = STORE_RUN(db, SQL_ACCESS_CHECK, db_take_found, &is_good, db_text(user_id),
                        db_text(organization_id), db_text(family_id));
    return !err && !is_good ? ENOENT : err;
}

static int run_user_check(struct db *db, void *question) {
    struct find_call *f = question;
    int err = check_login(db, f->user_id, f->organization_id, f->family_id);
    f->base.account.family_id = f->family_id;
    if (!err)
        err = account_read(&f->base, db, f->user_id);
    return err ? err : account_choose(&f->base, f->organization_id);
}

struct store_call *store_user_find(struct store *store, struct slice email, store_account_fn *fn,
                                   void *arg) {
    struct find_call *f = account_call_new(store, sizeof *f, run_user_find, fn, arg);
    f->email = store_call_copy(&f->base.call, email);
    f->base.call.may_overtake = true;
    return store_call_send(&f->base.call);
}

struct store_call *store_user_check(struct store *store, struct slice user_id,
                                    struct slice organization_id, struct slice family_id,
                                    store_account_fn *fn, void *arg) {
    struct find_call *f = account_call_new(store, sizeof *f, run_user_check, fn, arg);
    f->user_id = store_call_copy(&f->base.call, user_id);
    f->organization_id = store_call_copy(&f->base.call, organization_id);
    f->family_id = store_call_copy(&f->base.call, family_id);
    f->base.call.may_overtake = true;
    return store_call_send(&f->base.call);
}

struct member_call {
    struct store_call call;
    struct slice user_id, organization_id, family_id;
};

/* A member whose role is unknown here has no right. */
static int run_member_check(struct db *db, void *question) {
    struct member_call *m = question;
    enum store_role role = ROLE_OTHER;
    int err = check_login(db, m->user_id, m->organization_id, m->family_id);
    if (!err)
        err = account_role(db, m->user_id, m->organization_id, &role);
    return !err && role == ROLE_OTHER ? ENOENT : err;
}

struct store_call *store_member_check(struct store *store, struct slice user_id,
                                      struct slice organization_id, struct slice family_id,
                                      store_done_fn *fn, void *arg) {
    struct member_call *m = store_call_new_done(store, sizeof *m, run_member_check, fn, arg);
    m->user_id = store_call_copy(&m->call, user_id);
    m->organization_id = store_call_copy(&m->call, organization_id);
    m->family_id = store_call_copy(&m->call, family_id);
    m->call.may_overtake = true;
    return store_call_send(&m->call);
}
