/*
 * The thread behind outside/livekit/livekit: libcurl's multi interface on a loop. Takes calls in order, at most 16 at a time and one
 * for each room, and gives each back when it is answered or its deadline has passed.
 */
#ifndef OUTSIDE_LIVEKIT_HTTP_H
#define OUTSIDE_LIVEKIT_HTTP_H

#include "base/buf.h"
#include "base/list.h"
#include "net/mailbox.h"
#include "outside/livekit/livekit.h"

#include <curl/curl.h>

enum { LIVEKIT_PROBLEM_SIZE = CURL_ERROR_SIZE };

struct livekit_call {
    struct mail mail; /* first: it travels there and back */

    /* the asking thread's */
    struct livekit *owner;
    livekit_reply_fn *fn; /* NULL: cancelled */
    void *arg;
    struct list in_owner;

    /* the request, constant on its way */
    const char *method; /* "Service/Method" */
    char *room;         /* "" for a call about none */
    char *body;         /* malloc'ed by jansson */
    char *authorization;

    /* livekit_http's until it is given back */
    struct livekit_http *http;
    struct list in_queue;
    CURL *easy;
    struct curl_slist *headers;

    /* the answer */
    long status;
    struct buf answer;
    char problem[LIVEKIT_PROBLEM_SIZE];
    json_t *json;
};

struct livekit_http;

/* On the http's own thread. Must hand the call over to its owner. */
typedef void livekit_done_fn(void *arg, struct livekit_call *);

/* loop NULL: on a thread of its own. */
int livekit_http_open(struct livekit_http **, struct loop *loop, const char *url,
                      int64_t timeout_ms, livekit_done_fn *, void *arg);
void livekit_http_take(struct livekit_http *, struct livekit_call *);
/* What is not answered stays with its owner. NULL is fine. */
void livekit_http_close(struct livekit_http *);

#endif
