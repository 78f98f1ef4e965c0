#include "outside/hume/hume_private.h"

#include "base/mem.h"
#include "outside/hume/hume_v1.h"
#include "sound/grouper.h"

#include <string.h>

/* v1: frames of 100 ms as they come, measurements when the service finds speech. Its clock counts
 * the audio it took; `segments` lead from there back to meeting time. */

enum {
    FRAMES = 30,     /* waiting, when the service asks us to slow down */
    AHEAD_MS = 1000, /* of real time: what a handshake delays is caught up with. The rest of a
                        longer wait stays behind until there is silence, which is not sent. */
    APART_MS = 40,   /* frames that catch up: so far that a refusal is known before the next goes */
    TOO_FAST_MS = 150,
    HANG_OVER_MS = 1000, /* silence sent after speech, so that the service hears its end */
    CONTINUOUS_MS = 30,
};

static uint32_t item_samples(const struct hume_track *track) {
    return HUME_V1_FRAME_SAMPLES;
}

static void forget(struct hume_item **items, unsigned *count) {
    while (*count > 0)
        mem_free(items[--*count]);
}

/* Adds an item to the last few; the oldest goes. */
static void remember(struct hume_item **items, unsigned *count, unsigned limit,
                     struct hume_item *item) {
    if (*count == limit) {
        mem_free(items[0]);
        memmove(items, items + 1, (limit - 1) * sizeof *items);
        --*count;
    }
    items[(*count)++] = item;
}

static void end_frame(struct hume_track *track) {
    struct hume_item *item = hume_track_take_filled(track);
    if (track->hume->skip_silence && item->from_ms - track->spoke_ms > HANG_OVER_MS) {
        remember(track->pre_roll, &track->pre_roll_count, HUME_PRE_ROLL, item);
        return;
    }
    for (unsigned i = 0; i < track->pre_roll_count; i++)
        hume_track_push(track, track->pre_roll[i]);
    track->pre_roll_count = 0;
    hume_track_push(track, item);
}

static void collect(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                    bool is_speech) {
    if (is_speech)
        track->spoke_ms = from_ms + (int64_t)(n * 1000 / GROUPER_RATE_HZ);
    while (n > 0) {
        size_t part = hume_track_fill(track, HUME_V1_FRAME_SAMPLES, pcm, n, from_ms);
        pcm += part;
        n -= part;
        from_ms += (int64_t)(part * 1000 / GROUPER_RATE_HZ);
        if (track->filled == HUME_V1_FRAME_SAMPLES)
            end_frame(track);
    }
}

/* Groups mean nothing here but a line in the log. */
static void end_group(struct hume_track *track) {
}

static void greet(struct hume_track *track) {
}

static bool may_send(const struct hume_track *track) {
    int64_t now_ms = hume_now_ms(track->hume);
    return track->pace_ms <= now_ms + AHEAD_MS && now_ms - track->frame_ms >= APART_MS;
}

/* Starts a new segment where meeting time does not simply go on. */
static void note_time(struct hume_track *track, int64_t from_ms) {
    unsigned n = track->segment_count;
    if (n > 0) {
        int64_t expected_ms = track->segments[n - 1].meeting_ms + track->session_ms -
                              track->segments[n - 1].session_ms;
        if (from_ms - expected_ms < CONTINUOUS_MS && expected_ms - from_ms < CONTINUOUS_MS)
            return;
    }
    if (n == HUME_SEGMENTS) {
        memmove(&track->segments[0], &track->segments[1], (n - 1) * sizeof track->segments[0]);
        n--;
    }
    track->segments[n].session_ms = track->session_ms;
    track->segments[n].meeting_ms = from_ms;
    track->segments[n].sent_ms = hume_now_ms(track->hume);
    track->segment_count = n + 1;
}

static int64_t frame_ms(const struct hume_item *item) {
    return item->samples * 1000 / GROUPER_RATE_HZ;
}

