/* What the engine tells the report of each step. */
#include "meeting/meeting_private.h"
#include "meeting/report.h"

#include <math.h>

enum {
    OVERLAP_KNOWN_SLOTS = 100, /* 2 s: then no utterance changes what overlapped */
    MEASURE_EACH = 3,          /* costly measures: once in so many seconds of speech */
    GAP_SLOTS = SECOND_SLOTS,  /* without a frame: a gap */
};

static unsigned overlapping(const struct meeting *meeting, int64_t first_slot, unsigned count) {
    unsigned slots = 0;
    if (meeting->overlap.last_slot < first_slot)
        return 0;
    for (int64_t slot = first_slot; slot < first_slot + (int64_t)count; slot++)
        slots += meeting->overlap.speakers[(uint64_t)slot % OVERLAP_SLOTS] >= 2;
    return slots;
}

int64_t report_pending_overlap_ms(const struct meeting *meeting) {
    return overlapping(meeting, meeting->slot - OVERLAP_KNOWN_SLOTS, OVERLAP_KNOWN_SLOTS) * SLOT_MS;
}

static void measure(const struct meeting *meeting, const struct hearing *hearing,
                    struct report_heard *heard, int64_t end_ms) {
    heard->syllables_per_s = heard->semitones = heard->voice_dbfs = NAN;
    heard->is_second = hearing->is_second;
    if (!hearing->is_second)
        return;
    float value;
    if (level_active(&hearing->level, LEVEL_MS, LEVEL_AGE_MS, end_ms, &value) > 0)
        heard->voice_dbfs = value;
    if (hearing->pitch.heard / SECOND_SLOTS % MEASURE_EACH != 0)
        return;
    const struct pace_limits limits = pace_limits_of(meeting);
    if (pace_rate(&hearing->pace, &limits, 3, &value))
        heard->syllables_per_s = value;
    if (pitch_span_spread(&hearing->pitch, &value))
        heard->semitones = value;
}

static void look_at_frames(const struct hearing *hearing, struct report_heard *heard,
                           int64_t first_slot) {
    for (int i = 0; i < STEP_SLOTS; i++) {
        const struct moment *moment = timeline_at(&hearing->timeline, first_slot + i);
        if (!moment)
            continue;
        if (!heard->is_heard || moment->db > heard->peak_dbfs)
            heard->peak_dbfs = moment->db;
        heard->is_heard = true;
        heard->is_clipped |= moment->clip > 0;
    }
}

static void hear(const struct meeting *meeting, const struct participant *participant,
                 unsigned several, int64_t first_slot) {
    const struct hearing *hearing = participant->hearing;
    int64_t end_ms = (first_slot + STEP_SLOTS) * SLOT_MS;
    unsigned speech = hearing->detector.speech;
    struct report_heard heard = {.slots = STEP_SLOTS,
                                 .speech = (unsigned)__builtin_popcount(speech),
                                 .together = (unsigned)__builtin_popcount(speech & several),
                                 .is_muted = hearing->mic == MIC_MUTED};
    if (!heard.is_muted) {
        look_at_frames(hearing, &heard, first_slot);
        heard.is_gap = hearing->mic == MIC_CUT || hearing->mic == MIC_UNKNOWN ||
                       hearing->microphone.frame_slot < first_slot - GAP_SLOTS;
    }
    measure(meeting, hearing, &heard, end_ms);
    report_hear(meeting->report, participant->record, &heard, end_ms);
}

void report_follow_step(struct meeting *meeting, int64_t first_slot) {
    unsigned any = 0, several = 0;
    for (size_t i = 0; i < meeting->actives; i++) {
        unsigned speech = meeting->active[i]->hearing->detector.speech;
        several |= any & speech;
        any |= speech;
    }
    for (size_t i = 0; i < meeting->count; i++) {
        const struct participant *participant = meeting->participants[i];
        if (participant->hearing && participant->record && participant_is_connected(participant))
            hear(meeting, participant, several, first_slot);
    }
    const struct report_group group = {
        .spoken = (unsigned)__builtin_popcount(any),
        .overlapping = overlapping(meeting, first_slot - OVERLAP_KNOWN_SLOTS, STEP_SLOTS),
        .present = meeting->present,
    };
    report_close_step(meeting->report, &group, first_slot * SLOT_MS,
                      (first_slot + STEP_SLOTS) * SLOT_MS);
}
