#include "outside/store/store_feedback.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "outside/store/store_private.h"
#include "outside/db/db.h"
#include "outside/store/store_sql.h"

#include <errno.h>
#include <string.h>

void feedback_queue_open(struct feedback_queue *queue, size_t max, unsigned ttl_days) {
    queue->max = max;
    queue->ttl_ms = (int64_t)ttl_days * 24 * 3600 * 1000;
    queue->values =
        mem_alloc_array((size_t)FEEDBACK_BATCH * FEEDBACK_COLUMNS, sizeof *queue->values);
}

static struct feedback_row *row_of(struct mail *mail) {
    return CONTAINER_OF(mail, struct feedback_row, mail);
}

static void drop_first(struct feedback_queue *queue, size_t count) {
    for (; count > 0; count--) {
        struct mail *mail = queue->first;
        queue->first = mail->next;
        queue->waiting--;
        mem_free(row_of(mail));
        atomic_fetch_sub(&queue->queued, 1);
    }
}

void feedback_queue_close(struct feedback_queue *queue) {
    drop_first(queue, queue->waiting);
    mem_free(queue->values);
}

static size_t text_bytes(const struct store_feedback *e) {
    return e->id.len + e->meeting_id.len + e->participant_id.len + e->participant_name.len +
           e->type.len + e->severity.len + e->message.len + e->tips.len + e->metadata.len;
}

static struct slice copy_into(char **at, struct slice text) {
    char *start = *at;
    if (text.len > 0)
        memcpy(start, text.ptr, text.len);
    *at += text.len;
    return slice_of(start, text.len);
}

struct feedback_row *feedback_queue_admit(struct feedback_queue *queue,
                                          const struct store_feedback *event) {
    if (atomic_fetch_add(&queue->queued, 1) >= queue->max) {
        atomic_fetch_sub(&queue->queued, 1);
        atomic_fetch_add(&queue->dropped, 1);
        return NULL;
    }
    struct feedback_row *row = mem_alloc(sizeof *row + text_bytes(event));
    char *at = row->text;
    row->event = *event;
    row->event.id = copy_into(&at, event->id);
    row->event.meeting_id = copy_into(&at, event->meeting_id);
    row->event.participant_id = copy_into(&at, event->participant_id);
    row->event.participant_name = copy_into(&at, event->participant_name);
    row->event.type = copy_into(&at, event->type);
    row->event.severity = copy_into(&at, event->severity);
    row->event.message = copy_into(&at, event->message);
    row->event.tips = copy_into(&at, event->tips);
    row->event.metadata = copy_into(&at, event->metadata);
    return row;
}

void feedback_queue_push(struct feedback_queue *queue, struct feedback_row *row) {
    row->mail.next = NULL;
    if (queue->waiting == 0)
        queue->first = &row->mail;
    else
        queue->last->next = &row->mail;
    queue->last = &row->mail;
    queue->waiting++;
}

