/* v0: a message with a whole block for each flush, an answer for each message. */
#include "base/mem.h"
#include "outside/hume/hume_private.h"
#include "sound/grouper.h"

#include <assert.h>

enum {
    BLOCKS = 2,    /* that wait for answers to those before them */
    IN_FLIGHT = 8, /* blocks that may be unanswered */
    ANSWER_TIMEOUT_MS = 10000,
};

struct hume_v0_talk {
    bool is_speech; /* in the block that is being filled */
    uint64_t last_id;
    unsigned in_flight;
    struct hume_v0_flight {
        uint64_t id;
        int64_t from_ms, length_ms, sent_ms;
    } flights[IN_FLIGHT];
};

static void v0_collect(struct hume_track *track, const int16_t *pcm, size_t n, int64_t from_ms,
                       bool is_speech) {
    struct hume_v0_talk *talk = track->talk;
    if (!track->queue.filling)
        talk->is_speech = false;
    hume_queue_fill(&track->queue, track->item_samples, pcm, n, from_ms);
    talk->is_speech |= is_speech;
    if (is_speech || !track->hume->skip_silence)
        hume_track_need(track); /* so that the connection is open when the block is whole */
}

static void v0_end_group(struct hume_track *track) {
    const struct hume_v0_talk *talk = track->talk;
    struct hume_item *item = hume_queue_take_filled(&track->queue);
    if (!item)
        return;
    if (!talk->is_speech && track->hume->skip_silence) {
        mem_free(item);
        return;
    }
    if (track->hume->normalize)
        grouper_normalize(item->pcm, item->samples);
    hume_track_push(track, item);
}

static void v0_greet(struct hume_track *track) {
    if (!track->hume->hello)
        return;
    struct buf hello = {0};
    hume_v0_write_hello(&hello);
    ws_conn_send(track->ws, WS_TEXT, buf_slice(&hello));
    ws_conn_flush(track->ws);
    buf_free(&hello);
}

static bool v0_may_send(const struct hume_track *track) {
    const struct hume_v0_talk *talk = track->talk;
    return talk->in_flight < IN_FLIGHT;
}

static void v0_send(struct hume_track *track, struct hume_item *item) {
    struct hume_v0_talk *talk = track->talk;
    assert(talk->in_flight < IN_FLIGHT);
    talk->flights[talk->in_flight++] = (struct hume_v0_flight){
        .id = ++talk->last_id,
        .from_ms = item->from_ms,
        .length_ms = item->samples * 1000 / HUME_RATE_HZ,
        .sent_ms = hume_now_ms(track->hume),
    };
    struct buf text = {0};
    hume_v0_write_block(&text, item->pcm, item->samples, talk->last_id);
    ws_conn_send(track->ws, WS_TEXT, buf_slice(&text));
    buf_free(&text);
    mem_free(item);
}

/* An answer without an id is that of the oldest block. */
static unsigned find_flight(const struct hume_v0_talk *talk, uint64_t id) {
    unsigned i = 0;
    while (id && i < talk->in_flight && talk->flights[i].id != id)
        i++;
    return i;
}

static void feel(struct hume_track *track, const struct hume_v0_flight *flight,
                 const struct hume_span *span) {
    int64_t length_ms = flight->length_ms;
    int64_t begin_ms = span->begin_ms < length_ms ? span->begin_ms : 0;
    int64_t end_ms = span->end_ms > begin_ms && span->end_ms < length_ms ? span->end_ms : length_ms;
    hume_track_feel(track, &span->feeling, flight->from_ms + begin_ms, flight->from_ms + end_ms,
                    flight->sent_ms);
}

static void v0_read(struct hume_track *track, struct hume_reading *reading, struct slice message) {
    struct hume_v0_talk *talk = track->talk;
    hume_v0_read(reading, &track->hume->expressions, message);
    bool is_answer = reading->kind == HUME_MEASURED || reading->kind == HUME_NO_SPEECH ||
                     reading->kind == HUME_FAULT;
    unsigned flight = find_flight(talk, reading->payload_id);
    if (!is_answer || flight >= talk->in_flight)
        return;
    track->hume->stats.no_speech += reading->kind == HUME_NO_SPEECH;
    for (unsigned i = 0; i < reading->count; i++)
        feel(track, &talk->flights[flight], &reading->spans[i]);
    talk->in_flight--;
    for (unsigned i = flight; i < talk->in_flight; i++)
        talk->flights[i] = talk->flights[i + 1];
}

static bool v0_is_stuck(const struct hume_track *track) {
    const struct hume_v0_talk *talk = track->talk;
    return talk->in_flight > 0 &&
           hume_now_ms(track->hume) - talk->flights[0].sent_ms > ANSWER_TIMEOUT_MS;
}

static void v0_reset(struct hume_track *track) {
    struct hume_v0_talk *talk = track->talk;
    talk->in_flight = 0;
}

static void v0_leave(struct hume_track *track) {
    ws_conn_close(track->ws, WS_CLOSE_NORMAL, SLICE_NONE);
}

const struct hume_protocol hume_protocol_v0 = {
    .talk_bytes = sizeof(struct hume_v0_talk),
    .queue_limit = BLOCKS,
    .collect = v0_collect,
    .end_group = v0_end_group,
    .greet = v0_greet,
    .may_send = v0_may_send,
    .send = v0_send,
    .read = v0_read,
    .is_stuck = v0_is_stuck,
    .reset = v0_reset,
    .leave = v0_leave,
};
