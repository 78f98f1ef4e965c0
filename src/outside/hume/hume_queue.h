/* What a track has to send, in order: audio, and between it the ends of groups. Audio that is given
 * up leaves a mark in its place, so that the group it belonged to learns of it. */
#ifndef OUTSIDE_HUME_QUEUE_H
#define OUTSIDE_HUME_QUEUE_H

#include "base/list.h"
#include "outside/hume/hume_names.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hume_item {
    struct list node;
    bool is_flush;
    bool is_dropped; /* the mark of audio that was given up; it has no samples */
    int64_t from_ms; /* audio: meeting time; a flush: when it was */
    uint32_t samples;
    int16_t pcm[];
};

struct hume_queue {
    struct list items;
    unsigned waiting;           /* audio items that are not dropped */
    _Atomic size_t *kept_bytes; /* of all queues */
    /* The current group's audio so far, in items, by what became of it. */
    unsigned sent, dropped, failed;
    struct hume_item *filling; /* the block or frame being collected, or NULL */
    uint32_t filled;           /* samples in it */
};

void hume_queue_init(struct hume_queue *queue, _Atomic size_t *kept_bytes);

/* Room for n samples, which the caller fills in. */
struct hume_item *hume_item_new(int64_t from_ms, size_t n);

/* Takes samples into queue->filling, which is begun with room for `whole`; returns how many
 * fitted. */
size_t hume_queue_fill(struct hume_queue *queue, size_t whole, const int16_t *pcm, size_t n,
                       int64_t from_ms);
/* What was filled so far, for the caller to add or free. NULL when there is nothing. */
struct hume_item *hume_queue_take_filled(struct hume_queue *queue);

void hume_queue_add(struct hume_queue *queue, struct hume_item *item);
/* Keeps at most `limit` audio items: the oldest go. Returns how many went. */
unsigned hume_queue_limit(struct hume_queue *queue, unsigned limit);
struct hume_item *hume_queue_first(const struct hume_queue *queue); /* NULL when empty */
/* Takes the first item off and notes what became of it; the caller frees it. */
struct hume_item *hume_queue_take(struct hume_queue *queue, enum hume_fate fate);
/* Puts an audio item back in front. */
void hume_queue_put_back(struct hume_queue *queue, struct hume_item *item);
/* The fate of the group that ends here: the worst that any part of it met. */
enum hume_fate hume_queue_end_group(struct hume_queue *queue);

#endif
