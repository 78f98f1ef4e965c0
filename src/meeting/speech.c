#include "meeting/meeting_private.h"

#include <math.h>

enum {
    SPEECH_PROBABLE = 128,  /* p >= 0.5 */
    SPEECH_ONSET = 3,       /* frames in a row that begin speech */
    SPEECH_HOLD = 6,        /* frames for which speech is held */
    SPEECH_STRONG = 166,    /* p >= 0.65: levels are taken from these frames only */
    LIVE = 32768,           /* half of the samples: no digital silence, whatever is around it */
    DEAD = 1311,            /* 2 %: so many may a codec leave where there were zeros */
    OWN_MS = 10000,         /* speech that the own level is taken from ... */
    OWN_LEAST_MS = 2000,    /* ... at least */
    BACKGROUND_SLOTS = 100, /* 2 s of live background prove a microphone */
};

void speech_start(struct hearing *hearing, int64_t judged_slot, int64_t slot) {
    hearing->open_slot = judged_slot;
    hearing->microphone.start_slot = hearing->microphone.frame_slot = slot;
    hearing->microphone.zero_slot = NEVER;
    hearing->microphone.has_only_zeros = true;
    hearing->microphone.background = 0;
    hearing->detector.run = hearing->detector.hold = 0;
    hearing->bleed.hold = 0;
}

bool speech_is_near(const struct hearing *hearing, int64_t slot, unsigned slots) {
    return hearing->detector.sound_slot >= slot - (int64_t)slots;
}

static bool is_probable(const struct moment *moment) {
    return moment && moment->speech >= SPEECH_PROBABLE;
}

static void detector_hear(struct detector *detector, const struct moment *moment, int64_t slot) {
    if (!is_probable(moment)) {
        detector->run = 0;
        if (detector->hold > 0)
            detector->hold--;
        return;
    }
    if (detector->run < SPEECH_ONSET)
        detector->run++;
    if (detector->hold > 0) {
        detector->hold = SPEECH_HOLD;
    } else if (detector->run == SPEECH_ONSET) {
        detector->hold = SPEECH_HOLD;
        detector->onset_slot = slot - SPEECH_ONSET + 1;
    }
}

static void microphone_hear(struct microphone *microphone, const struct moment *moment,
                            bool is_speech, int64_t slot) {
    microphone->frame_slot = slot > microphone->start_slot ? slot : microphone->start_slot;
    if (moment->nonzero < LIVE) {
        if (microphone->zero_slot == NEVER) {
            microphone->zero_slot = microphone->frame_slot;
            microphone->zero_frames = microphone->nonzero = 0;
        }
        microphone->zero_frames++;
        microphone->nonzero += moment->nonzero;
        microphone->background = 0;
        return;
    }
    microphone->zero_slot = NEVER;
    microphone->has_only_zeros = false;
    if (is_speech) {
        microphone->background = 0;
        return;
    }
    level_noise_hear(&microphone->noise, moment->power);
    if (microphone->background < BACKGROUND_SLOTS && ++microphone->background == BACKGROUND_SLOTS)
        microphone->has_background = true;
}

/* A mute ends a turn: it is no pause in it. While it is not known whether somebody muted, nothing
 * begins anew: if they did not, their microphone has been silent all the time. */
static void mic_follow(struct hearing *hearing, enum mic before, int64_t first_slot, int64_t slot) {
    hearing->delivery.muted_ms = slot * SLOT_MS;
    bool is_still_silent = hearing->mic == MIC_UNKNOWN || hearing->mic == MIC_CUT;
    if (!is_still_silent || before == MIC_MUTED)
        speech_start(hearing, first_slot, slot);
}

int64_t microphone_zero_slots(const struct microphone *microphone, int64_t slot) {
    bool is_dead =
        microphone->zero_slot != NEVER && microphone->nonzero <= DEAD * microphone->zero_frames;
    return is_dead ? slot - microphone->zero_slot : 0;
}

bool speech_hear_step(struct hearing *hearing, int64_t first_slot, unsigned delay_slots) {
    struct detector *detector = &hearing->detector;
    bool is_opened = false;
    detector->speech = detector->voiced = 0;
    for (int i = 0; i < STEP_SLOTS; i++) {
        int64_t slot = first_slot + i;
        enum mic before = hearing->mic;
        if (timeline_take_mute(&hearing->timeline, slot, &hearing->mic)) {
            mic_follow(hearing, before, first_slot, slot + delay_slots);
            is_opened |= hearing->mic == MIC_OPEN;
        }
        if (hearing->mic != MIC_OPEN)
            continue;
        const struct moment *moment = timeline_at(&hearing->timeline, slot);
        detector_hear(detector, moment, slot);
        bool is_speech = detector->hold > 0;
        if (moment)
            microphone_hear(&hearing->microphone, moment, is_speech || is_probable(moment), slot);
        if (!is_speech)
            continue;
        detector->speech |= (uint8_t)(1u << i);
        detector->sound_slot = slot;
        if (is_probable(moment))
            detector->voiced |= (uint8_t)(1u << i);
    }
    return is_opened;
}

static void speech_measure(const struct meeting *meeting, struct hearing *hearing,
                           const struct moment *moment, int64_t slot) {
    float syllables[2] = {moment->syllable_cdb[0] / 100.0f, moment->syllable_cdb[1] / 100.0f};
    float periodicity = moment->periodicity / 255.0f;
    for (int i = 0; i < 2 && meeting->rules.version == 1; i++)
        syllables[i] = pace_envelope_smooth(&hearing->former_pace, syllables[i]);
    pace_hear(&hearing->pace, syllables);
    pitch_span_hear(&hearing->pitch, moment->f0_hz, periodicity);
    if (moment->speech < SPEECH_STRONG)
        return;
    const struct level_noise *known = &hearing->microphone.noise;
    float noise = known->known ? powf(10.0f, known->dbfs / 10.0f) : 0.0f;
    level_hear(&hearing->level, moment->power, noise, (slot + 1) * SLOT_MS);
    hearing->floor_db = moment->floor_db;
}

void speech_measure_step(const struct meeting *meeting, struct hearing *hearing,
                         int64_t first_slot) {
    float clipped = 0;
    uint32_t seconds = hearing->pitch.heard / SECOND_SLOTS;
    for (int i = 0; i < STEP_SLOTS; i++) {
        const struct moment *moment = timeline_at(&hearing->timeline, first_slot + i);
        if (!(hearing->detector.speech >> i & 1)) {
            pace_break(&hearing->pace);
        } else if (moment) {
            speech_measure(meeting, hearing, moment, first_slot + i);
            clipped += moment->clip / 65535.0f;
        }
    }
    hearing->is_second = hearing->pitch.heard / SECOND_SLOTS > seconds;
    if (hearing->detector.speech)
        hearing->has_own =
            level_active(&hearing->level, OWN_MS, UINT32_MAX, (first_slot + STEP_SLOTS) * SLOT_MS,
                         &hearing->own_dbfs) >= OWN_LEAST_MS;
    hearing->clipped[hearing->clipped_next] = clipped;
    hearing->clipped_next = (hearing->clipped_next + 1) % CLIP_STEPS;
}
