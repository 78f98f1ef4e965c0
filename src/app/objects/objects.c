#include "app/objects/objects.h"

#include "app/objects/object_key.h"
#include "app/objects/object_work.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/timer.h"
#include "net/worker.h"
#include "outside/files/format.h"

#include <errno.h>
#include <string.h>

enum {
    LOOK_MS = 1000,
    FIRST_RETRY_MS = 1000,
    LAST_RETRY_MS = 5 * 60 * 1000,
    STALE_MS = 60 * 1000, /* so far back is looked for recordings that ended */
    NICE = 10,
    HOUR_MS = 3600 * 1000,
};

struct objects {
    struct objects_settings set;
    struct worker *worker;
    atomic_bool is_stopped;
    struct timer timer;
    struct list jobs; /* steps under way */
    size_t job_count;
    struct store_call *gathering, *listing, *counting;
    int64_t gathered_ms;  /* recordings that ended before have their rows */
    int64_t full_look_ms; /* monotonic: when all recordings were last looked at */
    struct objects_stats stats;
};

/* A step on its way: worker, then row. */
struct object_job {
    struct list node;
    struct objects *objects;
    char *id;
    struct store_object row; /* its texts are the work's, and `id` */
    struct object_work work;
    struct store_call *call;
    bool is_in_worker;
};

/* ---- A job ---- */

static void job_free(struct object_job *job) {
    list_remove(&job->node);
    job->objects->job_count--;
    object_work_free(&job->work);
    mem_free(job->id);
    mem_free(job);
}

static void look(void *user);

/* A row that could not be written is due again, and the step with it. */
static void object_on_set(int err, void *user) {
    struct object_job *job = user;
    struct objects *objects = job->objects;
    job->call = NULL;
    job_free(job);
    if (!err && !atomic_load(&objects->is_stopped))
        look(objects); /* the place is free, and the object may be due again */
}

static void write_row(struct object_job *job) {
    struct store_object *row = &job->row;
    row->key = slice_from(job->work.key);
    row->upload_id = slice_from(job->work.upload_id);
    job->call = store_object_set(job->objects->set.store, row, object_on_set, job);
}

static void forget_row(struct object_job *job) {
    job->call = store_object_forget(job->objects->set.store, job->row.id, object_on_set, job);
}

/* ---- What follows from a step ---- */

static void say_failure(struct object_job *job, int64_t delay_ms) {
    bool will_be_refused = job->work.err == EIO || job->work.err == EFBIG;
    log_limited(will_be_refused ? LOG_ERROR : LOG_WARN, 10, NULL, "objects",
                "a recording's object has to wait", log_text("file", job->work.path),
                log_text("why", job->work.why), log_int("again in ms", delay_ms));
}

static void try_again(struct object_job *job) {
    struct objects *objects = job->objects;
    unsigned tries = job->row.tries = job->work.sent > 0 ? 1 : job->row.tries + 1;
    int64_t delay_ms = backoff_ms(tries, FIRST_RETRY_MS, LAST_RETRY_MS, rand_u64());
    objects->stats.failed++;
    objects->stats.is_failing = true;
    say_failure(job, delay_ms);
    job->row.next_ms = clock_wall_ms() + delay_ms;
    write_row(job);
}

static void take_stored(struct object_job *job) {
    struct objects *objects = job->objects;
    double keep_hours = objects->set.keep_local_hours;
    objects->stats.uploaded++;
    slice_replace_text(&job->work.upload_id, SLICE_NONE);
    job->row.state = STORE_OBJECT_STORED;
    job->row.stored_ms = clock_wall_ms();
    job->row.next_ms = keep_hours < 0 ? 0 : job->row.stored_ms + (int64_t)(keep_hours * HOUR_MS);
    log_debug("objects", "a recording is in the object store", log_text("key", job->work.key));
    write_row(job);
}

/* An upload in parts has its id, and begins once that is written. */
static void take_begun(struct object_job *job) {
    job->row.next_ms = clock_wall_ms();
    write_row(job);
}

static void take_new_key(struct object_job *job) {
    char *next = object_key_next(slice_from(job->work.key));
    log_info("objects", "the store has another object of that name", log_text("key", job->work.key),
             log_text("instead", next));
    mem_free(job->work.key);
    job->work.key = next;
    slice_replace_text(&job->work.upload_id, SLICE_NONE);
    job->row.next_ms = clock_wall_ms();
    write_row(job);
}

