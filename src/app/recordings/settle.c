#include "app/recordings/settle.h"

#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/timer.h"
#include "net/worker.h"
#include "outside/files/format.h"
#include "outside/files/sidecar.h"
#include "outside/store/store_recording.h"

#include <errno.h>

enum { WAITING_MAX = 10000, ROWS_MAX = 1000, RETRY_MS = 2000, TRIES_MAX = 5 };

struct settle {
    struct loop *loop;
    const struct storage *storage;
    struct worker *worker;
    struct list files; /* waiting, in order; a worker may have the first one */
    size_t waiting;
    struct list questions; /* open calls of the store */
    struct timer retry;
    bool is_working, is_stopped;
};

struct settle_file {
    struct list node;
    struct settle *settle;
    enum storage_kind kind;
    char *path, *meeting_id;
    unsigned tries;
    int err; /* from the worker */
};

struct settle_question {
    struct list node;
    struct settle *settle;
    struct store_call *call;
};

/* ---- One file after the other ---- */

static void file_free(struct settle_file *file) {
    list_remove(&file->node);
    file->settle->waiting--;
    mem_free(file->path);
    mem_free(file->meeting_id);
    mem_free(file);
}

static void write_sidecar(void *user) {
    struct settle_file *file = user;
    file->err = sidecar_set_meeting(file->settle->storage, file->kind, slice_from(file->path),
                                    slice_from(file->meeting_id));
}

static void next_file(void *user);

static void settle_on_written(int err, void *user) {
    struct settle_file *file = user;
    struct settle *settle = file->settle;
    settle->is_working = false;
    if (err || settle->is_stopped)
        return;
    bool is_done = file->err == 0 || file->err == ENOENT; /* ENOENT: deleted meanwhile */
    if (!is_done && ++file->tries < TRIES_MAX) {
        timer_start(settle->loop, &settle->retry, RETRY_MS, 0, next_file, settle);
        return;
    }
    if (!is_done)
        log_warn("recordings", "a sidecar keeps its room's name until the next start",
                 log_text("file", file->path), log_errno(file->err));
    file_free(file);
    next_file(settle);
}

static void next_file(void *user) {
    struct settle *settle = user;
    if (settle->is_stopped || settle->is_working || timer_is_running(&settle->retry) ||
        list_is_empty(&settle->files))
        return;
    struct settle_file *file = CONTAINER_OF(settle->files.next, struct settle_file, node);
    settle->is_working = worker_run(settle->worker, write_sidecar, settle_on_written, file) == 0;
    if (!settle->is_working)
        timer_start(settle->loop, &settle->retry, RETRY_MS, 0, next_file, settle);
}

void settle_add(struct settle *settle, struct slice path, bool is_video, struct slice meeting_id) {
    if (settle->is_stopped || settle->waiting == WAITING_MAX)
        return;
    struct settle_file *file = mem_alloc(sizeof *file);
    file->settle = settle;
    file->kind = is_video ? STORAGE_VIDEO : STORAGE_AUDIO;
    file->path = slice_copy_text(path);
    file->meeting_id = slice_copy_text(meeting_id);
    list_add(&settle->files, &file->node);
    settle->waiting++;
    next_file(settle);
}

/* ---- The recordings of a meeting ---- */

static void settle_question_free(struct settle_question *question) {
    list_remove(&question->node);
    mem_free(question);
}

/*
 * A sidecar in the meeting's own folder has its id already. That of a recording in progress gets it
 * from its recorder.
 */
static bool may_be_behind(const struct recording_info *row) {
    char own[TEXT_NAME_SIZE];
    struct slice folder, path = row->path;
    storage_folder_name(own, row->meeting);
    return row->ended_ms && slice_cut(&path, '/', &folder) &&
           !slice_is_equal(folder, slice_from(own));
}

static void settle_on_rows(int err, const struct store_recording_list *list, void *user) {
    struct settle_question *question = user;
    struct settle *settle = question->settle;
    settle_question_free(question);
    for (size_t i = 0; !err && i < list->count; i++) {
        const struct recording_info *row = &list->recordings[i];
        if (may_be_behind(row))
            settle_add(settle, row->path, format_is_video(row->format), row->meeting);
    }
}

void settle_meeting(struct settle *settle, struct store *store, struct slice meeting_id) {
    if (settle->is_stopped)
        return;
    struct settle_question *question = mem_alloc(sizeof *question);
    question->settle = settle;
    list_add(&settle->questions, &question->node);
    question->call = store_recording_list(store, meeting_id, ROWS_MAX, settle_on_rows, question);
}

/* ---- Life ---- */

struct settle *settle_new(struct loop *loop, const struct storage *storage, struct worker *worker) {
    struct settle *settle = mem_alloc(sizeof *settle);
    settle->loop = loop;
    settle->storage = storage;
    settle->worker = worker;
    list_init(&settle->files);
    list_init(&settle->questions);
    return settle;
}

void settle_stop(struct settle *settle) {
    if (!settle)
        return;
    settle->is_stopped = true;
    timer_stop(&settle->retry);
    while (!list_is_empty(&settle->questions)) {
        struct settle_question *question =
            CONTAINER_OF(settle->questions.next, struct settle_question, node);
        store_cancel(question->call);
        settle_question_free(question);
    }
}

void settle_free(struct settle *settle) {
    if (!settle)
        return;
    while (!list_is_empty(&settle->files))
        file_free(CONTAINER_OF(settle->files.next, struct settle_file, node));
    mem_free(settle);
}
