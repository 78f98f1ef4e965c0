#include "app/recordings/retention.h"

#include "app/recordings/recording_page.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/timer.h"
#include "net/worker.h"
#include "outside/files/erase.h"
#include "outside/files/second_clock.h"
#include "outside/store/store_recording.h"

enum {
    FIRST_MS = 60 * 1000,
    EVERY_MS = 3600 * 1000,
    PAUSE_MS = 1000, /* between two batches */
    BATCH = 100,
};

struct retention {
    struct retention_settings set;
    struct store *store; /* NULL before start and after stop */
    struct timer timer;  /* to the next sweep, or to the next batch */

    /* Of the sweep under way: */
    bool is_sweeping;
    bool is_working; /* the worker deletes */
    int64_t before_ms;
    struct recording_page page;
    struct retention_sweep sweep;
    struct store_call *call;
    struct erased erased;
    int err; /* from the worker */
};

/* ---- The order of a sweep ---- */

void retention_listed(struct retention_sweep *sweep, size_t count) {
    sweep->count = count;
    sweep->at = 0;
}

void retention_row_done(struct retention_sweep *sweep, bool is_deleted) {
    sweep->at++;
    if (!is_deleted)
        sweep->kept++;
}

enum retention_step retention_next(const struct retention_sweep *sweep) {
    if (sweep->at < sweep->count)
        return RETENTION_ROW;
    return sweep->count == sweep->batch ? RETENTION_LIST : RETENTION_LOGS;
}

/* ---- Begin and end of a sweep ---- */

static void retention_list_rows(void *user);

static void begin_sweep(void *user) {
    struct retention *retention = user;
    if (second_clock_doubts(retention->set.clock, clock_wall_ms(), clock_mono_ms())) {
        timer_start(retention->set.loop, &retention->timer, FIRST_MS, 0, begin_sweep, retention);
        return;
    }
    retention->is_sweeping = true;
    retention->before_ms = clock_wall_ms() - (int64_t)retention->set.ttl_days * 24 * 3600 * 1000;
    retention->sweep = (struct retention_sweep){.batch = BATCH};
    retention->erased = (struct erased){0};
    retention_list_rows(retention);
}

static void end_sweep(struct retention *retention) {
    const struct erased *erased = &retention->erased;
    if (erased->files > 0 || retention->sweep.kept > 0)
        log_info("recordings", "what was older than RECORDING_TTL_DAYS was deleted",
                 log_int("files", (int64_t)erased->files),
                 log_int("failed", (int64_t)retention->sweep.kept),
                 log_int("bytes", (int64_t)erased->bytes));
    recording_page_free(&retention->page);
    retention->is_sweeping = false;
    if (retention->store)
        timer_start(retention->set.loop, &retention->timer, EVERY_MS, 0, begin_sweep, retention);
}

/* ---- Steps ---- */

static void take_step(struct retention *retention);

static const struct recording_info *current_row(const struct retention *retention) {
    return &retention->page.rows[retention->sweep.at];
}

static void retention_on_row_erased(int err, void *user) {
    struct retention *retention = user;
    retention->call = NULL;
    if (err) {
        end_sweep(retention);
        return;
    }
    (*retention->set.expired)++;
    retention_row_done(&retention->sweep, true);
    take_step(retention);
}

/* On the worker. */
static void delete_file(void *user) {
    struct retention *retention = user;
    retention->err =
        erase_recording(retention->set.storage, current_row(retention), &retention->erased);
}

static void on_file_deleted(int err, void *user) {
    struct retention *retention = user;
    retention->is_working = false;
    if (err || !retention->store) {
        end_sweep(retention);
        return;
    }
    const struct recording_info *row = current_row(retention);
    if (retention->err) {
        if (retention->sweep.kept == 0)
            log_warn("recordings", "an old recording cannot be deleted",
                     log_slice("file", row->path), log_errno(retention->err));
        retention_row_done(&retention->sweep, false);
        take_step(retention);
        return;
    }
    const struct store_erasure erasure = {.id = row->id,
                                          .meeting_id = row->meeting,
                                          .actor = SLICE("retention"),
                                          .what = row->path,
                                          .at_ms = clock_wall_ms()};
    retention->call =
        store_recording_erase(retention->store, &erasure, retention_on_row_erased, retention);
}

/* On the worker. */
static void delete_logs(void *user) {
    struct retention *retention = user;
    retention->err =
        erase_old_logs(retention->set.storage, retention->before_ms, &retention->erased);
}

static void on_logs_deleted(int err, void *user) {
    struct retention *retention = user;
    retention->is_working = false;
    end_sweep(retention);
}

static void work(struct retention *retention, work_fn *run, work_done_fn *done) {
    retention->is_working = worker_run(retention->set.worker, run, done, retention) == 0;
    if (!retention->is_working)
        end_sweep(retention);
}

static void take_step(struct retention *retention) {
    switch (retention_next(&retention->sweep)) {
    case RETENTION_ROW:
        work(retention, delete_file, on_file_deleted);
        break;
    case RETENTION_LIST:
        timer_start(retention->set.loop, &retention->timer, PAUSE_MS, 0, retention_list_rows,
                    retention);
        break;
    case RETENTION_LOGS:
        work(retention, delete_logs, on_logs_deleted);
        break;
    }
}

static void retention_on_rows(int err, const struct store_recording_list *list, void *user) {
    struct retention *retention = user;
    retention->call = NULL;
    if (err) {
        end_sweep(retention);
        return;
    }
    recording_page_keep(&retention->page, list);
    retention_listed(&retention->sweep, list->count);
    take_step(retention);
}

static void retention_list_rows(void *user) {
    struct retention *retention = user;
    retention->call = store_recording_list_older(retention->store, retention->before_ms,
                                                 (unsigned)retention->sweep.kept, BATCH,
                                                 retention_on_rows, retention);
}

/* ---- Life ---- */

struct retention *retention_new(const struct retention_settings *set) {
    struct retention *retention = mem_alloc(sizeof *retention);
    retention->set = *set;
    return retention;
}

void retention_start(struct retention *retention, struct store *store) {
    retention->store = store;
    if (retention->set.ttl_days > 0)
        timer_start(retention->set.loop, &retention->timer, FIRST_MS, 0, begin_sweep, retention);
}

void retention_stop(struct retention *retention) {
    if (!retention)
        return;
    retention->store = NULL;
    timer_stop(&retention->timer);
    if (retention->call)
        store_cancel(retention->call);
    retention->call = NULL;
    if (retention->is_sweeping && !retention->is_working)
        end_sweep(retention);
}

void retention_free(struct retention *retention) {
    if (!retention)
        return;
    recording_page_free(&retention->page);
    mem_free(retention);
}
