#include "outside/disk/chain.h"

#include <string.h>

static void add_block(struct chain *chain) {
    struct disk_block *block = disk_port_take(chain->port);
    if (chain->last)
        chain->last->next = block;
    else
        chain->first = block;
    chain->last = block;
}

void chain_append(struct chain *chain, const void *bytes, size_t len) {
    const uint8_t *from = bytes;
    chain->bytes += len;
    while (len > 0) {
        if (!chain->last || chain->last->len == DISK_BLOCK_BYTES)
            add_block(chain);
        struct disk_block *block = chain->last;
        size_t room = DISK_BLOCK_BYTES - block->len, n = len < room ? len : room;
        if (from)
            memcpy(block->data + block->len, from, n);
        else
            memset(block->data + block->len, 0, n);
        block->len += (uint32_t)n;
        from = from ? from + n : NULL;
        len -= n;
    }
}

void chain_begin(struct chain *chain) {
    if (!chain->first)
        add_block(chain);
}

void chain_patch(struct chain *chain, uint64_t offset, const void *bytes, size_t len) {
    const uint8_t *from = bytes;
    for (struct disk_block *block = chain->first; block && len > 0; block = block->next) {
        if (offset >= block->len) {
            offset -= block->len;
            continue;
        }
        size_t room = block->len - (size_t)offset, n = len < room ? len : room;
        memcpy(block->data + offset, from, n);
        from += n;
        len -= n;
        offset = 0;
    }
}

struct disk_block *chain_take(struct chain *chain) {
    struct disk_block *first = chain->first;
    chain->first = chain->last = NULL;
    chain->bytes = 0;
    return first;
}

size_t chain_bytes(const struct disk_block *first) {
    size_t bytes = 0;
    for (; first; first = first->next)
        bytes += first->len;
    return bytes;
}