static void fill_values(const struct feedback_queue *queue, const struct store_feedback *e,
                        int64_t now_ms, struct db_value *value) {
    *value++ = db_text(e->id);
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

/* The database refused the batch, so some row of it: each is tried alone. */
static int write_singly(struct feedback_queue *queue, struct db *db, size_t count) {
    const struct db_sql sql = store_sql(SQL_FEEDBACK_INSERT);
    for (size_t i = 0; i < count; i++) {
        int err = db_batch(db, &sql, queue->values + i * FEEDBACK_COLUMNS, FEEDBACK_COLUMNS, 1);
        if (err == EAGAIN)
            return err;
        if (err) {
            atomic_fetch_add(&queue->refused, 1);
            log_error("store", "the database refuses an event", log_text("why", db->why));
        } else {
            atomic_fetch_add(&queue->written, 1);
        }
        drop_first(queue, 1);
        if (!db->is_open)
            return EAGAIN;
    }
    return 0;
}

static void note_duration(struct feedback_queue *queue, uint64_t us) {
    if (us > atomic_load(&queue->batch_us_max))
        atomic_store(&queue->batch_us_max, us);
}

int feedback_queue_write(struct feedback_queue *queue, struct db *db) {
    const struct db_sql sql = store_sql(SQL_FEEDBACK_INSERT);
    const int64_t now_ms = clock_wall_ms();
    size_t count = 0;
    for (struct mail *mail = queue->first; count < queue->waiting && count < FEEDBACK_BATCH;
         mail = mail->next, count++)
        fill_values(queue, &row_of(mail)->event, now_ms, queue->values + count * FEEDBACK_COLUMNS);
    if (count == 0)
        return 0;
    const uint64_t start_ns = clock_mono_ns();
    int err = db_batch(db, &sql, queue->values, FEEDBACK_COLUMNS, count);
    note_duration(queue, (clock_mono_ns() - start_ns) / 1000);
    if (!err) {
        atomic_fetch_add(&queue->written, count);
        drop_first(queue, count);
    } else if (err != EAGAIN && db->is_open) {
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

/* Lists. */

struct feedback_call {
    struct store_call call;
    struct store_feedback_filter filter;
    int64_t cursor_ms;
    struct slice cursor_id;
    int64_t after_seq;
    struct store_feedback *events;
    struct store_feedback_list list;
    store_feedback_fn *fn;
    void *arg;
};

static struct feedback_call *feedback_call_of(struct store_call *call) {
    return CONTAINER_OF(call, struct feedback_call, call);
}

static void on_event(const struct db_row *row, void *arg) {
    struct feedback_call *f = arg;
    struct store_feedback *e = &f->events[f->list.count++];
    struct slice *const texts[] = {
        &e->id, &e->meeting_id, &e->participant_id, &e->participant_name, &e->type, &e->severity};
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = store_call_copy(&f->call, db_row_text(row, i));
    e->ts_ms = db_row_time(row, 6);
    e->window_start_ms = db_row_time(row, 7);
    e->window_end_ms = db_row_time(row, 8);
    e->message = store_call_copy(&f->call, db_row_text(row, 9));
    e->tips = store_call_copy(&f->call, db_row_text(row, 10));
    e->metadata = store_call_copy(&f->call, db_row_text(row, 11));
    e->seq = db_row_int(row, 12);
}

/* One row more than asked tells whether there is a next page. */
static int run_list(struct store_call *call, struct db *db) {
    struct feedback_call *f = feedback_call_of(call);
    const unsigned limit = f->filter.limit;
    f->events = store_call_alloc(call, (limit + 1) * sizeof *f->events);
    f->list.events = f->events;
    int err = STORE_RUN(db, SQL_FEEDBACK_LIST, on_event, f, db_text(f->filter.meeting_id),
                        db_time(f->filter.from_ms), db_time(f->filter.to_ms), db_time(f->cursor_ms),
                        db_text(f->cursor_id), db_int(limit + 1));
    if (!err && f->list.count > limit) {
        const struct store_feedback *last = &f->events[limit - 1];
        f->list.count = limit;
        f->list.next = store_cursor_write(call, last->ts_ms, last->id);
    }
    return err;
}

static int run_replay(struct store_call *call, struct db *db) {
    struct feedback_call *f = feedback_call_of(call);
    f->events = store_call_alloc(call, f->filter.limit * sizeof *f->events);
    f->list.events = f->events;
    return STORE_RUN(db, SQL_FEEDBACK_REPLAY, on_event, f, db_text(f->filter.meeting_id),
                     db_int(f->after_seq), db_int(f->filter.limit));
}

static void answer_list(struct store_call *call) {
    struct feedback_call *f = feedback_call_of(call);
    f->fn(call->err, call->err ? NULL : &f->list, f->arg);
}

struct store_call *store_feedback_list(struct store *store,
                                       const struct store_feedback_filter *filter,
                                       store_feedback_fn *fn, void *arg) {
    struct feedback_call *f = store_call_new(store, sizeof *f, run_list, answer_list);
    f->call.may_overtake = true;
    f->filter = *filter;
    f->filter.meeting_id = store_call_copy(&f->call, filter->meeting_id);
    f->filter.limit = store_limit(filter->limit, 1000);
    if (filter->to_ms == 0)
        f->filter.to_ms = STORE_TIME_MAX;
    if (!store_cursor_parse(&f->call, filter->cursor, &f->cursor_ms, &f->cursor_id))
        f->call.run = store_call_refuse;
    f->call.reads_feedback = true;
    f->fn = fn;
    f->arg = arg;
    return store_call_send(&f->call);
}

struct store_call *store_feedback_replay(struct store *store, struct slice meeting_id,
                                         int64_t after_seq, unsigned limit, store_feedback_fn *fn,
                                         void *arg) {
    struct feedback_call *f = store_call_new(store, sizeof *f, run_replay, answer_list);
    f->filter.meeting_id = store_call_copy(&f->call, meeting_id);
    f->filter.limit = store_limit(limit, 1000);
    f->after_seq = after_seq;
    f->call.reads_feedback = true;
    f->call.is_patient = true;
    f->fn = fn;
    f->arg = arg;
    return store_call_send(&f->call);
}

struct rename_call {
    struct store_call call;
    struct slice from, to;
    int64_t since_ms;
    store_done_fn *fn;
    void *arg;
};

static int run_rename(struct store_call *call, struct db *db) {
    struct rename_call *r = CONTAINER_OF(call, struct rename_call, call);
    int err = STORE_RUN(db, SQL_FEEDBACK_RENAME, NULL, NULL, db_text(r->from), db_text(r->to),
                        db_time(r->since_ms));
    if (!err)
        err = STORE_RUN(db, SQL_RECORDING_RENAME, NULL, NULL, db_text(r->from), db_text(r->to),
                        db_time(r->since_ms), db_time(STORE_TIME_MAX));
    return err;
}

static void answer_rename(struct store_call *call) {
    struct rename_call *r = CONTAINER_OF(call, struct rename_call, call);
    if (r->fn)
        r->fn(call->err, r->arg);
}

struct store_call *store_feedback_rename(struct store *store, struct slice from_meeting,
                                         struct slice to_meeting, int64_t since_ms,
                                         store_done_fn *fn, void *arg) {
    struct rename_call *r = store_call_new(store, sizeof *r, run_rename, answer_rename);
    r->from = store_call_copy(&r->call, from_meeting);
    r->to = store_call_copy(&r->call, to_meeting);
    r->since_ms = since_ms;
    r->call.reads_feedback = true;
    r->call.is_patient = true;
    r->fn = fn;
    r->arg = arg;
    return store_call_send(&r->call);
}
