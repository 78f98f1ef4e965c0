/*
 * Webhooks that are to be delivered to addresses an operator named, until they are or are given up.
 * Several programs may share the table: each row is claimed by one of them at a time. Calls and
 * callbacks follow the rules of outside/store/store.h. Rows are deleted after expires_ms, and with
 * their meeting or person.
 */
#ifndef OUTSIDE_STORE_DELIVERY_H
#define OUTSIDE_STORE_DELIVERY_H

#include "outside/store/store.h"

/* Waiting for the next try; taken by the receiver, its body forgotten; given up. */
enum delivery_state { DELIVERY_PENDING, DELIVERY_SENT, DELIVERY_DEAD };

struct store_delivery {
    struct slice id; /* of the event and the address */
    struct slice meeting_id;
    struct slice participant_id; /* empty: about nobody alone */
    struct slice type;
    struct slice url;
    struct slice body;
    struct slice trace;   /* a traceparent; empty: none */
    unsigned attempts;    /* so far, in vain */
    int64_t due_ms;       /* of the next try; while one is claimed: the end of the claim */
    unsigned last_status; /* of HTTP; 0: none */
    struct slice last_error;
    int64_t created_ms, expires_ms;
};

struct store_delivery_list {
    const struct store_delivery *rows;
    size_t count;
};
typedef void store_deliveries_fn(int err, const struct store_delivery_list *, void *arg);

/* Adds it as pending, unless its id is there. EBUSY: max_pending are waiting already. */
struct store_call *store_delivery_add(struct store *, const struct store_delivery *,
                                      unsigned max_pending, store_done_fn *, void *arg);

/* Claims up to `limit` (at most STORE_CLAIMS_MAX) pending rows of an address that are due, until
 * until_ms: nobody else gets them before. The rows have id, type, body, trace, attempts and
 * created_ms. */
enum { STORE_CLAIMS_MAX = 16 };
struct store_call *store_delivery_claim(struct store *, struct slice url, int64_t now_ms,
                                        int64_t until_ms, unsigned limit, store_deliveries_fn *,
                                        void *arg);

/* What became of a try: id, attempts, due_ms, last_status and last_error are written. The callback
 * may be NULL. */
struct store_call *store_delivery_settle(struct store *, const struct store_delivery *,
                                         enum delivery_state, store_done_fn *, void *arg);

/* The newest of this state, without their bodies. */
enum { STORE_DELIVERIES_MAX = 500 };
struct store_call *store_delivery_list(struct store *, enum delivery_state, unsigned limit,
                                       store_deliveries_fn *, void *arg);

typedef void store_delivery_count_fn(int err, int64_t pending, int64_t dead, void *arg);
struct store_call *store_delivery_count(struct store *, store_delivery_count_fn *, void *arg);

/* A dead one becomes pending and is due, as if it were new. ENOENT: no dead one has this id. */
struct store_call *store_delivery_again(struct store *, struct slice id, int64_t now_ms,
                                        int64_t expires_ms, store_done_fn *, void *arg);

#endif
