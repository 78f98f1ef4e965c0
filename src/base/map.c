#include "base/map.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

struct map_entry {
    struct map_entry *next;
    uint64_t hash;
    void *value;
    size_t key_len;
    char key[];
};

static uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson, Bernstein 2012). Its 128-bit key is the seed and the seed's complement. */
uint64_t map_hash(uint64_t seed, struct slice key) {
    uint64_t v[4] = {seed ^ 0x736f6d6570736575, ~seed ^ 0x646f72616e646f6d,
                     seed ^ 0x6c7967656e657261, ~seed ^ 0x7465646279746573};
    size_t whole = key.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word;
        memcpy(&word, key.ptr + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    uint64_t last = (uint64_t)key.len << 56;
    for (size_t i = whole; i < key.len; i++)
        last |= (uint64_t)(uint8_t)key.ptr[i] << (8 * (i - whole));
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map, uint64_t seed) {
    *map = (struct map){.seed = seed};
}

void map_free(struct map *map) {
    for (size_t i = 0; i < map->slot_count; i++) {
        for (struct map_entry *entry = map->slots[i], *next; entry; entry = next) {
            next = entry->next;
            mem_free(entry);
        }
    }
    mem_free(map->slots);
    *map = (struct map){.seed = map->seed};
}

/* The pointer that leads to the key's entry. Where the key is absent, the NULL pointer that would
 * lead to it. */
static struct map_entry **find_link(const struct map *map, struct slice key, uint64_t hash) {
    struct map_entry **link = &map->slots[hash & (map->slot_count - 1)];
    while (*link) {
        struct map_entry *entry = *link;
        if (entry->hash == hash && slice_is_equal(slice_of(entry->key, entry->key_len), key))
            break;
        link = &entry->next;
    }
    return link;
}

void *map_find(const struct map *map, struct slice key) {
    if (map->len == 0)
        return NULL;
    struct map_entry *entry = *find_link(map, key, map_hash(map->seed, key));
    return entry ? entry->value : NULL;
}

static void map_grow(struct map *map) {
    size_t count = map->slot_count ? map->slot_count * 2 : 8;
    struct map_entry **slots = mem_alloc_array(count, sizeof(*slots));
    for (size_t i = 0; i < map->slot_count; i++) {
        for (struct map_entry *entry = map->slots[i], *next; entry; entry = next) {
            next = entry->next;
            struct map_entry **slot = &slots[entry->hash & (count - 1)];
            entry->next = *slot;
            *slot = entry;
        }
    }
    mem_free(map->slots);
    map->slots = slots;
    map->slot_count = count;
}

void *map_set(struct map *map, struct slice key, void *value) {
    assert(value);
    if (map->len >= map->slot_count)
        map_grow(map);
    uint64_t hash = map_hash(map->seed, key);
    struct map_entry **link = find_link(map, key, hash);
    if (*link) {
        void *old = (*link)->value;
        (*link)->value = value;
        return old;
    }
    struct map_entry *entry = mem_alloc_raw(sizeof *entry + key.len);
    *entry = (struct map_entry){.hash = hash, .value = value, .key_len = key.len};
    if (key.len)
        memcpy(entry->key, key.ptr, key.len);
    *link = entry;
    map->len++;
    return NULL;
}

void *map_remove(struct map *map, struct slice key) {
    if (map->len == 0)
        return NULL;
    struct map_entry **link = find_link(map, key, map_hash(map->seed, key));
    struct map_entry *entry = *link;
    if (!entry)
        return NULL;
    void *value = entry->value;
    *link = entry->next;
    mem_free(entry);
    map->len--;
    return value;
}

bool map_next(const struct map *map, struct map_cursor *at) {
    while (!at->next) {
        if (at->slot == map->slot_count)
            return false;
        at->next = map->slots[at->slot++];
    }
    struct map_entry *entry = at->next;
    at->next = entry->next;
    at->key = slice_of(entry->key, entry->key_len);
    at->value = entry->value;
    return true;
}
