/* v1: frames of 100 ms as they come, measurements when the service finds speech. Its clock counts
 * the audio that it took; `segments` lead from there back to meeting time. Groups mean nothing here
 * but a line in the log. Silence is answered by silence, so nothing tells a slow service from a
 * stuck one; a dead peer is found by the pings of ws_conn. No session.update is sent: its shape is
 * not documented, and the default configuration is the one we want. */
#include "base/little.h"
#include "base/mem.h"
#include "outside/hume/hume_private.h"

#include <string.h>

enum {
    FRAME_SAMPLES = 1600,
    /* That wait when the service asks us to slow down. */
    FRAMES = 30,
    FRAMES_LEAST = 3,
    /* Of real time: what a handshake delayed is caught up with. The rest of a longer wait stays
     * behind until there is silence, which is not sent. */
    AHEAD_MS = 1000,
    /* Between frames that catch up, so that a refusal is known before the next one goes. */
    APART_MS = 40,
    TOO_FAST_MS = 150,
    /* Silence sent after speech, so that the service hears its end. */
    HANG_OVER_MS = 1000,
    CONTINUOUS_MS = 30,
    /* Frames of silence kept to be sent before speech. */
    PRE_ROLL = 2,
    /* Frames kept in case they are refused as too fast. */
    RECENT = 12,
    /* Stretches of meeting time in a session's audio. */
    SEGMENTS = 32,
};

struct hume_v1_talk {
    int64_t session_ms; /* audio sent in this session */
    int64_t pace_ms;    /* loop time at which what was sent has been played */
    int64_t frame_ms;   /* loop time of the last frame */
    int64_t spoke_ms;   /* meeting time of the last speech */
    unsigned recent_count, pre_roll_count, segment_count;
    struct hume_item *recent[RECENT], *pre_roll[PRE_ROLL];
    struct hume_v1_segment {
        int64_t session_ms, meeting_ms, sent_ms;
    } segments[SEGMENTS];
};

/* ---- Collecting ---- */

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
    struct hume_v1_talk *talk = track->talk;
    struct hume_item *item = hume_queue_take_filled(&track->queue);
    if (track->hume->skip_silence && item->from_ms - talk->spoke_ms > HANG_OVER_MS) {
        remember(talk->pre_roll, &talk->pre_roll_count, PRE_ROLL, item);
        return;
    }
    for (unsigned i = 0; i < talk->pre_roll_count; i++)
        hume_track_push(track, talk->pre_roll[i]);
    talk->pre_roll_count = 0;
    hume_track_push(track, item);
}

static void v1_collect(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                       bool is_speech) {
    struct hume_v1_talk *talk = track->talk;
    if (is_speech)
        talk->spoke_ms = from_ms + (int64_t)(n * 1000 / HUME_RATE_HZ);
    while (n > 0) {
        size_t part = hume_queue_fill(&track->queue, FRAME_SAMPLES, pcm, n, from_ms);
        pcm += part;
        n -= part;
        from_ms += (int64_t)(part * 1000 / HUME_RATE_HZ);
        if (track->queue.filled == FRAME_SAMPLES)
            end_frame(track);
    }
}

/* ---- Sending ---- */

static bool v1_may_send(const struct hume_track *track) {
    const struct hume_v1_talk *talk = track->talk;
    int64_t now_ms = hume_now_ms(track->hume);
    return talk->pace_ms <= now_ms + AHEAD_MS && now_ms - talk->frame_ms >= APART_MS;
}

/* Starts a new segment where meeting time has jumped. */
static void note_time(struct hume_v1_talk *talk, int64_t from_ms, int64_t now_ms) {
    unsigned n = talk->segment_count;
    if (n > 0) {
        const struct hume_v1_segment *last = &talk->segments[n - 1];
        int64_t expected_ms = last->meeting_ms + talk->session_ms - last->session_ms;
        if (from_ms - expected_ms < CONTINUOUS_MS && expected_ms - from_ms < CONTINUOUS_MS)
            return;
    }
    if (n == SEGMENTS)
        memmove(&talk->segments[0], &talk->segments[1], --n * sizeof talk->segments[0]);
    talk->segments[n] = (struct hume_v1_segment){talk->session_ms, from_ms, now_ms};
    talk->segment_count = n + 1;
}

static int64_t length_ms(const struct hume_item *item) {
    return item->samples * 1000 / HUME_RATE_HZ;
}

