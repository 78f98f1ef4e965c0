/* A meeting: who takes part, what is heard of each, and what is worth telling the host.
 *
 *   voice frames -> timeline -> speech -> bleed gate -> floor, levels, pitch, pace -> rules
 *
 * Pure: no clock, no thread, no file. Times are int64 ms of one clock chosen by the caller (the
 * server: Unix time; analyze: ms from the start) that does not run backwards; now_ms is that same
 * clock at the moment of the call. One thread at a time. Nothing is allocated per frame. */
#ifndef MEETING_MEETING_H
#define MEETING_MEETING_H

#include "base/slice.h"
#include "meeting/feedback.h"
#include "meeting/rules.h"
#include "sound/voice.h"

#include <math.h>

struct expressions; /* meeting/expressions.h */
struct meeting;
struct participant;

enum {
    MEETING_STEP_MS = 100, /* rules look this often */
    MEETING_WAIT_MS = 200, /* how long a step waits for a track that is late */
};

/* *rules is copied. at_ms: now; time before it does not exist. */
struct meeting *meeting_new(const struct rules *rules, int64_t at_ms);
void meeting_free(struct meeting *meeting);

/* Finds or adds. `identity`: 1..256 bytes. The pointer stays good while the participant is
 * connected; one who has left is forgotten some time after, so look him up again to connect him. */
struct participant *meeting_add(struct meeting *meeting, struct slice identity);
struct participant *meeting_find(struct meeting *meeting, struct slice identity);

void meeting_set_name(struct participant *participant, struct slice name);
void meeting_set_host(struct participant *participant, bool is_host);

/* Whether zeros may be a codec's or a server's saving (LiveKit Egress without TF_NO_DTX) instead of
 * a dead microphone. Not so unless said. */
void meeting_set_dtx(struct participant *participant, bool is_dtx);

/* An audio track of the participant opened, or closed. Counted: every connect needs its disconnect.
 */
void meeting_connect(struct meeting *meeting, struct participant *participant, int64_t at_ms);
void meeting_disconnect(struct meeting *meeting, struct participant *participant, int64_t at_ms);

/* The microphone was muted or opened by its owner, who said so. */
void meeting_mute(struct meeting *meeting, struct participant *participant, bool is_muted,
                  int64_t at_ms);

/* at_ms: meeting time of the END of the frame's 20 ms. In order per track; frames that come after
 * their step was judged are lost to the rules. Of two tracks of one participant the louder speech
 * counts. */
void meeting_hear(struct meeting *meeting, struct participant *participant,
                  const struct voice_frame *frame, int64_t at_ms);

/* Nothing will come for this span: do not wait for it. */
void meeting_miss(struct meeting *meeting, struct participant *participant, int64_t from_ms,
                  int64_t to_ms);

/* What a prosody service read in somebody's voice. -1..1; NAN: not given. */
struct feeling {
    float valence; /* unpleasant .. pleasant */
    float arousal; /* sleepy .. excited */
};

/* Adds a named expression ("Anger", "anger"; score 0..1) to a feeling that began as FEELING_NONE.
 * False when the name says nothing of valence or arousal. */
#define FEELING_NONE ((struct feeling){NAN, NAN})
bool feeling_add(struct feeling *feeling, const struct expressions *map, struct slice name,
                 double score);

void meeting_feel(struct meeting *meeting, struct participant *participant,
                  const struct feeling *feeling, int64_t from_ms, int64_t to_ms);

/* Judges every 100 ms step that is ripe: all connected, unmuted tracks that are alive have been
 * heard up to it, or it is 200 ms old. *feedback lives for the call. */
typedef void feedback_fn(const struct feedback *feedback, void *arg);
void meeting_judge(struct meeting *meeting, int64_t now_ms, feedback_fn *on_feedback, void *arg);

/* Too much to do: analysis stops, and on resume every run (silence, dead microphone, speech) starts
 * anew, so that what nobody listened to is not called silence. */
void meeting_pause(struct meeting *meeting);
void meeting_resume(struct meeting *meeting, int64_t now_ms);
bool meeting_is_paused(const struct meeting *meeting);

/* Time up to which everything is judged. */
int64_t meeting_judged_ms(const struct meeting *meeting);

/* Talk statistics: a JSON array, one object a participant, in order of first appearance. With the
 * fields of the old debug page (participantId, name, speechCoverage10s, rmsMean3s, emaRms,
 * samples), then talk share, turns, interruptions, overlap, response gap, pace, level, noise. */
void meeting_write_stats(struct buf *out, const struct meeting *meeting);

#endif
