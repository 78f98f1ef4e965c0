#include "base/log.h"
#include "base/mem.h"
#include "outside/hume/hume_private.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SESSION_TIMEOUT_MS = 5000, /* from the handshake to session.created */
    BLOCKED_TIMEOUT_MS = 10000,
    LEAVE_TIMEOUT_MS = 3000,
    STEADY_MS = 10000,        /* a connection that lasted so long was a good one */
    RETRY_WAIT_MS = 1000,     /* of audio that waits for another try after a failure */
    QUEUE_BYTES = 512 * 1024, /* of the connection: never reached, we wait for it to be empty */
    SHOWN_BYTES = 200,        /* of a received message, in the debug log */
};

static void set_state(struct hume_track *track, enum hume_state state) {
    struct hume *hume = track->hume;
    if (track->state == HUME_WANTING) {
        hume->wanting--;
        atomic_fetch_sub(&hume->limiter->waiting, 1);
    }
    if (state == HUME_WANTING) { /* at the end of the list: the tick serves them as they came */
        hume->wanting++;
        atomic_fetch_add(&hume->limiter->waiting, 1);
        list_remove(&track->node);
        list_add(&hume->tracks, &track->node);
    }
    hume->dialling -= track->state == HUME_DIALLING;
    hume->dialling += state == HUME_DIALLING;
    if (state == HUME_OPEN)
        track->backlog = track->queue.waiting;
    track->state = state;
    track->since_ms = hume_now_ms(hume);
}

/* ---- fates ---- */

static void tell_fate(struct hume_track *track, const struct hume_item *flush,
                      enum hume_fate fate) {
    track->hume->stats.fates[fate]++;
    if (track->listener)
        track->listener->on_fate(track->arg, flush->from_ms, flush->samples, fate);
}

/* The first item is done with: audio is counted for its group, a flush tells its fate. */
static void finish_first(struct hume_track *track, enum hume_fate fate) {
    struct hume_item *item = hume_queue_take(&track->queue, fate);
    if (item->is_flush)
        tell_fate(track, item, hume_queue_end_group(&track->queue));
    mem_free(item);
}

static void finish_all(struct hume_track *track, enum hume_fate fate) {
    while (hume_queue_first(&track->queue))
        finish_first(track, fate);
}

/* ---- sending ---- */

/* What the socket did not take yet is kept, too. */
static void count_unsent(struct hume_track *track) {
    _Atomic size_t *kept_bytes = &track->hume->limiter->kept_bytes;
    atomic_fetch_sub(kept_bytes, track->unsent_bytes);
    track->unsent_bytes = track->ws ? ws_conn_queued_bytes(track->ws) : 0;
    atomic_fetch_add(kept_bytes, track->unsent_bytes);
}

static bool can_send(struct hume_track *track) {
    if (track->state != HUME_OPEN && (track->state != HUME_LEAVING || track->said_goodbye))
        return false;
    if (!ws_conn_is_writable(track->ws)) {
        if (track->blocked_ms == 0)
            track->blocked_ms = hume_now_ms(track->hume);
        return false;
    }
    track->blocked_ms = 0;
    return track->hume->speech->may_send(track);
}

static void send_first(struct hume_track *track) {
    struct hume_item *item = hume_queue_take(&track->queue, HUME_SENT);
    if (track->backlog > track->queue.waiting)
        track->backlog = track->queue.waiting;
    track->hume->stats.messages_sent++;
    track->hume->speech->send(track, item);
    ws_conn_flush(track->ws); /* so that it is known whether another may follow */
    count_unsent(track);
}

static void pump(struct hume_track *track) {
    struct hume_item *item;
    while ((item = hume_queue_first(&track->queue))) {
        if (item->is_flush || item->is_dropped) {
            finish_first(track, HUME_DROPPED);
        } else if (can_send(track)) {
            send_first(track);
        } else {
            return;
        }
    }
}

/* ---- the connection ---- */

