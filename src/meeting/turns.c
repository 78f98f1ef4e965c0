#include "meeting/meeting_private.h"

#include <assert.h>

enum {
    PAUSE_SLOTS = 31,       /* 0.5 s end an utterance; the detector lets go 0.12 s early */
    BACKCHANNEL_SLOTS = 40, /* 0.8 s: up to this length it is a backchannel ("uhum") */
    ONSET_SLOTS = 2,        /* the detector decided two frames after speech began */
    FLOOR_SLOTS = 50,       /* 1 s of speech: then somebody holds the floor */
    TOGETHER_SLOTS = 10,    /* 0.2 s in which both speak */
    LINGER_SLOTS = 22,      /* 0.45 s for which the interrupted one still speaks */
    AWAY_SLOTS = 500,       /* 10 s without a turn: what was before no longer counts */
    BREATH_SLOTS = 60,      /* 1.2 s: a pause up to this keeps the floor while nobody else speaks */
    GO_ON_SLOTS = 50,       /* 1 s for which the interrupter speaks */
    SPOKEN_BITS = 64,
};

static uint16_t *overlap_at(struct meeting *meeting, int64_t slot) {
    return &meeting->overlap.speakers[(uint64_t)slot % OVERLAP_SLOTS];
}

void overlap_open_step(struct meeting *meeting, int64_t first_slot) {
    for (int i = 0; i < STEP_SLOTS; i++)
        *overlap_at(meeting, first_slot + i) = 0;
}

unsigned overlap_slots(const struct meeting *meeting, int64_t end_slot, unsigned window) {
    assert(window <= OVERLAP_SLOTS);
    unsigned sum = 0;
    if (meeting->overlap.last_slot < end_slot - (int64_t)window)
        return 0;
    for (int64_t slot = end_slot - window; slot < end_slot; slot++)
        sum += meeting->overlap.speakers[(uint64_t)slot % OVERLAP_SLOTS] >= 2;
    return sum;
}

static void overlap_count(struct meeting *meeting, struct participant *participant, int64_t slot) {
    uint16_t *speakers = overlap_at(meeting, slot);
    if (++*speakers < 2 || slot <= meeting->overlap.last_slot)
        return;
    meeting->overlap.last_slot = slot;
    /* The joiner is the one who began last of those who speak now. */
    struct participant *joiner = participant;
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *other = meeting->active[i]->hearing;
        if (other->turn.is_open && other->turn.is_counted &&
            other->turn.start_slot > joiner->hearing->turn.start_slot)
            joiner = meeting->active[i];
    }
    meeting->overlap.joiner = joiner;
}

/* Counts slot `at` as overlap for the participant and for the one who spoke at the same time. */
static void overlap_credit(struct meeting *meeting, struct participant *participant, int64_t at,
                           int64_t slot) {
    unsigned speakers = *overlap_at(meeting, at);
    if (speakers >= 2)
        talk_overlap(participant);
    for (size_t i = 0; i < meeting->actives && speakers == 2; i++) {
        const struct turn *turn = &meeting->active[i]->hearing->turn;
        if (meeting->active[i] != participant && turn->is_open && turn->is_counted &&
            (turn->spoken >> (slot - at) & 1))
            talk_overlap(meeting->active[i]);
    }
}

/* An utterance that has become longer than a backchannel counts from its beginning. */
static void turn_begin_count(struct meeting *meeting, struct participant *participant,
                             int64_t slot) {
    struct turn *turn = &participant->hearing->turn;
    turn->is_counted = true;
    participant->talk.turns++;
    int64_t first =
        slot - turn->start_slot < SPOKEN_BITS ? turn->start_slot : slot - SPOKEN_BITS + 1;
    for (int64_t at = first; at < slot; at++)
        if (turn->spoken >> (slot - at) & 1) {
            overlap_count(meeting, participant, at);
            overlap_credit(meeting, participant, at, slot);
        }
}

