/* A first-in first-out queue of items of one size. It lies in one block, which grows up to a
 * limit. */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
    unsigned char *items;
    size_t item_bytes;
    size_t cap;   /* items that the block holds now */
    size_t limit; /* items that it may hold at most */
    size_t first;
    size_t len;
};

void ring_init(struct ring *ring, size_t item_bytes, size_t limit);
void ring_free(struct ring *ring);

/* Copies the item in; false when the limit is reached. */
bool ring_push(struct ring *ring, const void *item);

/* Removes the oldest item and copies it out (`item` may be NULL); false when empty. */
bool ring_pop(struct ring *ring, void *item);

/* The item at `index`, counted from the oldest. The pointer is valid until the next push. */
void *ring_at(const struct ring *ring, size_t index);

#endif
