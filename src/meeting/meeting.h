/* A meeting: who takes part, what is heard of each, and what is worth telling the host.
 *
 *   voice frames -> timeline -> speech -> bleed gate -> floor, levels, pitch, pace -> rules
 *
 * Pure: no clock, no thread, no file. Times are int64 ms of one clock that the caller chooses (the
 * server: Unix time; analyze: ms from the start) and that does not run backwards; now_ms is the
 * same clock at the moment of the call. One thread at a time. Nothing is allocated per frame. */
#ifndef MEETING_MEETING_H
#define MEETING_MEETING_H

#include "base/slice.h"
#include "meeting/attendance.h"
#include "meeting/feedback.h"
#include "meeting/feeling.h"
#include "meeting/rules.h"
#include "sound/voice.h"

struct meeting;
struct participant;
struct meeting_track; /* one audio track of a participant */
struct report;

enum {
    MEETING_STEP_MS = 100, /* how often the rules judge */
    MEETING_WAIT_MS = 200, /* how long a step waits for a late track */
};

/* *rules is copied. at_ms: now; time before it does not exist. */
struct meeting *meeting_new(const struct rules *rules, int64_t at_ms);
void meeting_free(struct meeting *meeting);

/* Other settings from the next step on; what was heard and told so far stays known. */
void meeting_set_rules(struct meeting *meeting, const struct rules *rules);

/* Finds or adds. `identity`: 1..256 bytes. The pointer stays valid while the participant is
 * connected. Participants who left are forgotten some time later: add them again to connect
 * them. */
struct participant *meeting_add(struct meeting *meeting, struct slice identity);
struct participant *meeting_find(struct meeting *meeting, struct slice identity);

void meeting_set_name(struct participant *participant, struct slice name);
void meeting_set_host(struct participant *participant, bool is_host);

/* Who is in the room counts as present, with or without a track. */
void meeting_set_presence(struct participant *participant, enum presence presence);
/* People who are in the room, and whom meeting_add was never called for. */
void meeting_set_guests(struct meeting *meeting, unsigned guests);

/* An audio track of the participant opened, or closed. The track lives until it closes. What its
 * microphone does is a track's own: a participant is muted while all of their tracks are. */
struct meeting_track *meeting_connect(struct meeting *meeting, struct participant *participant,
                                      int64_t at_ms);
void meeting_disconnect(struct meeting *meeting, struct meeting_track *track, int64_t at_ms);

struct participant *meeting_track_owner(const struct meeting_track *track);

/* is_dtx: zeros may be silence that a codec or a server leaves out (LiveKit Egress without
 * TF_NO_DTX), so they prove no dead microphone. False by default. */
void meeting_set_dtx(struct meeting_track *track, bool is_dtx);

/* How long sound is on its way to us: after an unmute it comes so much later than the signal. 0 by
 * default. */
void meeting_set_delay(struct meeting_track *track, unsigned delay_ms);

/* What the track's microphone does, as signalled. MIC_OPEN at first. */
void meeting_set_mic(struct meeting *meeting, struct meeting_track *track, enum mic mic,
                     int64_t at_ms);

/* at_ms: meeting time of the END of the frame's 20 ms. In order per track. Frames that arrive after
 * their step was judged do not reach the rules. Where one participant has two tracks, the one with
 * the clearer speech counts. */
void meeting_hear(struct meeting *meeting, struct meeting_track *track,
                  const struct voice_frame *frame, int64_t at_ms);

/* No frames will arrive for this span: steps do not wait for them. */
void meeting_miss(struct meeting *meeting, struct meeting_track *track, int64_t from_ms,
                  int64_t to_ms);

/* What a prosody service read in the participant's voice of this span. */
void meeting_feel(struct meeting *meeting, struct participant *participant,
                  const struct feeling *feeling, int64_t from_ms, int64_t to_ms);

/* Judges every 100 ms step that is ripe: all connected, unmuted tracks that are alive have been
 * heard up to it, or it is 200 ms old. *feedback lives for the call. */
typedef void feedback_fn(const struct feedback *feedback, void *user);
void meeting_judge(struct meeting *meeting, int64_t now_ms, feedback_fn *on_feedback, void *user);

/* Under overload the analysis stops. On resume every run (silence, dead microphone, speech) starts
 * anew, so that time without analysis is not taken for silence. */
void meeting_pause(struct meeting *meeting);
void meeting_resume(struct meeting *meeting, int64_t now_ms);
bool meeting_is_paused(const struct meeting *meeting);

/* Time up to which everything is judged. */
int64_t meeting_judged_ms(const struct meeting *meeting);

/* What remains of the meeting (report.h); it belongs to the meeting. Who was never heard is added by
 * the caller. */
struct report *meeting_report(const struct meeting *meeting);
/* The members of the report that are about the talk (report_write), without braces. */
void meeting_write_report(struct buf *out, const struct meeting *meeting, int64_t now_ms);

/* Talk statistics: a JSON array, one object per participant, in order of first appearance. First
 * the fields of the old debug page (participantId, name, speechCoverage10s, rmsMean3s, emaRms,
 * samples), then talk share, turns, interruptions, overlap, response gap, pace, level, noise. */
void meeting_write_stats(struct buf *out, const struct meeting *meeting);

#endif
