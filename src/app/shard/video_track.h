/*
 * One video connection of /egress-video: H.264 is written as it comes; VP8 and VP9, one message a
 * frame, become IVF unless the stream brings its own ("DKIF").
 */
#ifndef APP_VIDEO_TRACK_H
#define APP_VIDEO_TRACK_H

#include "app/shard/track.h"

/* As audio_track_open. */
struct track *video_track_open(struct live_meeting *, const struct track_params *, struct stream *,
                               const char *accept);

#endif
