/* What was heard of one participant, on the meeting's grid of 20 ms slots.
 *
 * Slot k covers the time (k * 20, k * 20 + 20] ms. Frames are stored in their slot as they arrive
 * and are read when their step is judged. The ring holds the frames that wait and the second before
 * them. */
#ifndef MEETING_TIMELINE_H
#define MEETING_TIMELINE_H

#include "meeting/attendance.h"
#include "sound/voice.h"

enum {
    SLOT_MS = 20,
    TIMELINE_SLOTS = 256,  /* 5.1 s */
    TIMELINE_HISTORY = 64, /* slots that stay readable after they were judged */
    TIMELINE_MUTES = 4,    /* changes announced but not reached yet */
};

/* A frame, packed: a thousand participants have a quarter of a million of them. */
struct moment {
    uint32_t slot; /* low bits of the slot's number: tells a frame from one 256 slots ago */
    float power;
    float db; /* of power; never below -120 */
    float floor_db;
    float f0_hz;
    int16_t syllable_cdb[2]; /* dB * 100 */
    uint16_t clip;           /* share * 65535 */
    uint16_t nonzero;        /* the same; 65535 when it cannot be digital silence */
    uint8_t speech;          /* probability * 255 */
    uint8_t periodicity;     /* * 255 */
    bool is_heard;
};

struct timeline {
    int64_t heard_slot; /* all slots before it were heard or given up */
    struct moment ring[TIMELINE_SLOTS];
    struct {
        int64_t slot;
        enum mic mic;
    } mutes[TIMELINE_MUTES];
    unsigned mute_count;
};

/* The slot whose end is nearest to end_ms. */
int64_t slot_of(int64_t end_ms);

void timeline_init(struct timeline *timeline, int64_t slot);

/* `next`: the first slot that is not judged yet. Frames before it, or too far ahead, are dropped;
 * but one that comes too late shows that the track is alive, so that later steps wait for it. */
void timeline_put(struct timeline *timeline, int64_t next, int64_t slot,
                  const struct voice_frame *frame);

/* No more frames are expected before `slot`. */
void timeline_skip(struct timeline *timeline, int64_t slot);

/* NULL: nothing was heard in that slot. */
const struct moment *timeline_at(const struct timeline *timeline, int64_t slot);

void timeline_mute(struct timeline *timeline, int64_t slot, enum mic mic);

/* The state that begins up to and with `slot`, if any; false if none does. */
bool timeline_take_mute(struct timeline *timeline, int64_t slot, enum mic *mic);

#endif