static void say_audio(struct hume_track *track, const struct hume_item *item) {
    uint8_t bytes[HUME_V1_FRAME_SAMPLES * 2];
    for (size_t i = 0; i < item->samples; i++) {
        bytes[i * 2] = (uint8_t)item->pcm[i];
        bytes[i * 2 + 1] = (uint8_t)((uint16_t)item->pcm[i] >> 8);
    }
    ws_conn_send(track->ws, WS_BINARY, slice_of(bytes, item->samples * 2));
}

static void send_frame(struct hume_track *track, struct hume_item *item) {
    int64_t now_ms = hume_now_ms(track->hume);
    say_audio(track, item);
    note_time(track, item->from_ms);
    track->session_ms += frame_ms(item);
    track->pace_ms = (track->pace_ms > now_ms ? track->pace_ms : now_ms) + frame_ms(item);
    track->frame_ms = now_ms;
    remember(track->recent, &track->recent_count, HUME_RECENT, item);
}

/* None of the last frame was used: it goes out again, and the session's clock goes back. The service
 * does not say which frame it means: the last one, as they go out one by one; where the way there is
 * so long that several were under way, those behind a refused one were too fast as well. From then on
 * each waits for its time, until a pause in the audio. */
static void send_again(struct hume_track *track) {
    track->pace_ms = hume_now_ms(track->hume) + TOO_FAST_MS + AHEAD_MS;
    if (track->recent_count == 0)
        return;
    struct hume_item *item = track->recent[--track->recent_count];
    track->session_ms -= frame_ms(item);
    if (track->segment_count > 1 &&
        track->segments[track->segment_count - 1].session_ms >= track->session_ms)
        track->segment_count--;
    hume_queue_put_back(&track->queue, item);
    track->hume->stats.resent++;
}

static int64_t to_meeting(const struct hume_track *track, int64_t session_ms, int64_t *sent_ms) {
    unsigned i = track->segment_count - 1;
    while (i > 0 && track->segments[i].session_ms > session_ms)
        i--;
    int64_t into_ms = session_ms - track->segments[i].session_ms;
    *sent_ms = track->segments[i].sent_ms + into_ms;
    return track->segments[i].meeting_ms + into_ms;
}

static void read_message(struct hume_track *track, struct hume_reading *reading,
                         struct slice message) {
    hume_v1_read(reading, &track->hume->expressions, message);
    if (reading->kind == HUME_TOO_FAST)
        send_again(track);
    if (reading->kind != HUME_MEASURED || track->segment_count == 0)
        return;
    for (unsigned i = 0; i < reading->count; i++) {
        const struct hume_span *span = &reading->spans[i];
        int64_t sent_ms;
        int64_t end_ms = span->end_ms < track->session_ms ? span->end_ms : track->session_ms;
        int64_t from_ms = to_meeting(track, span->begin_ms, &sent_ms);
        int64_t to_ms = to_meeting(track, end_ms, &sent_ms);
        hume_track_feel(track, &span->feeling, from_ms, to_ms, sent_ms);
    }
}

static bool is_stuck(const struct hume_track *track) {
    return false; /* silence is answered by silence; ws_conn's pings notice a dead peer */
}

static void reset(struct hume_track *track) {
    forget(track->recent, &track->recent_count);
    forget(track->pre_roll, &track->pre_roll_count);
    track->session_ms = 0;
    track->segment_count = 0;
    track->pace_ms = track->frame_ms = 0;
}

static void leave(struct hume_track *track) {
    struct hume_item *rest = hume_track_take_filled(track);
    if (rest)
        say_audio(track, rest);
    mem_free(rest);
    ws_conn_send(track->ws, WS_TEXT, hume_v1_close_message());
}

const struct hume_speech hume_speech_v1 = {
    .queue_limit = FRAMES,
    .queue_least = 3,
    .item_samples = item_samples,
    .needs_session = true,
    .collect = collect,
    .end_group = end_group,
    .greet = greet,
    .may_send = may_send,
    .send = send_frame,
    .read = read_message,
    .is_stuck = is_stuck,
    .reset = reset,
    .leave = leave,
};
