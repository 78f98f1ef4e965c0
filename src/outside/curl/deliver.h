/*
 * POSTs of signed JSON to addresses that an operator named, on a thread of their own or on the
 * caller's loop. A redirect is an answer like others: it is not followed, so nobody but the
 * operator says where anything goes. An answer's body is not read. How many are under way is the
 * caller's choice.
 */
#ifndef OUTSIDE_DELIVER_H
#define OUTSIDE_DELIVER_H

#include "base/list.h"
#include "net/mailbox.h"

#include <curl/curl.h>
#include <stdint.h>

struct deliver;
struct loop;

enum { DELIVER_PROBLEM_SIZE = CURL_ERROR_SIZE };

/* A request and its answer. Its owner embeds it and keeps it until it comes back. */
struct deliver_post {
    struct mail mail; /* first: it travels there and back */

    /* The request, constant while it is under way. */
    char *url, *body;
    char *id, *timestamp, *signature; /* webhook-id, webhook-timestamp, webhook-signature */
    char *trace;                      /* traceparent; "": none */

    /* The answer. */
    long status;           /* of HTTP; 0: there was none, see problem */
    int64_t retry_after_s; /* as the receiver wishes; 0: it says nothing */
    char problem[DELIVER_PROBLEM_SIZE];

    /* Private to deliver while it is under way. */
    struct list node;
    CURL *easy;
    struct curl_slist *headers;
};

/* Frees the texts, not the struct. */
void deliver_post_free(struct deliver_post *post);

/* On the thread of the deliver. Must hand the post over to its owner. */
typedef void deliver_done_fn(struct deliver_post *post, void *user);

/* loop NULL: on a thread of its own. */
int deliver_open(struct deliver **out, struct loop *loop, int64_t timeout_ms,
                 deliver_done_fn *on_done, void *user);
void deliver_send(struct deliver *deliver, struct deliver_post *post);
/* Cuts off what is under way; posts without an answer stay with their owner. NULL is fine. */
void deliver_close(struct deliver *deliver);

#endif
