/*
 * What a shard counts. The table says what each number is called and how those of several shards
 * become one; directory adds them up with it, the metrics print it.
 */
#ifndef APP_SHARD_STATS_H
#define APP_SHARD_STATS_H

#include "app/media/packet_stats.h"
#include "base/counter.h"
#include "base/histogram.h"
#include "net/ws/media_conn.h"
#include "outside/hume/hume.h"
#include "outside/room/room.h"

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

extern const struct histogram_bounds shard_lateness_bounds;

/* Plain counters; gauges are of the moment, the rest only grows. */
struct shard_stats {
    /* Gauges. */
    uint64_t meetings, paused_meetings, audio_tracks, video_tracks, tick_period_ms;
    uint64_t ticks, ticks_late, tick_us_total, tick_us_max, tick_late_ms_max;
    /* How late ticks began. */
    struct histogram lateness;
    uint64_t audio_bytes, audio_messages, video_bytes, mute_dropped_bytes;
    uint64_t text_frames, text_ignored;
    /* Tracks, by enum track_end. */
    uint64_t ended[TRACK_ENDS];
    uint64_t gaps, gap_ms, analysis_pauses;
    /* Of senders' clocks against ours, either way, over tracks that ended. */
    uint64_t drift_ms, drift_ms_max;
    struct media_stats media;
    struct packet_stats packets;
    struct hume_stats hume;
    struct room_stats room;
};

/* One row for every number above. */
extern const struct counter_table shard_counters;

#endif
