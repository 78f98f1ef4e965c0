#include "outside/store/store_writer.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/standstill.h"
#include "net/station.h"
#include "net/timer.h"
#include "outside/db/db.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_times.h"
#include "outside/db/db_url.h"
#include "outside/store/feedback_queue.h"
#include "outside/store/store_checkpoint.h"
#include "outside/store/store_connect.h"
#include "outside/store/store_expire.h"
#include "outside/store/store_private.h"
#include "outside/store/store_reader.h"
#include "outside/store/store_sql.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    LAST_CONNECT_MS = 1000,
    CONNECT_STEP_MS = 20, /* how long one step of connecting may hold up calls */
    RETRY_MIN_MS = 250,
    RETRY_MAX_MS = 1000,
    LEAST_PART = 8,  /* a call starts only while an eighth of its deadline is left */
    GATHER_MS = 100, /* the first event of a batch waits so long for others */
    PROBE_MS = 5000, /* an idle connection is checked after it */
    EXPIRE_MS = 60 * 1000,
    EXPIRE_AGAIN_MS = 200, /* when more rows than one slice have expired */
    EXPIRE_ROWS = 500,
    STOP_RETRY_US = 50 * 1000,
    REFUSAL_MS = 60 * 1000, /* how long a refusal counts as a trouble of the database */
    NICE = 5,               /* audio goes first: only a late frame can be heard */
};

#define BOTH_TIMES                                                                                 \
    "the database holds times as text and as numbers, which makes lists slow: stop all programs "  \
    "that use it, and run prosa migrate --times text, or numbers"

struct store_writer {
    struct store_writer_settings settings;
    struct station *station;
    struct store_reader *reader;         /* NULL: there is none */
    struct store_checkpoint *checkpoint; /* NULL: the writer does it itself */

    /* The writer's thread. */
    struct db *db;      /* NULL: not connected */
    struct db *opening; /* the connection being made, or NULL */
    struct timer flush, retry, probe, expire;
    unsigned failures;         /* in a row */
    char *told;                /* what db->news said last */
    int64_t used_ms;           /* when the database last answered */
    bool is_gone, is_stopping; /* gone: the file of the database was removed */
    struct mail stop;
    int64_t stop_until_ms;
    /* Several threads. */
    struct feedback_queue queue;
    struct standstill standstill;
    atomic_bool is_connecting;
    _Atomic int64_t away_since_ms; /* 0: it is not away */
    _Atomic int64_t refused_ms;    /* when it last denied what a statement needs; 0: never */
    atomic_uint_fast64_t calls_done, calls_late, reconnects, expired;
};

/* ---- The connection ---- */

static void note_away(struct store_writer *w, const char *why) {
    if (atomic_load(&w->away_since_ms) == 0) {
        atomic_store(&w->away_since_ms, clock_mono_ms());
        log_error("store", "database away; events wait in memory", log_text("why", why));
    }
}

static void note_back(struct store_writer *w) {
    int64_t since_ms = atomic_exchange(&w->away_since_ms, 0);
    w->failures = 0;
    if (since_ms)
        log_info("store", "database back", log_int("awayMs", clock_mono_ms() - since_ms));
}

static void on_writer_retry(void *arg);

static void retry_after(struct store_writer *w, int64_t ms) {
    timer_start(station_loop(w->station), &w->retry, ms, 0, on_writer_retry, w);
}

static void retry_later(struct store_writer *w) {
    if (!w->is_gone && !timer_is_running(&w->retry))
        retry_after(w, backoff_ms(++w->failures, RETRY_MIN_MS, RETRY_MAX_MS, rand_u64()));
}

static void use_connection(struct store_writer *w, struct db *db) {
    w->db = db;
    db->standstill = &w->standstill;
    if (db->news && (!w->told || strcmp(w->told, db->news) != 0))
        log_info("store", "the database is shared", log_text("what", db->news));
    if (db->form.has_both_times)
        log_warn("store", BOTH_TIMES);
    mem_free(w->told);
    w->told = db->news ? mem_copy_text(db->news) : NULL;
}

/*
 * The database lacks or denies what a statement needs, such as a table or a right, until an
 * operator mends it. One line a minute says so.
 */
static void note_refusal(struct store_writer *w) {
    const int64_t now_ms = clock_mono_ms(), last_ms = atomic_load(&w->refused_ms);
    if (last_ms == 0 || now_ms - last_ms > REFUSAL_MS)
        log_error("store", "the database refuses what the program needs",
                  log_text("why", w->db->why));
    atomic_store(&w->refused_ms, now_ms);
}

