/* The state of a meeting, shared by the files of the engine and by the rules.
 *
 *   meeting.c   who is there, which step is ripe, the order of work in a step
 *   speech.c    a participant's frames become runs: speech, zeros, nothing, background
 *   bleed.c     removes speech that comes only from a loudspeaker
 *   turns.c     utterances, backchannels, who holds the floor, overlap, interruptions
 *   delivery.c  how somebody delivers their speech: turns with their long pauses
 *   mood.c      what a prosody service read in a voice
 *   talk.c      statistics of the talk
 *   report_step.c what the report (report.h) is told of a step
 *   judge.c     calls the rules; decides when to tell and to remind; makes events
 *
 * Ownership: meeting > participant > hearing and tracks. A participant is remembered with what the
 * host may ask about later. The hearing, the heavy part, lives from the first track until a minute
 * after the last. Slots are 20 ms, counted from time 0. */
#ifndef MEETING_MEETING_PRIVATE_H
#define MEETING_MEETING_PRIVATE_H

#include "base/list.h"
#include "meeting/meeting.h"
#include "meeting/report.h"
#include "meeting/rule.h"
#include "meeting/timeline.h"
#include "sound/level.h"
#include "sound/pace.h"
#include "sound/pitch.h"

enum {
    STEP_SLOTS = MEETING_STEP_MS / SLOT_MS,
    SECOND_SLOTS = 1000 / SLOT_MS,
    SECOND_STEPS = 1000 / MEETING_STEP_MS,
    SHARE_STEPS = 600,    /* a minute */
    OVERLAP_SLOTS = 512,  /* a little more than 10 s */
    CLIP_STEPS = 50,      /* 5 s */
    INTERRUPTIONS = 64,   /* remembered per meeting */
    READINGS = 24,        /* of a mood: more than a minute */
    PAUSES = 64,          /* a minute of them */
    OWN_SLOTS = 50,       /* 1 s of speech while nobody else spoke makes an own level */
    LOUDEST = 3,          /* voices that may bleed into others' microphones at once */
    LEVEL_MS = 3000,      /* speech that a level is taken from, where no setting says otherwise */
    LEVEL_AGE_MS = 15000, /* older speech says nothing about the level now */
    NEVER = INT32_MIN,    /* a slot or a time long before any */
};

/* What a rule has reported about a participant or the meeting, and what it remembers. */
struct alarm {
    int64_t told_ms;
    int64_t held_ms;        /* when the condition last held */
    int64_t began_ms;       /* when it began to, in this run; 0: it is over */
    int64_t waits_ms;       /* since when an event waits for a worse one; 0: none does */
    enum severity severity; /* the worst that was told in this run */
    bool is_told;           /* told_ms and severity hold */
    bool is_reminded;       /* in this run */
    bool is_over;           /* the next telling begins a new run */
    /* When the rule's condition began to hold, in a unit of the rule's choice; 0: it does not. */
    int64_t since;
};

/* Speech of the last minute, in slots per step. */
struct share {
    uint8_t steps[SHARE_STEPS];
    uint16_t next;
    uint16_t in_10s, in_60s;
};

/* Who held the floor when somebody began, and how long both have spoken since. */
struct over {
    struct participant *who;
    int64_t last_slot; /* of their speech */
    unsigned together; /* slots in which both spoke */
    bool lingered;     /* they spoke on for a while all the same */
};

/* One person's utterance: a run of speech with pauses up to 0.5 s. */
struct turn {
    bool is_open;
    bool is_counted; /* longer than a backchannel */
    int64_t start_slot;
    int64_t last_slot;   /* of speech in it */
    uint64_t spoken;     /* speech of the last 64 slots, bit 0 the latest */
    unsigned slots;      /* of speech */
    unsigned heard;      /* of these, which may end a silence */
    int64_t heard_slot;  /* the latest */
    int64_t floor_slot;  /* since when the floor is held: pauses for breath included */
    int64_t before_slot; /* where the counted turn before this one ended; NEVER */
    struct over over[2];
    unsigned overs;
    /* Whose floor this turn may have taken: decided when one of the two stops. NULL: nobody's. */
    struct participant *contested;
};

struct pause {
    int64_t from_ms, to_ms;
};

/* How somebody delivers their speech: a turn in the wider sense, with pauses up to 3 s in which
 * nobody else says anything. */
struct delivery {
    bool is_open;
    int64_t muted_ms;            /* up to here a pause may have been a mute */
    int64_t start_ms, last_ms;   /* of speech */
    struct pause pauses[PAUSES]; /* of 1 to 3 s, oldest first */
    unsigned pause_count;
};

