#include "outside/store/store.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/thread.h"
#include "net/timer.h"
#include "outside/store/store_private.h"
#include "outside/store/store_checkpoint.h"
#include "outside/db/db_connect.h"
#include "outside/db/db.h"
#include "outside/store/store_feedback.h"
#include "outside/store/store_reader.h"
#include "outside/store/store_sql.h"
#include "outside/db/db_url.h"
#include "outside/store/store_watch.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum {
    DEADLINE_MS = 2000,
    FIRST_CONNECT_MS = 3000,
    LAST_CONNECT_MS = 1000,
    LEAST_PART = 8, /* of the deadline: what must be left of it for a question to be begun */
    STEP_MS = 20,   /* how long one look at a connection on its way may hold up everybody else */
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 1000,
    PROBE_MS = 5000, /* how long an idle store believes that the database is there */
    EXPIRE_MS = 60 * 1000,
    EXPIRE_AGAIN_MS = 200, /* between slices, when there was more than one */
    EXPIRE_ROWS = 500,
    QUEUE_MAX = 50000,
    STOP_RETRY_US = 50 * 1000,
    STORE_NICE = 5, /* nobody hears a late row */
};

/* Longer than any family of refresh tokens lives. */
#define TOKEN_KEEP_MS (INT64_C(100) * 24 * 3600 * 1000)

struct store {
    struct db_url url;
    char *default_organization;
    int64_t deadline_ms;

    /* The caller's thread. */
    struct mailbox *answers;
    struct store_watch watch;
    struct store_reader *reader; /* NULL: nobody reads beside the writer */

    /* The store's thread. */
    struct thread *thread;
    struct loop *loop;
    struct mailbox *inbox;
    struct db *db;      /* NULL while there is no connection */
    struct db *opening; /* one on its way */
    struct feedback_queue queue;
    struct store_checkpoint *checkpoint; /* NULL: nobody does it but the writer */
    struct timer flush, retry, probe, expire;
    int64_t retry_ms;
    int64_t used_ms; /* when the database last answered */
    bool is_stopping;

    /* Any thread. */
    _Atomic int64_t away_since_ms; /* 0: it is there */
    atomic_uint_fast64_t calls_done, calls_late, reconnects, expired;
};

static void note_away(struct store *store, const char *why) {
    if (atomic_load(&store->away_since_ms) == 0) {
        atomic_store(&store->away_since_ms, clock_mono_ms());
        log_error("store", "the database is away; events wait in memory", log_text("why", why));
    }
}

static void note_back(struct store *store) {
    int64_t since_ms = atomic_exchange(&store->away_since_ms, 0);
    store->retry_ms = RETRY_MIN_MS;
    if (since_ms)
        log_info("store", "the database is back", log_int("awayMs", clock_mono_ms() - since_ms));
}

static void on_retry(void *arg);

static void retry_later(struct store *store) {
    if (timer_is_running(&store->retry))
        return;
    timer_start(store->loop, &store->retry, store->retry_ms + (int64_t)rand_below(100), 0, on_retry,
                store);
    store->retry_ms = store->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : store->retry_ms * 2;
}

static void drop_connection(struct store *store) {
    note_away(store, store->db->why);
    db_close(store->db);
    store->db = NULL;
    retry_later(store);
}

static void end_opening(struct store *store) {
    db_close(store->opening);
    store->opening = NULL;
}

/*
 * A step towards a connection; true once it is there. A silent server is waited for in small pieces,
 * with calls refused in between: the handshake that it finds when it wakes up is still good.
 */
static bool try_connect(struct store *store) {
    char why[DB_WHY_BYTES];
    int err = 0;
    if (!store->opening)
        err = db_connect_start(&store->opening, &store->url, why, sizeof why);
    atomic_store(&store->watch.is_connecting, true);
    if (!err)
        err = db_connect_step(store->opening, &store->url, clock_mono_ms() + STEP_MS, why,
                                 sizeof why);
    atomic_store(&store->watch.is_connecting, false);
    if (err == EINPROGRESS) {
        timer_start(store->loop, &store->retry, 0, 0, on_retry, store);
        return false;
    }
    if (!err) {
        store->db = store->opening;
        store->db->standstill = &store->watch.writer;
        store->opening = NULL;
        atomic_fetch_add(&store->reconnects, 1);
        return true;
    }
    end_opening(store);
    if (err != EAGAIN)
        log_error("store", "the database cannot be used", log_text("why", why));
    retry_later(store);
    return false;
}

