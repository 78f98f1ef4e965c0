#include "meeting/timeline.h"

#include "sound/level.h"

#include <math.h>

#define FAINT (2.5f / 32768) /* a louder sample is no digital silence */

int64_t slot_of(int64_t end_ms) {
    int64_t shifted = end_ms + SLOT_MS / 2;
    int64_t slot = shifted / SLOT_MS;
    if (shifted % SLOT_MS < 0)
        slot--;
    return slot - 1;
}

void timeline_init(struct timeline *timeline, int64_t slot) {
    timeline->heard_slot = slot;
    timeline->mute_count = 0;
    for (int i = 0; i < TIMELINE_SLOTS; i++)
        timeline->ring[i].is_heard = false;
}

static int16_t centibel(float db) {
    return (int16_t)lrintf((db < -150.0f ? -150.0f : db > 50.0f ? 50.0f : db) * 100.0f);
}

static struct moment moment_of(int64_t slot, const struct voice_frame *frame) {
    return (struct moment){
        .slot = (uint32_t)slot,
        .power = frame->power,
        .db = level_dbfs(frame->power),
        .floor_db = frame->floor_db,
        .f0_hz = frame->f0_hz,
        .syllable_cdb = {centibel(frame->syllable_db[0]), centibel(frame->syllable_db[1])},
        .clip = (uint16_t)lrintf(frame->clip * 65535.0f),
        .nonzero = (uint16_t)lrintf((frame->peak > FAINT ? 1 : frame->nonzero) * 65535.0f),
        .speech = (uint8_t)lrintf(frame->speech * 255.0f),
        .periodicity = (uint8_t)lrintf(frame->periodicity * 255.0f),
        .is_heard = true,
    };
}

static struct moment *ring_moment(struct timeline *timeline, int64_t slot) {
    return &timeline->ring[(uint64_t)slot % TIMELINE_SLOTS];
}

const struct moment *timeline_at(const struct timeline *timeline, int64_t slot) {
    const struct moment *moment = &timeline->ring[(uint64_t)slot % TIMELINE_SLOTS];
    return moment->is_heard && moment->slot == (uint32_t)slot ? moment : NULL;
}

void timeline_put(struct timeline *timeline, int64_t next, int64_t slot,
                  const struct voice_frame *frame) {
    if (slot >= next + TIMELINE_SLOTS - TIMELINE_HISTORY)
        return;
    timeline_skip(timeline, slot + 1);
    if (slot < next)
        return;
    struct moment fresh = moment_of(slot, frame);
    const struct moment *there = timeline_at(timeline, slot);
    /* Two tracks of one person, or a clock that was set back: the clearer voice stays. */
    if (!there || fresh.speech > there->speech ||
        (fresh.speech == there->speech && fresh.power > there->power))
        *ring_moment(timeline, slot) = fresh;
}

void timeline_skip(struct timeline *timeline, int64_t slot) {
    if (slot > timeline->heard_slot)
        timeline->heard_slot = slot;
}

void timeline_mute(struct timeline *timeline, int64_t slot, enum mic mic) {
    if (timeline->mute_count == TIMELINE_MUTES)
        timeline->mute_count--; /* muted and unmuted very often: the last state counts */
    unsigned last = timeline->mute_count++;
    if (last > 0 && timeline->mutes[last - 1].slot > slot)
        slot = timeline->mutes[last - 1].slot;
    timeline->mutes[last].slot = slot;
    timeline->mutes[last].mic = mic;
}

bool timeline_take_mute(struct timeline *timeline, int64_t slot, enum mic *mic) {
    bool found = false;
    while (timeline->mute_count > 0 && timeline->mutes[0].slot <= slot) {
        *mic = timeline->mutes[0].mic;
        found = true;
        timeline->mute_count--;
        for (unsigned i = 0; i < timeline->mute_count; i++)
            timeline->mutes[i] = timeline->mutes[i + 1];
    }
    return found;
}
