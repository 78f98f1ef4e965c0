#include "net/log_queue.h"

#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

/* In front of each text: its length, or 0 while it is being copied. Records begin at multiples of
 * its size, so a head is always in one piece. */
struct log_head {
    atomic_uint_fast64_t len;
};

struct log_queue {
    char *bytes;
    size_t size, reserve;
    /* Positions only grow; a place in the block is a position modulo `size`. All bytes from the end
     * of the last text to the beginning of the first are 0. */
    atomic_uint_fast64_t begin, end;
};

static size_t record_bytes(size_t len) {
    size_t align = sizeof(struct log_head);
    return align + (len + align - 1) / align * align;
}

static struct log_head *head_at(const struct log_queue *queue, uint64_t position) {
    return (struct log_head *)(void *)(queue->bytes + position % queue->size);
}

/* Of `len` bytes at a position, those in front of the block's end; the others are at its
 * beginning. */
static size_t bytes_in_front(const struct log_queue *queue, uint64_t position, size_t len) {
    size_t left = queue->size - position % queue->size;
    return len < left ? len : left;
}

struct log_queue *log_queue_new(size_t bytes, size_t reserve_bytes) {
    assert((bytes & (bytes - 1)) == 0 && bytes >= 64 && reserve_bytes < bytes);
    struct log_queue *queue = mem_alloc(sizeof *queue);
    queue->bytes = mem_alloc(bytes);
    queue->size = bytes;
    queue->reserve = reserve_bytes;
    return queue;
}

void log_queue_free(struct log_queue *queue) {
    if (!queue)
        return;
    mem_free(queue->bytes);
    mem_free(queue);
}

bool log_queue_put(struct log_queue *queue, struct slice text, bool is_urgent) {
    size_t need = record_bytes(text.len);
    size_t room = queue->size - (is_urgent ? 0 : queue->reserve);
    if (text.len == 0)
        return true;
    uint_fast64_t end;
    do {
        /* In this order: an old `begin` only makes the queue look fuller than it is. */
        uint64_t begin = atomic_load(&queue->begin);
        end = atomic_load(&queue->end);
        if (need > room || end + need - begin > room)
            return false;
    } while (!atomic_compare_exchange_weak(&queue->end, &end, end + need));

    uint64_t place = end + sizeof(struct log_head);
    size_t front = bytes_in_front(queue, place, text.len);
    memcpy(queue->bytes + place % queue->size, text.ptr, front);
    memcpy(queue->bytes, text.ptr + front, text.len - front);
    atomic_store(&head_at(queue, end)->len, text.len);
    return true;
}

bool log_queue_look(struct log_queue *queue, struct slice pieces[2]) {
    uint64_t begin = atomic_load(&queue->begin);
    if (begin == atomic_load(&queue->end))
        return false;
    size_t len = atomic_load(&head_at(queue, begin)->len);
    uint64_t place = begin + sizeof(struct log_head);
    size_t front = bytes_in_front(queue, place, len);
    pieces[0] = slice_of(queue->bytes + place % queue->size, front);
    pieces[1] = slice_of(queue->bytes, len - front);
    return len > 0;
}

void log_queue_drop(struct log_queue *queue) {
    uint64_t begin = atomic_load(&queue->begin);
    size_t total = record_bytes(atomic_load(&head_at(queue, begin)->len));
    size_t front = bytes_in_front(queue, begin, total);
    memset(queue->bytes + begin % queue->size, 0, front);
    memset(queue->bytes, 0, total - front);
    atomic_store(&queue->begin, begin + total);
}

bool log_queue_is_empty(const struct log_queue *queue) {
    return atomic_load(&queue->begin) == atomic_load(&queue->end);
}
