/*
 * One audio connection of /egress-audio.
 *
 *   binary -> [how many channels?] -> [muted?] -> audio clock -> recorder
 *                                                     \-> voice -> meeting_hear
 *                                                     \-> groups -> pipeline log, prosody service
 */
#ifndef APP_AUDIO_TRACK_H
#define APP_AUDIO_TRACK_H

#include "app/media/track.h"

/* Takes the stream; answers the handshake with `accept` (Sec-WebSocket-Accept). */
struct track *audio_track_open(struct live_meeting *, const struct track_params *, struct stream *,
                               const char *accept);

#endif