static void drop_connection(struct store_writer *w) {
    w->is_gone |= w->db->is_gone;
    note_away(w, w->db->why);
    db_close(w->db);
    w->db = NULL;
    retry_later(w);
}

static void end_opening(struct store_writer *w) {
    db_close(w->opening);
    w->opening = NULL;
}

/*
 * Takes a step towards a connection; true once it is made. The steps are short, so that calls are
 * refused in time while a server is silent. They keep the handshake that has begun, because a
 * server that was only paused will still answer it.
 */
static bool try_connect(struct store_writer *w) {
    const struct db_url *url = w->settings.url;
    char why[DB_WHY_BYTES];
    int err = 0;
    atomic_store(&w->is_connecting, true);
    if (!w->opening)
        err = db_connect_start(&w->opening, url, why, sizeof why);
    if (!err)
        err = db_connect_step(w->opening, url, clock_mono_ms() + CONNECT_STEP_MS, why, sizeof why);
    atomic_store(&w->is_connecting, false);
    if (err == EINPROGRESS) {
        retry_after(w, 0);
        return false;
    }
    if (!err) {
        use_connection(w, w->opening);
        w->opening = NULL;
        atomic_fetch_add(&w->reconnects, 1);
        return true;
    }
    end_opening(w);
    if (err != EAGAIN && err != EBUSY)
        log_error("store", "database cannot be used", log_text("why", why));
    retry_later(w);
    return false;
}

/* ---- Work ---- */

static bool can_write(const struct store_writer *w) {
    return w->db && !timer_is_running(&w->retry);
}

/* Every use of the database is bracketed by this and writer_end(), so that store_watch can see one
 * that is stuck. Beginning again without an end counts as progress. */
static void writer_begin(struct store_writer *w, int64_t deadline_ms) {
    standstill_begin(&w->standstill);
    w->db->deadline_ms = deadline_ms;
}

static void drop_if_broken(struct store_writer *w) {
    w->used_ms = loop_now_ms(station_loop(w->station));
    if (!w->db->is_open)
        drop_connection(w);
}

static void writer_end(struct store_writer *w) {
    if (w->db && w->settings.url->engine == DB_SQLITE)
        store_checkpoint_look(w->checkpoint, w->db);
    standstill_end(&w->standstill);
}

static int64_t deadline_from_now(const struct store_writer *w) {
    return clock_mono_ms() + w->settings.deadline_ms;
}

static void on_writer_flush(void *arg);

static void flush_after(struct store_writer *w, int64_t ms) {
    timer_start(station_loop(w->station), &w->flush, ms, 0, on_writer_flush, w);
}

static void flush_soon(struct store_writer *w, int64_t ms) {
    if (!timer_is_running(&w->flush))
        flush_after(w, ms);
}

/* Writes one batch. False: the database would not take it now. */
static bool write_batch(struct store_writer *w) {
    writer_begin(w, deadline_from_now(w));
    int err = feedback_queue_write(&w->queue, w->db);
    if ((err == EAGAIN || err == EPROTO) && w->db->is_open) {
        note_away(w, w->db->why);
        retry_later(w);
        return false;
    }
    drop_if_broken(w);
    if (!w->db)
        return false;
    store_reader_touch(w->reader);
    note_back(w);
    return true;
}

static void on_writer_flush(void *arg) {
    struct store_writer *w = arg;
    if (!can_write(w) || w->queue.waiting == 0)
        return;
    if (write_batch(w) && w->queue.waiting > 0)
        flush_soon(w, 0); /* after mail that arrived meanwhile */
    writer_end(w);
}

static void on_writer_retry(void *arg) {
    struct store_writer *w = arg;
    if (!w->db && !try_connect(w))
        return;
    if (w->queue.waiting == 0)
        note_back(w);
    else
        flush_soon(w, 0);
}

/* An idle connection may have broken unnoticed. */
static void on_writer_probe(void *arg) {
    struct store_writer *w = arg;
    if (!w->db || loop_now_ms(station_loop(w->station)) - w->used_ms < PROBE_MS)
        return;
    writer_begin(w, deadline_from_now(w));
    (void)store_run(w->db, SQL_PROBE, NULL, 0, NULL, NULL);
    drop_if_broken(w);
    writer_end(w);
}