static void interruption_add(struct meeting *meeting, struct participant *by,
                             struct participant *of, int64_t slot) {
    meeting->interruptions[meeting->interruption_next] = slot;
    meeting->interruption_next = (meeting->interruption_next + 1) % INTERRUPTIONS;
    if (meeting->interruption_count < INTERRUPTIONS)
        meeting->interruption_count++;
    by->talk.interruptions_given++;
    of->talk.interruptions_taken++;
    of->hearing->mood.interrupted_ms = slot * SLOT_MS;
    of->hearing->mood.valence_before = of->hearing->mood.valence;
    by->hearing->turn.contested = of;
}

/* ---- For the report: who went on ---- */

static void report_together(struct meeting *meeting, struct participant *by,
                            struct participant *of, bool took_floor) {
    if (by->record && of->record)
        report_interrupt(meeting->report, by->record, of->record, took_floor,
                         by->hearing->turn.start_slot * SLOT_MS);
}

/* Whoever speaks on when one of the two has stopped has the floor. */
static void contest_end(struct meeting *meeting, struct participant *by) {
    struct turn *turn = &by->hearing->turn;
    struct participant *of = turn->contested;
    turn->contested = NULL;
    report_together(meeting, by, of,
                    !of->hearing || turn->last_slot > of->hearing->turn.last_slot);
}

/* A turn ends: what it contested is decided, and what others contested of it. A turn that was
 * too short for that may still have been spoken along with another. */
static void contests_end(struct meeting *meeting, struct participant *participant) {
    const struct turn *turn = &participant->hearing->turn;
    if (turn->contested)
        contest_end(meeting, participant);
    for (unsigned i = 0; i < turn->overs && turn->is_counted; i++)
        if (turn->over[i].together >= TOGETHER_SLOTS)
            report_together(meeting, participant, turn->over[i].who, false);
    for (size_t i = 0; i < meeting->count; i++) {
        const struct hearing *other = meeting->participants[i]->hearing;
        if (other && other->turn.contested == participant)
            contest_end(meeting, meeting->participants[i]);
    }
}

/* Two people who talk at once and pause for breath do not interrupt each other again and again:
 * "theirs" must have taken the floor after "mine" last had it. */
static bool has_taken_floor(const struct turn *theirs, const struct turn *mine) {
    return theirs->is_open && theirs->floor_slot <= mine->start_slot - FLOOR_SLOTS &&
           (theirs->floor_slot >= mine->before_slot - PAUSE_SLOTS ||
            mine->start_slot - mine->before_slot > AWAY_SLOTS);
}

/* Notes who holds the floor while this utterance begins. */
static void turn_look_round(struct meeting *meeting, struct participant *participant) {
    struct turn *turn = &participant->hearing->turn;
    turn->overs = 0;
    for (size_t i = 0; i < meeting->actives; i++) {
        struct participant *other = meeting->active[i];
        const struct turn *theirs = &other->hearing->turn;
        if (other == participant || turn->overs == 2 || !has_taken_floor(theirs, turn))
            continue;
        turn->over[turn->overs++] = (struct over){.who = other, .last_slot = theirs->last_slot};
    }
}

/* Those who stop within 0.45 s have given the floor away, not lost it. */
static void turn_watch_floor(struct meeting *meeting, struct participant *participant,
                             int64_t slot) {
    struct turn *turn = &participant->hearing->turn;
    unsigned kept = 0;
    for (unsigned i = 0; i < turn->overs; i++) {
        struct over over = turn->over[i];
        const struct hearing *theirs = over.who->hearing;
        if (theirs->turn.is_open && theirs->turn.start_slot <= over.last_slot + BREATH_SLOTS) {
            over.last_slot = theirs->turn.last_slot;
            over.together += participant->hearing->is_speaking && theirs->is_speaking;
            over.lingered = theirs->turn.last_slot >= turn->start_slot + LINGER_SLOTS;
        } else if (!over.lingered) {
            continue;
        }
        if (over.lingered && over.together >= TOGETHER_SLOTS &&
            turn->last_slot >= turn->start_slot + GO_ON_SLOTS) {
            interruption_add(meeting, participant, over.who, slot);
            if (!theirs->turn.is_open)
                contest_end(meeting, participant);
            turn->overs = 0;
            return;
        }
        turn->over[kept++] = over;
    }
    turn->overs = slot > turn->start_slot + 2 * GO_ON_SLOTS ? 0 : kept;
}

