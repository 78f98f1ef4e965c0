#include "app/accounts/throttle.h"

#include "base/bucket.h"
#include "base/macros.h"
#include "base/mem.h"

#include <string.h>

struct throttle_entry {
    struct list node;
    struct bucket bucket;
    unsigned failures;
    int64_t blocked_until_ms;
    int64_t failed_ms;
    size_t key_bytes;
    char key[];
};

/* Failures are forgotten when the last one is so old. */
static const int64_t FORGET_MS = INT64_C(24) * 3600 * 1000;

void throttle_open(struct throttle *throttle, uint64_t seed, unsigned max_entries) {
    map_init(&throttle->entries, seed);
    list_init(&throttle->by_use);
    throttle->max = max_entries;
}

static void remove_entry(struct throttle *throttle, struct throttle_entry *entry) {
    map_remove(&throttle->entries, slice_of(entry->key, entry->key_bytes));
    list_remove(&entry->node);
    mem_free(entry);
}

void throttle_close(struct throttle *throttle) {
    while (!list_is_empty(&throttle->by_use))
        remove_entry(throttle, CONTAINER_OF(throttle->by_use.next, struct throttle_entry, node));
    map_free(&throttle->entries);
}

static struct throttle_entry *throttle_entry_get(struct throttle *throttle, struct slice key) {
    struct throttle_entry *entry = map_find(&throttle->entries, key);
    if (entry) {
        list_remove(&entry->node);
    } else {
        if (throttle->entries.len >= throttle->max)
            remove_entry(throttle,
                         CONTAINER_OF(throttle->by_use.next, struct throttle_entry, node));
        entry = mem_alloc(sizeof *entry + key.len);
        entry->key_bytes = key.len;
        memcpy(entry->key, key.ptr, key.len);
        map_set(&throttle->entries, key, entry);
    }
    list_add(&throttle->by_use, &entry->node);
    return entry;
}

unsigned throttle_take(struct throttle *throttle, struct slice key, unsigned count,
                       int64_t window_ms, int64_t now_ms) {
    struct throttle_entry *entry = throttle_entry_get(throttle, key);
    int64_t wait_us = bucket_take(&entry->bucket, window_ms * 1000 / count, count, now_ms * 1000);
    return wait_us ? (unsigned)(wait_us / 1000000) + 1 : 0;
}

unsigned throttle_wait(struct throttle *throttle, struct slice key, int64_t now_ms) {
    const struct throttle_entry *entry = map_find(&throttle->entries, key);
    if (!entry || entry->blocked_until_ms <= now_ms)
        return 0;
    return (unsigned)((entry->blocked_until_ms - now_ms + 999) / 1000);
}

void throttle_fail(struct throttle *throttle, struct slice key, int64_t now_ms) {
    struct throttle_entry *entry = throttle_entry_get(throttle, key);
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
    struct throttle_entry *entry = map_find(&throttle->entries, key);
    if (entry)
        remove_entry(throttle, entry);
}