static void take_done(struct object_job *job) {
    struct objects *objects = job->objects;
    objects->stats.is_failing = false;
    job->row.tries = 0;
    switch (job->row.state) {
    case STORE_OBJECT_WAITING:
        take_stored(job);
        return;
    case STORE_OBJECT_STORED:
        objects->stats.dropped++;
        job->row.next_ms = 0;
        job->row.is_local_gone = true;
        write_row(job);
        return;
    case STORE_OBJECT_ERASING:
        objects->stats.erased++;
        forget_row(job);
        return;
    }
}

static void take_missing(struct object_job *job) {
    log_warn("objects", "a recording is not on this disk, so it is not uploaded",
             log_text("file", job->work.path));
    job->objects->stats.failed++;
    forget_row(job);
}

/* The object was lost outside: the file that is still here is uploaded once more. */
static void take_stale(struct object_job *job) {
    log_warn("objects", "an object is gone from the store; its recording is uploaded again",
             log_text("key", job->work.key));
    job->row.state = STORE_OBJECT_WAITING;
    job->row.stored_ms = 0;
    job->row.next_ms = clock_wall_ms();
    write_row(job);
}

static void take_result(struct object_job *job) {
    switch (job->work.err) {
    case 0:
        take_done(job);
        break;
    case EINPROGRESS:
        take_begun(job);
        break;
    case EEXIST:
        take_new_key(job);
        break;
    case ENOENT:
        take_missing(job);
        break;
    case ESTALE:
        take_stale(job);
        break;
    default:
        try_again(job);
    }
}

/* ---- Steps on workers ---- */

static void object_on_worker(void *user) {
    struct object_job *job = user;
    object_work_run(&job->work);
}

static void object_on_done(int err, void *user) {
    struct object_job *job = user;
    struct objects *objects = job->objects;
    job->is_in_worker = false;
    objects->stats.uploaded_bytes += job->work.sent;
    if (err || atomic_load(&objects->is_stopped))
        job_free(job);
    else
        take_result(job);
}

static bool is_under_way(const struct objects *objects, struct slice id) {
    LIST_EACH(&objects->jobs, node)
        if (slice_is_equal(slice_from(CONTAINER_OF(node, struct object_job, node)->id), id))
            return true;
    return false;
}

static void begin(struct objects *objects, const struct store_object *row) {
    const struct format *format = format_find(row->format);
    struct object_job *job = mem_alloc(sizeof *job);
    job->objects = objects;
    job->id = slice_copy_text(row->id);
    job->work = (struct object_work){
        .s3 = objects->set.s3,
        .storage = objects->set.storage,
        .is_stopped = &objects->is_stopped,
        .state = row->state,
        .path = slice_copy_text(row->path),
        .key = row->key.len > 0
                   ? slice_copy_text(row->key)
                   : object_key(objects->set.prefix, format && format->is_video, row->path),
        .upload_id = slice_copy_text(row->upload_id),
        .format = slice_from(format ? format->name : NULL),
    };
    job->row = *row;
    job->row.id = slice_from(job->id);
    job->row.path = slice_from(job->work.path);
    job->row.format = job->work.format;
    list_add(&objects->jobs, &job->node);
    objects->job_count++;
    job->is_in_worker = worker_run(objects->worker, object_on_worker, object_on_done, job) == 0;
    if (!job->is_in_worker)
        job_free(job);
}

/* ---- What is due ---- */

static void objects_on_count(int err, const struct store_object_count *count, void *user) {
    struct objects *objects = user;
    objects->counting = NULL;
    if (err)
        return;
    objects->stats.waiting = count->waiting;
    objects->stats.waiting_bytes = count->waiting_bytes;
    objects->stats.erasing = count->erasing;
    objects->stats.oldest_s =
        count->oldest_ms ? (uint64_t)(clock_wall_ms() - count->oldest_ms) / 1000 : 0;
}

static void objects_on_due(int err, const struct store_object_list *list, void *user) {
    struct objects *objects = user;
    objects->listing = NULL;
    for (size_t i = 0; !err && i < list->count && objects->job_count < OBJECTS_AT_ONCE; i++)
        if (!is_under_way(objects, list->objects[i].id))
            begin(objects, &list->objects[i]);
    objects->counting = store_object_count(objects->set.store, objects_on_count, objects);
}