static void disconnect(struct hume_track *track) {
    ws_conn_abort(track->ws);
    track->ws = NULL;
    track->is_proven = false;
    track->blocked_ms = 0;
    count_unsent(track);
    track->hume->speech->reset(track);
}

/* What waits would be stale before it could be sent. */
static void give_up(struct hume_track *track) {
    finish_all(track, HUME_ERROR);
    track->queue.failed += track->filling != NULL;
    mem_free(hume_track_take_filled(track));
}

static void back_off(struct hume_track *track) {
    disconnect(track);
    track->failures++;
    set_state(track, HUME_WAITING);
    track->resume_ms = track->since_ms + hume_back_off_ms(track->failures);
    give_up(track);
}

static void fail(struct hume_track *track, const char *why) {
    hume_failed(track->hume, track, why);
    if (track->state == HUME_LEAVING)
        hume_track_free(track);
    else
        back_off(track);
}

static void refuse(struct hume_track *track, const char *code) {
    hume_refused(track->hume, track, code);
    if (track->state == HUME_LEAVING)
        hume_track_free(track);
    else
        back_off(track);
}

static void prove(struct hume_track *track) {
    if (track->is_proven)
        return;
    track->is_proven = true;
    hume_succeeded(track->hume, track);
}

static void on_open(void *arg) {
    struct hume_track *track = arg;
    if (!track->hume->speech->needs_session) {
        hume_reached(track->hume);
        set_state(track, HUME_OPEN);
    }
    track->hume->speech->greet(track);
    pump(track);
}

static void show_message(const struct hume_track *track, struct slice message) {
    if (log_is_on(LOG_DEBUG))
        log_debug("hume", "received", log_text("track", track->name),
                  log_int("bytes", (int64_t)message.len),
                  log_slice("begins", slice_take(message, SHOWN_BYTES)));
}

static void on_message(enum ws_opcode opcode, struct slice message, void *arg) {
    struct hume_track *track = arg;
    struct hume *hume = track->hume;
    struct hume_reading reading = {.kind = HUME_UNREADABLE};
    show_message(track, message);
    if (opcode == WS_TEXT)
        hume->speech->read(track, &reading, message);
    if (reading.code[0])
        hume_count_code(hume, reading.code, track->name);
    switch (reading.kind) {
    case HUME_UNREADABLE:
        hume->stats.unreadable++;
        return;
    case HUME_READY:
        hume_reached(hume);
        prove(track);
        if (track->state == HUME_DIALLING)
            set_state(track, HUME_OPEN);
        break;
    case HUME_MEASURED:
    case HUME_NO_SPEECH:
        prove(track);
        break;
    case HUME_SERVICE_FAULT:
        fail(track, reading.code);
        return;
    case HUME_QUOTA:
        refuse(track, reading.code);
        return;
    case HUME_ENDED:
        if (track->state == HUME_LEAVING)
            hume_track_free(track);
        return;
    case HUME_NOTHING:
    case HUME_TOO_FAST:
    case HUME_FAULT:
        break;
    }
    pump(track);
}

static void on_drain(void *arg) {
    count_unsent(arg);
    pump(arg);
}

static bool is_permanent(int http_status) {
    switch (http_status) {
    case 401:
    case 402:
    case 403:
    case 404:
    case 410:
    case -401: /* the proxy's */
    case -403:
    case -407:
        return true;
    default:
        return false;
    }
}

static void on_close(uint16_t code, struct slice reason, void *arg) {
    struct hume_track *track = arg;
    int http_status = ws_conn_http_status(track->ws);
    char text[HUME_CODE_SIZE];
    track->ws = NULL; /* it is gone with this callback */
    snprintf(text, sizeof text, "%s_%d", http_status < 0 ? "proxy" : "http", abs(http_status));
    if (http_status)
        hume_count_code(track->hume, text, track->name);
    if (is_permanent(http_status)) {
        refuse(track, text);
    } else if (track->state == HUME_LEAVING) {
        hume_track_free(track);
    } else if (track->is_proven && hume_now_ms(track->hume) - track->since_ms > STEADY_MS) {
        /* It worked, and is over: idle for too long, or the service restarts. */
        track->failures = 0;
        disconnect(track);
        set_state(track, hume_queue_first(&track->queue) ? HUME_WANTING : HUME_IDLE);
    } else {
        char why[96];
        snprintf(why, sizeof why, "closed with %u %.*s", code,
                 (int)(reason.len < 64 ? reason.len : 64), reason.ptr ? reason.ptr : "");
        fail(track, why);
    }
}

