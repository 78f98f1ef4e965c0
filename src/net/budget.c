#include "net/budget.h"

#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/client_address.h"

#include <assert.h>
#include <string.h>

enum { LOOK_MAX = 32 }; /* parties of about the same size that are compared */

/* The claims of one rank and one address. It lives while they hold anything. */
struct pool_party {
    struct list node;   /* of pool->sizes */
    struct list claims; /* longest without progress first */
    size_t amount;      /* of all of them */
    unsigned size;      /* its place in pool->sizes */
    uint8_t rank;
    uint8_t address[16];
};

void pool_init(struct pool *pool, const struct pool_settings *settings, uint64_t seed) {
    *pool = (struct pool){.set = *settings, .stats = {.limit = settings->limit}};
    map_init(&pool->parties, seed);
    for (unsigned rank = 0; rank < BUDGET_RANKS; rank++)
        for (unsigned size = 0; size < BUDGET_SIZES; size++)
            list_init(&pool->sizes[rank][size]);
}

void pool_free(struct pool *pool) {
    assert(pool->parties.len == 0);
    map_free(&pool->parties);
}

/* ---- Parties ---- */

static unsigned size_of(size_t amount) {
    return 63 - (unsigned)__builtin_clzll((uint64_t)amount | 1);
}

struct party_key {
    uint8_t rank, address[16];
};

static struct slice key_of(const struct claim *claim, struct party_key *key) {
    key->rank = claim->rank;
    memcpy(key->address, claim->address, sizeof key->address);
    return slice_of(key, sizeof *key);
}

static void party_leave_size(struct pool *pool, struct pool_party *party) {
    struct list *list = &pool->sizes[party->rank][party->size];
    list_remove(&party->node);
    if (list_is_empty(list))
        pool->used_sizes[party->rank] &= ~(UINT64_C(1) << party->size);
}

static void party_enter_size(struct pool *pool, struct pool_party *party) {
    party->size = size_of(party->amount);
    list_add(&pool->sizes[party->rank][party->size], &party->node);
    pool->used_sizes[party->rank] |= UINT64_C(1) << party->size;
}

static struct pool_party *party_get(struct pool *pool, const struct claim *claim) {
    struct party_key key;
    struct slice name = key_of(claim, &key);
    struct pool_party *party = map_find(&pool->parties, name);
    if (party)
        return party;
    party = mem_alloc(sizeof *party);
    list_init(&party->node);
    list_init(&party->claims);
    party->rank = claim->rank;
    memcpy(party->address, claim->address, sizeof party->address);
    map_set(&pool->parties, name, party);
    party_enter_size(pool, party);
    return party;
}

static void party_free(struct pool *pool, const struct claim *claim) {
    struct party_key key;
    struct pool_party *party = map_remove(&pool->parties, key_of(claim, &key));
    party_leave_size(pool, party);
    mem_free(party);
}

/* ---- What a claim holds ---- */

static void enter_party(struct claim *claim, int64_t now_ms) {
    claim->party = party_get(claim->pool, claim);
    claim->since_ms = now_ms;
    list_add(&claim->party->claims, &claim->node);
}

static void hold(struct claim *claim, size_t amount) {
    struct pool *pool = claim->pool;
    struct pool_party *party = claim->party;
    party->amount = party->amount - claim->amount + amount;
    pool->held[claim->rank] = pool->held[claim->rank] - claim->amount + amount;
    pool->stats.held = pool->stats.held - claim->amount + amount;
    claim->amount = amount;
    if (size_of(party->amount) != party->size) {
        party_leave_size(pool, party);
        party_enter_size(pool, party);
    }
}

static void hold_nothing(struct claim *claim) {
    if (!claim->party)
        return;
    hold(claim, 0);
    list_remove(&claim->node);
    if (list_is_empty(&claim->party->claims))
        party_free(claim->pool, claim);
    claim->party = NULL;
}

/* ---- Who gives way ---- */

