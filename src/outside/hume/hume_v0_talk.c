#include "outside/hume/hume_private.h"

#include "base/mem.h"
#include "outside/hume/hume_v0.h"
#include "sound/grouper.h"

/* v0: a message with a whole block for each flush, an answer for each message. */

enum {
    BLOCKS = 2, /* waiting for answers to those before them */
    ANSWER_TIMEOUT_MS = 10000,
};

static uint32_t item_samples(const struct hume_track *track) {
    return track->group;
}

static void collect(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                    bool is_speech) {
    hume_track_fill(track, track->group, pcm, n, from_ms);
    track->is_speech |= is_speech;
    if (is_speech || !track->hume->skip_silence)
        hume_track_need(track); /* so that the connection is there when the block is whole */
}

static void end_group(struct hume_track *track) {
    bool is_worth_it = track->is_speech || !track->hume->skip_silence;
    struct hume_item *item = hume_track_take_filled(track);
    if (!item)
        return;
    if (!is_worth_it) {
        mem_free(item);
        return;
    }
    if (track->hume->normalize)
        grouper_normalize(item->pcm, item->samples);
    hume_track_push(track, item);
}

static void greet(struct hume_track *track) {
    struct buf hello = {0};
    if (!track->hume->hello)
        return;
    hume_v0_write_hello(&hello);
    ws_conn_send(track->ws, WS_TEXT, buf_slice(&hello));
    ws_conn_flush(track->ws);
    buf_free(&hello);
}

static bool may_send(const struct hume_track *track) {
    return track->in_flight < HUME_IN_FLIGHT;
}

static void send_block(struct hume_track *track, struct hume_item *item) {
    struct buf text = {0};
    hume_v0_write_block(&text, item->pcm, item->samples, GROUPER_RATE_HZ, track->next_id);
    ws_conn_send(track->ws, WS_TEXT, buf_slice(&text));
    buf_free(&text);
    if (track->in_flight < HUME_IN_FLIGHT) {
        track->flights[track->in_flight].id = track->next_id;
        track->flights[track->in_flight].from_ms = item->from_ms;
        track->flights[track->in_flight].length_ms = item->samples * 1000 / GROUPER_RATE_HZ;
        track->flights[track->in_flight].sent_ms = hume_now_ms(track->hume);
        track->in_flight++;
    }
    track->next_id++;
    mem_free(item);
}

/* Without an id an answer belongs to the oldest block. */
static unsigned find_flight(const struct hume_track *track, uint64_t id) {
    unsigned i = 0;
    while (id && i < track->in_flight && track->flights[i].id != id)
        i++;
    return i;
}

static void feel(struct hume_track *track, unsigned flight, const struct hume_span *span) {
    int64_t from_ms = track->flights[flight].from_ms;
    int64_t length_ms = track->flights[flight].length_ms;
    int64_t begin_ms = span->begin_ms < length_ms ? span->begin_ms : 0;
    int64_t end_ms = span->end_ms > begin_ms && span->end_ms < length_ms ? span->end_ms : length_ms;
    hume_track_feel(track, &span->feeling, from_ms + begin_ms, from_ms + end_ms,
                    track->flights[flight].sent_ms);
}

static void read_answer(struct hume_track *track, struct hume_reading *reading,
                        struct slice message) {
    hume_v0_read(reading, &track->hume->expressions, message);
    bool is_answer = reading->kind == HUME_MEASURED || reading->kind == HUME_NO_SPEECH ||
                     reading->kind == HUME_FAULT;
    unsigned flight = find_flight(track, reading->payload_id);
    if (!is_answer || flight >= track->in_flight)
        return;
    track->hume->stats.no_speech += reading->kind == HUME_NO_SPEECH;
    for (unsigned i = 0; i < reading->count; i++)
        feel(track, flight, &reading->spans[i]);
    track->in_flight--;
    for (unsigned i = flight; i < track->in_flight; i++)
        track->flights[i] = track->flights[i + 1];
}

static bool is_stuck(const struct hume_track *track) {
    return track->in_flight > 0 &&
           hume_now_ms(track->hume) - track->flights[0].sent_ms > ANSWER_TIMEOUT_MS;
}

static void reset(struct hume_track *track) {
    track->in_flight = 0;
}

static void leave(struct hume_track *track) {
    ws_conn_close(track->ws, WS_CLOSE_NORMAL, SLICE_NONE);
}

const struct hume_speech hume_speech_v0 = {
    .queue_limit = BLOCKS,
    .item_samples = item_samples,
    .collect = collect,
    .end_group = end_group,
    .greet = greet,
    .may_send = may_send,
    .send = send_block,
    .read = read_answer,
    .is_stuck = is_stuck,
    .reset = reset,
    .leave = leave,
};