static void dial(struct hume_track *track) {
    static const struct ws_handlers handlers = {
        .on_open = on_open, .on_message = on_message, .on_drain = on_drain, .on_close = on_close};
    struct hume *hume = track->hume;
    if (!hume_take_handshake(hume, track))
        return;
    struct ws_settings settings = {
        .max_message_bytes = HUME_MESSAGE_MAX,
        .max_queue_bytes = QUEUE_BYTES,
        .ping_ms = 20 * 1000,
        .silence_ms = 60 * 1000,
        .close_ms = 1000,
        .stats = &hume->ws_stats,
    };
    struct ws_target target = {
        .url = &hume->url,
        .proxy = hume->has_proxy ? &hume->proxy : NULL,
        .tls = hume->tls,
        .headers = slice_from(hume->headers),
    };
    set_state(track, HUME_DIALLING);
    int err = ws_conn_connect(&track->ws, hume->loop, &target, &settings, &handlers, track);
    if (err)
        fail(track, strerror(err));
}

/* ---- time ---- */

/* Closed by its owner: what is left goes out, then the goodbye. */
static void leave(struct hume_track *track) {
    pump(track);
    if (!track->said_goodbye && !hume_queue_first(&track->queue)) {
        track->said_goodbye = true;
        track->since_ms = hume_now_ms(track->hume);
        track->hume->speech->leave(track);
    }
}

static void leave_on(struct hume_track *track, int64_t age_ms) {
    if (age_ms > LEAVE_TIMEOUT_MS + (track->said_goodbye ? 0 : HUME_WAIT_MS))
        hume_track_free(track);
    else
        leave(track);
}

void hume_track_on_tick(struct hume_track *track) {
    struct hume *hume = track->hume;
    int64_t now_ms = hume_now_ms(hume), age_ms = now_ms - track->since_ms;
    switch (track->state) {
    case HUME_IDLE:
        break;
    case HUME_WANTING:
        if (hume_may_wait(hume)) {
            dial(track);
        } else {
            give_up(track);
            set_state(track, HUME_IDLE);
        }
        break;
    case HUME_DIALLING: /* the handshake has a deadline of its own */
        if (hume->speech->needs_session && age_ms > SESSION_TIMEOUT_MS * 3)
            fail(track, "no session");
        break;
    case HUME_OPEN:
        if (hume->speech->is_stuck(track) ||
            (track->blocked_ms && now_ms - track->blocked_ms > BLOCKED_TIMEOUT_MS)) {
            fail(track, "it takes or answers nothing");
            break;
        }
        pump(track);
        break;
    case HUME_WAITING:
        if (now_ms >= track->resume_ms)
            set_state(track, HUME_IDLE);
        break;
    case HUME_LEAVING:
        leave_on(track, age_ms);
        break;
    case HUME_STATES:
        assert(false);
    }
}

/* ---- for the two generations ---- */

void hume_track_need(struct hume_track *track) {
    if (track->state != HUME_IDLE)
        return;
    set_state(track, HUME_WANTING);
    if (track->hume->wanting == 1) /* else it is not the first whose turn it is */
        dial(track);
}

static unsigned own_limit(const struct hume_track *track) {
    const struct hume_speech *speech = track->hume->speech;
    uint32_t whole = speech->item_samples(track);
    if (track->state == HUME_OPEN)
        return speech->queue_limit + track->backlog;
    unsigned wait_ms = track->failures ? RETRY_WAIT_MS : HUME_WAIT_MS;
    return (wait_ms * (HUME_RATE_HZ / 1000) + whole - 1) / whole;
}