/* Deletes one slice of expired rows of each kind. True: there is more feedback. */
static bool expire_slice(struct store_writer *w) {
    int64_t feedback = 0;
    writer_begin(w, deadline_from_now(w));
    int err = store_expire(w->db, clock_wall_ms(), EXPIRE_ROWS, &feedback);
    atomic_fetch_add(&w->expired, (uint64_t)feedback);
    if (err == EPROTO)
        note_refusal(w);
    drop_if_broken(w);
    writer_end(w);
    return feedback == EXPIRE_ROWS;
}

/* Another program may have begun to write times in the other form. */
static void look_at_times(struct store_writer *w) {
    if (!can_write(w) || w->settings.url->engine != DB_SQLITE)
        return;
    writer_begin(w, deadline_from_now(w));
    if (db_times_have_changed(w->db) && db_times_read(w->db) == 0) {
        log_warn("store", BOTH_TIMES);
        store_reader_learn(w->reader);
    }
    drop_if_broken(w);
    writer_end(w);
}

static void on_writer_expire(void *arg) {
    struct store_writer *w = arg;
    look_at_times(w);
    bool may = !second_clock_doubts(w->settings.clock, clock_wall_ms(), clock_mono_ms());
    int64_t next_ms = may && can_write(w) && expire_slice(w) ? EXPIRE_AGAIN_MS : EXPIRE_MS;
    timer_start(station_loop(w->station), &w->expire, next_ms, 0, on_writer_expire, w);
}

/* ---- Calls and events ---- */

static int run_call(struct store_writer *w, struct store_call *call) {
    const int64_t until_ms = call->posted_ms + w->settings.deadline_ms;
    const int64_t latest_ms = until_ms - w->settings.deadline_ms / LEAST_PART;
    while (can_write(w) && call->reads_feedback && w->queue.waiting > 0 &&
           clock_mono_ms() < latest_ms) {
        if (!write_batch(w))
            break;
    }
    if (!w->db || clock_mono_ms() >= latest_ms)
        return EAGAIN;
    writer_begin(w, until_ms);
    w->db->given_up = &call->is_given_up;
    int err = store_call_run(call, w->db);
    w->db->given_up = NULL;
    if (err == EPROTO)
        note_refusal(w);
    drop_if_broken(w);
    if (err == EPROTO) /* whoever can wait tries again */
        err = call->is_patient ? EAGAIN : EIO;
    return err;
}

static void writer_take_call(struct mail *mail, void *owner) {
    struct store_writer *w = owner;
    struct store_call *call = CONTAINER_OF(mail, struct store_call, to_writer);
    standstill_begin(&w->standstill);
    if (store_call_claim(call, STORE_WRITER)) {
        call->result = w->is_stopping ? ECANCELED : run_call(w, call);
        atomic_fetch_add(&w->calls_done, 1);
        if (call->result == EAGAIN)
            atomic_fetch_add(&w->calls_late, 1);
        if (!call->may_overtake)
            store_reader_touch(w->reader);
    }
    call->to_writer.deliver = store_call_back_from_writer;
    mailbox_send(w->settings.answers, &call->to_writer);
    standstill_begin(&w->standstill); /* no caller waits for what follows */
    writer_end(w);
}

void store_writer_take(struct store_writer *w, struct store_call *call) {
    call->to_writer.deliver = writer_take_call;
    station_send(w->station, &call->to_writer);
}

static void take_feedback(struct mail *mail, void *owner) {
    struct store_writer *w = owner;
    feedback_queue_push(&w->queue, CONTAINER_OF(mail, struct queued_feedback, mail));
    if (w->is_stopping)
        return;
    flush_soon(w, GATHER_MS);
    if (w->queue.waiting >= FEEDBACK_BATCH && !timer_is_running(&w->retry))
        flush_after(w, 0);
}

bool store_writer_add_feedback(struct store_writer *w, const struct store_feedback *event) {
    struct queued_feedback *queued = feedback_queue_admit(&w->queue, event);
    if (!queued)
        return false;
    queued->mail.deliver = take_feedback;
    station_send(w->station, &queued->mail);
    return true;
}

/* ---- Opening and closing ---- */

static int connect_first(struct store_writer *w, char *why, size_t why_bytes) {
    struct db *db;
    int err = store_connect(&db, w->settings.url, why, why_bytes);
    if (!err)
        use_connection(w, db);
    if (err != EAGAIN)
        return err;
    atomic_store(&w->away_since_ms, clock_mono_ms());
    log_error("store", "database away; trying again", log_text("why", why));
    retry_later(w);
    return 0;
}

