#include "app/recordings/erasure.h"

#include "app/recordings/recording_page.h"
#include "app/recordings/recordings.h"
#include "app/rest/errand.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/standstill.h"
#include "net/thread.h"
#include "net/timer.h"
#include "net/worker.h"
#include "outside/files/erase.h"
#include "outside/store/store_recording.h"
#include "wire/web/json_write.h"

#include <errno.h>
#include <stdio.h>

enum {
    ROWS_MAX = 1000,
    ERASURES_MAX = 64,
    LOOK_MS = 10,
    STALL_MS = 50, /* a client waits so long for a disk that makes no progress */
    RETRY_MS = 1000,
};

struct erasures {
    struct loop *loop;
    struct store *store;
    struct recordings *recordings;
    struct list all;
    size_t count;
};

struct erasure {
    struct list node;
    struct erasures *owner; /* NULL once that has closed */
    struct errand *errand;  /* NULL: the client has its answer, or left */
    char *meeting_id, *actor;
    char *participant; /* NULL: the whole meeting */
    struct store_call *call;
    struct standstill worker;
    struct timer look, retry;
    int64_t asked_ms; /* when the worker got it */
    bool is_in_worker;
    bool has_begun; /* files may be gone, so it has to be finished */
    const struct storage *storage;
    struct recording_page page;
    size_t row_at; /* of the page: the next row to be erased */
    size_t gone;   /* rows erased so far */
    struct erased erased;
    int err;
};

/* ---- Ends ---- */

static void erasure_free(struct erasure *erasure) {
    timer_stop(&erasure->look);
    timer_stop(&erasure->retry);
    if (erasure->call)
        store_cancel(erasure->call);
    if (erasure->owner) {
        list_remove(&erasure->node);
        erasure->owner->count--;
    }
    recording_page_free(&erasure->page);
    mem_free(erasure->meeting_id);
    mem_free(erasure->actor);
    mem_free(erasure->participant);
    mem_free(erasure);
}

/* The errand frees its job: the client has its answer, or left. */
static void erasure_leave(void *job) {
    struct erasure *erasure = job;
    erasure->errand = NULL;
    timer_stop(&erasure->look);
}

static void erasure_fail(struct erasure *erasure, int status, const char *message) {
    if (erasure->errand)
        errand_answer_error(erasure->errand, status, message);
    else
        log_error("recordings", "a meeting was not erased entirely: ask for it again",
                  log_text("meetingId", erasure->meeting_id), log_text("why", message));
    erasure_free(erasure);
}

static void erasure_fail_errno(struct erasure *erasure, int err) {
    if (err == EBUSY)
        erasure_fail(erasure, 409, "The meeting is active; it can be erased when it ended");
    else if (err == ENOENT)
        erasure_fail(erasure, 404, "Session not found");
    else
        erasure_fail(erasure, 500, "Internal server error");
}

/* Nothing has been erased, and nothing will be. */
static void answer_away(struct erasure *erasure) {
    errand_answer_errno(erasure->errand, EAGAIN, NULL);
    erasure_free(erasure);
}

static void answer_begun(struct errand *errand) {
    buf_add_text(&errand->json, "{\"erasing\":true}");
    errand_answer_json(errand, 202);
}

/* ---- While the disk or the database stalls ---- */

static void erasure_list_rows(void *user);
static void erase_rows(void *user);
static void erasure_erase_meeting(void *user);

static void try_again(struct erasure *erasure, timer_fn *step) {
    if (erasure->errand)
        answer_begun(erasure->errand);
    timer_start(erasure->owner->loop, &erasure->retry, RETRY_MS, 0, step, erasure);
}

/* While the client waits: answers as soon as the worker or the store makes no progress. */
static void erasure_on_look(void *user) {
    struct erasure *erasure = user;
    int64_t now_ms = clock_mono_ms();
    bool is_stuck = store_is_stalled(erasure->owner->store);
    if (erasure->is_in_worker && standstill_turn(&erasure->worker) == 0)
        is_stuck |= now_ms - erasure->asked_ms >= STALL_MS; /* the worker is busy with others */
    else if (standstill_look(&erasure->worker, now_ms) >= STALL_MS)
        is_stuck = true;
    if (is_stuck && !erasure->has_begun)
        answer_away(erasure);
    else if (is_stuck)
        answer_begun(erasure->errand);
}

