/* The settings of a server's shards. Read by all of them, owned by the caller, and unchanged while
 * any of them lives. */
#ifndef APP_SHARD_SETTINGS_H
#define APP_SHARD_SETTINGS_H

#include "outside/hume/hume.h"

#include <stdbool.h>
#include <stddef.h>

struct disk;
struct rtc_identity;
struct rules;
struct tls;

struct shard_settings {
    /* Thresholds of the analysis. */
    const struct rules *rules;
    /* Where recordings go. */
    struct disk *disk;
    /* wav, flac, opus, off. */
    const char *record_format;
    /* The same for tracks of rooms that are joined. */
    const char *join_record_format;
    bool join_records_video;
    /* AUDIO_PIPELINE_GROUP_SECONDS. */
    unsigned group_ms;
    /* The longest WebSocket message of an egress. */
    size_t max_message_bytes;
    /* AUDIO_RECORD_CHANNELS=auto: two channels of one microphone become one. */
    bool folds_channels;
    /* MUTE_TAIL_MS: how far LiveKit's `muted` may run ahead of its audio. */
    unsigned mute_tail_ms;
    /* EGRESS_DELAY_MS: how much later than an unmute its sound comes from LiveKit. */
    unsigned egress_delay_ms;
    /* LiveKit can be asked whether somebody muted. */
    bool asks_mutes;
    /* AUDIO_ON_MUTE=silence: zeros are recorded while muted; else the recording pauses. */
    bool silence_on_mute;
    /* What this process is to LiveKit's servers, and for wss. NULL: no room is joined. */
    const struct rtc_identity *identity;
    const struct tls *livekit_tls;
    /* The prosody service. */
    struct hume_settings hume;
};

#endif
