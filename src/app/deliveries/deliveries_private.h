/* What deliveries and delivery_round share. */
#ifndef APP_DELIVERIES_PRIVATE_H
#define APP_DELIVERIES_PRIVATE_H

#include "app/config/webhook_targets.h"
#include "app/deliveries/deliveries.h"
#include "base/buf.h"
#include "base/list.h"
#include "net/timer.h"

struct deliver;
struct mailbox;
struct store_call;

enum { DELIVERIES_AT_ONCE = 4 }; /* to one address, so that one that hangs holds up no other */

struct delivery_target {
    struct deliveries *owner;
    char *url;
    struct store_call *claiming;
    unsigned in_flight;
    struct timer again; /* the next look */
};

struct deliveries {
    struct deliveries_settings set;
    struct delivery_target targets[WEBHOOK_TARGETS_MAX];
    size_t target_count;
    struct buf keys[WEBHOOK_SECRETS_MAX];
    size_t key_count;

    /* On their way into the table, in order. */
    struct list queue;
    size_t queue_bytes;
    struct store_call *adding, *counting;
    struct timer retry, count;

    /* Under way to their receivers. */
    struct deliver *deliver;
    struct mailbox *answers;
    struct list sending;
    struct deliveries_stats stats;
};

/* ---- delivery_round.c ---- */

int delivery_round_open(struct deliveries *);
void delivery_round_close(struct deliveries *);
/* Claims what is due at this address, if there is room. */
void delivery_look(struct delivery_target *);

#endif
