/*
 * Users of the REST interface: registering, logging in, staying logged in, and finding out whose a
 * request is. Control thread only.
 */
#ifndef APP_AUTH_H
#define APP_AUTH_H

#include "app/rest/errand.h"
#include "outside/store/store_accounts.h"

#include <stdint.h>

struct auth;

struct auth_stats {
    uint64_t logins, logins_failed, registrations, refreshes, reuses, throttled, busy;
    uint64_t resets, resets_refused;
};

/* How the metrics show it. */
extern const struct counter_table auth_counters;

/* Called when a user may have lost a right: those of open sockets have to be checked again. The
 * ends of logins and memberships are listed at auth_tell_change() in auth_private.h. */
typedef void auth_change_fn(struct slice user_id, void *user);

struct auth_settings {
    struct loop *loop;
    const struct config *config;
    struct store *store;
    auth_change_fn *on_change;
    void *user;
};

int auth_open(struct auth **, const struct auth_settings *);
void auth_close(struct auth *); /* NULL is fine */
const struct auth_stats *auth_stats(const struct auth *);

/* Adds /auth/..., /organizations/... and the page's login. */
void auth_add_routes(struct auth *, struct routes *);

/*
 * Finds out who sent the request, by its access token: the user exists and is a member now, and the
 * login has not ended. Then `run` is called with the account, which is valid during that call.
 * Otherwise the errand is answered 401, or 503 while the database is away. Called from the handler
 * of the request, while its headers are there. NULL, of a body that was refused, is fine.
 */
void auth_check(struct auth *, struct errand *, errand_account_fn *run);

/* Answers 403 because the member's role is unknown here (ROLE_OTHER). */
void auth_refuse_role(struct errand *, const struct store_membership *);

#endif