/* The ranks that share a limit with this one: [*first, *last]. */
static bool is_full(const struct pool *pool, enum budget_rank rank, unsigned *first,
                    unsigned *last) {
    const struct pool_settings *set = &pool->set;
    *first = rank != BUDGET_NEW && set->for_new > 0 ? BUDGET_STRANGER : BUDGET_NEW;
    *last = rank == BUDGET_NEW && set->for_new > 0 ? BUDGET_NEW : BUDGET_RANKS - 1;
    size_t limit = *last == BUDGET_NEW ? set->for_new : set->limit - set->for_new;
    size_t held = 0;
    for (unsigned i = *first; i <= *last; i++)
        held += pool->held[i];
    return held > limit;
}

static struct claim *oldest_of(const struct pool_party *party) {
    return CONTAINER_OF(party->claims.next, struct claim, node);
}

/* Of the addresses that hold the most, to within a factor of two: the one whose claim has been
 * without progress for longest. NULL: nobody of this rank holds anything. */
static struct claim *find_in_rank(const struct pool *pool, unsigned rank) {
    if (pool->used_sizes[rank] == 0)
        return NULL;
    const struct list *list = &pool->sizes[rank][size_of(pool->used_sizes[rank])];
    struct claim *found = NULL;
    unsigned looks = 0;
    LIST_EACH(list, node) {
        if (looks++ == LOOK_MAX)
            break;
        struct claim *oldest = oldest_of(CONTAINER_OF(node, struct pool_party, node));
        if (!found || oldest->since_ms < found->since_ms)
            found = oldest;
    }
    return found;
}

static struct claim *find_victim(const struct pool *pool, struct claim *asker, unsigned first) {
    for (unsigned rank = first; rank <= asker->rank; rank++) {
        struct claim *victim = find_in_rank(pool, rank);
        if (!victim)
            continue;
        bool is_known = pool->set.keeps_known && rank == asker->rank && rank > BUDGET_STRANGER;
        return is_known && victim->party->amount < 2 * asker->party->amount ? NULL : victim;
    }
    return NULL;
}

static bool make_room(struct claim *asker) {
    struct pool *pool = asker->pool;
    unsigned first, last;
    while (is_full(pool, asker->rank, &first, &last)) {
        struct claim *victim = find_victim(pool, asker, first);
        if (!victim || victim == asker) {
            pool->stats.refused++;
            return false;
        }
        pool->stats.gave_way[victim->rank]++;
        hold_nothing(victim);
        victim->give_way(victim->owner);
    }
    return true;
}

/* ---- Claims ---- */

void claim_open(struct claim *claim, struct pool *pool, enum budget_rank rank, struct slice address,
                claim_fn *give_way, void *owner) {
    if (pool && pool->set.limit == 0)
        pool = NULL;
    *claim =
        (struct claim){.pool = pool, .rank = (uint8_t)rank, .give_way = give_way, .owner = owner};
    list_init(&claim->node);
    if (pool)
        client_address_bytes(address, claim->address);
}

void claim_open_as(struct claim *claim, struct pool *pool, const struct claim *other,
                   claim_fn *give_way, void *owner) {
    claim_open(claim, pool, other->rank, SLICE_NONE, give_way, owner);
    memcpy(claim->address, other->address, sizeof claim->address);
}

void claim_close(struct claim *claim) {
    if (!claim->pool)
        return;
    hold_nothing(claim);
    claim->pool = NULL;
}

bool claim_set(struct claim *claim, size_t amount, int64_t now_ms) {
    if (!claim->pool)
        return true;
    if (amount <= claim->pool->set.free)
        amount = 0;
    size_t before = claim->amount;
    if (amount == 0)
        hold_nothing(claim);
    if (amount == before || amount == 0)
        return true;
    if (!claim->party)
        enter_party(claim, now_ms);
    hold(claim, amount);
    return amount < before || make_room(claim);
}