static void send_audio(struct hume_track *track, const struct hume_item *item) {
    uint8_t bytes[FRAME_SAMPLES * 2];
    uint8_t *end = bytes;
    for (size_t i = 0; i < item->samples; i++)
        end = little_put_u16(end, (uint16_t)item->pcm[i]);
    ws_conn_send(track->ws, WS_BINARY, slice_of(bytes, (size_t)(end - bytes)));
}

static void v1_send(struct hume_track *track, struct hume_item *item) {
    struct hume_v1_talk *talk = track->talk;
    int64_t now_ms = hume_now_ms(track->hume);
    send_audio(track, item);
    note_time(talk, item->from_ms, now_ms);
    talk->session_ms += length_ms(item);
    talk->pace_ms = (talk->pace_ms > now_ms ? talk->pace_ms : now_ms) + length_ms(item);
    talk->frame_ms = now_ms;
    remember(talk->recent, &talk->recent_count, RECENT, item);
}

/* The service took nothing of a frame: it goes out again, and the session's clock goes back.
 *
 * The service does not say which frame it means. It is the last one, as frames go out one by one.
 * On a way so long that several were under way, those behind the refused one were too fast as well.
 * From then on each frame waits for its time, until there is a pause in the audio. */
static void send_again(struct hume_track *track) {
    struct hume_v1_talk *talk = track->talk;
    talk->pace_ms = hume_now_ms(track->hume) + TOO_FAST_MS + AHEAD_MS;
    if (talk->recent_count == 0)
        return;
    struct hume_item *item = talk->recent[--talk->recent_count];
    talk->session_ms -= length_ms(item);
    if (talk->segment_count > 1 &&
        talk->segments[talk->segment_count - 1].session_ms >= talk->session_ms)
        talk->segment_count--;
    hume_queue_put_back(&track->queue, item);
    track->hume->stats.resent++;
}

/* ---- Reading ---- */

static int64_t to_meeting(const struct hume_v1_talk *talk, int64_t session_ms, int64_t *sent_ms) {
    const struct hume_v1_segment *segment = &talk->segments[talk->segment_count - 1];
    while (segment > talk->segments && segment->session_ms > session_ms)
        segment--;
    int64_t into_ms = session_ms - segment->session_ms;
    *sent_ms = segment->sent_ms + into_ms;
    return segment->meeting_ms + into_ms;
}

static void v1_read(struct hume_track *track, struct hume_reading *reading, struct slice message) {
    const struct hume_v1_talk *talk = track->talk;
    hume_v1_read(reading, &track->hume->expressions, message);
    if (reading->kind == HUME_TOO_FAST)
        send_again(track);
    if (reading->kind != HUME_MEASURED || talk->segment_count == 0)
        return;
    for (unsigned i = 0; i < reading->count; i++) {
        const struct hume_span *span = &reading->spans[i];
        int64_t end_ms = span->end_ms < talk->session_ms ? span->end_ms : talk->session_ms;
        int64_t sent_ms;
        int64_t from_ms = to_meeting(talk, span->begin_ms, &sent_ms);
        int64_t to_ms = to_meeting(talk, end_ms, &sent_ms);
        hume_track_feel(track, &span->feeling, from_ms, to_ms, sent_ms);
    }
}

/* ---- The end ---- */

static void v1_reset(struct hume_track *track) {
    struct hume_v1_talk *talk = track->talk;
    forget(talk->recent, &talk->recent_count);
    forget(talk->pre_roll, &talk->pre_roll_count);
    talk->session_ms = 0;
    talk->segment_count = 0;
    talk->pace_ms = talk->frame_ms = 0;
}

static void v1_leave(struct hume_track *track) {
    struct hume_item *rest = hume_queue_take_filled(&track->queue);
    if (rest)
        send_audio(track, rest);
    mem_free(rest);
    ws_conn_send(track->ws, WS_TEXT, SLICE("{\"type\":\"session.close\"}"));
}

const struct hume_protocol hume_protocol_v1 = {
    .talk_bytes = sizeof(struct hume_v1_talk),
    .queue_limit = FRAMES,
    .queue_least = FRAMES_LEAST,
    .frame_samples = FRAME_SAMPLES,
    .needs_session = true,
    .collect = v1_collect,
    .may_send = v1_may_send,
    .send = v1_send,
    .read = v1_read,
    .reset = v1_reset,
    .leave = v1_leave,
};
