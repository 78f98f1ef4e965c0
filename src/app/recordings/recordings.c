#include "app/recordings/recordings.h"

#include "app/recordings/settle.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "net/worker.h"
#include "outside/files/erase.h"
#include "outside/files/format.h"
#include "outside/files/recording_info.h"
#include "outside/files/storage.h"
#include "outside/store/store_recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    ROWS_MAX = 50000,
    RETRY_MS = 2000,
    SWEEP_FIRST_MS = 60000,
    SWEEP_MS = 3600000,
    SWEEP_BATCH = 100,
    SWEEP_PAUSE_MS = 1000, /* between two batches */
    READS_WAITING_MAX = 256,
    ERASURES_WAITING_MAX = 32
};

struct recordings {
    struct loop *loop;
    const struct storage *storage;
    struct store *store; /* NULL before start and after stop */
    struct mailbox *inbox;
    struct worker *reader, *eraser; /* apart: an erasure may wait for the disk for long */
    int64_t ttl_ms;                 /* 0: kept for ever */
    struct list rows;               /* waiting, in order */
    struct store_call *putting;
    struct timer retry;
    struct sweep *sweep; /* of old recordings, while one is under way */
    struct timer next_sweep;
    struct settle *settle;
    struct recordings_stats stats;
};

/* ---- rows ---- */

struct row {
    struct mail mail;
    struct list node;
    struct recording_info info; /* owns its texts */
};

static void row_free(struct row *row) {
    list_remove(&row->node);
    recording_info_free(&row->info);
    mem_free(row);
}

static void on_retry(void *arg);
static void put_next(struct recordings *recordings);

static void on_put(int err, struct slice meeting_id, void *arg) {
    struct recordings *recordings = arg;
    struct row *row = CONTAINER_OF(recordings->rows.next, struct row, node);
    recordings->putting = NULL;
    if (err == ECANCELED)
        return;
    if (err == EAGAIN) {
        timer_start(recordings->loop, &recordings->retry, RETRY_MS, 0, on_retry, recordings);
        return;
    }
    if (err)
        log_error("recordings", "the database refuses a recording's row", log_errno(err));
    else
        recordings->stats.rows++;
    if (!err && row->info.ended_ms && !slice_is_equal(meeting_id, row->info.meeting))
        settle_add(recordings->settle, row->info.path, format_is_video(row->info.format),
                   meeting_id);
    recordings->stats.waiting--;
    row_free(row);
    put_next(recordings);
}

static void put_next(struct recordings *recordings) {
    if (!recordings->store || recordings->putting || list_is_empty(&recordings->rows) ||
        timer_is_running(&recordings->retry))
        return;
    const struct row *row = CONTAINER_OF(recordings->rows.next, struct row, node);
    recordings->putting = store_recording_put(recordings->store, &row->info, on_put, recordings);
}

static void on_retry(void *arg) {
    put_next(arg);
}

static void deliver_row(struct mail *mail, void *owner) {
    struct recordings *recordings = owner;
    struct row *row = CONTAINER_OF(mail, struct row, mail);
    if (recordings->stats.waiting == ROWS_MAX) {
        recordings->stats.dropped++;
        row_free(row);
        return;
    }
    recordings->stats.waiting++;
    list_add(&recordings->rows, &row->node);
    put_next(recordings);
}

/* One id for each file: that of the recording, with its part. */
void recordings_on_report(const struct recording_info *info, void *user) {
    struct recordings *recordings = user;
    struct row *row = mem_alloc(sizeof *row);
    char id[64];
    row->info = *info;
    if (info->part > 1) {
        snprintf(id, sizeof id, "%.*s-p%u", SLICE_ARG(info->id), info->part);
        row->info.id = slice_from(id);
    }
    recording_info_own(&row->info);
    list_init(&row->node);
    row->mail.deliver = deliver_row;
    mailbox_send(recordings->inbox, &row->mail);
}

/* ---- retention ---- */

struct sweep {
    struct recordings *recordings;
    int64_t before_ms;
    struct recording_info *rows; /* of this batch; own their texts */
    size_t count, at;
    unsigned kept; /* could not be deleted; the oldest, so the next batch begins behind them */
    struct store_call *call;
    struct erased erased;
    int err;
    bool is_working; /* a worker has it */
};

static void free_rows(struct sweep *sweep) {
    for (size_t i = 0; i < sweep->count; i++)
        recording_info_free(&sweep->rows[i]);
    mem_free(sweep->rows);
    sweep->rows = NULL;
    sweep->count = sweep->at = 0;
}

static void sweep_next(struct sweep *sweep);
static void on_sweep_time(void *arg);

static void sweep_end(struct sweep *sweep) {
    struct recordings *recordings = sweep->recordings;
    if (sweep->erased.files > 0 || sweep->kept > 0)
        log_info("recordings", "what was older than RECORDING_TTL_DAYS was deleted",
                 log_int("files", (int64_t)sweep->erased.files), log_int("failed", sweep->kept),
                 log_int("bytes", (int64_t)sweep->erased.bytes));
    free_rows(sweep);
    mem_free(sweep);
    recordings->sweep = NULL;
    if (recordings->store)
        timer_start(recordings->loop, &recordings->next_sweep, SWEEP_MS, 0, on_sweep_time,
                    recordings);
}

static void on_row_erased(int err, void *arg) {
    struct sweep *sweep = arg;
    sweep->call = NULL;
    if (err) {
        sweep_end(sweep);
        return;
    }
    sweep->recordings->stats.expired++;
    sweep->at++;
    sweep_next(sweep);
}

