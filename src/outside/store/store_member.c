/* Members of organizations: listing, changing, inviting. */
#include "outside/db/db.h"
#include "outside/store/store_account_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>

/* ---- Listing ---- */

struct members_call {
    struct store_call call;
    struct slice organization_id, after;
    unsigned limit;
    struct store_member *members;
    struct store_member_list list;
    store_members_fn *fn;
};

static void on_member_row(const struct db_row *row, void *arg) {
    struct members_call *m = arg;
    struct store_member *member = &m->members[m->list.count];
    STORE_READ(&m->call, row, 0, &member->user_id, &member->email, &member->name,
               &member->role_name);
    member->since_ms = db_row_time(row, 4);
    m->list.count++;
}

static int run_member_list(struct db *db, void *question) {
    struct members_call *m = question;
    m->members = store_call_alloc(&m->call, (m->limit + 1) * sizeof *m->members);
    m->list.members = m->members;
    int err = STORE_RUN(db, SQL_MEMBERSHIP_LIST, on_member_row, m, db_text(m->organization_id),
                        db_text(m->after), db_int(m->limit + 1));
    if (!err && m->list.count > m->limit) {
        m->list.count = m->limit;
        m->list.next = store_cursor_write(&m->call, 0, m->members[m->limit - 1].user_id);
    }
    return err;
}

static void answer_members(void *question) {
    struct members_call *m = question;
    m->fn(m->call.err, m->call.err ? NULL : &m->list, m->call.arg);
}

struct store_call *store_member_list(struct store *store, struct slice organization_id,
                                     struct slice cursor, unsigned limit, store_members_fn *fn,
                                     void *arg) {
    struct members_call *m = store_call_new(store, sizeof *m, run_member_list, answer_members, arg);
    int64_t unused_ms;
    m->organization_id = store_call_copy(&m->call, organization_id);
    m->limit = store_limit(limit, 200);
    if (!store_cursor_parse(&m->call, cursor, &unused_ms, &m->after))
        m->call.run = store_call_refuse;
    m->fn = fn;
    return store_call_send(&m->call);
}

/* ---- Changing ---- */

struct change_call {
    struct store_call call;
    struct store_member_change in;
    bool is_removal;
    enum store_role new_role;
};

/* Members may leave. Admins may change members and admins, owners may change all. */
static bool may_change(const struct change_call *c, enum store_role actor, enum store_role target) {
    if (c->is_removal && slice_is_equal(c->in.actor_id, c->in.user_id))
        return true;
    if (actor == ROLE_OWNER)
        return true;
    return actor == ROLE_ADMIN && target != ROLE_OWNER &&
           (c->is_removal || c->new_role != ROLE_OWNER);
}

static int apply_change(struct db *db, const struct change_call *c) {
    const struct slice user = c->in.user_id, organization = c->in.organization_id;
    if (!c->is_removal)
        return STORE_WRITE(db, SQL_MEMBERSHIP_SET_ROLE, db_text(user), db_text(organization),
                           db_text(slice_from(store_role_name(c->new_role))));
    int err = STORE_WRITE(db, SQL_MEMBERSHIP_REMOVE, db_text(user), db_text(organization));
    return err ? err
               : STORE_WRITE(db, SQL_TOKEN_REVOKE_MEMBER, db_text(user), db_text(organization),
                             db_time(c->in.now_ms));
}

static int run_change(struct db *db, void *question) {
    const struct change_call *c = question;
    enum store_role actor, target;
    int64_t owners = 0;
    int err = STORE_WRITE(db, SQL_ORGANIZATION_LOCK, db_text(c->in.organization_id));
    if (!err)
        err = account_role(db, c->in.actor_id, c->in.organization_id, &actor);
    if (err)
        return err == ENOENT ? EACCES : err;
    err = account_role(db, c->in.user_id, c->in.organization_id, &target);
    if (err)
        return err;
    if (!may_change(c, actor, target))
        return EACCES;
    if (target == ROLE_OWNER && (c->is_removal || c->new_role != ROLE_OWNER))
        err = STORE_RUN(db, SQL_MEMBERSHIP_OWNERS, db_take_int, &owners,
                        db_text(c->in.organization_id));
    else
        owners = 2;
    if (!err && owners < 2)
        err = EBUSY;
    return err ? err : apply_change(db, c);
}

static struct change_call *change_new(struct store *store, const struct store_member_change *in,
                                      store_done_fn *fn, void *arg) {
    struct change_call *c = store_call_new_done(store, sizeof *c, run_change, fn, arg);
    c->in = *in;
    c->call.is_transaction = true;
    STORE_COPY(&c->call, &c->in.organization_id, &c->in.user_id, &c->in.actor_id);
    return c;
}

struct store_call *store_member_set_role(struct store *store, const struct store_member_change *in,
                                         enum store_role role, store_done_fn *fn, void *arg) {
    struct change_call *c = change_new(store, in, fn, arg);
    c->new_role = role;
    return store_call_send(&c->call);
}

struct store_call *store_member_remove(struct store *store, const struct store_member_change *in,
                                       store_done_fn *fn, void *arg) {
    struct change_call *c = change_new(store, in, fn, arg);
    c->is_removal = true;
    return store_call_send(&c->call);
}

/* ---- Inviting ---- */

struct invite_call {
    struct store_call call;
    struct store_invitation in;
};

/* Nobody can give a higher role than their own. */
static int run_invite(struct db *db, void *question) {
    const struct invite_call *i = question;
    const struct store_invitation *in = &i->in;
    enum store_role role;
    int err = account_role(db, in->invited_by, in->organization_id, &role);
    if (err || role < ROLE_ADMIN || in->role > role)
        return err && err != ENOENT ? err : EACCES;
    return STORE_WRITE(db, SQL_INVITATION_INSERT, db_text(in->id), db_text(in->organization_id),
                       db_text(slice_from(store_role_name(in->role))), db_maybe(in->email),
                       db_text(in->token_hash), db_text(in->invited_by), db_time(in->now_ms),
                       db_time(in->expires_ms));
}

struct store_call *store_invitation_add(struct store *store, const struct store_invitation *in,
                                        store_done_fn *fn, void *arg) {
    struct invite_call *i = store_call_new_done(store, sizeof *i, run_invite, fn, arg);
    i->in = *in;
    STORE_COPY(&i->call, &i->in.id, &i->in.organization_id, &i->in.email, &i->in.token_hash,
               &i->in.invited_by);
    return store_call_send(&i->call);
}
