#include "outside/disk/disk_port.h"

#include "base/log.h"
#include "base/mem.h"
#include "outside/disk/disk_thread.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { CACHE_LINE_BYTES = 64, TRIM_SHARE = 4 };

struct disk_port {
    struct disk_thread *thread;
    struct disk_block *free;
    size_t mapped;   /* blocks there are */
    size_t taken;    /* so far */
    size_t used_max; /* most blocks in use at a time since the last trim */
    unsigned number;
    char apart[CACHE_LINE_BYTES]; /* what other threads write to has a cache line of its own */
    _Atomic(struct disk_block *) returned; /* given back by them */
    atomic_size_t given;                   /* so many, so far */
};

struct disk_port *disk_port_new(struct disk_thread *thread) {
    struct disk_port *port = mem_alloc(sizeof *port);
    port->thread = thread;
    atomic_init(&port->returned, NULL);
    return port;
}

/* From the system, not from malloc, so that memory can be given back after a busy hour. */
static struct disk_block *map_block(struct disk_port *port) {
    struct disk_block *block = mem_alloc(sizeof *block);
    block->data =
        mmap(NULL, DISK_BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block->data == MAP_FAILED) {
        log_error("disk", "out of memory for audio blocks");
        abort();
    }
    block->port = port;
    port->mapped++;
    return block;
}

static void unmap_block(struct disk_port *port) {
    struct disk_block *block = port->free;
    port->free = block->next;
    port->mapped--;
    munmap(block->data, DISK_BLOCK_BYTES);
    mem_free(block);
}

static void collect_returned(struct disk_port *port) {
    struct disk_block *block =
        atomic_exchange_explicit(&port->returned, NULL, memory_order_acquire);
    while (block) {
        struct disk_block *next = block->next;
        block->next = port->free;
        port->free = block;
        block = next;
    }
}

/*
 * Blocks that were given back but not collected yet are not in use: trimming must see what is
 * needed now, not what a stalled disk needed.
 */
static size_t in_use(const struct disk_port *port) {
    return port->taken - atomic_load_explicit(&port->given, memory_order_relaxed);
}

struct disk_block *disk_port_take(struct disk_port *port) {
    if (!port->free)
        collect_returned(port);
    struct disk_block *block = port->free;
    if (block) {
        port->free = block->next;
        __builtin_prefetch(port->free, 1); /* the next one to be taken */
    } else {
        block = map_block(port);
    }
    port->taken++;
    size_t used = in_use(port);
    if (used > port->used_max)
        port->used_max = used;
    block->next = NULL;
    block->lost_bytes = 0;
    block->silent_bytes = 0;
    block->len = 0;
    return block;
}

void disk_port_give(struct disk_block *chain) {
    struct disk_port *port = chain->port;
    struct disk_block *last = chain;
    size_t count = 1;
    for (; last->next; count++)
        last = last->next;
    atomic_fetch_add_explicit(&port->given, count, memory_order_relaxed);
    last->next = atomic_load_explicit(&port->returned, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&port->returned, &last->next, chain,
                                                  memory_order_release, memory_order_relaxed))
        ;
}

/* Gives back only a part of the excess: after a burst the next one may need the pages again. */
void disk_port_trim(struct disk_port *port) {
    collect_returned(port);
    size_t needless = port->mapped - port->used_max;
    for (size_t count = (needless + TRIM_SHARE - 1) / TRIM_SHARE; count > 0 && port->free; count--)
        unmap_block(port);
    port->used_max = in_use(port);
}

void disk_port_free(struct disk_port *port) {
    if (!port)
        return;
    collect_returned(port);
    while (port->free)
        unmap_block(port);
    assert(port->mapped == 0);
    mem_free(port);
}

static bool enter_below(struct disk_port *port, size_t bytes, uint64_t limit) {
    struct disk_stats *stats = &port->thread->stats;
    uint64_t before = atomic_fetch_add_explicit(&stats->queued_bytes, bytes, memory_order_relaxed);
    if (before + bytes <= limit)
        return true;
    disk_port_leave(port, bytes);
    return false;
}

bool disk_port_try_enter(struct disk_port *port, size_t bytes) {
    return enter_below(port, bytes, port->thread->settings.queue_bytes);
}

bool disk_port_try_enter_early(struct disk_port *port, size_t bytes) {
    return enter_below(port, bytes, port->thread->settings.queue_bytes / 2);
}

void disk_port_leave(struct disk_port *port, size_t bytes) {
    atomic_fetch_sub_explicit(&port->thread->stats.queued_bytes, bytes, memory_order_relaxed);
}

struct disk_thread *disk_port_thread(const struct disk_port *port) {
    return port->thread;
}

unsigned disk_port_next_number(struct disk_port *port) {
    return port->number++;
}
