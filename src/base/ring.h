/* A first-in first-out queue of equal items in one block, with a fixed limit. */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
    unsigned char *items;
    size_t item_bytes;
    size_t cap;   /* items that memory is there for; grows to limit as needed */
    size_t limit; /* items at most */
    size_t first;
    size_t len;
};

void ring_init(struct ring *ring, size_t item_bytes, size_t limit);
void ring_free(struct ring *ring);

/* Copies the item in; false when the ring is full. */
bool ring_push(struct ring *ring, const void *item);

/* Copies the oldest out (`item` may be NULL); false when empty. */
bool ring_pop(struct ring *ring, void *item);

/* The item at `index` from the oldest, valid until the next push. */
void *ring_at(const struct ring *ring, size_t index);

#endif
