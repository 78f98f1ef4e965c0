#include "outside/store/feedback_queue.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "outside/db/db.h"
#include "outside/store/store_private.h"
#include "outside/store/store_sql.h"

#include <errno.h>
#include <string.h>

void feedback_queue_init(struct feedback_queue *queue, size_t max, unsigned ttl_days) {
    queue->max = max;
    queue->ttl_ms = (int64_t)ttl_days * 24 * 3600 * 1000;
    queue->values =
        mem_alloc_array((size_t)FEEDBACK_BATCH * FEEDBACK_COLUMNS, sizeof *queue->values);
}

static struct queued_feedback *queued_of(struct mail *mail) {
    return CONTAINER_OF(mail, struct queued_feedback, mail);
}

static void drop_first(struct feedback_queue *queue, size_t count) {
    for (; count > 0; count--) {
        struct mail *mail = queue->first;
        queue->first = mail->next;
        queue->waiting--;
        mem_free(queued_of(mail));
        atomic_fetch_sub(&queue->queued, 1);
    }
}

void feedback_queue_free(struct feedback_queue *queue) {
    drop_first(queue, queue->waiting);
    mem_free(queue->values);
}

struct queued_feedback *feedback_queue_admit(struct feedback_queue *queue,
                                             const struct store_feedback *event) {
    if (atomic_fetch_add(&queue->queued, 1) >= queue->max) {
        atomic_fetch_sub(&queue->queued, 1);
        atomic_fetch_add(&queue->dropped, 1);
        return NULL;
    }
    struct store_feedback e = *event;
    struct slice *const texts[] = {&e.id,   &e.meeting_id, &e.participant_id,
                                   &e.type, &e.severity,   &e.participant_name,
                                   &e.tips, &e.message,    &e.metadata};
    size_t bytes = 0;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        bytes += texts[i]->len;
    struct queued_feedback *queued = mem_alloc(sizeof *queued + bytes);
    char *at = queued->text;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i]->len > 0)
            memcpy(at, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = at;
        at += texts[i]->len;
    }
    queued->event = e;
    return queued;
}

void feedback_queue_push(struct feedback_queue *queue, struct queued_feedback *queued) {
    queued->mail.next = NULL;
    if (queue->waiting == 0)
        queue->first = &queued->mail;
    else
        queue->last->next = &queued->mail;
    queue->last = &queued->mail;
    queue->waiting++;
}

static void fill_values(const struct feedback_queue *queue, const struct store_feedback *e,
                        struct slice id, int64_t now_ms, struct db_value *value) {
    *value++ = db_text(id);
    *value++ = db_text(e->meeting_id);
    *value++ = db_text(e->participant_id);
    *value++ = db_maybe(e->participant_name);
    *value++ = db_text(e->type);
    *value++ = db_text(e->severity);
    *value++ = db_time(e->ts_ms);
    *value++ = db_time(e->window_start_ms);
    *value++ = db_time(e->window_end_ms);
    *value++ = db_text(e->message);
    *value++ = db_maybe(e->tips);
    *value++ = db_text(e->metadata.len > 0 ? e->metadata : SLICE("{}"));
    *value++ = e->seq > 0 ? db_int(e->seq) : (struct db_value){.kind = DB_NULL};
    *value++ = db_time(now_ms);
    *value++ = db_time(e->ts_ms + queue->ttl_ms);
}

/* The database refused the batch because of some event in it, so each is written alone. */
static int write_singly(struct feedback_queue *queue, struct db *db, size_t count) {
    const struct db_sql sql = store_sql(SQL_FEEDBACK_INSERT);
    for (size_t i = 0; i < count; i++) {
        int err = db_batch(db, &sql, queue->values + i * FEEDBACK_COLUMNS, FEEDBACK_COLUMNS, 1);
        if (err == EAGAIN || err == EPROTO)
            return err;
        if (err) {
            atomic_fetch_add(&queue->refused, 1);
            log_error("store", "database refused a feedback event", log_text("why", db->why));
        } else {
            atomic_fetch_add(&queue->written, 1);
        }
        drop_first(queue, 1);
        if (!db->is_open)
            return EAGAIN;
    }
    return 0;
}

int feedback_queue_write(struct feedback_queue *queue, struct db *db) {
    const struct db_sql sql = store_sql(SQL_FEEDBACK_INSERT);
    const int64_t now_ms = clock_wall_ms();
    size_t count = 0;
    for (struct mail *mail = queue->first; count < queue->waiting && count < FEEDBACK_BATCH;
         mail = mail->next, count++) {
        struct queued_feedback *queued = queued_of(mail);
        struct slice id = queued->event.id;
        if (db->form.feedback_id_is_uuid && feedback_id_to_uuid(id, queued->uuid))
            id = slice_from(queued->uuid);
        fill_values(queue, &queued->event, id, now_ms, queue->values + count * FEEDBACK_COLUMNS);
    }
    if (count == 0)
        return 0;
    const uint64_t start_ns = clock_mono_ns();
    int err = db_batch(db, &sql, queue->values, FEEDBACK_COLUMNS, count);
    const uint64_t us = (clock_mono_ns() - start_ns) / 1000;
    if (us > atomic_load(&queue->batch_us_max))
        atomic_store(&queue->batch_us_max, us);
    if (!err) {
        atomic_fetch_add(&queue->written, count);
        drop_first(queue, count);
    } else if (err != EAGAIN && err != EPROTO && db->is_open) {
        err = write_singly(queue, db, count);
    }
    return err;
}

void feedback_queue_stats(struct feedback_queue *queue, struct store_stats *stats) {
    stats->queued = atomic_load(&queue->queued);
    stats->written = atomic_load(&queue->written);
    stats->dropped = atomic_load(&queue->dropped);
    stats->refused = atomic_load(&queue->refused);
    stats->batch_us_max = atomic_load(&queue->batch_us_max);
}