static void objects_on_gathered(int err, void *user) {
    struct objects *objects = user;
    objects->gathering = NULL;
    if (err)
        objects->full_look_ms = 0;
    objects->listing = store_object_list_due(objects->set.store, clock_wall_ms(),
                                             2 * OBJECTS_AT_ONCE, objects_on_due, objects);
}

/* The row of a recording may come late, after a repair or when the database was away. So the first
 * look, one after a failure and one an hour go back to the beginning. */
static void look(void *user) {
    struct objects *objects = user;
    if (objects->gathering || objects->listing || objects->counting)
        return;
    int64_t now_ms = clock_wall_ms(), from_ms = objects->gathered_ms;
    if (!objects->full_look_ms || clock_mono_ms() - objects->full_look_ms > HOUR_MS) {
        objects->full_look_ms = clock_mono_ms();
        from_ms = 0;
    }
    objects->gathered_ms = now_ms - STALE_MS;
    objects->gathering =
        store_object_gather(objects->set.store, from_ms, now_ms, objects_on_gathered, objects);
}

/* ---- Life ---- */

struct objects *objects_open(const struct objects_settings *set) {
    struct objects *objects = mem_alloc(sizeof *objects);
    objects->set = *set;
    objects->worker = worker_new(set->loop, OBJECTS_AT_ONCE, OBJECTS_AT_ONCE, NICE);
    list_init(&objects->jobs);
    timer_start(set->loop, &objects->timer, LOOK_MS, LOOK_MS, look, objects);
    return objects;
}

static void cancel(struct store_call **call) {
    if (*call)
        store_cancel(*call);
    *call = NULL;
}

void objects_close(struct objects *objects) {
    if (!objects)
        return;
    atomic_store(&objects->is_stopped, true);
    timer_stop(&objects->timer);
    cancel(&objects->gathering);
    cancel(&objects->listing);
    cancel(&objects->counting);
    worker_close(objects->worker);
    LIST_EACH(&objects->jobs, node) {
        struct object_job *job = CONTAINER_OF(node, struct object_job, node);
        cancel(&job->call);
        if (!job->is_in_worker)
            job_free(job);
    }
}

void objects_free(struct objects *objects) {
    if (!objects)
        return;
    s3_free(objects->set.s3);
    mem_free(objects);
}

void objects_link(struct objects *objects, const char *method, const struct store_object *object,
                  struct buf *url) {
    const struct format *format = format_find(object->format);
    const char *name = memrchr(object->path.ptr, '/', object->path.len);
    size_t at = name ? (size_t)(name - object->path.ptr) + 1 : 0;
    s3_link(objects->set.s3, method, object->key,
            slice_from(format ? format->mime : "application/octet-stream"),
            slice_skip(object->path, at), clock_wall_ms() / 1000, objects->set.link_s, url);
}

const struct objects_stats *objects_stats(const struct objects *objects) {
    return &objects->stats;
}

#define AT(member) offsetof(struct objects_stats, member)

static const struct counter counters[] = {
    {"prosa_objects_uploaded_total", "Recordings that are in the object store, verified.",
     COUNTER_SUM, AT(uploaded)},
    {"prosa_objects_sent_bytes_total", "Bytes sent to the object store.", COUNTER_SUM,
     AT(uploaded_bytes)},
    {"prosa_objects_erased_total", "Objects deleted with their recordings.", COUNTER_SUM,
     AT(erased)},
    {"prosa_objects_local_dropped_total", "Files deleted here after they were stored.", COUNTER_SUM,
     AT(dropped)},
    {"prosa_objects_failed_total", "Uploads and deletions that did not go through.", COUNTER_SUM,
     AT(failed)},
    {"prosa_objects_waiting", "Recordings that wait for the object store.", COUNTER_GAUGE,
     AT(waiting)},
    {"prosa_objects_waiting_bytes", "Bytes of recordings that wait for the object store.",
     COUNTER_GAUGE, AT(waiting_bytes)},
    {"prosa_objects_erasing", "Objects that are still to be deleted.", COUNTER_GAUGE, AT(erasing)},
    {"prosa_objects_oldest_seconds", "How long the first recording has waited.", COUNTER_GAUGE,
     AT(oldest_s)},
};

const struct counter_table objects_counters = {counters, ARRAY_LEN(counters)};
