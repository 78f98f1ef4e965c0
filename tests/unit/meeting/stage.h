/* A stage for stories about meetings: actors with microphones, a clock that runs as fast as it
 * goes, and a list of what the host was told. */
#ifndef TESTS_UNIT_MEETING_STAGE_H
#define TESTS_UNIT_MEETING_STAGE_H

#include "meeting/meeting.h"

enum { ACTORS = 64, TOLD = 512 };

enum doing {
    LISTENS,
    SPEAKS,
    SENDS_ZEROS,
    SENDS_NEAR_ZEROS,
    SENDS_FAINT_NOISE,
    SENDS_NOTHING,
    CLIPS
};

struct actor {
    struct participant *participant; /* NULL: has left */
    struct meeting_track *track;
    enum doing doing;
    double level_dbfs; /* of the voice */
    double clip;       /* share of its samples when it clips */
    double noise_dbfs; /* of the room; -120: digital silence */
    double syllables_per_s;
    double pitch_hz, pitch_semitones; /* middle and spread */
    const struct actor *echo_of;      /* heard in this microphone ... */
    double echo_db;                   /* ... so much softer ... */
    int echo_frames;                  /* ... and later */
    uint64_t seed;                    /* of the voice's ups and downs */
    double swing_db;
    double power[4096]; /* voice alone, a ring */
};

struct stage {
    struct meeting *meeting;
    struct actor actors[ACTORS];
    int count;
    int64_t frame; /* frames played */
    struct feedback told[TOLD];
    int tolds;
};

void stage_open(struct stage *stage, const struct rules *rules); /* NULL: defaults */
void stage_close(struct stage *stage);
/* With "ana", who is returned, and "bob" in it. */
struct actor *stage_open_two(struct stage *stage, const struct rules *rules);
/* With the defaults, and "ana", "bob" and "eva" in it. */
void stage_open_three(struct stage *stage, struct actor *actors[3]);

/* Joins now with an open microphone and listens. */
struct actor *stage_join(struct stage *stage, const char *identity);
void stage_leave(struct stage *stage, struct actor *actor);

void actor_speak(struct actor *actor, double level_dbfs);
void actor_listen(struct actor *actor);
void actor_do(struct actor *actor, enum doing doing);
void stage_mute(struct stage *stage, struct actor *actor, bool is_muted);
void stage_set_mic(struct stage *stage, struct actor *actor, enum mic mic);

void stage_play(struct stage *stage, double seconds);
double stage_now_s(const struct stage *stage);

/* Speaks for so long while the others do what they do, then listens. */
void stage_say(struct stage *stage, struct actor *actor, double seconds);

/* The same in blocks of two seconds, which a prosody service reads as given. */
void stage_say_in_mood(struct stage *stage, struct actor *actor, double seconds, float valence,
                       float arousal);

/* How often it was told, about `who` (NULL: anybody, the group too). */
int stage_count(const struct stage *stage, enum feedback_type type, const char *who);
/* The n-th of them, or NULL. */
const struct feedback *stage_told(const struct stage *stage, enum feedback_type type, int n);
double told_s(const struct feedback *feedback);
double told_fact(const struct feedback *feedback, enum feedback_fact fact); /* NAN: absent */

#endif
