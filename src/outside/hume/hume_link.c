#include "base/backoff.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/rand.h"
#include "outside/hume/hume_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEADY_MS = 10000,        /* a connection that lasted so long was a good one */
    QUEUE_BYTES = 512 * 1024, /* of the connection; never reached, as we wait until it is empty */
    SHOWN_BYTES = 200,        /* of a received message, in the debug log */
};

/* ---- Failing ---- */

/* Audio that the socket has not taken yet counts as kept, too. */
static void count_unsent(struct hume_track *track) {
    _Atomic size_t *kept_bytes = &track->hume->gate.limiter->kept_bytes;
    atomic_fetch_sub(kept_bytes, track->unsent_bytes);
    track->unsent_bytes = track->ws ? ws_conn_queued_bytes(track->ws) : 0;
    atomic_fetch_add(kept_bytes, track->unsent_bytes);
}

void hume_link_flush(struct hume_track *track) {
    ws_conn_flush(track->ws);
    count_unsent(track);
}

void hume_link_drop(struct hume_track *track) {
    ws_conn_abort(track->ws);
    track->ws = NULL;
    track->is_proven = false;
    track->blocked_ms = 0;
    count_unsent(track);
    track->hume->protocol->reset(track);
}

static void back_off(struct hume_track *track) {
    track->hume->stats.failures++;
    if (track->state == HUME_LEAVING) {
        hume_track_free(track);
        return;
    }
    hume_link_drop(track);
    hume_track_set_state(track, HUME_WAITING);
    track->resume_ms = track->since_ms + backoff_ms(++track->failures, HUME_BACKOFF_MS,
                                                    HUME_BACKOFF_MAX_MS, rand_u64());
    hume_track_give_up(track); /* it would be stale before it could be sent */
}

void hume_link_fail(struct hume_track *track, const char *why) {
    log_debug("hume", "connection failed", log_text("track", track->name), log_text("why", why));
    hume_gate_failed(&track->hume->gate, track, why, hume_now_ms(track->hume));
    back_off(track);
}

static void refuse(struct hume_track *track, const char *code) {
    hume_gate_refused(&track->hume->gate, track, code, hume_now_ms(track->hume));
    back_off(track);
}

/* ---- Messages ---- */

static void prove(struct hume_track *track) {
    if (track->is_proven)
        return;
    track->is_proven = true;
    hume_gate_succeeded(&track->hume->gate);
}

static void hume_on_open(void *user) {
    struct hume_track *track = user;
    const struct hume_protocol *protocol = track->hume->protocol;
    if (!protocol->needs_session) {
        hume_gate_reached(&track->hume->gate);
        hume_track_set_state(track, HUME_OPEN);
    }
    if (protocol->greet)
        protocol->greet(track);
    hume_track_pump(track);
}

static void hume_on_message(enum ws_opcode opcode, struct slice message, void *user) {
    struct hume_track *track = user;
    struct hume *hume = track->hume;
    struct hume_reading reading = {.kind = HUME_UNREADABLE};
    log_debug("hume", "received", log_text("track", track->name),
              log_int("bytes", (int64_t)message.len),
              log_slice("begins", slice_take(message, SHOWN_BYTES)));
    if (opcode == WS_TEXT)
        hume->protocol->read(track, &reading, message);
    if (reading.code[0])
        hume_count_code(hume, reading.code, track->name);
    switch (reading.kind) {
    case HUME_UNREADABLE:
        hume->stats.unreadable++;
        return;
    case HUME_READY:
        hume_gate_reached(&hume->gate);
        prove(track);
        if (track->state == HUME_DIALLING)
            hume_track_set_state(track, HUME_OPEN);
        break;
    case HUME_MEASURED:
    case HUME_NO_SPEECH:
        prove(track);
        break;
    case HUME_SERVICE_FAULT:
        hume_link_fail(track, reading.code);
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
    hume_track_pump(track);
}

static void hume_on_drain(void *user) {
    count_unsent(user);
    hume_track_pump(user);
}

static bool is_permanent(int http_status) {
    static const int refusals[] = {401, 402, 403, 404, 410, -401, -403, -407}; /* < 0: a proxy's */
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
        if (http_status == refusals[i])
            return true;
    return false;
}

static void hume_on_close(uint16_t code, struct slice reason, void *user) {
    struct hume_track *track = user;
    int http_status = ws_conn_http_status(track->ws);
    char text[HUME_CODE_SIZE];
    track->ws = NULL; /* freed after this callback */
    snprintf(text, sizeof text, "%s_%d", http_status < 0 ? "proxy" : "http", abs(http_status));
    if (http_status)
        hume_count_code(track->hume, text, track->name);
    if (is_permanent(http_status)) {
        refuse(track, text);
    } else if (track->state == HUME_LEAVING) {
        hume_track_free(track);
    } else if (track->is_proven && hume_now_ms(track->hume) - track->since_ms > STEADY_MS) {
        /* No failure: it was idle for too long, or the service restarts. */
        track->failures = 0;
        hume_link_drop(track);
        hume_track_set_state(track, hume_queue_first(&track->queue) ? HUME_WANTING : HUME_IDLE);
    } else {
        char why[96];
        snprintf(why, sizeof why, "closed with %u %.*s", code,
                 (int)(reason.len < 64 ? reason.len : 64), reason.ptr ? reason.ptr : "");
        hume_link_fail(track, why);
    }
}

/* ---- Dialling ---- */

void hume_link_dial(struct hume_track *track) {
    static const struct ws_handlers handlers = {.on_open = hume_on_open,
                                                .on_message = hume_on_message,
                                                .on_drain = hume_on_drain,
                                                .on_close = hume_on_close};
    struct hume *hume = track->hume;
    if (!hume_gate_take(&hume->gate, track, hume_now_ms(hume)))
        return;
    struct ws_settings settings = {
        .max_message_bytes = HUME_MESSAGE_MAX,
        .max_queue_bytes = QUEUE_BYTES,
        .ping_ms = 20 * 1000,
        .silence_ms = 60 * 1000,
        .close_ms = 1000,
    };
    struct ws_target target = {
        .url = &hume->url,
        .proxy = hume->has_proxy ? &hume->proxy : NULL,
        .tls = hume->tls,
        .headers = slice_from(hume->headers),
    };
    hume_track_set_state(track, HUME_DIALLING);
    int err = ws_conn_connect(&track->ws, hume->loop, &target, &settings, &handlers, track);
    if (err)
        hume_link_fail(track, strerror(err));
}
