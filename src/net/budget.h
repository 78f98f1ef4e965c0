/* What is scarce, and who gets it: connections, sessions, and the memory of what waits (bodies and
 * messages that are not complete, answers that are not read). A stranger can make any number of
 * these, so each is a pool with a limit, and whoever holds a part of a pool has a claim.
 *
 * When a pool is full, a claim gives way:
 *
 * 1. the lowest rank first, and never one above the rank of who asks;
 * 2. in that rank, the address that holds the most, to within a factor of two (an IPv6 customer's
 *    /64 is one address);
 * 3. of that address, the claim that has been at it longest without getting on.
 *
 * That may be the claim that asks; it is told so, and its owner ends it. So whoever takes more than
 * others takes it from themselves, and whoever is known takes the place of who is not.
 *
 * Pure: times are arguments. A pool and its claims belong to one thread. Nothing here costs more
 * than a few steps, whatever the pool holds. */
#ifndef NET_BUDGET_H
#define NET_BUDGET_H

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum budget_rank {
    BUDGET_NEW,      /* has said nothing yet that would tell who it is */
    BUDGET_STRANGER, /* has said something that anybody may say */
    BUDGET_HOST,     /* has shown a right to hear a meeting */
    BUDGET_SIGNED,   /* LiveKit itself, by its signature */
    BUDGET_RANKS,
};

enum { BUDGET_SIZES = 64 };

struct pool_settings {
    /* The most that all claims together hold; 0: there is no limit, and no claim. */
    size_t limit;
    /* So much of it is kept for those of BUDGET_NEW, who get no more than that: they come and go
     * without disturbing the others. 0: they are the lowest rank among all. */
    size_t for_new;
    /* A claim of at most so much costs nothing. */
    size_t free;
    /* Above strangers the first come stays: an equal gives way only to an address that holds less
     * than half of what its own does. */
    bool keeps_known;
};

struct pool_stats {
    uint64_t held, limit;            /* now */
    uint64_t gave_way[BUDGET_RANKS]; /* claims, by their rank */
    uint64_t refused;                /* those who asked and found nobody to give way */
};

struct pool {
    struct pool_settings set;
    struct pool_stats stats;
    /* private */
    size_t held[BUDGET_RANKS];
    struct map parties; /* rank and address -> struct pool_party */
    /* Parties by rank and by the binary logarithm of what they hold; a bit for each list that is
     * not empty. */
    struct list sizes[BUDGET_RANKS][BUDGET_SIZES];
    uint64_t used_sizes[BUDGET_RANKS];
};

/* The seed of the map of addresses. */
void pool_init(struct pool *pool, const struct pool_settings *settings, uint64_t seed);
void pool_free(struct pool *pool); /* every claim has been closed */

/* The claim's owner must let go of what it holds, now or at the end of the turn; the pool counts it
 * as gone already. The claim holds nothing, and may be closed. */
typedef void claim_fn(void *owner);

struct claim { /* private, but for what is said; zeroed = closed, and every call is allowed */
    struct pool *pool;
    struct pool_party *party; /* NULL while it holds nothing */
    struct list node;         /* of the party's, longest without progress first */
    size_t amount;            /* what it holds beyond what is free */
    int64_t since_ms;         /* of its last progress */
    uint8_t rank;             /* may be read */
    uint8_t address[16];
    claim_fn *give_way;
    void *owner;
};

/* pool NULL, or without a limit: the claim stays closed, and everything is granted. */
void claim_open(struct claim *claim, struct pool *pool, enum budget_rank rank, struct slice address,
                claim_fn *give_way, void *owner);
/* With the rank and the address of another one. */
void claim_open_as(struct claim *claim, struct pool *pool, const struct claim *other,
                   claim_fn *give_way, void *owner);
void claim_close(struct claim *claim); /* also of a closed one; its rank and address stay */

/* It holds so much now. Others may give way to it before this returns. False: the claim itself has
 * to give way; what it holds is still counted, until it is set or closed. */
bool claim_set(struct claim *claim, size_t amount, int64_t now_ms);

/* It got on: a whole request, a whole message, bytes that its client took. */
void claim_got_on(struct claim *claim, int64_t now_ms);

/* It rises in rank, with what it holds; a rank below its own changes nothing. False: the pool is
 * full of those who do not give way to it, and it stays what it was. */
bool claim_raise(struct claim *claim, enum budget_rank rank, int64_t now_ms);

/* A proxy's connection turns out to be this client's. What another one has shown counts no more:
 * above strangers it falls to a stranger. */
void claim_move(struct claim *claim, struct slice address, int64_t now_ms);

/* All pools of a server. Zeroed limits: none of it is limited. */
struct budget {
    struct pool connections; /* HTTP and WebSocket connections; media has MAX_TRACKS */
    struct pool sessions;    /* of Socket.IO, also those that may come back */
    struct pool memory;      /* bytes that wait */
};

struct counter_table;
/* How the metrics show a struct budget. */
extern const struct counter_table budget_counters;

#endif