static void erase_file(void *arg) {
    struct sweep *sweep = arg;
    const struct storage *storage = sweep->recordings->storage;
    if (sweep->at == sweep->count) {
        sweep->err = erase_old_logs(storage, sweep->before_ms, &sweep->erased);
        return;
    }
    sweep->err = erase_recording(storage, &sweep->rows[sweep->at], &sweep->erased);
}

static void on_file_erased(int err, void *arg) {
    struct sweep *sweep = arg;
    struct recordings *recordings = sweep->recordings;
    sweep->is_working = false;
    if (err || !recordings->store || sweep->at == sweep->count) {
        sweep_end(sweep);
        return;
    }
    const struct recording_info *row = &sweep->rows[sweep->at];
    if (sweep->err) {
        if (sweep->kept++ == 0)
            log_warn("recordings", "an old recording cannot be deleted",
                     log_slice("file", row->path), log_errno(sweep->err));
        sweep->at++;
        sweep_next(sweep);
        return;
    }
    const struct store_erasure erasure = {.id = row->id,
                                          .meeting_id = row->meeting,
                                          .actor = SLICE("retention"),
                                          .what = row->path,
                                          .at_ms = clock_wall_ms()};
    sweep->call = store_recording_erase(recordings->store, &erasure, on_row_erased, sweep);
}

static void list_old_rows(void *arg);

/* The next file, after a full batch the next batch, after the last one the logs. */
static void sweep_next(struct sweep *sweep) {
    struct recordings *recordings = sweep->recordings;
    if (sweep->at == sweep->count && sweep->count == SWEEP_BATCH) {
        free_rows(sweep);
        timer_start(recordings->loop, &recordings->next_sweep, SWEEP_PAUSE_MS, 0, list_old_rows,
                    recordings);
        return;
    }
    sweep->is_working = worker_run(recordings->eraser, erase_file, on_file_erased, sweep) == 0;
    if (!sweep->is_working)
        sweep_end(sweep);
}

static void on_old_rows(int err, const struct store_recording_list *list, void *arg) {
    struct sweep *sweep = arg;
    sweep->call = NULL;
    if (err) {
        sweep_end(sweep);
        return;
    }
    sweep->rows = mem_alloc_array(list->count ? list->count : 1, sizeof *sweep->rows);
    for (; sweep->count < list->count; sweep->count++) {
        sweep->rows[sweep->count] = list->recordings[sweep->count];
        recording_info_own(&sweep->rows[sweep->count]);
    }
    sweep_next(sweep);
}

static void list_old_rows(void *arg) {
    struct recordings *recordings = arg;
    struct sweep *sweep = recordings->sweep;
    sweep->call = store_recording_list_older(recordings->store, sweep->before_ms, sweep->kept,
                                             SWEEP_BATCH, on_old_rows, sweep);
}

static void on_sweep_time(void *arg) {
    struct recordings *recordings = arg;
    struct sweep *sweep = recordings->sweep = mem_alloc(sizeof *sweep);
    sweep->recordings = recordings;
    sweep->before_ms = clock_wall_ms() - recordings->ttl_ms;
    list_old_rows(recordings);
}

/* ---- life ---- */

int recordings_open(struct recordings **out, struct loop *loop, const struct storage *storage,
                    unsigned ttl_days) {
    struct recordings *recordings = mem_alloc(sizeof *recordings);
    recordings->loop = loop;
    recordings->storage = storage;
    recordings->ttl_ms = (int64_t)ttl_days * 24 * 3600 * 1000;
    list_init(&recordings->rows);
    int err = mailbox_open(&recordings->inbox, loop, recordings);
    if (!err)
        err = worker_open(&recordings->reader, loop, RECORDINGS_READERS, READS_WAITING_MAX, 0);
    if (!err)
        err = worker_open(&recordings->eraser, loop, RECORDINGS_ERASERS, ERASURES_WAITING_MAX, 0);
    if (err) {
        recordings_close(recordings);
        recordings_free(recordings);
        return err;
    }
    recordings->settle = settle_new(loop, storage, recordings->eraser);
    *out = recordings;
    return 0;
}

void recordings_start(struct recordings *recordings, struct store *store) {
    recordings->store = store;
    put_next(recordings);
    if (recordings->ttl_ms > 0)
        timer_start(recordings->loop, &recordings->next_sweep, SWEEP_FIRST_MS, 0, on_sweep_time,
                    recordings);
}

static void on_last_put(int err, struct slice meeting_id, void *arg) {
}

/* Nobody waits for the answers any more, so all rows go at once. */
static void put_all(struct recordings *recordings) {
    if (recordings->putting)
        store_cancel(recordings->putting);
    recordings->putting = NULL;
    LIST_EACH(&recordings->rows, node) {
        const struct row *row = CONTAINER_OF(node, struct row, node);
        store_recording_put(recordings->store, &row->info, on_last_put, NULL);
    }
}

static void stop_sweep(struct recordings *recordings) {
    struct sweep *sweep = recordings->sweep;
    timer_stop(&recordings->next_sweep);
    if (!sweep)
        return;
    if (sweep->call)
        store_cancel(sweep->call);
    if (!sweep->is_working)
        sweep_end(sweep);
}

void recordings_close(struct recordings *recordings) {
    if (!recordings)
        return;
    mailbox_close(recordings->inbox);
    timer_stop(&recordings->retry);
    if (recordings->store)
        put_all(recordings);
    recordings->store = NULL;
    stop_sweep(recordings);
    settle_stop(recordings->settle);
    worker_close(recordings->reader);
    worker_close(recordings->eraser);
}

void recordings_free(struct recordings *recordings) {
    if (!recordings)
        return;
    while (!list_is_empty(&recordings->rows))
        row_free(CONTAINER_OF(recordings->rows.next, struct row, node));
    settle_free(recordings->settle);
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