/* Where all tracks have no more room, an item that comes takes the place of one that waited. */
static unsigned limit_of(const struct hume_track *track, unsigned waited) {
    unsigned limit = own_limit(track), least = track->hume->speech->queue_least;
    if (!hume_is_full(track->hume))
        return limit;
    if (waited < least)
        waited = least;
    return waited < limit ? waited : limit;
}

void hume_track_push(struct hume_track *track, struct hume_item *item) {
    bool is_audio = !item->is_flush;
    unsigned waited = track->queue.waiting;
    hume_queue_add(&track->queue, item);
    pump(track); /* what can go at once needs no room */
    track->hume->stats.frames_dropped += hume_queue_limit(&track->queue, limit_of(track, waited));
    if (is_audio)
        hume_track_need(track);
    pump(track);
}

void hume_track_feel(struct hume_track *track, const struct feeling *feeling, int64_t from_ms,
                     int64_t to_ms, int64_t sent_ms) {
    struct hume_stats *stats = &track->hume->stats;
    int64_t latency_ms = hume_now_ms(track->hume) - sent_ms;
    if (latency_ms < 0) /* v1: an estimate, and frames may go out a little ahead of time */
        latency_ms = 0;
    size_t i = 0;
    while (i < HUME_LATENCY_BOUNDS && latency_ms > hume_latency_bounds_ms[i])
        i++;
    stats->latency_counts[i]++;
    stats->latency_ms_sum += (uint64_t)latency_ms;
    stats->measurements++;
    bool says_something = !isnan(feeling->valence) || !isnan(feeling->arousal);
    if (track->listener && says_something && to_ms > from_ms)
        track->listener->on_feeling(track->arg, feeling, from_ms, to_ms);
}

/* ---- outside ---- */

bool hume_track_wants(const struct hume_track *track) {
    if (!track->hume->has_key || track->state == HUME_WAITING)
        return false;
    return track->state != HUME_IDLE || hume_has_room(track->hume);
}

void hume_track_hear(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                     bool is_speech) {
    if (n > 0 && hume_track_wants(track))
        track->hume->speech->collect(track, pcm, n, from_ms, is_speech);
}

void hume_track_flush(struct hume_track *track, int64_t now_ms, uint32_t samples) {
    struct hume_item *flush = hume_item_new(now_ms, NULL, 0);
    flush->is_flush = true;
    flush->samples = samples;
    if (!track->hume->has_key) {
        tell_fate(track, flush, HUME_NO_KEY);
        mem_free(flush);
        return;
    }
    track->hume->speech->end_group(track);
    if (!hume_track_wants(track))
        track->queue.failed++;
    hume_track_push(track, flush);
}

void hume_track_free(struct hume_track *track) {
    if (track->hume->probe == track)
        track->hume->probe = NULL;
    if (track->hume->has_key)
        disconnect(track);
    set_state(track, HUME_IDLE);
    list_remove(&track->node);
    atomic_fetch_sub(&track->hume->limiter->tracks, 1);
    track->listener = NULL;
    finish_all(track, HUME_DROPPED);
    mem_free(track->filling);
    mem_free(track);
}

/* What waits will be sent, though nobody will be there to be told. */
static void promise_rest(struct hume_track *track) {
    LIST_EACH(&track->queue.items, node) {
        const struct hume_item *item = CONTAINER_OF(node, struct hume_item, node);
        if (item->is_flush && track->listener)
            track->listener->on_fate(track->arg, item->from_ms, item->samples, HUME_SENT);
    }
}

void hume_track_close(struct hume_track *track) {
    if (!track)
        return;
    pump(track);
    if (track->state == HUME_OPEN) {
        promise_rest(track);
        track->listener = NULL;
        set_state(track, HUME_LEAVING);
        leave(track);
    } else {
        finish_all(track, HUME_DROPPED);
        track->listener = NULL;
        hume_track_free(track);
    }
}
