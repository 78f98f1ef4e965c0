/* What was heard of one participant, on the meeting's grid of 20 ms slots.
 *
 * Slot k covers the time (k * 20, k * 20 + 20] ms. Frames are put where they belong as they come and
 * are read when their step is judged: a ring holds what is waiting and the second before. */
#ifndef MEETING_TIMELINE_H
#define MEETING_TIMELINE_H

#include "sound/voice.h"

enum {
    SLOT_MS = 20,
    TIMELINE_SLOTS = 256,  /* 5.1 s */
    TIMELINE_HISTORY = 64, /* slots that stay readable after they were judged */
    TIMELINE_MUTES = 4,    /* announced and not reached yet */
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
    uint8_t speech;          /* probability * 255 */
    uint8_t periodicity;     /* * 255 */
    bool is_zero;            /* digital silence */
    bool is_heard;
};

struct timeline {
    int64_t heard_slot; /* everything before it has been heard or given up */
    struct moment ring[TIMELINE_SLOTS];
    struct {
        int64_t slot;
        bool is_muted;
    } mutes[TIMELINE_MUTES];
    unsigned mute_count;
};

/* The slot whose end is nearest to end_ms. */
int64_t slot_of(int64_t end_ms);

void timeline_init(struct timeline *timeline, int64_t slot);

/* `next`: the first slot that is not judged yet. A frame before it, or too far ahead, is dropped. */
void timeline_put(struct timeline *timeline, int64_t next, int64_t slot,
                  const struct voice_frame *frame);

/* Nothing more is awaited before `slot`. */
void timeline_skip(struct timeline *timeline, int64_t slot);

/* NULL: nothing was heard in that slot. */
const struct moment *timeline_at(const struct timeline *timeline, int64_t slot);

void timeline_mute(struct timeline *timeline, int64_t slot, bool is_muted);

/* The state that begins with `slot`, when one does. */
bool timeline_take_mute(struct timeline *timeline, int64_t slot, bool *is_muted);

#endif