/* ---- Steps ---- */

static void erasure_answer(const struct erasure *erasure, const struct store_erased *rows) {
    const struct erased *erased = &erasure->erased;
    struct buf *json = &erasure->errand->json;
    json_open(json, NULL);
    json_open(json, "erased");
    json_add_int(json, "recordings", rows->recordings + (int64_t)erasure->gone);
    json_add_uint(json, "files", erased->files);
    json_add_uint(json, "sidecars", erased->sidecars);
    json_add_uint(json, "bytes", erased->bytes);
    json_add_uint(json, "logLines", erased->log_lines);
    json_add_int(json, "feedback", rows->feedback);
    json_close(json);
    json_close(json);
    errand_answer_json(erasure->errand, 200);
}

static void on_meeting_erased(int err, const struct store_erased *rows, void *user) {
    struct erasure *erasure = user;
    erasure->call = NULL;
    if (err == EAGAIN) {
        try_again(erasure, erasure_erase_meeting);
        return;
    }
    if (err) {
        erasure_fail_errno(erasure, err);
        return;
    }
    log_info("recordings",
             erasure->participant ? "a person was erased from a meeting" : "a meeting was erased",
             log_text("meetingId", erasure->meeting_id), log_text("by", erasure->actor));
    if (erasure->errand)
        erasure_answer(erasure, rows);
    erasure_free(erasure);
}

static void erasure_erase_meeting(void *user) {
    struct erasure *erasure = user;
    char what[64];
    snprintf(what, sizeof what, "%zu recordings", erasure->gone + erasure->page.count);
    const struct store_erasure in = {.meeting_id = slice_from(erasure->meeting_id),
                                     .participant = slice_from(erasure->participant),
                                     .actor = slice_from(erasure->actor),
                                     .what = slice_from(what),
                                     .at_ms = clock_wall_ms()};
    erasure->call = (erasure->participant ? store_person_erase : store_meeting_erase)(
        erasure->owner->store, &in, on_meeting_erased, erasure);
}

static void erasure_on_row_erased(int err, void *user) {
    struct erasure *erasure = user;
    erasure->call = NULL;
    if (err == EAGAIN) {
        try_again(erasure, erase_rows);
    } else if (err) {
        erasure_fail_errno(erasure, err);
    } else {
        erasure->row_at++;
        erasure->gone++;
        erase_rows(erasure);
    }
}

/* After a full page there may be another, so this page's rows go first and the next is listed. */
static void erase_rows(void *user) {
    struct erasure *erasure = user;
    if (erasure->row_at == erasure->page.count) {
        erasure_list_rows(erasure);
        return;
    }
    const struct recording_info *row = &erasure->page.rows[erasure->row_at];
    const struct store_erasure in = {.id = row->id,
                                     .meeting_id = slice_from(erasure->meeting_id),
                                     .actor = slice_from(erasure->actor),
                                     .what = row->path,
                                     .at_ms = clock_wall_ms()};
    erasure->call =
        store_recording_erase(erasure->owner->store, &in, erasure_on_row_erased, erasure);
}

/* On a worker. A file that cannot be deleted keeps its row, so it can be deleted later. */
static void erase_files(void *user) {
    struct erasure *erasure = user;
    atomic_store(&erasure->worker.thread_id, thread_id());
    for (size_t i = 0; i < erasure->page.count && !erasure->err; i++) {
        const struct recording_info *file = &erasure->page.rows[i];
        standstill_begin(&erasure->worker);
        erasure->err = erase_recording(erasure->storage, file, &erasure->erased);
        if (!erasure->err)
            erasure->err = erase_log_lines(erasure->storage, file, &erasure->erased);
    }
    standstill_end(&erasure->worker);
}

static void on_files_erased(int err, void *user) {
    struct erasure *erasure = user;
    erasure->is_in_worker = false;
    if (!erasure->owner)
        erasure_free(erasure);
    else if (erasure->err == EBUSY)
        erasure_fail(erasure, 409, "The meeting is still being recorded");
    else if (err || erasure->err)
        erasure_fail(erasure, 500, "Some files could not be deleted; try again");
    else if (erasure->page.count == ROWS_MAX)
        erase_rows(erasure);
    else
        erasure_erase_meeting(erasure);
}