static void on_flush(void *arg);

static void flush_soon(struct store *store, int64_t after_ms) {
    if (!timer_is_running(&store->flush))
        timer_start(store->loop, &store->flush, after_ms, 0, on_flush, store);
}

/* Whatever the database is asked stands between standstill_begin and this: who waits looks whether it goes on. */
static void end_work(struct store *store) {
    if (store->db && store->url.engine == DB_SQLITE)
        store_checkpoint_look(store->checkpoint, store->db);
    standstill_end(&store->watch.writer);
}

/* Writes one batch. False: the database would not take it now. */
static bool write_batch(struct store *store) {
    standstill_begin(&store->watch.writer);
    store->db->deadline_ms = clock_mono_ms() + store->deadline_ms;
    int err = feedback_queue_write(&store->queue, store->db);
    if (!store->db->is_open) {
        drop_connection(store);
        return false;
    }
    if (err == EAGAIN) {
        note_away(store, store->db->why);
        retry_later(store);
        return false;
    }
    store->used_ms = loop_now_ms(store->loop);
    store_reader_touch(store->reader);
    note_back(store);
    return true;
}

static void on_flush(void *arg) {
    struct store *store = arg;
    if (!store->db || timer_is_running(&store->retry) || store->queue.waiting == 0)
        return;
    if (write_batch(store) && store->queue.waiting > 0)
        flush_soon(store, 0); /* after what came in meanwhile */
    end_work(store);
}

static void on_retry(void *arg) {
    struct store *store = arg;
    if (!store->db && !try_connect(store))
        return;
    if (store->queue.waiting == 0)
        note_back(store);
    else
        flush_soon(store, 0);
}

/* An idle connection may have died without a word. */
static void on_probe(void *arg) {
    struct store *store = arg;
    if (!store->db || loop_now_ms(store->loop) - store->used_ms < PROBE_MS)
        return;
    standstill_begin(&store->watch.writer);
    store->db->deadline_ms = clock_mono_ms() + store->deadline_ms;
    int err = store_run(store->db, SQL_PROBE, NULL, 0, NULL, NULL);
    store->used_ms = loop_now_ms(store->loop);
    if (err && !store->db->is_open)
        drop_connection(store);
    end_work(store);
}

static void on_expire(void *arg) {
    struct store *store = arg;
    int64_t again_ms = EXPIRE_MS;
    if (store->db && !timer_is_running(&store->retry)) {
        const int64_t now_ms = clock_wall_ms();
        standstill_begin(&store->watch.writer);
        store->db->deadline_ms = clock_mono_ms() + store->deadline_ms;
        int err = STORE_RUN(store->db, SQL_FEEDBACK_EXPIRE, NULL, NULL, db_time(now_ms),
                            db_int(EXPIRE_ROWS));
        if (!err) {
            atomic_fetch_add(&store->expired, (uint64_t)store->db->changed);
            if (store->db->changed == EXPIRE_ROWS)
                again_ms = EXPIRE_AGAIN_MS;
            err = STORE_RUN(store->db, SQL_TOKEN_EXPIRE, NULL, NULL,
                            db_time(now_ms - TOKEN_KEEP_MS), db_int(EXPIRE_ROWS));
        }
        if (err && !store->db->is_open)
            drop_connection(store);
        end_work(store);
    }
    timer_start(store->loop, &store->expire, again_ms, 0, on_expire, store);
}

struct slice store_default_organization(const struct store *store) {
    return slice_from(store->default_organization);
}

static int run_call(struct store *store, struct store_call *call) {
    const int64_t until_ms = call->posted_ms + store->deadline_ms;
    const int64_t latest_ms = until_ms - store->deadline_ms / LEAST_PART;
    while (store->db && call->reads_feedback && store->queue.waiting > 0 &&
           !timer_is_running(&store->retry) && clock_mono_ms() < latest_ms) {
        if (!write_batch(store))
            break;
    }
    if (!store->db || clock_mono_ms() >= latest_ms)
        return EAGAIN;
    standstill_begin(&store->watch.writer);
    store->db->deadline_ms = until_ms;
    store->db->given_up = &call->is_given_up;
    int err = call->run(call, store->db);
    store->db->given_up = NULL;
    store->used_ms = loop_now_ms(store->loop);
    if (!store->db->is_open)
        drop_connection(store);
    return err;
}