/* Notes a frame that may end a silence. */
static void turn_hear(const struct meeting *meeting, struct hearing *hearing, int64_t slot,
                      bool is_voiced) {
    if (!silence_hears(meeting, hearing, slot, is_voiced))
        return;
    hearing->turn.heard++;
    hearing->turn.heard_slot = slot;
}

static void turn_open(struct meeting *meeting, struct participant *participant, int64_t slot) {
    struct turn *turn = &participant->hearing->turn;
    bool keeps_floor = slot - turn->last_slot <= BREATH_SLOTS && meeting->speaker == participant;
    turn->floor_slot = keeps_floor ? turn->floor_slot : slot - ONSET_SLOTS;
    turn->is_open = true;
    turn->is_counted = false;
    turn->start_slot = slot - ONSET_SLOTS;
    turn->last_slot = slot;
    turn->slots = turn->heard = 0;
    turn->spoken = (1u << ONSET_SLOTS) - 1;
    if (meeting->rules.version > 1)
        for (int64_t at = turn->start_slot; at < slot; at++)
            turn_hear(meeting, participant->hearing, at, true);
    turn_look_round(meeting, participant);
    talk_on_turn(meeting, participant);
}

void turns_close(struct meeting *meeting, struct participant *participant) {
    struct turn *turn = &participant->hearing->turn;
    if (!turn->is_open)
        return;
    contests_end(meeting, participant);
    turn->is_open = false;
    turn->overs = 0;
    if (turn->is_counted)
        turn->before_slot = turn->last_slot;
    int64_t ms = (turn->last_slot + 1 - turn->start_slot) * SLOT_MS;
    if (turn->is_counted && ms > participant->talk.longest_turn_ms)
        participant->talk.longest_turn_ms = ms;
    if (turn->is_counted && participant->record)
        report_turn(meeting->report, participant->record, turn->start_slot * SLOT_MS,
                    turn->start_slot * SLOT_MS + ms);
    if (meeting->overlap.joiner == participant && !participant_is_connected(participant))
        meeting->overlap.joiner = NULL;
}

static void turn_speak(struct meeting *meeting, struct participant *participant, int64_t slot,
                       bool is_voiced) {
    struct turn *turn = &participant->hearing->turn;
    if (!turn->is_open)
        turn_open(meeting, participant, slot);
    turn->spoken = turn->spoken << 1 | 1;
    turn->slots++;
    turn_hear(meeting, participant->hearing, slot, is_voiced);
    if (is_voiced)
        turn->last_slot = slot; /* the held tail does not count: it would lengthen backchannels */
    if (!turn->is_counted && turn->last_slot - turn->start_slot >= BACKCHANNEL_SLOTS)
        turn_begin_count(meeting, participant, slot);
    if (turn->is_counted)
        overlap_count(meeting, participant, slot);
}

void turns_hear(struct meeting *meeting, int64_t slot, unsigned index) {
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *hearing = meeting->active[i]->hearing;
        hearing->is_speaking = hearing->detector.speech >> index & 1;
        if (hearing->is_speaking)
            hearing->spoke_slot = slot;
    }
    for (size_t i = 0; i < meeting->actives; i++) {
        struct participant *participant = meeting->active[i];
        struct turn *turn = &participant->hearing->turn;
        if (participant->hearing->is_speaking)
            turn_speak(meeting, participant, slot,
                       participant->hearing->detector.voiced >> index & 1);
        else if (turn->is_open && slot - turn->last_slot > PAUSE_SLOTS)
            turns_close(meeting, participant);
        else
            turn->spoken <<= 1;
        if (turn->overs > 0)
            turn_watch_floor(meeting, participant, slot);
    }
    talk_hear(meeting, *overlap_at(meeting, slot));
}
