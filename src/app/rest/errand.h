/*
 * An errand is a request that is answered later: after the store or a worker has done its part.
 * The slices of a request end with its handler, so the errand keeps copies of what comes next.
 *
 * Every errand ends once: with one of errand_answer_*, with errand_free() after the request was
 * answered or handed on, or by itself when the client goes. Then the store's call is cancelled and
 * the job freed; only an errand whose job a worker has lives on until that is done. So `req` is
 * never NULL in a callback of the store. Control thread only.
 */
#ifndef APP_ERRAND_H
#define APP_ERRAND_H

#include "app/rest/body.h"
#include "app/rest/routes.h"

struct errand;
struct store_account;
struct store_call;

typedef void errand_account_fn(struct errand *, const struct store_account *);

struct errand {
    void *user;               /* of the route's row */
    struct http_request *req; /* NULL: the client went while a worker had the job */
    struct store_call *call;  /* to be cancelled when the client goes; NULL: none is open */
    json_t *body;             /* NULL: none was read */
    char *params[ROUTE_PARAMS_MAX];
    char *query;
    char *user_agent;
    struct buf json;        /* the answer, as far as it is written */
    errand_account_fn *run; /* of auth_check */
    void *job;              /* the handler's own, see errand_set_job */
    void (*free_job)(void *job);
    bool is_in_worker;
    bool has_cookie; /* the login's refresh token travels in a cookie, not in a body */
};

struct errand *errand_new(struct http_request *, const struct route_match *, void *user);

/* Reads the body as well. NULL: it is not JSON, and the request is answered 400. */
struct errand *errand_new_with_body(struct http_request *, const struct route_match *, void *user);
void errand_free(struct errand *);

/* What a handler remembers. Frees the job before it. */
void errand_set_job(struct errand *, void *job, void (*free_job)(void *job));

/* Whether the fields of the body are valid. If they are not, the errand is answered 400. */
bool errand_check_body(struct errand *, const struct body_field *fields, size_t count);

/*
 * For the callbacks of the store: the errand whose call has ended. NULL: the call failed, and the
 * errand is answered by errand_answer_errno.
 */
struct errand *errand_resume(void *user, int err, const char *missing);

/* ---- Ends ---- */

/* The answer is what the errand's `json` holds. */
void errand_answer_json(struct errand *, int status);

/* {"items":[...],"nextCursor":next}: opens the array, and later ends it and answers 200. */
void errand_open_list(struct errand *);
void errand_answer_list(struct errand *, struct slice next);

void errand_answer_empty(struct errand *, int status);

/* As refuse() does. */
void errand_answer_error(struct errand *, int status, const char *message);

/* By the store's errno: EAGAIN 503, ENOENT 404 with `missing`, EINVAL 400, else 500. */
void errand_answer_errno(struct errand *, int err, const char *missing);

/* 400 with one failure, in the form of body_check. */
void errand_answer_invalid(struct errand *, const char *failure);

#endif
