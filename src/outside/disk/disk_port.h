/*
 * A producer's way to the disk thread and to the encoders, used by one thread at a time: blocks of
 * bytes that travel there and come back, and the producer's share of the bounded queue.
 *
 * What is sent is a chain of blocks; its first block is the message. A chain that has been dealt
 * with returns to its port without waking the port's thread.
 */
#ifndef OUTSIDE_DISK_PORT_H
#define OUTSIDE_DISK_PORT_H

#include "net/mailbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_port;
struct disk_thread;

enum { DISK_BLOCK_BYTES = 16384 };

struct disk_block {
    /* The first block of a chain is what is sent. */
    struct mail mail;
    /* Of the chain, or of the free blocks. */
    struct disk_block *next;
    /* Where it returns to. */
    struct disk_port *port;
    /* First block: the file or encoding that the bytes are for. */
    void *target;
    /* First block: bytes that were dropped before these. */
    uint64_t lost_bytes;
    /* First block: zeros to be put in before these. */
    uint64_t silent_bytes;
    uint32_t len;
    /* DISK_BLOCK_BYTES of them, from the start of a page. */
    uint8_t *data;
};

/* `thread` NULL: only blocks are taken and given back. */
struct disk_port *disk_port_new(struct disk_thread *thread);

/* After the disk is closed, since blocks may still be under way before. NULL is fine. */
void disk_port_free(struct disk_port *port);

/*
 * Gives memory that was not needed since the last call back to the system, a part at a time. Call
 * it about every two seconds: unmapping more often slows other threads down.
 */
void disk_port_trim(struct disk_port *port);

/* An empty block, its links cleared. */
struct disk_block *disk_port_take(struct disk_port *port);

/* Any thread: gives a whole chain back to its port, without waking the port's thread. */
void disk_port_give(struct disk_block *chain);

/*
 * Counts `bytes` into the queue. False: the queue is full, nothing was counted. Any thread calls
 * disk_port_leave() once they are written.
 */
bool disk_port_try_enter(struct disk_port *port, size_t bytes);

/* The same for what matters less than audio: false when the queue is half full. */
bool disk_port_try_enter_early(struct disk_port *port, size_t bytes);
void disk_port_leave(struct disk_port *port, size_t bytes);

struct disk_thread *disk_port_thread(const struct disk_port *port);

/* Counts up. Used to spread over time what is started together. */
unsigned disk_port_next_number(struct disk_port *port);

#endif
