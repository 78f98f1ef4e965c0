/*
 * The steps of a track, private to the files that take them: egress_track.c (its states),
 * egress_look.c (what LiveKit knows), egress_start.c (StartTrackEgress), egress_notice.c (what is
 * said when nothing is recorded).
 */
#ifndef APP_EGRESS_TRACK_PRIVATE_H
#define APP_EGRESS_TRACK_PRIVATE_H

#include "app/egress/egress_track.h"

enum {
    SOCKET_DUE_MS = 20000, /* an egress worker that is busy starts slowly */
    RELOOK_MS = 2500       /* at an egress that runs but has no socket here */
};

int64_t egress_now_ms(const struct egress_track *track);
const struct session *egress_session(const struct egress_room *room);

/* Takes the next step, if the track's state has one that nothing else will bring about. */
void egress_track_advance(struct egress_track *track);
/* Stays in this state for so long. */
void egress_track_wait(struct egress_track *track, enum egress_state state, int64_t ms);
/* Counts a failure and tries again later, in this state. */
void egress_track_back_off(struct egress_track *track, enum egress_state state);
/* The store remembers it, so that a restart of the server does not start the track either. */
void egress_track_leave_alone(struct egress_track *track, const char *why);

/* A try has failed, in LiveKit's or Egress's words. The same words are logged once. */
void egress_track_fail(struct egress_track *track, struct slice words);
/* No try can succeed; the track stays unrecorded until it is published anew. */
void egress_track_give_up(struct egress_track *track);
/* The end of an egress of this track, told by a webhook or found in a list. */
void egress_track_judge_end(struct egress_track *track, const struct livekit_egress *egress);

/* Asks LiveKit for the track's participant, and whether the track is still there. */
void egress_look_at_participant(struct egress_track *track);
/* Asks the store what was stopped, then LiveKit what runs; each track that waits for it goes on. */
void egress_look_at_room(struct egress_room *room);

void egress_start(struct egress_track *track);

/* Nothing records the track from now on; something does, or nothing should. */
void egress_notice_begin(struct egress_track *track);
void egress_notice_end(struct egress_track *track);

#endif
