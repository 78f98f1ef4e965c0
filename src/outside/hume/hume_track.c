#include "base/macros.h"
#include "base/mem.h"
#include "outside/hume/hume_private.h"

#include <math.h>

enum {
    SESSION_TIMEOUT_MS = 15000, /* from dialling to the session of v1 */
    BLOCKED_TIMEOUT_MS = 10000,
    LEAVE_TIMEOUT_MS = 3000,
    RETRY_WAIT_MS = 1000, /* of audio that waits for another attempt after a failure */
};

void hume_track_set_state(struct hume_track *track, enum hume_state state) {
    struct hume *hume = track->hume;
    struct hume_gate *gate = &hume->gate;
    if (track->state == HUME_WANTING) {
        gate->wanting--;
        atomic_fetch_sub(&gate->limiter->waiting, 1);
    }
    if (state == HUME_WANTING) { /* to the end of the list: the tick serves them as they came */
        gate->wanting++;
        atomic_fetch_add(&gate->limiter->waiting, 1);
        list_remove(&track->node);
        list_add(&hume->tracks, &track->node);
    }
    gate->dialling -= track->state == HUME_DIALLING;
    gate->dialling += state == HUME_DIALLING;
    if (state == HUME_OPEN)
        track->backlog = track->queue.waiting;
    track->state = state;
    track->since_ms = hume_now_ms(hume);
}

/* ---- Fates ---- */

