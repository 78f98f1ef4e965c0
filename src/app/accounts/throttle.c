#include "app/accounts/throttle.h"

#include "base/mem.h"

struct entry {
    struct list node;
    double level;     /* of a bucket: tries that are used up */
    int64_t level_ms; /* ... at this time */
    unsigned failures;
    int64_t blocked_until_ms;
    int64_t failed_ms;
    size_t key_bytes;
    char key[];
};

/* A quiet day makes failures forgotten. */
static const int64_t FORGET_MS = INT64_C(24) * 3600 * 1000;

void throttle_open(struct throttle *throttle, uint64_t seed, unsigned max_entries) {
    map_init(&throttle->entries, seed);
    list_init(&throttle->by_use);
    throttle->max = max_entries;
}

static void remove_entry(struct throttle *throttle, struct entry *entry) {
    map_remove(&throttle->entries, slice_of(entry->key, entry->key_bytes));
    list_remove(&entry->node);
    mem_free(entry);
}

void throttle_close(struct throttle *throttle) {
    while (!list_is_empty(&throttle->by_use))
        remove_entry(throttle, CONTAINER_OF(throttle->by_use.next, struct entry, node));
    map_free(&throttle->entries);
}

static struct entry *entry_of(struct throttle *throttle, struct slice key) {
    struct entry *entry = map_find(&throttle->entries, key);
    if (entry) {
        list_remove(&entry->node);
    } else {
        if (throttle->entries.len >= throttle->max)
            remove_entry(throttle, CONTAINER_OF(throttle->by_use.next, struct entry, node));
        entry = mem_alloc(sizeof *entry + key.len + 1);
        entry->key_bytes = key.len;
        for (size_t i = 0; i < key.len; i++)
            entry->key[i] = key.ptr[i];
        map_set(&throttle->entries, key, entry);
    }
    list_add(&throttle->by_use, &entry->node);
    return entry;
}

unsigned throttle_take(struct throttle *throttle, struct slice key, unsigned count,
                       int64_t window_ms, int64_t now_ms) {
    struct entry *entry = entry_of(throttle, key);
    const double a_try_ms = (double)window_ms / count;
    const double level = entry->level - (double)(now_ms - entry->level_ms) / a_try_ms;
    entry->level = level > 0 ? level : 0;
    entry->level_ms = now_ms;
    if (entry->level + 1 > count)
        return (unsigned)((entry->level + 1 - count) * a_try_ms / 1000) + 1;
    entry->level += 1;
    return 0;
}

unsigned throttle_wait(struct throttle *throttle, struct slice key, int64_t now_ms) {
    const struct entry *entry = map_find(&throttle->entries, key);
    if (!entry || entry->blocked_until_ms <= now_ms)
        return 0;
    return (unsigned)((entry->blocked_until_ms - now_ms + 999) / 1000);
}

void throttle_fail(struct throttle *throttle, struct slice key, int64_t now_ms) {
    struct entry *entry = entry_of(throttle, key);
    if (now_ms - entry->failed_ms > FORGET_MS)
        entry->failures = 0;
    entry->failed_ms = now_ms;
    entry->failures++;
    if (entry->failures < THROTTLE_FREE_FAILURES)
        return;
    const unsigned doublings = entry->failures - THROTTLE_FREE_FAILURES;
    int64_t wait_s = doublings < 10 ? INT64_C(1) << doublings : THROTTLE_WAIT_MAX_S;
    if (wait_s > THROTTLE_WAIT_MAX_S)
        wait_s = THROTTLE_WAIT_MAX_S;
    entry->blocked_until_ms = now_ms + wait_s * 1000;
}

void throttle_forgive(struct throttle *throttle, struct slice key) {
    struct entry *entry = map_find(&throttle->entries, key);
    if (entry)
        remove_entry(throttle, entry);
}
