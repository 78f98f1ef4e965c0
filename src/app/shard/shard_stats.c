#include "app/shard/shard_stats.h"

#include "base/macros.h"

const struct histogram_bounds shard_lateness_bounds = {12,
                                                       {0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100}};

static const char *end_name(unsigned end) {
    static const char *const names[] = {"closed", "lost", "bad", "idle", "drained"};
    return names[end];
}

static const char *fate_name(unsigned fate) {
    return hume_fate_name((enum hume_fate)fate);
}

#define AT(member) offsetof(struct shard_stats, member)

/* In the order in which the metrics show them. */
static const struct counter counters[] = {
    {"prosa_meetings", "Meetings known.", COUNTER_GAUGE, AT(meetings)},
    {"prosa_meetings_paused", "Meetings whose analysis is paused.", COUNTER_GAUGE,
     AT(paused_meetings)},
    {"prosa_tracks", "Media connections open now.", COUNTER_GAUGE, AT(audio_tracks),
     .label = "kind", .value = "audio"},
    {"prosa_tracks", NULL, COUNTER_GAUGE, AT(video_tracks), .label = "kind", .value = "video"},
    {"prosa_tracks_ended_total", "Media connections that ended.", COUNTER_SUM, AT(ended),
     .label = "cause", .count = TRACK_ENDS, .value_of = end_name},
    {"prosa_track_bytes_total", "Payload received.", COUNTER_SUM, AT(audio_bytes), .label = "kind",
     .value = "audio"},
    {"prosa_track_bytes_total", NULL, COUNTER_SUM, AT(video_bytes), .label = "kind",
     .value = "video"},
    {"prosa_audio_frames_total", "Binary messages of audio.", COUNTER_SUM, AT(audio_messages)},
    {"prosa_audio_muted_bytes_total", "Audio dropped while muted.", COUNTER_SUM,
     AT(mute_dropped_bytes)},
    {"prosa_text_frames_total", "Text messages of tracks.", COUNTER_SUM, AT(text_frames)},
    {"prosa_text_frames_ignored_total", "Text messages without meaning.", COUNTER_SUM,
     AT(text_ignored)},
    {"prosa_audio_gaps_total", "Gaps filled with silence.", COUNTER_SUM, AT(gaps)},
    {"prosa_audio_gap_seconds_total", "Length of those gaps.", COUNTER_SUM, AT(gap_ms),
     .divisor = 1000},
    {"prosa_audio_drift_seconds_total",
     "How far the clocks of senders whose tracks ended were off ours.", COUNTER_SUM, AT(drift_ms),
     .divisor = 1000},
    {"prosa_audio_drift_seconds_max", "The most of these.", COUNTER_MAX, AT(drift_ms_max),
     .divisor = 1000},
    {"prosa_ticks_total", "Ticks of all shards.", COUNTER_SUM, AT(ticks)},
    {"prosa_ticks_late_total", "Ticks that began late.", COUNTER_SUM, AT(ticks_late)},
    {"prosa_tick_seconds_total", "Time spent in ticks.", COUNTER_SUM, AT(tick_us_total),
     .divisor = 1000000},
    {"prosa_tick_seconds_max", "Longest tick.", COUNTER_MAX, AT(tick_us_max), .divisor = 1000000},
    {"prosa_tick_lateness_seconds_max", "Latest beginning of a tick.", COUNTER_MAX,
     AT(tick_late_ms_max), .divisor = 1000},
    {"prosa_tick_period_seconds", "Longest period between ticks now.", COUNTER_MAX,
     AT(tick_period_ms), .divisor = 1000},
    {"prosa_analysis_pauses_total", "Times a meeting's analysis was paused.", COUNTER_SUM,
     AT(analysis_pauses)},
    {"prosa_tick_lateness_seconds", "How late ticks began.", COUNTER_SUM, AT(lateness),
     .bounds = &shard_lateness_bounds},

    {"prosa_media_received_bytes_total", "Bytes from media sockets.", COUNTER_SUM,
     AT(media.received_bytes)},
    {"prosa_media_messages_total", "WebSocket messages of media sockets.", COUNTER_SUM,
     AT(media.messages)},
    {"prosa_media_reads_total", "Reads from media sockets.", COUNTER_SUM, AT(media.reads)},
    {"prosa_media_budget_hits_total", "Ticks in which a socket had more to read than its share.",
     COUNTER_SUM, AT(media.budget_hits)},
    {"prosa_media_closed_total", "Media sockets closed for a fault, by cause.", COUNTER_SUM,
     AT(media.bad_protocol), .label = "cause", .value = "protocol"},
    {"prosa_media_closed_total", NULL, COUNTER_SUM, AT(media.bad_data), .label = "cause",
     .value = "data"},
    {"prosa_media_closed_total", NULL, COUNTER_SUM, AT(media.too_big), .label = "cause",
     .value = "too_large"},
    {"prosa_media_closed_total", NULL, COUNTER_SUM, AT(media.silent), .label = "cause",
     .value = "silent"},
    {"prosa_media_closed_total", NULL, COUNTER_SUM, AT(media.reset), .label = "cause",
     .value = "reset"},
    {NULL, NULL, COUNTER_SUM, AT(media.opened)},
    {NULL, NULL, COUNTER_SUM, AT(media.closed)},
    {NULL, NULL, COUNTER_SUM, AT(media.pongs_dropped)},
    {NULL, NULL, COUNTER_SUM, AT(media.texts_dropped)},

    {"prosa_hume_tracks", "Tracks by their connection to the service.", COUNTER_GAUGE,
     AT(hume.idle), .label = "state", .value = "idle"},
    {"prosa_hume_tracks", NULL, COUNTER_GAUGE, AT(hume.dialling), .label = "state",
     .value = "dialling"},
    {"prosa_hume_tracks", NULL, COUNTER_GAUGE, AT(hume.open), .label = "state", .value = "open"},
    {"prosa_hume_tracks", NULL, COUNTER_GAUGE, AT(hume.waiting), .label = "state",
     .value = "waiting"},
    {"prosa_hume_blocks_total", "Groups by what became of them.", COUNTER_SUM, AT(hume.fates),
     .label = "fate", .count = HUME_FATES, .value_of = fate_name},
    {"prosa_hume_messages_sent_total", "Blocks and frames sent.", COUNTER_SUM,
     AT(hume.messages_sent)},
    {"prosa_hume_dropped_total", "Blocks and frames that waited too long.", COUNTER_SUM,
     AT(hume.frames_dropped)},
    {"prosa_hume_resent_total", "Frames sent again.", COUNTER_SUM, AT(hume.resent)},
    {"prosa_hume_unreadable_total", "Answers that made no sense.", COUNTER_SUM,
     AT(hume.unreadable)},
    {"prosa_hume_no_speech_total", "Blocks in which no speech was found.", COUNTER_SUM,
     AT(hume.no_speech)},
    {"prosa_hume_failures_total", "Connections refused, lost or given up.", COUNTER_SUM,
     AT(hume.failures)},
    {"prosa_hume_refused", "Shards that the service refuses for good.", COUNTER_GAUGE,
     AT(hume.refused)},
    {"prosa_hume_breaker_open", "Shards that only send probes.", COUNTER_GAUGE,
     AT(hume.breaker_open)},
    {"prosa_hume_errors_total", "Errors by the service's code.", COUNTER_SUM, AT(hume.codes),
     .label = "code", .count = HUME_CODES, .value_of = hume_code_name},
    {NULL, NULL, COUNTER_SUM, AT(hume.measurements)},
    {"prosa_hume_latency_seconds", "From sending audio to its measurement.", COUNTER_SUM,
     AT(hume.latency), .bounds = &hume_latency_bounds},
};

const struct counter_table shard_counters = {counters, ARRAY_LEN(counters)};
