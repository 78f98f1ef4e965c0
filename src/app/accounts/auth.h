/*
 * Users of the REST interface: registering, logging in, staying logged in, and whose request it is.
 * Control thread only.
 */
#ifndef APP_AUTH_H
#define APP_AUTH_H

#include "app/rest/routes.h"
#include "outside/store/store_accounts.h"

#include <jansson.h>

struct auth;
struct config;
struct counter_table;
struct loop;

struct auth_stats {
    uint64_t logins, logins_failed, registrations, refreshes, reuses, throttled, busy;
};

/* How the metrics show it. */
extern const struct counter_table auth_counters;

/* Called when a user's rights may have shrunk, so that open sockets are looked at again. */
typedef void auth_change_fn(void *arg, struct slice user_id);

struct auth_world {
    struct loop *loop;
    const struct config *config;
    struct store *store;
    auth_change_fn *on_change; /* may be NULL */
    void *arg;
};

int auth_open(struct auth **, const struct auth_world *);
void auth_close(struct auth *); /* NULL is fine */
const struct auth_stats *auth_stats(const struct auth *);

/* /auth/... and /organizations/... */
void auth_add_routes(struct auth *, struct routes *);

/*
 * A request on its way through the store and the workers. It ends with one of errand_answer_*, or
 * when the client goes.
 */
struct errand {
    struct auth *auth;
    struct http_request *req; /* NULL once the client went */
    struct store_call *call;  /* the question it waits for */
    json_t *body;             /* NULL: none was read */
    char *params[ROUTE_PARAMS_MAX];
    char *query;
    char *user_agent;
    char *range;    /* the Range header; "" for none */
    char *if_range; /* the If-Range header */
    bool is_head;   /* of a GET row that was asked for its head only */
    void (*run)(struct errand *, const struct store_account *);
    void *job; /* of a handler with work for a worker thread; freed with free_job */
    void (*free_job)(void *job);
    bool is_in_worker;
};

/*
 * Finds out who asks, by bearer: the user is there, a member now, and the login has not ended.
 * `run` is called with the account, which lasts only so long; otherwise the answer is 401, or 503
 * while the database is away. With reads_body the body is read first (400 when it is no JSON).
 */
void auth_check(struct auth *, struct http_request *, const struct route_match *, bool reads_body,
                void (*run)(struct errand *, const struct store_account *));

/* Ends of an errand. */
void errand_answer_json(struct errand *, int status, struct slice json);
void errand_answer_error(struct errand *, int status, const char *message);
void errand_answer_empty(struct errand *, int status);
/* By the store's errno: EAGAIN 503, ENOENT 404 with `missing`, EINVAL 400, else 500. */
void errand_answer_errno(struct errand *, int err, const char *missing);

#endif