/* The writer can do without the helpers. */
static void writer_open_helpers(struct store_writer *w) {
    if (!w->db || w->settings.url->engine != DB_SQLITE)
        return;
    int err = store_reader_open(&w->reader, w->settings.url, &w->db->form, w->settings.answers);
    if (err)
        log_warn("store", "no reader; all calls wait for the writer", log_errno(err));
    err = store_checkpoint_open(&w->checkpoint, w->settings.url);
    if (err)
        log_warn("store", "no checkpoint thread; the writer waits for the disk", log_errno(err));
}

static void stop_timers(struct store_writer *w) {
    timer_stop(&w->flush);
    timer_stop(&w->retry);
    timer_stop(&w->probe);
    timer_stop(&w->expire);
}

int store_writer_open(struct store_writer **out, const struct store_writer_settings *settings,
                      char *why, size_t why_bytes) {
    struct store_writer *w = mem_alloc(sizeof *w);
    w->settings = *settings;
    feedback_queue_init(&w->queue, settings->feedback_queue_max, settings->feedback_ttl_days);
    int err = station_open(&w->station, w);
    if (!err)
        err = connect_first(w, why, why_bytes);
    if (!err) {
        writer_open_helpers(w);
        struct loop *loop = station_loop(w->station);
        timer_start(loop, &w->probe, PROBE_MS, PROBE_MS, on_writer_probe, w);
        timer_start(loop, &w->expire, EXPIRE_AGAIN_MS, 0, on_writer_expire, w);
        err = station_start(w->station, "store", NICE);
    }
    if (err) {
        stop_timers(w);
        store_writer_close(w);
        return err;
    }
    *out = w;
    return 0;
}

/* Writes what is queued, with a connection that may have to be made first. */
static void write_rest(struct store_writer *w, int64_t until_ms) {
    char why[DB_WHY_BYTES];
    end_opening(w);
    while (!w->is_gone && w->queue.waiting > 0 && clock_mono_ms() < until_ms) {
        int err = EAGAIN;
        if (w->db || !db_connect(&w->db, w->settings.url, clock_mono_ms() + LAST_CONNECT_MS, why,
                                 sizeof why)) {
            w->db->deadline_ms = until_ms;
            err = feedback_queue_write(&w->queue, w->db);
            if (!w->db->is_open) {
                db_close(w->db);
                w->db = NULL;
            }
        }
        if (err == EAGAIN)
            usleep(STOP_RETRY_US);
    }
    if (w->queue.waiting > 0)
        log_error("store", "events lost: not written before the end",
                  log_int("events", (int64_t)w->queue.waiting));
}

static void take_stop(struct mail *mail, void *owner) {
    struct store_writer *w = owner;
    w->is_stopping = true;
    write_rest(w, w->stop_until_ms);
    stop_timers(w);
}

void store_writer_stop(struct store_writer *w, unsigned patience_ms) {
    w->stop.deliver = take_stop;
    w->stop_until_ms = clock_mono_ms() + patience_ms;
    station_send(w->station, &w->stop);
    station_end(w->station);
    store_reader_close(w->reader);
    store_checkpoint_close(w->checkpoint);
    w->reader = NULL;
    w->checkpoint = NULL;
}

void store_writer_close(struct store_writer *w) {
    if (!w)
        return;
    store_reader_close(w->reader);
    store_checkpoint_close(w->checkpoint);
    station_close(w->station);
    end_opening(w);
    db_close(w->db);
    feedback_queue_free(&w->queue);
    mem_free(w->told);
    mem_free(w);
}

struct standstill *store_writer_standstill(struct store_writer *w) {
    return &w->standstill;
}

bool store_writer_is_connecting(const struct store_writer *w) {
    return atomic_load(&w->is_connecting);
}

struct store_reader *store_writer_reader(const struct store_writer *w) {
    return w->reader;
}

void store_writer_stats(struct store_writer *w, struct store_stats *stats) {
    const int64_t since_ms = atomic_load(&w->away_since_ms);
    const int64_t refused_ms = atomic_load(&w->refused_ms);
    *stats = (struct store_stats){
        .is_away = since_ms != 0 || (refused_ms && clock_mono_ms() - refused_ms < REFUSAL_MS),
        .away_ms = since_ms ? (uint64_t)(clock_mono_ms() - since_ms) : 0,
        .calls = atomic_load(&w->calls_done),
        .late = atomic_load(&w->calls_late),
        .reconnects = atomic_load(&w->reconnects),
        .expired = atomic_load(&w->expired),
    };
    feedback_queue_stats(&w->queue, stats);
}