static void take_call(struct mail *mail, void *owner) {
    struct store *store = owner;
    struct store_call *call = CONTAINER_OF(mail, struct store_call, mail);
    standstill_begin(&store->watch.writer);
    if (store_call_claim(call, STORE_WRITER)) {
        call->result = store->is_stopping ? ECANCELED : run_call(store, call);
        atomic_fetch_add(&store->calls_done, 1);
        if (call->result == EAGAIN)
            atomic_fetch_add(&store->calls_late, 1);
        if (!call->may_overtake)
            store_reader_touch(store->reader);
    }
    call->mail.deliver = store_call_back;
    mailbox_send(store->answers, &call->mail);
    standstill_begin(&store->watch.writer); /* something that nobody waits for */
    end_work(store);
}

void *store_call_new(struct store *store, size_t bytes,
                     int (*run)(struct store_call *, struct db *),
                     void (*answer)(struct store_call *)) {
    struct store_call *call = mem_alloc(bytes);
    call->mail.deliver = take_call;
    call->store = store;
    call->run = run;
    call->answer = answer;
    return call;
}

struct store_call *store_call_send(struct store_call *call) {
    struct store *store = call->store;
    call->posted_ms = clock_mono_ms();
    call->mails = 1;
    mailbox_send(store->inbox, &call->mail);
    store_watch_add(&store->watch, call);
    return call;
}

void store_cancel(struct store_call *call) {
    call->is_cancelled = true;
}

bool store_is_stalled(const struct store *store) {
    return store_watch_is_stalled(&store->watch);
}

void store_let_overtake(struct store_call *call) {
    call->may_overtake = true;
    call->is_patient = false;
    store_watch_hasten(&call->store->watch, call);
}

static void take_feedback(struct mail *mail, void *owner) {
    struct store *store = owner;
    feedback_queue_push(&store->queue, CONTAINER_OF(mail, struct feedback_row, mail));
    if (store->is_stopping)
        return;
    flush_soon(store, FEEDBACK_GATHER_MS);
    if (store->queue.waiting >= FEEDBACK_BATCH && timer_is_running(&store->flush) &&
        !timer_is_running(&store->retry))
        timer_start(store->loop, &store->flush, 0, 0, on_flush, store);
}

bool store_feedback_add(struct store *store, const struct store_feedback *feedback) {
    struct feedback_row *row = feedback_queue_admit(&store->queue, feedback);
    if (!row)
        return false;
    row->mail.deliver = take_feedback;
    mailbox_send(store->inbox, &row->mail);
    return true;
}

/* Opening and closing. */

static void run_thread(void *arg) {
    struct store *store = arg;
    atomic_store(&store->watch.writer.thread_id, thread_id());
    loop_run(store->loop);
}

static bool connect_last(struct store *store) {
    char why[DB_WHY_BYTES];
    return !db_connect(&store->db, &store->url, clock_mono_ms() + LAST_CONNECT_MS, why,
                          sizeof why);
}

/* The last chance of what is queued. */
static void write_rest(struct store *store, int64_t until_ms) {
    end_opening(store);
    while (store->queue.waiting > 0 && clock_mono_ms() < until_ms) {
        int err = EAGAIN;
        if (store->db || connect_last(store)) {
            store->db->deadline_ms = until_ms;
            err = feedback_queue_write(&store->queue, store->db);
            if (!store->db->is_open) {
                db_close(store->db);
                store->db = NULL;
            }
        }
        if (err == EAGAIN)
            usleep(STOP_RETRY_US);
    }
    if (store->queue.waiting > 0)
        log_error("store", "events could not be written before the end",
                  log_int("events", (int64_t)store->queue.waiting));
}

static void stop_timers(struct store *store) {
    timer_stop(&store->flush);
    timer_stop(&store->retry);
    timer_stop(&store->probe);
    timer_stop(&store->expire);
}

struct stop_mail {
    struct mail mail;
    int64_t until_ms;
};

static void take_stop(struct mail *mail, void *owner) {
    struct store *store = owner;
    const int64_t until_ms = CONTAINER_OF(mail, struct stop_mail, mail)->until_ms;
    mem_free(CONTAINER_OF(mail, struct stop_mail, mail));
    store->is_stopping = true;
    write_rest(store, until_ms);
    stop_timers(store);
    loop_stop(store->loop);
}

