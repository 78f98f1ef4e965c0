#include "meeting/meeting_private.h"

#include "wire/web/json_write.h"

enum {
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
    if (participant->record)
        report_answer(meeting->report, participant->record, gap * SLOT_MS);
}

void talk_overlap(struct participant *participant) {
    participant->talk.overlap_ms += SLOT_MS;
    if (participant->record)
        report_overlap(participant->record, SLOT_MS);
}

void talk_hear(struct meeting *meeting, unsigned speakers) {
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *hearing = meeting->active[i]->hearing;
        if (!hearing->is_speaking)
            continue;
        hearing->speech_slots++;
        meeting->active[i]->talk.speech_ms += SLOT_MS;
        const struct turn *turn = &hearing->turn;
        int64_t spoken = turn->heard_slot < turn->last_slot ? turn->heard_slot : turn->last_slot;
        if (spoken > meeting->spoken_slot && silence_is_ended(meeting, hearing)) {
            meeting->spoken_slot = spoken;
            meeting->speaker = meeting->active[i];
        }
        if (speakers >= 2 && hearing->turn.is_counted)
            talk_overlap(meeting->active[i]);
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

static void hearing_write(struct buf *out, const struct meeting *meeting,
                          const struct hearing *hearing) {
    const struct pace_limits limits = pace_limits_of(meeting);
    int64_t at_ms = meeting_judged_ms(meeting);
    const struct level_noise *noise = &hearing->microphone.noise;
    float value;
    if (level_active(&hearing->level, LEVEL_MS, LEVEL_AGE_MS, at_ms, &value) > 0)
        json_add_real(out, "rmsMean3s", (double)value, 1);
    if (noise->known)
        json_add_real(out, "noiseDbfs", (double)noise->dbfs, 1);
    if (pace_rate(&hearing->pace, &limits, 3, &value))
        json_add_real(out, "syllablesPerSecond", (double)value, 1);
    if (pitch_span_spread(&hearing->pitch, &value))
        json_add_real(out, "pitchRangeSemitones", (double)value, 1);
}

static void talk_write(struct buf *out, const struct talk *talk, int64_t all_speech_ms) {
    double share = all_speech_ms > 0 ? (double)talk->speech_ms / (double)all_speech_ms : 0;
    json_add_real(out, "talkSeconds", (double)talk->speech_ms / 1000, 1);
    json_add_real(out, "talkShare", share, 3);
    json_add_uint(out, "turns", talk->turns);
    json_add_real(out, "longestTurnSeconds", (double)talk->longest_turn_ms / 1000, 1);
    json_add_uint(out, "interruptionsGiven", talk->interruptions_given);
    json_add_uint(out, "interruptionsTaken", talk->interruptions_taken);
    json_add_real(out, "overlapSeconds", (double)talk->overlap_ms / 1000, 1);
    if (talk->responses > 0)
        json_add_real(out, "responseGapSeconds", (double)talk->response_ms / 1000 / talk->responses,
                      2);
}

static void participant_write(struct buf *out, const struct meeting *meeting,
                              const struct participant *participant, int64_t all_speech_ms) {
    const struct talk *talk = &participant->talk;
    const struct hearing *hearing = participant->hearing;
    json_open(out, NULL);
    json_add_text(out, "participantId", slice_from(participant->identity));
    if (participant->name[0])
        json_add_text(out, "name", slice_from(participant->name));
    json_add_real(out, "speechCoverage10s", hearing ? share_coverage(&hearing->share) : 0, 2);
    if (hearing)
        hearing_write(out, meeting, hearing);
    if (talk->has_rms)
        json_add_real(out, "emaRms", (double)talk->ema_rms, 1);
    json_add_uint(out, "samples", talk->frames);
    json_add_bool(out, "isHost", participant->is_host);
    json_add_bool(out, "isConnected", participant_is_connected(participant));
    json_add_bool(out, "isMuted", hearing && hearing->mic == MIC_MUTED);
    talk_write(out, talk, all_speech_ms);
    json_close(out);
}

void meeting_write_stats(struct buf *out, const struct meeting *meeting) {
    int64_t speech_ms = 0;
    for (size_t i = 0; i < meeting->count; i++)
        speech_ms += meeting->participants[i]->talk.speech_ms;
    json_open_array(out, NULL);
    for (size_t i = 0; i < meeting->count; i++)
        participant_write(out, meeting, meeting->participants[i], speech_ms);
    json_close_array(out);
}
