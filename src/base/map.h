/* A hash map from byte strings to pointers. Keys are copied. The hash is SipHash-1-3 with a seed
 * from the caller, because clients choose keys and could otherwise make them collide. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"

struct map {
    struct map_entry **slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t len;
    uint64_t seed;
};

/* The seed comes from rand_u64 where clients choose the keys. It is a constant where the order of a
 * walk must be the same each time. */
void map_init(struct map *map, uint64_t seed);
void map_free(struct map *map); /* the values stay the caller's */

void *map_find(const struct map *map, struct slice key); /* NULL when absent */

/* Both return the value that was there before, or NULL. `value` is not NULL. */
void *map_set(struct map *map, struct slice key, void *value);
void *map_remove(struct map *map, struct slice key);

struct map_cursor {
    struct slice key; /* of the entry that the walk is at, borrowed from the map */
    void *value;      /* the same entry's */
    size_t slot;
    struct map_entry *next;
};

/* Walks all entries in no particular order from a zeroed cursor; false at the end. The entry that
 * the walk is at may be removed, and no other; its key is freed with it. */
bool map_next(const struct map *map, struct map_cursor *at);

/* The same walk as a loop: the body finds its entry in at.key and at.value. */
#define MAP_EACH(map, at) for (struct map_cursor at = {0}; map_next((map), &at);)

uint64_t map_hash(uint64_t seed, struct slice key);

#endif
