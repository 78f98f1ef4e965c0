/*
 * POSTs of JSON to LiveKit's API, by libcurl's multi interface, on a loop or on a thread of their
 * own. They are taken in order, at most LIVEKIT_IN_FLIGHT_MAX at a time and one for each room.
 * Starts of egresses, which may hang for long, have LIVEKIT_STARTS_MAX places of their own. Each
 * comes back when it is answered or its deadline has passed.
 */
#ifndef OUTSIDE_LIVEKIT_HTTP_H
#define OUTSIDE_LIVEKIT_HTTP_H

#include "base/buf.h"
#include "base/list.h"
#include "base/trace.h"
#include "net/mailbox.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct livekit_http;
struct loop;

enum {
    LIVEKIT_IN_FLIGHT_MAX = 16,
    LIVEKIT_STARTS_MAX = 128,
    LIVEKIT_PROBLEM_SIZE = CURL_ERROR_SIZE
};

/* A request and its answer. Its owner embeds it and keeps it until it comes back. */
struct livekit_post {
    struct mail mail; /* first: it travels there and back */

    /* The request, constant while it is under way. */
    const char *method; /* "Service/Method" */
    char *room;         /* none other about it is under way; NULL or "" for a call about none */
    char *body;
    char *authorization;               /* an access token */
    char traceparent[TRACE_TEXT_SIZE]; /* "": it belongs to no trace */
    bool is_start;                     /* of an egress */

    /* The answer. */
    long status; /* of HTTP; 0: there was none, see problem */
    struct buf answer;
    char problem[LIVEKIT_PROBLEM_SIZE];

    /* Private to livekit_http while it is under way. */
    struct list in_queue;
    CURL *easy;
    struct curl_slist *headers;
};

/* Frees the texts and the answer, not the struct. */
void livekit_post_free(struct livekit_post *post);

/* On the thread of the http. Must hand the post over to its owner. */
typedef void livekit_done_fn(struct livekit_post *post, void *user);

/* loop NULL: on a thread of its own. */
int livekit_http_open(struct livekit_http **out, struct loop *loop, const char *url,
                      int64_t timeout_ms, livekit_done_fn *on_done, void *user);
void livekit_http_send(struct livekit_http *http, struct livekit_post *post);
/* Cuts off what is under way; posts without an answer stay with their owner. NULL is fine. */
void livekit_http_close(struct livekit_http *http);

#endif
