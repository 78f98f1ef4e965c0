/*
 * Users, organizations, logins: the other half of the store's questions (outside/store/store.h says how
 * they are asked and answered). Hashes are made by the caller; the store never sees a password or
 * a token.
 */
#ifndef OUTSIDE_STORE_ACCOUNTS_H
#define OUTSIDE_STORE_ACCOUNTS_H

#include "outside/store/store.h"

enum store_role { ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER };

const char *store_role_name(enum store_role); /* "OWNER", as in the table */
bool store_role_parse(struct slice, enum store_role *);

struct store_membership {
    struct slice organization_id;
    struct slice organization_name;
    struct slice organization_slug;
    enum store_role role;
};

struct store_account {
    struct slice user_id;
    struct slice email;
    struct slice name;          /* empty: none */
    struct slice password_hash; /* empty: cannot log in; only in the answer to store_user_find */
    bool is_disabled;
    int64_t created_ms;
    /* Oldest membership first; for a login in one organization that one is `current`. */
    const struct store_membership *memberships;
    size_t membership_count;
    const struct store_membership *current; /* NULL: none */
    struct slice token_id; /* of the refresh token that is now good; only where one was asked for */
    struct slice family_id;
};

typedef void store_account_fn(int err, const struct store_account *, void *arg);

/* The user with this e-mail, already in the form it is stored in (lower case). ENOENT. */
struct store_call *store_user_find(struct store *, struct slice email, store_account_fn *,
                                   void *arg);

/*
 * Whether an access token is still good: the user is there and not disabled, is a member of the
 * organization (`current`), and the login was not ended. ENOENT otherwise.
 */
struct store_call *store_user_check(struct store *, struct slice user_id,
                                    struct slice organization_id, struct slice family_id,
                                    store_account_fn *, void *arg);

/*
 * Whether the user is, now, a member of the organization by a login that has not ended: for rights
 * that live long. ENOENT: no; nobody is a member of the empty organization.
 */
struct store_call *store_member_check(struct store *, struct slice user_id,
                                      struct slice organization_id, struct slice family_id,
                                      store_done_fn *, void *arg);

/* The first refresh token of a login, to be stored. */
struct store_grant {
    struct slice token_id;
    struct slice family_id;
    struct slice token_hash;
    struct slice user_agent; /* may be empty */
    int64_t now_ms;
    int64_t expires_ms;
};

struct store_registration {
    struct slice email;
    struct slice name;
    struct slice password_hash;
    struct slice organization_name;
    struct slice slug;  /* wished; a number is added where it is taken */
    bool is_first_only; /* EPERM when somebody can log in already */
    struct store_grant grant;
};
/* User, organization, owner's membership and login, all or nothing. EEXIST: the e-mail is taken. */
struct store_call *store_user_register(struct store *, const struct store_registration *,
                                       store_account_fn *, void *arg);

/* Stores the token of a login. */
struct store_call *store_token_add(struct store *, struct slice user_id,
                                   struct slice organization_id, const struct store_grant *,
                                   store_done_fn *, void *arg);

struct store_rotation {
    struct slice token_hash; /* presented */
    struct slice next_id;    /* id and hash of its successor */
    struct slice next_hash;
    struct slice user_agent;
    int64_t now_ms;
    int64_t ttl_ms;        /* of the successor ... */
    int64_t family_ttl_ms; /* ... which ends with the family in any case */
    int64_t grace_ms;      /* the same token again gives the same successor, while that is unused */
};
/*
 * Exchanges a refresh token. The answer's token_id is next_id, or within the grace the id of the
 * successor it has already. ENOENT: unknown, expired or revoked; EACCES: used before, and its whole
 * family is revoked now.
 */
struct store_call *store_token_rotate(struct store *, const struct store_rotation *,
                                      store_account_fn *, void *arg);
/* Ends the login a token belongs to. Unknown tokens are fine. */
struct store_call *store_token_revoke(struct store *, struct slice token_hash, int64_t now_ms,
                                      store_done_fn *, void *arg);

/* Replaces one hash by another of the same password. What was changed meanwhile stays. */
struct store_call *store_password_upgrade(struct store *, struct slice user_id,
                                          struct slice old_hash, struct slice new_hash,
                                          int64_t now_ms, store_done_fn *, void *arg);
/*
 * A new password: every other login of the user ends. ENOENT: the old hash is not the user's any
 * more.
 */
struct store_call *store_password_set(struct store *, struct slice user_id, struct slice old_hash,
                                      struct slice new_hash, struct slice keep_family,
                                      int64_t now_ms, store_done_fn *, void *arg);

/* Members. */

struct store_member {
    struct slice user_id;
    struct slice email;
    struct slice name;
    enum store_role role;
    int64_t since_ms;
};
struct store_member_list {
    const struct store_member *members;
    size_t count;
    struct slice next; /* cursor; empty: the last page */
};
typedef void store_members_fn(int err, const struct store_member_list *, void *arg);

struct store_call *store_member_list(struct store *, struct slice organization_id,
                                     struct slice cursor, unsigned limit, store_members_fn *,
                                     void *arg);

struct store_member_change {
    struct slice organization_id;
    struct slice user_id;  /* of the member */
    struct slice actor_id; /* who wants it; looked up in the same transaction */
    int64_t now_ms;
};
/*
 * ENOENT: no such member; EACCES: the actor may not; EBUSY: the organization would lose its last
 * owner.
 */
struct store_call *store_member_set_role(struct store *, const struct store_member_change *,
                                         enum store_role, store_done_fn *, void *arg);
/* Ends the member's logins in this organization, too. Everybody may remove himself. */
struct store_call *store_member_remove(struct store *, const struct store_member_change *,
                                       store_done_fn *, void *arg);

/* Invitations. */

struct store_invitation {
    struct slice id;
    struct slice organization_id;
    enum store_role role;
    struct slice email; /* who it is for; empty: whoever has it */
    struct slice token_hash;
    struct slice invited_by;
    int64_t now_ms;
    int64_t expires_ms;
};
/* EACCES: the inviter may not give that role. */
struct store_call *store_invitation_add(struct store *, const struct store_invitation *,
                                        store_done_fn *, void *arg);

struct store_acceptance {
    struct slice token_hash;
    struct slice user_id; /* who joins; empty: a new user with what follows */
    struct slice email;
    struct slice name;
    struct slice password_hash;
    struct store_grant grant; /* token_id empty: no new login */
};
/*
 * Uses the invitation up and joins, in one transaction. ENOENT: unknown, used or expired; EACCES:
 * it is for another e-mail; EEXIST: a new user's e-mail is taken, or who joins is a member.
 */
struct store_call *store_invitation_accept(struct store *, const struct store_acceptance *,
                                           store_account_fn *, void *arg);

#endif
