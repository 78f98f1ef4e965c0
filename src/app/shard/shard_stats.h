/*
 * What a shard counts. The table says what each number is called and how those of several shards
 * become one; directory adds them up with it, the metrics print it.
 */
#ifndef APP_SHARD_STATS_H
#define APP_SHARD_STATS_H

#include "base/counter.h"
#include "net/ws/media_conn.h"
#include "outside/hume/hume.h"

#include <stddef.h>
#include <stdint.h>

/* Why a media connection ended. */
enum track_end {
    TRACK_END_CLOSED,  /* by a close frame */
    TRACK_END_LOST,    /* the connection broke */
    TRACK_END_BAD,     /* closed by us: protocol, size */
    TRACK_END_IDLE,    /* closed by us: nothing came */
    TRACK_END_DRAINED, /* closed by us: the server stops */
    TRACK_ENDS,
};

enum { SHARD_LATENESS_BOUNDS = 12 };
/* Upper bounds of all buckets but the last. */
extern const unsigned shard_lateness_bounds_ms[SHARD_LATENESS_BOUNDS];

/* Plain counters; gauges are of the moment, the rest only grows. */
struct shard_stats {
    uint64_t meetings, paused_meetings, audio_tracks, video_tracks; /* gauges */
    uint64_t ticks, ticks_late, tick_us_total, tick_us_max, tick_late_ms_max;
    uint64_t tick_period_ms;                                       /* gauge */
    uint64_t lateness[SHARD_LATENESS_BOUNDS + 1], lateness_ms_sum; /* how late ticks began */
    uint64_t audio_bytes, audio_messages, video_bytes, mute_dropped_bytes;
    uint64_t text_frames, text_ignored;
    uint64_t ended[TRACK_ENDS]; /* tracks, by enum track_end */
    uint64_t gaps, gap_ms, feedback, analysis_pauses;
    uint64_t drift_ms; /* of senders' clocks against ours, either way, over tracks that ended */
    uint64_t drift_ms_max;
    struct media_stats media;
    struct hume_stats hume;
};

/* One row for every number above. Histograms have no name here: they are printed apart. */
extern const struct counter shard_counters[];
extern const size_t shard_counter_count;

#endif
