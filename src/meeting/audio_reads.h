/*
 * What the latest reads of a track brought: how they are spaced, and whether the stream stopped.
 *
 * A read tells two things: the time since the read before, and by how much less it brought than
 * that (missed; less than 0: it brought more). A sender that is slower than time misses a little in
 * each read, and one that leaves pauses out misses nothing but in some; so what is usual is what
 * three quarters of the reads exceed.
 *
 * Pure: plain data. Zeroed: no read is known yet.
 */
#ifndef MEETING_AUDIO_READS_H
#define MEETING_AUDIO_READS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    AUDIO_READS = 16,
    AUDIO_LACK_MS = 25, /* less is jitter and never silence that belongs in */
};

struct audio_reads { /* a ring */
    int16_t intervals_ms[AUDIO_READS], missed_ms[AUDIO_READS];
    unsigned count, next;
};

void audio_reads_note(struct audio_reads *reads, int64_t interval_ms, int64_t missed_ms);

/* Between two reads, as sender and reader have it; 0 while that is not known. */
int64_t audio_reads_spacing_ms(const struct audio_reads *reads);

/* Whether the stream stopped before a read that is not noted yet: it brought much less than reads
 * usually do, itself or with the one before, in whose course the stream may have stopped. */
bool audio_reads_find_hole(const struct audio_reads *reads, int64_t interval_ms, int64_t missed_ms);

/* What the last read missed; 0: nothing. */
int64_t audio_reads_missed_ms(const struct audio_reads *reads);

#endif
