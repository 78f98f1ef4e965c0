#include "app/recordings/recordings.h"

#include "app/recordings/retention.h"
#include "app/recordings/settle.h"
#include "base/counter.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "net/worker.h"
#include "outside/files/format.h"
#include "outside/files/recording_info.h"
#include "outside/store/store_recording.h"

#include <errno.h>
#include <stdio.h>

enum { ROWS_MAX = 50000, RETRY_MS = 2000, READS_WAITING_MAX = 256, ERASURES_WAITING_MAX = 32 };

struct recordings {
    struct loop *loop;
    const struct storage *storage;
    struct store *store; /* NULL before start and after stop */
    struct mailbox *inbox;
    struct worker *reader, *eraser; /* two: an erasure may wait long for the disk */
    struct list rows;               /* waiting, in order */
    struct store_call *putting;
    struct timer retry;
    struct settle *settle;
    struct retention *retention;
    struct recordings_stats stats;
    recordings_ended_fn *on_ended;
    void *user;
};

/* ---- Rows ---- */

struct queued_row {
    struct mail mail;
    struct list node;
    struct recording_info row; /* owns its texts */
};

static void row_free(struct queued_row *queued) {
    list_remove(&queued->node);
    recording_info_free(&queued->row);
    mem_free(queued);
}

static void put_next(void *user);

static void tell_ended(const struct recordings *recordings, const struct recording_info *row,
                       struct slice meeting_id) {
    if (row->ended_ms && recordings->on_ended)
        recordings->on_ended(row, meeting_id, recordings->user);
}

static void on_put(int err, struct slice meeting_id, void *user) {
    struct recordings *recordings = user;
    struct queued_row *queued = CONTAINER_OF(recordings->rows.next, struct queued_row, node);
    const struct recording_info *row = &queued->row;
    recordings->putting = NULL;
    if (err == ECANCELED)
        return;
    if (err == EAGAIN) {
        timer_start(recordings->loop, &recordings->retry, RETRY_MS, 0, put_next, recordings);
        return;
    }
    if (err)
        log_error("recordings", "the database refuses a recording's row", log_errno(err));
    else
        recordings->stats.rows++;
    if (!err && row->ended_ms && !slice_is_equal(meeting_id, row->meeting))
        settle_add(recordings->settle, row->path, format_is_video(row->format), meeting_id);
    if (!err)
        tell_ended(recordings, row, meeting_id);
    recordings->stats.waiting--;
    row_free(queued);
    put_next(recordings);
}

static void put_next(void *user) {
    struct recordings *recordings = user;
    if (!recordings->store || recordings->putting || list_is_empty(&recordings->rows) ||
        timer_is_running(&recordings->retry))
        return;
    const struct queued_row *queued = CONTAINER_OF(recordings->rows.next, struct queued_row, node);
    recordings->putting = store_recording_put(recordings->store, &queued->row, on_put, recordings);
}

static void deliver_row(struct mail *mail, void *user) {
    struct recordings *recordings = user;
    struct queued_row *queued = CONTAINER_OF(mail, struct queued_row, mail);
    if (recordings->stats.waiting == ROWS_MAX) {
        recordings->stats.dropped++;
        row_free(queued);
        return;
    }
    recordings->stats.waiting++;
    list_add(&recordings->rows, &queued->node);
    put_next(recordings);
}

/* A recording has a row for each part, so the id of the row names the part as well. */
void recordings_on_report(const struct recording_info *info, void *user) {
    struct recordings *recordings = user;
    struct queued_row *queued = mem_alloc(sizeof *queued);
    char id[64];
    queued->row = *info;
    if (info->part > 1) {
        snprintf(id, sizeof id, "%.*s-p%u", SLICE_ARG(info->id), info->part);
        queued->row.id = slice_from(id);
    }
    recording_info_own(&queued->row);
    list_init(&queued->node);
    queued->mail.deliver = deliver_row;
    mailbox_send(recordings->inbox, &queued->mail);
}

/* ---- Life ---- */

