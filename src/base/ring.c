#include "base/ring.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

void ring_init(struct ring *ring, size_t item_bytes, size_t limit) {
    assert(item_bytes && limit);
    *ring = (struct ring){.item_bytes = item_bytes, .limit = limit};
}

void ring_free(struct ring *ring) {
    mem_free(ring->items);
    *ring = (struct ring){.item_bytes = ring->item_bytes, .limit = ring->limit};
}

void *ring_at(const struct ring *ring, size_t index) {
    assert(index < ring->len);
    return ring->items + (ring->first + index) % ring->cap * ring->item_bytes;
}

static void ring_grow(struct ring *ring) {
    size_t cap = ring->cap ? ring->cap * 2 : 8;
    if (cap > ring->limit)
        cap = ring->limit;
    unsigned char *items = mem_alloc_raw(cap * ring->item_bytes);
    for (size_t i = 0; i < ring->len; i++)
        memcpy(items + i * ring->item_bytes, ring_at(ring, i), ring->item_bytes);
    mem_free(ring->items);
    ring->items = items;
    ring->cap = cap;
    ring->first = 0;
}

bool ring_push(struct ring *ring, const void *item) {
    if (ring->len == ring->limit)
        return false;
    if (ring->len == ring->cap)
        ring_grow(ring);
    ring->len++;
    memcpy(ring_at(ring, ring->len - 1), item, ring->item_bytes);
    return true;
}

bool ring_pop(struct ring *ring, void *item) {
    if (ring->len == 0)
        return false;
    if (item)
        memcpy(item, ring_at(ring, 0), ring->item_bytes);
    ring->first = (ring->first + 1) % ring->cap;
    ring->len--;
    return true;
}