void claim_got_on(struct claim *claim, int64_t now_ms) {
    claim->since_ms = now_ms;
    if (!claim->party || claim->party->claims.prev == &claim->node)
        return;
    list_remove(&claim->node);
    list_add(&claim->party->claims, &claim->node);
}

/* Into another party, with the same amount and the same progress. */
static void enter_anew(struct claim *claim, size_t amount) {
    if (amount == 0)
        return;
    enter_party(claim, claim->since_ms);
    hold(claim, amount);
}

bool claim_raise(struct claim *claim, enum budget_rank rank, int64_t now_ms) {
    if (!claim->pool || rank <= claim->rank)
        return true;
    uint8_t before = claim->rank;
    size_t amount = claim->amount;
    hold_nothing(claim);
    claim->rank = (uint8_t)rank;
    claim->since_ms = now_ms;
    enter_anew(claim, amount);
    if (amount == 0 || make_room(claim))
        return true;
    hold_nothing(claim);
    claim->rank = before;
    enter_anew(claim, amount);
    return false;
}

void claim_move(struct claim *claim, struct slice address, int64_t now_ms) {
    uint8_t bytes[16];
    if (!claim->pool)
        return;
    client_address_bytes(address, bytes);
    if (memcmp(bytes, claim->address, sizeof bytes) == 0)
        return;
    size_t amount = claim->amount;
    hold_nothing(claim);
    memcpy(claim->address, bytes, sizeof bytes);
    if (claim->rank > BUDGET_STRANGER)
        claim->rank = BUDGET_STRANGER;
    claim->since_ms = now_ms;
    enter_anew(claim, amount);
}

/* ---- How the metrics show it ---- */

static const char *rank_name(unsigned rank) {
    static const char *const names[BUDGET_RANKS] = {"new", "stranger", "host", "signed"};
    return names[rank];
}

#define AT(pool, member) offsetof(struct budget, pool.stats.member)

static const struct counter counters[] = {
    {"prosa_budget_held", "What clients hold of what they share.", COUNTER_GAUGE,
     AT(connections, held), .label = "pool", .value = "connections"},
    {"prosa_budget_held", NULL, COUNTER_GAUGE, AT(sessions, held), .label = "pool",
     .value = "sessions"},
    {"prosa_budget_held", NULL, COUNTER_GAUGE, AT(memory, held), .label = "pool",
     .value = "memory"},
    {"prosa_budget_limit", "The most that they may hold.", COUNTER_GAUGE, AT(connections, limit),
     .label = "pool", .value = "connections"},
    {"prosa_budget_limit", NULL, COUNTER_GAUGE, AT(sessions, limit), .label = "pool",
     .value = "sessions"},
    {"prosa_budget_limit", NULL, COUNTER_GAUGE, AT(memory, limit), .label = "pool",
     .value = "memory"},
    {"prosa_budget_refused_total", "Those who asked for more and found nobody to give way.",
     COUNTER_SUM, AT(connections, refused), .label = "pool", .value = "connections"},
    {"prosa_budget_refused_total", NULL, COUNTER_SUM, AT(sessions, refused), .label = "pool",
     .value = "sessions"},
    {"prosa_budget_refused_total", NULL, COUNTER_SUM, AT(memory, refused), .label = "pool",
     .value = "memory"},
    {"prosa_connections_gave_way_total", "Connections that others took the place of, by rank.",
     COUNTER_SUM, AT(connections, gave_way[0]), .label = "rank", .count = BUDGET_RANKS,
     .value_of = rank_name},
    {"prosa_socket_sessions_gave_way_total",
     "Socket.IO sessions that others took the place of, by rank.", COUNTER_SUM,
     AT(sessions, gave_way[0]), .label = "rank", .count = BUDGET_RANKS, .value_of = rank_name},
    {"prosa_memory_gave_way_total", "Clients dropped with what waited for them, by rank.",
     COUNTER_SUM, AT(memory, gave_way[0]), .label = "rank", .count = BUDGET_RANKS,
     .value_of = rank_name},
};

const struct counter_table budget_counters = {counters, ARRAY_LEN(counters)};
