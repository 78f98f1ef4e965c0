/*
 * Blocks on their way from a producer to the disk thread and back. Private to the recorder's files.
 *
 * A job of bytes is a chain of blocks; its first block is the message. Whoever has used the bytes up gives the chain back to the
 * port, which does not wake its thread.
 */
#ifndef OUTSIDE_DISK_PORT_H
#define OUTSIDE_DISK_PORT_H

#include "net/mailbox.h"
#include "outside/disk/disk.h"

struct disk_file;

struct block {
    struct mail mail;       /* used in the first block of a chain */
    struct block *next;     /* of the chain, or of the free ones */
    struct disk_port *port; /* where it goes back to */
    void *target;           /* first block: the file or encoder that the bytes are for */
    uint64_t lost_bytes;    /* first block: bytes that were dropped before these */
    uint64_t silent_bytes;  /* first block: zeros to be put in before these */
    uint32_t len;
    uint8_t *data; /* BLOCK_BYTES of them, beginning with a page */
};

enum { BLOCK_BYTES = 16384 };

/* An empty block, its links cleared. */
struct block *block_take(struct disk_port *port);

/* Any thread: gives a whole chain back. */
void block_give(struct block *chain);

/*
 * Counts `bytes` into the queue; false when the queue is full, and nothing was counted. queue_leave takes them out again when
 * they have been dealt with, on any thread.
 */
bool queue_try_enter(struct disk_port *port, size_t bytes);

/* The same for what matters less than audio: only into the first half of the queue. */
bool queue_try_enter_early(struct disk_port *port, size_t bytes);
void queue_leave(struct disk_port *port, size_t bytes);

struct disk *port_disk(const struct disk_port *port);

/* Counts up; spreads what is started together over time. */
unsigned port_next_number(struct disk_port *port);

#endif