/* What a prosody service heard in a stretch of somebody's voice; NAN: not given. */
struct reading {
    int64_t from_ms, to_ms;
    float valence, arousal;
};

struct mood {
    struct reading readings[READINGS]; /* oldest first */
    unsigned count;
    float valence, arousal; /* running averages; NAN: none */
    int64_t interrupted_ms; /* when somebody last took the floor from this one; NEVER */
    float valence_before;   /* the average at that moment */
};

/* The readings whose middle lies in a span of time. */
struct mood_span {
    unsigned count;
    double heard_s;          /* seconds of voice in them */
    double valence, arousal; /* means; NAN: none */
};

/* Which slots hold speech, from the probabilities of the voice detector. */
struct detector {
    uint8_t run;        /* frames of probable speech in a row */
    uint8_t hold;       /* frames for which the decision still holds */
    uint8_t speech;     /* per slot of this step, bit 0 the first */
    uint8_t voiced;     /* the same, without the hold */
    int64_t onset_slot; /* where the latest speech began */
    int64_t sound_slot; /* its last slot */
};

/* What shows whether an open microphone works: its frames, digital silence, background noise. */
struct microphone {
    int64_t start_slot;  /* before it nothing counts: sound was still on its way */
    int64_t frame_slot;  /* last slot with a frame, or start_slot */
    int64_t zero_slot;   /* first of the run of frames that are hardly more than zeros, or NEVER */
    int64_t zero_frames; /* in the run */
    int64_t nonzero;     /* its samples that are not 0: the sum of moment.nonzero */
    bool has_only_zeros; /* since open_slot */
    bool has_background; /* two seconds of live non-speech were heard once */
    unsigned background; /* slots of it in a row */
    struct level_noise noise;
};

/* Whether speech is the participant's own, or another voice that their microphone picked up. */
struct bleed {
    float own_db; /* speaking level while nobody else could be heard */
    unsigned own_frames;
    unsigned hold; /* slots for which the verdict "picked up" still holds */
};

struct hearing {
    struct timeline timeline;
    struct detector detector;
    struct microphone microphone;
    struct bleed bleed;

    enum mic mic;
    int64_t open_slot; /* first judged since the track joined, unmuted or resumed */

    /* Speech after the bleed gate: */
    bool is_speaking;      /* in this slot */
    unsigned speech_slots; /* in this step */
    int64_t spoke_slot;    /* the last one */

    struct level level;
    float own_dbfs;            /* the own level: of the last 10 s of speech ... */
    bool has_own;              /* ... once there are 2 s of it */
    float floor_db;            /* noise under the voice, of the latest strong frame */
    float clipped[CLIP_STEPS]; /* clipped share of speech, summed over the slots of a step */
    unsigned clipped_next;
    struct pitch_span pitch;
    struct pace pace;
    struct pace_envelope former_pace; /* FEEDBACK_RULES=1 */

    struct share share;
    struct turn turn;
    struct delivery delivery;
    struct mood mood;

    bool is_second; /* another second of speech was completed in this step */
    struct alarm alarms[FEEDBACK_TYPES];
};

/* What is remembered of somebody as long as the meeting lasts. */
struct talk {
    uint64_t frames;
    int64_t speech_ms;
    int64_t longest_turn_ms;
    int64_t overlap_ms;
    int64_t response_ms; /* sum over responses */
    unsigned responses, turns, interruptions_given, interruptions_taken;
    float ema_rms;
    bool has_rms;
};

struct meeting_track {
    struct list in_tracks;
    struct participant *participant;
    enum mic mic;
    bool is_dtx;
    unsigned delay_ms;
};

struct participant {
    struct hearing *hearing; /* NULL: not heard */
    struct list tracks;      /* struct meeting_track.in_tracks: those that are connected */
    int64_t left_ms;         /* when the last track closed */
    bool is_host;
    bool is_dtx;       /* one of the open tracks is */
    unsigned delay_ms; /* the longest of the open tracks */
    enum mic mic;      /* of all tracks, as told last; hearing->mic follows */
    enum presence presence;
    struct talk talk;
    struct report_person *record; /* of meeting.report; NULL: never heard, or too many people */
    char identity[FEEDBACK_NAME_MAX + 1];
    char name[FEEDBACK_NAME_MAX + 1];
};