static void start_worker(void *user) {
    struct erasure *erasure = user;
    erasure->asked_ms = clock_mono_ms();
    erasure->has_begun = true;
    erasure->is_in_worker = worker_run(recordings_eraser(erasure->owner->recordings), erase_files,
                                       on_files_erased, erasure) == 0;
    if (!erasure->is_in_worker)
        try_again(erasure, start_worker);
}

static void erasure_on_rows(int err, const struct store_recording_list *list, void *user) {
    struct erasure *erasure = user;
    erasure->call = NULL;
    if (err == EAGAIN && erasure->errand && !erasure->has_begun) {
        answer_away(erasure);
    } else if (err == EAGAIN) {
        try_again(erasure, erasure_list_rows);
    } else if (err) {
        erasure_fail_errno(erasure, err);
    } else {
        recording_page_keep(&erasure->page, list);
        erasure->row_at = 0;
        start_worker(erasure);
    }
}

static void erasure_list_rows(void *user) {
    struct erasure *erasure = user;
    struct store *store = erasure->owner->store;
    struct slice meeting_id = slice_from(erasure->meeting_id);
    erasure->call =
        erasure->participant
            ? store_recording_list_person(store, meeting_id, slice_from(erasure->participant),
                                          ROWS_MAX, erasure_on_rows, erasure)
            : store_recording_list(store, meeting_id, ROWS_MAX, erasure_on_rows, erasure);
}

/* ---- Life ---- */

static bool is_under_way(struct erasures *erasures, struct slice meeting_id) {
    LIST_EACH(&erasures->all, node) {
        const struct erasure *erasure = CONTAINER_OF(node, struct erasure, node);
        if (slice_is_equal(slice_from(erasure->meeting_id), meeting_id))
            return true;
    }
    return false;
}

static void erasure_begin(struct erasures *erasures, struct errand *errand, struct slice meeting_id,
                          const struct slice *participant, struct slice actor) {
    if (is_under_way(erasures, meeting_id)) {
        answer_begun(errand);
        return;
    }
    if (store_is_stalled(erasures->store) || erasures->count == ERASURES_MAX) {
        errand_answer_errno(errand, EAGAIN, NULL);
        return;
    }
    struct erasure *erasure = mem_alloc(sizeof *erasure);
    erasure->owner = erasures;
    erasure->errand = errand;
    erasure->storage = recordings_storage(erasures->recordings);
    erasure->meeting_id = slice_copy_text(meeting_id);
    erasure->actor = slice_copy_text(actor);
    erasure->participant = participant ? slice_copy_text(*participant) : NULL;
    list_add(&erasures->all, &erasure->node);
    erasures->count++;
    errand_set_job(errand, erasure, erasure_leave);
    timer_start(erasures->loop, &erasure->look, LOOK_MS, LOOK_MS, erasure_on_look, erasure);
    erasure_list_rows(erasure);
}

void erasure_start(struct erasures *erasures, struct errand *errand, struct slice meeting_id,
                   struct slice actor) {
    erasure_begin(erasures, errand, meeting_id, NULL, actor);
}

void erasure_start_person(struct erasures *erasures, struct errand *errand, struct slice meeting_id,
                          struct slice participant, struct slice actor) {
    erasure_begin(erasures, errand, meeting_id, &participant, actor);
}

struct erasures *erasures_open(struct loop *loop, struct store *store,
                               struct recordings *recordings) {
    struct erasures *erasures = mem_alloc(sizeof *erasures);
    erasures->loop = loop;
    erasures->store = store;
    erasures->recordings = recordings;
    list_init(&erasures->all);
    return erasures;
}

void erasures_close(struct erasures *erasures) {
    if (!erasures)
        return;
    LIST_EACH(&erasures->all, node) {
        struct erasure *erasure = CONTAINER_OF(node, struct erasure, node);
        if (!erasure->is_in_worker) {
            erasure_free(erasure);
            continue;
        }
        /* A worker has it, and on_files_erased frees it. */
        list_remove(&erasure->node);
        timer_stop(&erasure->look);
        erasure->owner = NULL;
    }
    mem_free(erasures);
}
