#include "meeting/meeting_private.h"

#include <math.h>

enum {
    SPEECH_PROBABLE = 128,  /* p >= 0.5 */
    SPEECH_ONSET = 3,       /* frames running that begin speech */
    SPEECH_HOLD = 6,        /* frames it is held */
    SPEECH_STRONG = 166,    /* p >= 0.65: what levels are taken from */
    BACKGROUND_SLOTS = 100, /* 2 s of live background prove a microphone */
};

void speech_start(struct hearing *hearing, int64_t slot) {
    hearing->open_slot = hearing->frame_slot = slot;
    hearing->zero_slot = NEVER;
    hearing->has_only_zeros = true;
    hearing->background = 0;
    hearing->speech_run = hearing->speech_hold = 0;
    hearing->bleed_hold = 0;
    hearing->noisy_ms = NEVER;
}

bool speech_is_near(const struct hearing *hearing, int64_t slot, unsigned slots) {
    return hearing->sound_slot >= slot - (int64_t)slots;
}

/* Zeros and live background: what a dead microphone is told by. */
static void microphone_hear(struct hearing *hearing, const struct moment *moment, int64_t slot) {
    if (moment->is_zero) {
        if (hearing->zero_slot == NEVER)
            hearing->zero_slot = slot;
        hearing->background = 0;
        return;
    }
    hearing->zero_slot = NEVER;
    hearing->has_only_zeros = false;
    if (hearing->speech_hold > 0 || moment->speech >= SPEECH_PROBABLE) {
        hearing->background = 0;
        return;
    }
    level_noise_hear(&hearing->noise, moment->power);
    if (hearing->background < BACKGROUND_SLOTS && ++hearing->background == BACKGROUND_SLOTS)
        hearing->has_background = true;
}

static void detector_hear(struct hearing *hearing, const struct moment *moment, int64_t slot) {
    bool is_probable = moment && moment->speech >= SPEECH_PROBABLE;
    if (!is_probable) {
        hearing->speech_run = 0;
        if (hearing->speech_hold > 0)
            hearing->speech_hold--;
        return;
    }
    if (hearing->speech_run < SPEECH_ONSET)
        hearing->speech_run++;
    if (hearing->speech_hold > 0) {
        hearing->speech_hold = SPEECH_HOLD;
    } else if (hearing->speech_run == SPEECH_ONSET) {
        hearing->speech_hold = SPEECH_HOLD;
        hearing->onset_slot = slot - SPEECH_ONSET + 1;
    }
}

void speech_hear_step(struct hearing *hearing, int64_t first_slot) {
    hearing->detected = hearing->voiced = 0;
    for (int i = 0; i < STEP_SLOTS; i++) {
        int64_t slot = first_slot + i;
        if (timeline_take_mute(&hearing->timeline, slot, &hearing->is_muted))
            speech_start(hearing, slot);
        if (hearing->is_muted)
            continue;
        const struct moment *moment = timeline_at(&hearing->timeline, slot);
        detector_hear(hearing, moment, slot);
        if (moment) {
            hearing->frame_slot = slot;
            microphone_hear(hearing, moment, slot);
        }
        if (hearing->speech_hold == 0)
            continue;
        hearing->detected |= (uint8_t)(1u << i);
        hearing->sound_slot = slot;
        if (moment && moment->speech >= SPEECH_PROBABLE)
            hearing->voiced |= (uint8_t)(1u << i);
    }
}

static void speech_measure(struct hearing *hearing, const struct moment *moment, int64_t slot) {
    float syllables[2] = {moment->syllable_cdb[0] / 100.0f, moment->syllable_cdb[1] / 100.0f};
    float periodicity = moment->periodicity / 255.0f;
    pace_hear(&hearing->pace, syllables);
    pitch_span_hear(&hearing->pitch, moment->f0_hz, periodicity);
    if (moment->speech < SPEECH_STRONG)
        return;
    float noise = hearing->noise.known ? powf(10.0f, hearing->noise.dbfs / 10.0f) : 0.0f;
    level_hear(&hearing->level, moment->power, noise, (slot + 1) * SLOT_MS);
    hearing->floor_db = moment->floor_db;
}

void speech_measure_step(struct hearing *hearing, int64_t first_slot) {
    float clipped = 0;
    for (int i = 0; i < STEP_SLOTS; i++) {
        const struct moment *moment = timeline_at(&hearing->timeline, first_slot + i);
        if (!(hearing->detected >> i & 1)) {
            pace_break(&hearing->pace);
        } else if (moment) {
            speech_measure(hearing, moment, first_slot + i);
            clipped += moment->clip / 65535.0f;
        }
    }
    hearing->clipped[hearing->clipped_next] = clipped;
    hearing->clipped_next = (hearing->clipped_next + 1) % CLIP_STEPS;
}
