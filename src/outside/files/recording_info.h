/*
 * What is known about a recording or one file of it. Recorder, sidecars, reports, rows of the
 * database and erasing share this description. A plain value; its texts are borrowed unless
 * recording_info_own() has copied them.
 */
#ifndef OUTSIDE_RECORDING_INFO_H
#define OUTSIDE_RECORDING_INFO_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct recording_info {
    /*
     * Of the recording, the same for all parts. A row of the database has one of its own for each
     * part.
     */
    struct slice id;
    /* The room's name while no meeting is known. */
    struct slice meeting;
    /* No column of the database. */
    struct slice room;
    struct slice participant;
    /* Display name, may be empty. */
    struct slice name;
    struct slice track;
    /* A name of outside/files/format.h. */
    struct slice format;
    /* "<folder>/<file>" below the audio or the video folder. */
    struct slice path;
    /* Of the samples (WAV) or of the file. Empty: not known. */
    struct slice sha256;
    /* Why it ended. Empty: it has not. */
    struct slice end;
    /* 1, 2, ... */
    unsigned part;
    /* 0 for video. */
    uint32_t rate_hz, channels;
    /* Bits of outside/files/doubt.h. */
    uint32_t doubts;
    /* The sound came by LiveKit Egress, so much later than it was spoken: as measured, or as
     * EGRESS_DELAY_MS says. */
    bool has_way, is_delay_measured;
    unsigned delay_ms;
    /* Unix time of arrival; ended_ms 0: not yet. */
    int64_t started_ms, ended_ms;
    /* Of samples or of the stream, without a WAV's header. */
    uint64_t bytes;
    int64_t duration_ms;
};

/* Each text in the order of the members, for i below RECORDING_INFO_TEXTS. */
enum { RECORDING_INFO_TEXTS = 10 };
struct slice *recording_info_text(struct recording_info *info, size_t i);

/*
 * Replaces every text by a terminated copy. From then on use recording_info_set() to change one and
 * recording_info_free() to free them.
 */
void recording_info_own(struct recording_info *info);
void recording_info_set(struct slice *text, struct slice with);

/* Sets the meeting and the display name, except where they are empty. */
void recording_info_rename(struct recording_info *info, struct slice meeting, struct slice name);
/* The way's delay has been measured. */
void recording_info_delay(struct recording_info *info, unsigned delay_ms);

void recording_info_free(struct recording_info *info);

#endif
