/*
 * Packets in order. What comes in order passes through; behind a packet that is missing the others
 * wait, for as long as their reader allows. A reader that may not take some of them yet (their place
 * is in doubt) lets them wait as well.
 *
 * Payloads are copied only while they wait, into memory that the queue gets when it needs any and
 * gives back when it is empty. It is bounded: a queue without room for a packet waits for nothing more,
 * and its reader takes what there is before it puts the packet.
 */
#ifndef APP_PACKET_QUEUE_H
#define APP_PACKET_QUEUE_H

#include "app/packets/place.h"
#include "base/slice.h"

enum {
    PACKET_QUEUE_SLOTS = 512,
    PACKET_QUEUE_BYTES = 64 * 1024,
    PACKET_QUEUE_OPEN_MS = 40, /* so long the first packet waits for one that it overtook */
};

struct queued {
    struct placed placed;
    unsigned ticks;       /* 0: it only takes a number */
    bool marker;          /* of video: it ends a picture */
    struct slice payload; /* until the next call */
    unsigned lost;        /* packets before it that did not come */
};

struct packet_queue {
    /* The number that comes next, once the first packet was taken. */
    bool is_open;
    int64_t next;
    size_t most_bytes; /* 0: PACKET_QUEUE_BYTES */
    /* When the oldest of those that wait came. */
    int64_t since_ns;
    struct packet_waiting *waiting; /* PACKET_QUEUE_SLOTS by number; NULL: none waits */
    unsigned count;
    int64_t lowest, highest; /* numbers that wait */
    char *bytes;
    size_t used, live, room;
    uint64_t late; /* came after the reader had gone on */
};

/* NULL is fine; the struct is the caller's, zeroed at the start. */
void packet_queue_free(struct packet_queue *queue);

/* There is no room for the packet: the reader takes others first, without waiting or a limit. */
bool packet_queue_is_full(const struct packet_queue *queue, const struct queued *packet);

/* True: it is the next one, below the limit, and nothing waits, so it is the reader's at once. Else it
 * waits, or was late or there already. */
bool packet_queue_put(struct packet_queue *queue, const struct queued *packet, int64_t now_ns,
                      int64_t limit);

/* The next packet, when it is there, or when those before it have been waited for (0 ms: at once).
 * Packets of number `limit` and later ones stay. */
bool packet_queue_take(struct packet_queue *queue, int64_t now_ns, unsigned wait_ms, int64_t limit,
                       struct queued *packet);

#endif