static void free_store(struct store *store) {
    store_reader_close(store->reader);
    store_checkpoint_close(store->checkpoint);
    mailbox_close(store->inbox);
    if (store->loop)
        loop_close(store->loop);
    mailbox_close(store->answers);
    assert(list_is_empty(&store->watch.calls));
    db_close(store->opening);
    db_close(store->db);
    feedback_queue_close(&store->queue);
    db_url_free(&store->url);
    mem_free(store->default_organization);
    mem_free(store);
}

void store_close(struct store *store, unsigned patience_ms) {
    if (!store)
        return;
    struct stop_mail *stop = mem_alloc(sizeof *stop);
    stop->mail.deliver = take_stop;
    stop->until_ms = clock_mono_ms() + patience_ms;
    mailbox_send(store->inbox, &stop->mail);
    thread_join(store->thread);
    store_watch_stop(&store->watch);
    free_store(store);
}

static int read_url(struct store *store, const struct store_settings *config, char *why,
                    size_t why_bytes) {
    if (config->url)
        return db_url_parse(&store->url, config->url, why, why_bytes);
    store->url.engine = DB_SQLITE;
    store->url.path = mem_copy_text(config->default_path);
    return 0;
}

static int connect_first(struct store *store, char *why, size_t why_bytes) {
    int err =
        db_connect(&store->db, &store->url, clock_mono_ms() + FIRST_CONNECT_MS, why, why_bytes);
    if (err != EAGAIN)
        return err;
    atomic_store(&store->away_since_ms, clock_mono_ms());
    log_error("store", "the database is away; trying again", log_text("why", why));
    retry_later(store);
    return 0;
}

/* Helpful, not needed. */
static void open_beside(struct store *store) {
    if (!store->db || store->url.engine != DB_SQLITE)
        return;
    store->db->standstill = &store->watch.writer;
    int err = store_reader_open(&store->reader, &store->url, store->answers);
    if (err)
        log_warn("store", "nobody reads beside the writer", log_errno(err));
    store->watch.reader = store->reader;
    err = store_checkpoint_open(&store->checkpoint, &store->url);
    if (err)
        log_warn("store", "the writer itself waits for the disk", log_errno(err));
}

int store_open(struct store **out, const struct store_settings *config, struct loop *loop, char *why,
               size_t why_bytes) {
    struct store *store = mem_alloc(sizeof *store);
    store->deadline_ms = config->deadline_ms ? config->deadline_ms : DEADLINE_MS;
    store->retry_ms = RETRY_MIN_MS;
    if (config->default_organization)
        store->default_organization = mem_copy_text(config->default_organization);
    feedback_queue_open(&store->queue,
                        config->feedback_queue_max ? config->feedback_queue_max : QUEUE_MAX,
                        config->feedback_ttl_days);
    int err = read_url(store, config, why, why_bytes);
    store_watch_init(&store->watch, loop, store->deadline_ms,
                     store->url.engine == DB_SQLITE ? config->stall_ms : 0);
    if (!err)
        err = loop_open(&store->loop);
    if (!err)
        err = mailbox_open(&store->inbox, store->loop, store);
    if (!err)
        err = mailbox_open(&store->answers, loop, store);
    if (!err)
        err = connect_first(store, why, why_bytes);
    if (!err)
        open_beside(store);
    if (!err) {
        timer_start(store->loop, &store->probe, PROBE_MS, PROBE_MS, on_probe, store);
        timer_start(store->loop, &store->expire, EXPIRE_AGAIN_MS, 0, on_expire, store);
        err = thread_start(&store->thread, "store", STORE_NICE, run_thread, store);
    }
    if (err) {
        stop_timers(store);
        free_store(store);
    } else {
        *out = store;
    }
    return err;
}

void store_stats(struct store *store, struct store_stats *stats) {
    const int64_t since_ms = atomic_load(&store->away_since_ms);
    *stats = (struct store_stats){
        .is_away = since_ms != 0 || store_is_stalled(store),
        .stalls = atomic_load(&store->watch.stalls),
        .away_ms = since_ms ? (uint64_t)(clock_mono_ms() - since_ms) : 0,
        .calls = atomic_load(&store->calls_done),
        .late = atomic_load(&store->calls_late),
        .reconnects = atomic_load(&store->reconnects),
        .expired = atomic_load(&store->expired),
    };
    feedback_queue_stats(&store->queue, stats);
}
