/* A second microphone picks up a loudspeaker, or a neighbour in the same room: softer, a little
 * later, with the same rise and fall. Such speech is not the participant's own. */
#include "meeting/meeting_private.h"

#include <math.h>

enum {
    REACH_SLOTS = 20,    /* 0.4 s: how late an echo may come */
    PEAK_SLOTS = 15,     /* 0.3 s: the level that is judged */
    ENVELOPE_SLOTS = 40, /* 0.8 s: what is compared */
    RISE_SLOTS = 8,      /* 0.16 s: every voice begins softly */
    HOLD_SLOTS = 15,     /* 0.3 s: how long a verdict holds */
    ALONE_SLOTS = 25,    /* 0.5 s in which nobody else spoke */
};

#define LOUDER_DB   10.0f /* the source is this much above */
#define OWN_NEAR_DB 8.0f  /* within this of the own level it is the own voice */
#define OWN_FAR_DB  14.0f /* this far below the own level it is not */
#define ALIKE       0.8f  /* correlation of the envelopes */
#define QUIET_DB    (-80.0f)

static float envelope_db(const struct hearing *hearing, int64_t slot) {
    const struct moment *moment = timeline_at(&hearing->timeline, slot);
    return moment && moment->db > QUIET_DB ? moment->db : QUIET_DB;
}

/* The loudest of the last `slots`. Peaks, not means: pauses for breath make no voice softer, but an
 * echo is softer. */
static float loudest_db(const struct hearing *hearing, int64_t slot, int slots) {
    float most = QUIET_DB;
    for (int i = 0; i < slots; i++) {
        float db = envelope_db(hearing, slot - i);
        most = db > most ? db : most;
    }
    return most;
}

/* Pearson's correlation of `mine` (centred, of length sqrt(self)) with the source, delayed. */
static float likeness(const float *mine, float self, const float *theirs) {
    float sum = 0, squares = 0, cross = 0;
    for (int i = 0; i < ENVELOPE_SLOTS; i++) {
        sum += theirs[i];
        squares += theirs[i] * theirs[i];
        cross += theirs[i] * mine[i];
    }
    float spread = squares - sum * sum / ENVELOPE_SLOTS;
    return spread > 1.0f && self > 1.0f ? cross / sqrtf(spread * self) : 0;
}

static bool is_alike(const struct hearing *mine, const struct hearing *source, int64_t slot) {
    float own[ENVELOPE_SLOTS], other[ENVELOPE_SLOTS + REACH_SLOTS];
    float mean = 0, self = 0;
    for (int i = 0; i < ENVELOPE_SLOTS; i++) {
        own[i] = envelope_db(mine, slot - ENVELOPE_SLOTS + 1 + i);
        mean += own[i] / ENVELOPE_SLOTS;
    }
    for (int i = 0; i < ENVELOPE_SLOTS; i++) {
        own[i] -= mean;
        self += own[i] * own[i];
    }
    for (int i = 0; i < ENVELOPE_SLOTS + REACH_SLOTS; i++)
        other[i] = envelope_db(source, slot - ENVELOPE_SLOTS - REACH_SLOTS + 1 + i);
    for (int delay = 0; delay <= REACH_SLOTS; delay++)
        if (likeness(own, self, other + REACH_SLOTS - delay) > ALIKE)
            return true;
    return false;
}

/* One of the loudest of those who speak or just spoke. */
struct loud {
    struct hearing *hearing;
    float db;
};

static bool is_picked_up(const struct hearing *mine, float peak, const struct loud *source,
                         float stranger_db, int64_t slot) {
    if (source->db - peak <= LOUDER_DB)
        return false;
    bool has_own = mine->bleed.own_frames >= OWN_SLOTS;
    if (has_own && peak > mine->bleed.own_db - OWN_NEAR_DB)
        return false;
    if (has_own && peak <= mine->bleed.own_db - OWN_FAR_DB)
        return true;
    if (!has_own && source->db - peak >= stranger_db)
        return true;
    return is_alike(mine, source->hearing, slot);
}

/* The loudest of those who speak or just spoke. In a meeting of a thousand voices the rest cannot
 * be told from noise, and comparing all with all would be a million pairs. */
static unsigned loudest_find(struct meeting *meeting, int64_t slot, struct loud loud[LOUDEST],
                             unsigned *recent) {
    unsigned count = 0;
    *recent = 0;
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *hearing = meeting->active[i]->hearing;
        *recent += speech_is_near(hearing, slot, ALONE_SLOTS);
        if (!speech_is_near(hearing, slot, REACH_SLOTS))
            continue;
        struct loud next = {hearing, loudest_db(hearing, slot, REACH_SLOTS)};
        for (unsigned k = 0; k < count; k++)
            if (next.db > loud[k].db) {
                struct loud swap = loud[k];
                loud[k] = next;
                next = swap;
            }
        if (count < LOUDEST)
            loud[count++] = next;
    }
    return count;
}

static void own_level_learn(struct bleed *bleed, float db) {
    if (bleed->own_frames == 0)
        bleed->own_db = db;
    if (bleed->own_frames < OWN_SLOTS)
        bleed->own_frames++;
    bleed->own_db += (db - bleed->own_db) * (db > bleed->own_db ? 0.08f : 0.01f);
}

void bleed_gate(struct meeting *meeting, int64_t first_slot, unsigned index) {
    struct loud loud[LOUDEST];
    unsigned recent;
    int64_t slot = first_slot + index;
    uint8_t bit = (uint8_t)(1u << index);
    float stranger_db = bleed_stranger_db(meeting);
    unsigned count = loudest_find(meeting, slot, loud, &recent);
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *mine = meeting->active[i]->hearing;
        if (!(mine->detector.speech & bit))
            continue;
        if (recent == 1) {
            if (mine->detector.voiced & bit)
                own_level_learn(&mine->bleed, envelope_db(mine, slot));
        } else if (slot - mine->detector.onset_slot >= RISE_SLOTS || mine->bleed.hold > 0) {
            float peak = loudest_db(mine, slot, PEAK_SLOTS);
            for (unsigned k = 0; k < count; k++)
                if (loud[k].hearing != mine &&
                    is_picked_up(mine, peak, &loud[k], stranger_db, slot))
                    mine->bleed.hold = HOLD_SLOTS;
        }
        if (mine->bleed.hold > 0) {
            mine->bleed.hold--;
            mine->detector.speech &= (uint8_t)~bit;
        }
    }
}