struct meeting {
    struct rules rules;
    struct participant **participants; /* in order of appearance */
    size_t count, cap;
    struct participant **active; /* those who speak or just spoke, in this step; cap entries */
    size_t actives;
    int64_t slot; /* first that is not judged */
    bool is_paused;
    unsigned guests;             /* in the room, and not among the participants */
    unsigned present, listening; /* in the room; and with an open microphone: in this step */
    unsigned open_ears;          /* of these, whose zeros would mean a dead microphone */

    int64_t gathered_slot;       /* since when at least two are present; NEVER */
    int64_t opened_slot;         /* when the latest unmute could be heard; NEVER */
    int64_t spoken_slot;         /* last speech of anybody; NEVER: none yet */
    struct participant *speaker; /* whose it was */
    struct {
        uint16_t speakers[OVERLAP_SLOTS]; /* counted utterances per slot */
        int64_t last_slot;                /* with two or more */
        struct participant *joiner;       /* whose speech began the latest overlap */
    } overlap;
    int64_t interruptions[INTERRUPTIONS]; /* slots, a ring */
    unsigned interruption_count, interruption_next;
    unsigned spoken_slots; /* of everybody, in the span of a monologue */
    struct alarm alarms[FEEDBACK_TYPES];
    struct report *report;
};

/* Whether a track of theirs is open. */
static inline bool participant_is_connected(const struct participant *participant) {
    return !list_is_empty(&participant->tracks);
}

/* ---- speech.c ---- */

/* Runs begin anew with `slot`, which may lie ahead; judged_slot: the first that is not judged. */
void speech_start(struct hearing *hearing, int64_t judged_slot, int64_t slot);
/* delay_slots: how much later than an unmute its sound comes. True: the microphone
 * was opened. */
bool speech_hear_step(struct hearing *hearing, int64_t first_slot, unsigned delay_slots);
/* How long the microphone has given digital silence. */
int64_t microphone_zero_slots(const struct microphone *microphone, int64_t slot);
/* After the bleed gate. */
void speech_measure_step(const struct meeting *meeting, struct hearing *hearing,
                         int64_t first_slot);
bool speech_is_near(const struct hearing *hearing, int64_t slot, unsigned slots);

/* ---- What the engine asks of the rules' settings ---- */

/* Whether a frame of speech may end a silence, and whether the utterance has. */
bool silence_hears(const struct meeting *meeting, const struct hearing *hearing, int64_t slot,
                   bool is_voiced);
bool silence_is_ended(const struct meeting *meeting, const struct hearing *hearing);
/* Slots of speech in the span in which a monologue is looked for. */
unsigned monologue_slots(const struct meeting *meeting, const struct hearing *hearing);
/* How far below another's voice the speech of somebody without an own level is no speech of
 * theirs. */
float bleed_stranger_db(const struct meeting *meeting);
struct pace_limits pace_limits_of(const struct meeting *meeting);

/* ---- bleed.c ---- */

/* Clears the detected bit of slot first_slot + index of those whose microphone only picked up
 * somebody else. */
void bleed_gate(struct meeting *meeting, int64_t first_slot, unsigned index);

/* ---- turns.c ---- */

void turns_hear(struct meeting *meeting, int64_t slot, unsigned index);
void turns_close(struct meeting *meeting, struct participant *participant);
void overlap_open_step(struct meeting *meeting, int64_t first_slot);
unsigned overlap_slots(const struct meeting *meeting, int64_t end_slot, unsigned window);

/* ---- talk.c ---- */

void talk_on_turn(struct meeting *meeting, struct participant *participant);
void talk_hear(struct meeting *meeting, unsigned speakers);
void talk_close_step(struct participant *participant, int64_t at_ms);
/* A slot in which the participant's turn overlapped with another. */
void talk_overlap(struct participant *participant);
void share_add(struct share *share, unsigned slots);
/* Slots of speech in the last `steps`. */
unsigned share_recent(const struct share *share, unsigned steps);
/* Share of speech in the last 10 s. */
double share_coverage(const struct share *share);

/* ---- delivery.c ---- */

void delivery_hear_step(struct meeting *meeting, int64_t end_ms);

/* ---- report_step.c ---- */

/* Tells the report of a step that has been heard, and which began with this slot. */
void report_follow_step(struct meeting *meeting, int64_t first_slot);
/* Overlap that the report has not been told yet, since an utterance may still count. */
int64_t report_pending_overlap_ms(const struct meeting *meeting);

/* ---- mood.c ---- */

void mood_init(struct mood *mood);
struct mood_span mood_between(const struct mood *mood, int64_t from_ms, int64_t to_ms);

#endif