int recordings_open(struct recordings **out, struct loop *loop, const struct storage *storage,
                    unsigned ttl_days, const struct second_clock *clock) {
    struct recordings *recordings = mem_alloc(sizeof *recordings);
    recordings->loop = loop;
    recordings->storage = storage;
    list_init(&recordings->rows);
    int err = mailbox_open(&recordings->inbox, loop, recordings);
    recordings->reader = worker_new(loop, RECORDINGS_READERS, READS_WAITING_MAX, 0);
    recordings->eraser = worker_new(loop, RECORDINGS_ERASERS, ERASURES_WAITING_MAX, 0);
    if (err) {
        recordings_close(recordings);
        recordings_free(recordings);
        return err;
    }
    const struct retention_settings set = {.loop = loop,
                                           .storage = storage,
                                           .worker = recordings->eraser,
                                           .ttl_days = ttl_days,
                                           .clock = clock,
                                           .expired = &recordings->stats.expired};
    recordings->retention = retention_new(&set);
    recordings->settle = settle_new(loop, storage, recordings->eraser);
    *out = recordings;
    return 0;
}

void recordings_listen(struct recordings *recordings, recordings_ended_fn *fn, void *user) {
    recordings->on_ended = fn;
    recordings->user = user;
}

void recordings_start(struct recordings *recordings, struct store *store) {
    recordings->store = store;
    put_next(recordings);
    retention_start(recordings->retention, store);
}

static void on_last_put(int err, struct slice meeting_id, void *user) {
}

/* At the end all rows go to the store at once; their answers are not needed any more. */
static void put_all(struct recordings *recordings) {
    if (recordings->putting)
        store_cancel(recordings->putting);
    recordings->putting = NULL;
    LIST_EACH(&recordings->rows, node) {
        const struct queued_row *queued = CONTAINER_OF(node, struct queued_row, node);
        store_recording_put(recordings->store, &queued->row, on_last_put, NULL);
        tell_ended(recordings, &queued->row, queued->row.meeting);
    }
}

void recordings_close(struct recordings *recordings) {
    if (!recordings)
        return;
    mailbox_close(recordings->inbox);
    timer_stop(&recordings->retry);
    if (recordings->store)
        put_all(recordings);
    recordings->store = NULL;
    retention_stop(recordings->retention);
    settle_stop(recordings->settle);
    worker_close(recordings->reader);
    worker_close(recordings->eraser);
}

void recordings_free(struct recordings *recordings) {
    if (!recordings)
        return;
    while (!list_is_empty(&recordings->rows))
        row_free(CONTAINER_OF(recordings->rows.next, struct queued_row, node));
    settle_free(recordings->settle);
    retention_free(recordings->retention);
    mem_free(recordings);
}

void recordings_settle(struct recordings *recordings, struct slice meeting_id) {
    if (recordings->store)
        settle_meeting(recordings->settle, recordings->store, meeting_id);
}

struct worker *recordings_reader(const struct recordings *recordings) {
    return recordings->reader;
}

struct worker *recordings_eraser(const struct recordings *recordings) {
    return recordings->eraser;
}

const struct storage *recordings_storage(const struct recordings *recordings) {
    return recordings->storage;
}

const struct recordings_stats *recordings_stats(const struct recordings *recordings) {
    return &recordings->stats;
}

#define AT(member) offsetof(struct recordings_stats, member)

static const struct counter counters[] = {
    {"prosa_recordings_expired_total", "Recordings deleted after their time.", COUNTER_SUM,
     AT(expired)},
    {"prosa_recording_rows_total", "Rows of recordings stored.", COUNTER_SUM, AT(rows)},
    {"prosa_recording_rows_dropped_total", "Rows of recordings lost while the database was away.",
     COUNTER_SUM, AT(dropped)},
    {"prosa_recording_rows_waiting", "Rows of recordings that wait for the database.",
     COUNTER_GAUGE, AT(waiting)},
};

const struct counter_table recordings_counters = {counters, ARRAY_LEN(counters)};
