/* What the questions about accounts share: store_account.c, store_member.c, store_token.c and
 * store_user.c. */
#ifndef OUTSIDE_STORE_ACCOUNT_PRIVATE_H
#define OUTSIDE_STORE_ACCOUNT_PRIVATE_H

#include "outside/store/store_accounts.h"
#include "outside/store/store_private.h"

enum { MEMBERSHIPS_MAX = 100 };

/* A call whose answer is an account: the first member of such calls' structs. */
struct account_call {
    struct store_call call;
    struct store_account account;
    struct store_membership memberships[MEMBERSHIPS_MAX];
    store_account_fn *fn;
};

void *account_call_new(struct store *, size_t bytes, store_run_fn *, store_account_fn *, void *arg);

/* ENOENT: no such user, or disabled. */
int account_read(struct account_call *, struct db *, struct slice user_id);
/* Makes the membership of this organization `current`; ENOENT: there is none. */
int account_choose(struct account_call *, struct slice organization_id);

int account_add_user(struct db *, struct slice id, struct slice email, struct slice name,
                     struct slice password_hash, int64_t now_ms);
/* EEXIST: the user is a member already. */
int account_add_member(struct db *, struct slice user_id, struct slice organization_id,
                       enum store_role, int64_t now_ms);
int account_add_token(struct db *, struct slice user_id, struct slice organization_id,
                      const struct store_grant *);
/* ENOENT: no member. */
int account_role(struct db *, struct slice user_id, struct slice organization_id,
                 enum store_role *);

/* As STORE_COPY. */
void account_copy_grant(struct store_call *, struct store_grant *);
/* The same; the account will have this login. */
void account_use_grant(struct account_call *, struct store_grant *);

#endif