static void tell_fate(struct hume_track *track, const struct hume_item *flush,
                      enum hume_fate fate) {
    track->hume->stats.fates[fate]++;
    if (track->listener)
        track->listener->on_fate(flush->from_ms, flush->samples, fate, track->user);
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

void hume_track_give_up(struct hume_track *track) {
    finish_all(track, HUME_ERROR);
    track->queue.failed += track->queue.filling != NULL;
    mem_free(hume_queue_take_filled(&track->queue));
}

/* ---- Sending ---- */

static bool can_send(struct hume_track *track) {
    if (track->state != HUME_OPEN && (track->state != HUME_LEAVING || track->said_goodbye))
        return false;
    if (!ws_conn_is_writable(track->ws)) {
        if (track->blocked_ms == 0)
            track->blocked_ms = hume_now_ms(track->hume);
        return false;
    }
    track->blocked_ms = 0;
    return track->hume->protocol->may_send(track);
}

static void send_first(struct hume_track *track) {
    struct hume_item *item = hume_queue_take(&track->queue, HUME_SENT);
    if (track->backlog > track->queue.waiting)
        track->backlog = track->queue.waiting;
    track->hume->stats.messages_sent++;
    track->hume->protocol->send(track, item);
    hume_link_flush(track);
}

void hume_track_pump(struct hume_track *track) {
    struct hume_item *item;
    while ((item = hume_queue_first(&track->queue))) {
        if (item->is_flush || item->is_dropped)
            finish_first(track, HUME_DROPPED);
        else if (can_send(track))
            send_first(track);
        else
            return;
    }
}

/* ---- Time ---- */

/* The owner has closed it: what is left goes out, then the goodbye. */
static void leave(struct hume_track *track) {
    hume_track_pump(track);
    if (!track->said_goodbye && !hume_queue_first(&track->queue)) {
        track->said_goodbye = true;
        track->since_ms = hume_now_ms(track->hume);
        track->hume->protocol->leave(track);
    }
}

static bool is_stuck(const struct hume_track *track, int64_t now_ms) {
    const struct hume_protocol *protocol = track->hume->protocol;
    return (protocol->is_stuck && protocol->is_stuck(track)) ||
           (track->blocked_ms && now_ms - track->blocked_ms > BLOCKED_TIMEOUT_MS);
}

void hume_track_on_tick(struct hume_track *track) {
    struct hume *hume = track->hume;
    int64_t now_ms = hume_now_ms(hume), age_ms = now_ms - track->since_ms;
    switch (track->state) {
    case HUME_IDLE:
        break;
    case HUME_WANTING:
        if (hume_gate_may_wait(&hume->gate, now_ms)) {
            hume_link_dial(track);
        } else {
            hume_track_give_up(track);
            hume_track_set_state(track, HUME_IDLE);
        }
        break;
    case HUME_DIALLING: /* the handshake has a deadline of its own */
        if (hume->protocol->needs_session && age_ms > SESSION_TIMEOUT_MS)
            hume_link_fail(track, "no session");
        break;
    case HUME_OPEN:
        if (is_stuck(track, now_ms))
            hume_link_fail(track, "the service takes or answers nothing");
        else
            hume_track_pump(track);
        break;
    case HUME_WAITING:
        if (now_ms >= track->resume_ms)
            hume_track_set_state(track, HUME_IDLE);
        break;
    case HUME_LEAVING:
        if (age_ms > LEAVE_TIMEOUT_MS + (track->said_goodbye ? 0 : HUME_WAIT_MS))
            hume_track_free(track);
        else
            leave(track);
        break;
    }
}

/* ---- For the protocols ---- */

void hume_track_need(struct hume_track *track) {
    if (track->state != HUME_IDLE)
        return;
    hume_track_set_state(track, HUME_WANTING);
    if (track->hume->gate.wanting == 1) /* else others wait before it */
        hume_link_dial(track);
}

static unsigned own_limit(const struct hume_track *track) {
    const struct hume_protocol *protocol = track->hume->protocol;
    if (track->state == HUME_OPEN)
        return protocol->queue_limit + track->backlog;
    unsigned wait_ms = track->failures ? RETRY_WAIT_MS : HUME_WAIT_MS;
    return (wait_ms * (HUME_RATE_HZ / 1000) + track->item_samples - 1) / track->item_samples;
}

/* Where all tracks together keep too much, a new item replaces the oldest of this track. */
static unsigned limit_of(const struct hume_track *track, unsigned waited) {
    unsigned limit = own_limit(track), least = track->hume->protocol->queue_least;
    if (!hume_limiter_is_full(track->hume->gate.limiter))
        return limit;
    if (waited < least)
        waited = least;
    return waited < limit ? waited : limit;
}

void hume_track_push(struct hume_track *track, struct hume_item *item) {
    bool is_audio = !item->is_flush;
    unsigned waited = track->queue.waiting;
    hume_queue_add(&track->queue, item);
    hume_track_pump(track); /* what can go at once needs no room */
    track->hume->stats.frames_dropped += hume_queue_limit(&track->queue, limit_of(track, waited));
    if (is_audio)
        hume_track_need(track);
    hume_track_pump(track);
}

void hume_track_feel(struct hume_track *track, const struct feeling *feeling, int64_t from_ms,
                     int64_t to_ms, int64_t sent_ms) {
    struct hume_stats *stats = &track->hume->stats;
    /* With v1 sent_ms is an estimate and may lie a little ahead: that counts as 0. */
    histogram_add(&stats->latency, &hume_latency_bounds, hume_now_ms(track->hume) - sent_ms);
    stats->measurements++;
    bool says_something = !isnan(feeling->valence) || !isnan(feeling->arousal);
    if (track->listener && says_something && to_ms > from_ms)
        track->listener->on_feeling(feeling, from_ms, to_ms, track->user);
}

/* ---- For the owner ---- */

struct hume_track *hume_track_new(struct hume *hume, struct slice name, unsigned group_ms,
                                  const struct hume_listener *listener, void *user) {
    struct hume_track *track = mem_alloc(sizeof *track);
    track->hume = hume;
    track->listener = listener;
    track->user = user;
    track->item_samples = hume->protocol->frame_samples;
    if (!track->item_samples)
        track->item_samples = group_ms * (HUME_RATE_HZ / 1000);
    track->talk = mem_alloc(hume->protocol->talk_bytes);
    text_reduce(name, track->name);
    hume_queue_init(&track->queue, &hume->gate.limiter->kept_bytes);
    atomic_fetch_add(&hume->gate.limiter->tracks, 1);
    list_add(&hume->tracks, &track->node);
    hume_start_ticks(hume);
    return track;
}

bool hume_track_wants(const struct hume_track *track) {
    const struct hume *hume = track->hume;
    if (!hume->has_key || track->state == HUME_WAITING)
        return false;
    return track->state != HUME_IDLE || hume_gate_has_room(&hume->gate, hume_now_ms(hume));
}

void hume_track_hear(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                     bool is_speech) {
    if (n > 0 && hume_track_wants(track))
        track->hume->protocol->collect(track, pcm, n, from_ms, is_speech);
}

void hume_track_flush(struct hume_track *track, int64_t now_ms, uint32_t samples) {
    const struct hume_protocol *protocol = track->hume->protocol;
    struct hume_item *flush = hume_item_new(now_ms, 0);
    flush->is_flush = true;
    flush->samples = samples;
    if (!track->hume->has_key) {
        tell_fate(track, flush, HUME_NO_KEY);
        mem_free(flush);
        return;
    }
    if (protocol->end_group)
        protocol->end_group(track);
    if (!hume_track_wants(track))
        track->queue.failed++;
    hume_track_push(track, flush);
}

void hume_track_free(struct hume_track *track) {
    hume_gate_forget(&track->hume->gate, track);
    hume_link_drop(track);
    hume_track_set_state(track, HUME_IDLE);
    list_remove(&track->node);
    atomic_fetch_sub(&track->hume->gate.limiter->tracks, 1);
    track->listener = NULL;
    finish_all(track, HUME_DROPPED);
    mem_free(track->queue.filling);
    mem_free(track->talk);
    mem_free(track);
}

/* What waits will be sent, but the owner cannot be told any more: it is told so now. */
static void promise_rest(struct hume_track *track) {
    LIST_EACH(&track->queue.items, node) {
        const struct hume_item *item = CONTAINER_OF(node, struct hume_item, node);
        if (item->is_flush && track->listener)
            track->listener->on_fate(item->from_ms, item->samples, HUME_SENT, track->user);
    }
}

void hume_track_close(struct hume_track *track) {
    if (!track)
        return;
    hume_track_pump(track);
    if (track->state == HUME_OPEN) {
        promise_rest(track);
        track->listener = NULL;
        hume_track_set_state(track, HUME_LEAVING);
        leave(track);
    } else {
        finish_all(track, HUME_DROPPED);
        hume_track_free(track);
    }
}
