/*
 * One audio connection of /egress-audio.
 *
 *   binary -> whole sample frames -> [muted?] -> audio clock -> recorder
 *                                                     \-> voice -> meeting_hear
 *                                                     \-> flushes -> pipeline log
 */
#ifndef APP_AUDIO_TRACK_H
#define APP_AUDIO_TRACK_H

#include "app/shard/track.h"

struct stream;

/* Takes the stream; answers the handshake with `accept` (Sec-WebSocket-Accept). */
struct track *audio_track_open(struct shard_core *, struct live_meeting *,
                               const struct track_params *, struct stream *, const char *accept);

/* {"muted":true} or {"muted":false}, whatever else the object holds. False: something else. */
bool audio_track_parse_mute(struct slice text, bool *is_muted);

#endif
