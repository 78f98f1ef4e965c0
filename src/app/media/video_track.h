/*
 * One video connection of /egress-video: H.264 is written as it comes; VP8 and VP9, one message a
 * frame, become IVF unless the stream brings its own ("DKIF").
 */
#ifndef APP_VIDEO_TRACK_H
#define APP_VIDEO_TRACK_H

#include "app/media/track.h"
#include "app/tracks/track_params.h"

/* As audio_track_open. */
struct track *video_track_open(struct live_meeting *, const struct track_params *, struct stream *,
                               const char *accept);

/* One whose pictures are shown to it, each whole, with the steady-clock time at which it was taken. H.264
 * has start codes. A file begins with a picture that needs no earlier ones. */
struct track *video_track_begin(struct live_meeting *, struct slice room, struct slice identity,
                                struct slice sid, enum track_codec codec);
void video_track_show(struct track *, struct slice picture, int64_t mono_ms);

#endif
