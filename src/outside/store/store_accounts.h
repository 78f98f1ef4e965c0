/*
 * Users, organizations, logins. Calls and callbacks follow the rules of outside/store/store.h. The
 * caller makes the hashes; the store never sees a password or a token.
 */
#ifndef OUTSIDE_STORE_ACCOUNTS_H
#define OUTSIDE_STORE_ACCOUNTS_H

#include "outside/store/store.h"

/* ---- Accounts ---- */

/* ROLE_OTHER: one that another program gave, which is no right here. */
enum store_role { ROLE_OTHER = -1, ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER };

const char *store_role_name(enum store_role); /* "OWNER", as in the table; not of ROLE_OTHER */
bool store_role_parse(struct slice, enum store_role *);

struct store_membership {
    struct slice organization_id;
    struct slice organization_name;
    struct slice organization_slug;
    enum store_role role;
    struct slice role_name; /* as in the table */
};

struct store_account {
    struct slice user_id;
    struct slice email;
    /* may be empty */
    struct slice name;
    /* empty: cannot log in; only from store_user_find() */
    struct slice password_hash;
    bool is_disabled;
    int64_t created_ms;
    /* oldest first */
    const struct store_membership *memberships;
    size_t membership_count;
    /* the one of the login, else the oldest; NULL: none */
    const struct store_membership *current;
    /* of the login's valid refresh token, where the call makes one */
    struct slice token_id;
    struct slice family_id;
};

typedef void store_account_fn(int err, const struct store_account *, void *arg);

/* The user with this e-mail, which must be in lower case, as it is stored. ENOENT. */
struct store_call *store_user_find(struct store *, struct slice email, store_account_fn *,
                                   void *arg);

/*
 * Whether an access token is still valid: the user exists and is not disabled, is a member of the
 * organization (`current`), and the login has not ended. ENOENT otherwise.
 */
struct store_call *store_user_check(struct store *, struct slice user_id,
                                    struct slice organization_id, struct slice family_id,
                                    store_account_fn *, void *arg);

/* The same without the account, for connections that check their rights again and again. */
struct store_call *store_member_check(struct store *, struct slice user_id,
                                      struct slice organization_id, struct slice family_id,
                                      store_done_fn *, void *arg);

/* ---- Logins ---- */

/* The first refresh token of a login. */
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
    struct slice slug;  /* a number is added if it is taken */
    bool is_first_only; /* EPERM when another user can log in already */
    struct store_grant grant;
};
/* Makes the user, their organization, their membership as owner and a login: all or nothing.
 * EEXIST: the e-mail is taken. */
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
    int64_t ttl_ms;        /* of the successor, ... */
    int64_t family_ttl_ms; /* ... which ends with its family in any case */
    int64_t grace_ms;      /* after its use the token gives the same successor for so long */
};
/*
 * Exchanges a refresh token. The answer's token_id is next_id. For a token that was used already it
 * is the id of the existing successor, within the grace and while that is unused. ENOENT: unknown,
 * expired or revoked; EACCES: used before, and its whole family is now revoked: of the account only
 * the user_id is there.
 */
struct store_call *store_token_rotate(struct store *, const struct store_rotation *,
                                      store_account_fn *, void *arg);
/* user_id: whose token it is; empty for an unknown one. */
typedef void store_owner_fn(int err, struct slice user_id, void *arg);
/* Ends the login of a token. An unknown token is fine. */
struct store_call *store_token_revoke(struct store *, struct slice token_hash, int64_t now_ms,
                                      store_owner_fn *, void *arg);

/* Replaces a hash by another of the same password, unless the password has changed meanwhile. */
struct store_call *store_password_upgrade(struct store *, struct slice user_id,
                                          struct slice old_hash, struct slice new_hash,
                                          int64_t now_ms, store_done_fn *, void *arg);
/* A new password; every other login of the user ends. ENOENT: old_hash is not the user's. */
struct store_call *store_password_set(struct store *, struct slice user_id, struct slice old_hash,
                                      struct slice new_hash, struct slice keep_family,
                                      int64_t now_ms, store_done_fn *, void *arg);

/* ---- Members ---- */

struct store_member {
    struct slice user_id;
    struct slice email;
    struct slice name;
    struct slice role_name; /* as in the table */
    int64_t since_ms;
};
struct store_member_list {
    const struct store_member *members;
    size_t count;
    struct slice next; /* as in store_session_list */
};
typedef void store_members_fn(int err, const struct store_member_list *, void *arg);

struct store_call *store_member_list(struct store *, struct slice organization_id,
                                     struct slice cursor, unsigned limit, store_members_fn *,
                                     void *arg);

struct store_member_change {
    struct slice organization_id;
    struct slice user_id;  /* of the member */
    struct slice actor_id; /* the user who makes the change; their rights are checked */
    int64_t now_ms;
};
/* ENOENT: no such member; EACCES: the actor may not; EBUSY: this is the last owner. */
struct store_call *store_member_set_role(struct store *, const struct store_member_change *,
                                         enum store_role, store_done_fn *, void *arg);
/* Ends the member's logins in this organization as well. Members may remove themselves. */
struct store_call *store_member_remove(struct store *, const struct store_member_change *,
                                       store_done_fn *, void *arg);

/* ---- Invitations ---- */

struct store_invitation {
    struct slice id;
    struct slice organization_id;
    enum store_role role;
    struct slice email; /* only this user may accept it; empty: any */
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
    struct slice user_id; /* the user who joins; empty: a new one, as follows */
    struct slice email;
    struct slice name;
    struct slice password_hash;
    struct store_grant grant; /* token_id empty: no new login */
};
/*
 * Uses the invitation up and adds the member, in one transaction. ENOENT: unknown, used or expired;
 * EACCES: it is for another e-mail; EEXIST: the new user's e-mail is taken, or the user is a member
 * already.
 */
struct store_call *store_invitation_accept(struct store *, const struct store_acceptance *,
                                           store_account_fn *, void *arg);

#endif
