/* A batch of bytes under construction, in blocks of a port. */
#ifndef OUTSIDE_CHAIN_H
#define OUTSIDE_CHAIN_H

#include "outside/disk/disk_port.h"

struct chain {
    struct disk_port *port;
    struct disk_block *first, *last;
    size_t bytes;
};

/* Copies; `bytes` NULL: zeros. */
void chain_append(struct chain *chain, const void *bytes, size_t len);

/* Makes sure that there is a block, if only an empty one. */
void chain_begin(struct chain *chain);

/* Overwrites bytes from `offset` on; what lies beyond the chain's end is left out. */
void chain_patch(struct chain *chain, uint64_t offset, const void *bytes, size_t len);

/* Returns the blocks and leaves the chain empty. NULL: there were none. */
struct disk_block *chain_take(struct chain *chain);

size_t chain_bytes(const struct disk_block *first);

#endif
