#include "meeting/meeting_private.h"

#include "base/text.h"

enum {
    SPOKEN_SLOTS = 10,    /* 0.2 s of speech end a silence */
    RESPONSE_SLOTS = 250, /* speech that begins later than 5 s is no answer */
    SHORT_STEPS = 100,    /* 10 s */
};

void share_add(struct share *share, unsigned slots) {
    if (slots == 0 && share->in_60s == 0)
        return; /* only zeros in it: nothing changes */
    unsigned old_10s = (share->next + SHARE_STEPS - SHORT_STEPS) % SHARE_STEPS;
    share->in_60s = (uint16_t)(share->in_60s + slots - share->steps[share->next]);
    share->in_10s = (uint16_t)(share->in_10s + slots - share->steps[old_10s]);
    share->steps[share->next] = (uint8_t)slots;
    share->next = (uint16_t)((share->next + 1) % SHARE_STEPS);
}

unsigned share_recent(const struct share *share, unsigned steps) {
    unsigned slots = 0;
    for (unsigned i = 1; i <= steps; i++)
        slots += share->steps[(share->next + SHARE_STEPS - i) % SHARE_STEPS];
    return slots;
}

double share_coverage(const struct share *share) {
    return share->in_10s * SLOT_MS / 10000.0;
}

void talk_on_turn(struct meeting *meeting, struct participant *participant) {
    int64_t gap = participant->hearing->turn.start_slot - meeting->spoken_slot;
    if (meeting->speaker == participant || meeting->spoken_slot == NEVER || gap < 0 ||
        gap > RESPONSE_SLOTS)
        return;
    participant->talk.responses++;
    participant->talk.response_ms += gap * SLOT_MS;
}

void talk_hear(struct meeting *meeting, unsigned speakers) {
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *hearing = meeting->active[i]->hearing;
        if (!hearing->is_speaking)
            continue;
        hearing->speech_slots++;
        meeting->active[i]->talk.speech_ms += SLOT_MS;
        if (hearing->turn.slots >= SPOKEN_SLOTS && hearing->turn.last_slot > meeting->spoken_slot) {
            meeting->spoken_slot = hearing->turn.last_slot;
            meeting->speaker = meeting->active[i];
        }
        if (speakers >= 2 && hearing->turn.is_counted)
            meeting->active[i]->talk.overlap_ms += SLOT_MS;
    }
}

/* The running average of the old debug page: factor 0.3, once a second of speech. */
void talk_close_step(struct participant *participant, int64_t at_ms) {
    struct talk *talk = &participant->talk;
    float dbfs;
    if (at_ms % 1000 != 0 || participant->hearing->share.in_10s == 0 ||
        level_active(&participant->hearing->level, LEVEL_MS, LEVEL_AGE_MS, at_ms, &dbfs) == 0)
        return;
    talk->ema_rms = talk->has_rms ? talk->ema_rms + 0.3f * (dbfs - talk->ema_rms) : dbfs;
    talk->has_rms = true;
}

static void seconds_write(struct buf *out, const char *key, int64_t ms) {
    buf_printf(out, ",\"%s\":%.1f", key, (double)ms / 1000);
}

static void hearing_write(struct buf *out, const struct hearing *hearing, int64_t at_ms) {
    float value;
    if (level_active(&hearing->level, LEVEL_MS, LEVEL_AGE_MS, at_ms, &value) > 0)
        buf_printf(out, ",\"rmsMean3s\":%.1f", (double)value);
    const struct level_noise *noise = &hearing->microphone.noise;
    if (noise->known)
        buf_printf(out, ",\"noiseDbfs\":%.1f", (double)noise->dbfs);
    if (pace_rate(&hearing->pace, 3, &value))
        buf_printf(out, ",\"syllablesPerSecond\":%.1f", (double)value);
    if (pitch_span_spread(&hearing->pitch, &value))
        buf_printf(out, ",\"pitchRangeSemitones\":%.1f", (double)value);
}

static void participant_write(struct buf *out, const struct meeting *meeting,
                              const struct participant *participant, int64_t speech_ms) {
    const struct talk *talk = &participant->talk;
    const struct hearing *hearing = participant->hearing;
    buf_add_text(out, "{\"participantId\":");
    text_add_json(out, slice_from(participant->identity));
    if (participant->name[0]) {
        buf_add_text(out, ",\"name\":");
        text_add_json(out, slice_from(participant->name));
    }
    buf_printf(out, ",\"speechCoverage10s\":%.2f", hearing ? share_coverage(&hearing->share) : 0.0);
    if (hearing)
        hearing_write(out, hearing, meeting_judged_ms(meeting));
    if (talk->has_rms)
        buf_printf(out, ",\"emaRms\":%.1f", (double)talk->ema_rms);
    buf_printf(out, ",\"samples\":%llu", (unsigned long long)talk->frames);
    buf_printf(out, ",\"isHost\":%s,\"isConnected\":%s,\"isMuted\":%s",
               participant->is_host ? "true" : "false", participant->connections ? "true" : "false",
               hearing && hearing->is_muted ? "true" : "false");
    seconds_write(out, "talkSeconds", talk->speech_ms);
    buf_printf(out, ",\"talkShare\":%.3f",
               speech_ms > 0 ? (double)talk->speech_ms / (double)speech_ms : 0.0);
    buf_printf(out, ",\"turns\":%u", talk->turns);
    seconds_write(out, "longestTurnSeconds", talk->longest_turn_ms);
    buf_printf(out, ",\"interruptionsGiven\":%u,\"interruptionsTaken\":%u",
               talk->interruptions_given, talk->interruptions_taken);
    seconds_write(out, "overlapSeconds", talk->overlap_ms);
    if (talk->responses > 0)
        buf_printf(out, ",\"responseGapSeconds\":%.2f",
                   (double)talk->response_ms / 1000 / talk->responses);
    buf_add_byte(out, '}');
}

void meeting_write_stats(struct buf *out, const struct meeting *meeting) {
    int64_t speech_ms = 0;
    for (size_t i = 0; i < meeting->count; i++)
        speech_ms += meeting->participants[i]->talk.speech_ms;
    buf_add_byte(out, '[');
    for (size_t i = 0; i < meeting->count; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        participant_write(out, meeting, meeting->participants[i], speech_ms);
    }
    buf_add_byte(out, ']');
}
