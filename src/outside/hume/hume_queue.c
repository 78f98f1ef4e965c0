#include "outside/hume/hume_queue.h"

#include "base/macros.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

static struct hume_item *item_of(struct list *node) {
    return CONTAINER_OF(node, struct hume_item, node);
}

struct hume_item *hume_item_new(int64_t from_ms, size_t n) {
    struct hume_item *item = mem_alloc_raw(sizeof *item + n * sizeof *item->pcm);
    *item = (struct hume_item){.from_ms = from_ms, .samples = (uint32_t)n};
    list_init(&item->node);
    return item;
}

size_t hume_queue_fill(struct hume_queue *queue, size_t whole, const int16_t *pcm, size_t n,
                       int64_t from_ms) {
    if (!queue->filling) {
        queue->filling = hume_item_new(from_ms, whole);
        queue->filled = 0;
    }
    size_t room = queue->filling->samples - queue->filled;
    size_t part = n < room ? n : room;
    memcpy(queue->filling->pcm + queue->filled, pcm, part * sizeof *pcm);
    queue->filled += (uint32_t)part;
    return part;
}

struct hume_item *hume_queue_take_filled(struct hume_queue *queue) {
    struct hume_item *item = queue->filling;
    queue->filling = NULL;
    if (item)
        item->samples = queue->filled;
    return item;
}

void hume_queue_init(struct hume_queue *queue, _Atomic size_t *kept_bytes) {
    *queue = (struct hume_queue){.kept_bytes = kept_bytes};
    list_init(&queue->items);
}

static void keep(struct hume_queue *queue, const struct hume_item *item) {
    queue->waiting++;
    atomic_fetch_add(queue->kept_bytes, item->samples * sizeof *item->pcm);
}

static void let_go(struct hume_queue *queue, const struct hume_item *item) {
    queue->waiting--;
    atomic_fetch_sub(queue->kept_bytes, item->samples * sizeof *item->pcm);
}

void hume_queue_add(struct hume_queue *queue, struct hume_item *item) {
    list_add(&queue->items, &item->node);
    if (!item->is_flush)
        keep(queue, item);
}

/* Leaves a mark in its place. */
static void drop(struct hume_queue *queue, struct hume_item *item) {
    struct hume_item *mark = hume_item_new(item->from_ms, 0);
    mark->is_dropped = true;
    list_add(&item->node, &mark->node); /* list_add puts it before the given node */
    list_remove(&item->node);
    let_go(queue, item);
    mem_free(item);
}

unsigned hume_queue_limit(struct hume_queue *queue, unsigned limit) {
    unsigned dropped = 0;
    LIST_EACH(&queue->items, node) {
        if (queue->waiting <= limit)
            break;
        struct hume_item *item = item_of(node);
        if (item->is_flush || item->is_dropped)
            continue;
        drop(queue, item);
        dropped++;
    }
    return dropped;
}

struct hume_item *hume_queue_first(const struct hume_queue *queue) {
    return list_is_empty(&queue->items) ? NULL : item_of(queue->items.next);
}

struct hume_item *hume_queue_take(struct hume_queue *queue, enum hume_fate fate) {
    struct hume_item *item = item_of(list_take_first(&queue->items));
    if (item->is_flush)
        return item;
    if (!item->is_dropped)
        let_go(queue, item);
    if (item->is_dropped || fate == HUME_DROPPED)
        queue->dropped++;
    else if (fate == HUME_SENT)
        queue->sent++;
    else
        queue->failed++;
    return item;
}

void hume_queue_put_back(struct hume_queue *queue, struct hume_item *item) {
    assert(!item->is_flush && !item->is_dropped);
    list_add(queue->items.next, &item->node); /* before the first */
    keep(queue, item);
}

enum hume_fate hume_queue_end_group(struct hume_queue *queue) {
    enum hume_fate fate = queue->failed    ? HUME_ERROR
                          : queue->dropped ? HUME_DROPPED
                          : queue->sent    ? HUME_SENT
                                           : HUME_SILENT;
    queue->sent = queue->dropped = queue->failed = 0;
    return fate;
}
