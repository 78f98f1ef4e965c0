#include "app/packets/packet_queue.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define MS INT64_C(1000000)

struct packet_waiting {
    bool is_there, marker;
    unsigned ticks;
    uint32_t offset, len;
    int64_t seq, time, came_ns;
};

static struct packet_waiting *slot_of(const struct packet_queue *queue, int64_t seq) {
    return &queue->waiting[(uint64_t)seq % PACKET_QUEUE_SLOTS];
}

static void memory_free(struct packet_queue *queue) {
    mem_free(queue->waiting);
    mem_free(queue->bytes);
    queue->waiting = NULL;
    queue->bytes = NULL;
    queue->used = queue->live = queue->room = 0;
}

void packet_queue_free(struct packet_queue *queue) {
    if (queue)
        memory_free(queue);
}

/* Moves what still waits to the front of a buffer that has room for `len` more. */
static void bytes_make_room(struct packet_queue *queue, size_t len) {
    if (queue->used + len <= queue->room)
        return;
    size_t room = queue->room ? queue->room : 2048;
    while (room < 2 * (queue->live + len))
        room *= 2;
    char *bytes = mem_alloc_raw(room);
    size_t used = 0;
    for (int64_t seq = queue->lowest; queue->count > 0 && seq <= queue->highest; seq++) {
        struct packet_waiting *slot = slot_of(queue, seq);
        if (!slot->is_there)
            continue;
        memcpy(bytes + used, queue->bytes + slot->offset, slot->len);
        slot->offset = (uint32_t)used;
        used += slot->len;
    }
    mem_free(queue->bytes);
    queue->bytes = bytes;
    queue->used = used;
    queue->room = room;
}

static void slot_fill(struct packet_queue *queue, const struct queued *packet, int64_t now_ns) {
    if (!queue->waiting)
        queue->waiting = mem_alloc(PACKET_QUEUE_SLOTS * sizeof *queue->waiting);
    struct packet_waiting *slot = slot_of(queue, packet->placed.seq);
    if (slot->is_there)
        return;
    bytes_make_room(queue, packet->payload.len);
    *slot = (struct packet_waiting){.is_there = true,
                                    .marker = packet->marker,
                                    .ticks = packet->ticks,
                                    .offset = (uint32_t)queue->used,
                                    .len = (uint32_t)packet->payload.len,
                                    .seq = packet->placed.seq,
                                    .time = packet->placed.time,
                                    .came_ns = now_ns};
    if (packet->payload.len > 0)
        memcpy(queue->bytes + queue->used, packet->payload.ptr, packet->payload.len);
    queue->used += packet->payload.len;
    queue->live += packet->payload.len;
    if (queue->count == 0 || packet->placed.seq < queue->lowest)
        queue->lowest = packet->placed.seq;
    if (queue->count == 0 || packet->placed.seq > queue->highest)
        queue->highest = packet->placed.seq;
    if (queue->count++ == 0)
        queue->since_ns = now_ns;
}

static size_t most_bytes(const struct packet_queue *queue) {
    return queue->most_bytes ? queue->most_bytes : PACKET_QUEUE_BYTES;
}

/* Far ahead of those that wait, or too many of them. */
bool packet_queue_is_full(const struct packet_queue *queue, const struct queued *packet) {
    if (queue->count == 0)
        return false;
    int64_t low = queue->lowest < packet->placed.seq ? queue->lowest : packet->placed.seq;
    int64_t high = queue->highest > packet->placed.seq ? queue->highest : packet->placed.seq;
    return high - low >= PACKET_QUEUE_SLOTS ||
           queue->live + packet->payload.len > most_bytes(queue);
}

bool packet_queue_put(struct packet_queue *queue, const struct queued *packet, int64_t now_ns,
                      int64_t limit) {
    if (queue->is_open && packet->placed.seq < queue->next) {
        queue->late++;
        return false;
    }
    if (queue->is_open && queue->count == 0 && packet->placed.seq == queue->next &&
        packet->placed.seq < limit) {
        queue->next++;
        return true;
    }
    assert(!packet_queue_is_full(queue, packet));
    slot_fill(queue, packet, now_ns);
    return false;
}

/* The oldest that waits now, and when it came. */
static void lowest_find(struct packet_queue *queue) {
    if (queue->count == 0)
        return;
    while (!slot_of(queue, queue->lowest)->is_there)
        queue->lowest++;
    queue->since_ns = slot_of(queue, queue->lowest)->came_ns;
}

static bool is_due(const struct packet_queue *queue, int64_t now_ns, unsigned wait_ms) {
    if (queue->is_open && queue->lowest == queue->next)
        return true;
    int64_t waited_ns = now_ns - queue->since_ns;
    if (!queue->is_open && wait_ms > 0)
        return waited_ns >= PACKET_QUEUE_OPEN_MS * MS;
    return waited_ns >= (int64_t)wait_ms * MS ||
           queue->highest - queue->lowest >= PACKET_QUEUE_SLOTS / 2 ||
           queue->live >= most_bytes(queue) / 2;
}

bool packet_queue_take(struct packet_queue *queue, int64_t now_ns, unsigned wait_ms, int64_t limit,
                       struct queued *packet) {
    if (queue->count == 0) {
        memory_free(queue); /* of what was taken last */
        return false;
    }
    if (queue->lowest >= limit || !is_due(queue, now_ns, wait_ms))
        return false;
    struct packet_waiting *slot = slot_of(queue, queue->lowest);
    *packet = (struct queued){
        .placed = {slot->seq, slot->time},
        .ticks = slot->ticks,
        .marker = slot->marker,
        .payload = slice_of(queue->bytes + slot->offset, slot->len),
        .lost = queue->is_open ? (unsigned)(slot->seq - queue->next) : 0,
    };
    queue->is_open = true;
    queue->next = slot->seq + 1;
    slot->is_there = false;
    queue->live -= slot->len;
    queue->count--;
    queue->lowest++;
    lowest_find(queue);
    return true;
}
