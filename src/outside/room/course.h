/*
 * The course of one session in a LiveKit room: what is done when LiveKit sends us away, when the
 * connection breaks, when an attempt is refused. Every attempt needs a ticket, which the owner gives
 * when the room is still there.
 *
 *     asking -> dialling -> open -> (lost) -> pausing -> asking ...        or ended
 *
 * A session that was lost is resumed while LiveKit may still have it: then tracks, keys and SSRCs
 * last. Otherwise it is begun anew. Pure: times are arguments, ms on one steady clock.
 */
#ifndef OUTSIDE_COURSE_H
#define OUTSIDE_COURSE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    COURSE_OPEN_MS = 20 * 1000,   /* LiveKit answers the upgrade after up to 15 s */
    COURSE_STEADY_MS = 10 * 1000, /* a session that lasted so long forgives earlier failures */
    /* So long a session may go without media. LiveKit waits 15 s, tells it, and waits 5 s more. */
    COURSE_MEDIA_MS = 20 * 1000,
    COURSE_FIRST_MEDIA_MS = 30 * 1000, /* until the first media of a session are given up */
    COURSE_SILENCE_MS = 6 * 1000,      /* media lost for so long is a reason to resume */
    COURSE_PAUSE_MAX_MS = 15 * 1000,   /* between two attempts */
    COURSE_FIRST_TRIES = 4,            /* until a first session is given up */
    COURSE_TRIES = 10,                 /* the same for one that has worked */
    COURSE_PING_MS = 5000,             /* while LiveKit says nothing else */
    COURSE_PONG_MS = 15000
};

enum course_phase {
    COURSE_ASKING, /* a ticket is needed */
    COURSE_DIALLING,
    COURSE_OPEN,
    COURSE_PAUSING,
    COURSE_ENDED
};

/* Why a session is over. */
enum course_end {
    COURSE_ENDED_NOT,
    COURSE_ENDED_CLOSED,    /* the room is closed or deleted, or has never been there */
    COURSE_ENDED_REMOVED,   /* an operator sent us away */
    COURSE_ENDED_DUPLICATE, /* another took our identity */
    COURSE_ENDED_REFUSED,   /* LiveKit does not let us in: token, permission, parameters */
    COURSE_ENDED_LIMIT,     /* LiveKit has no place, or fails */
    COURSE_ENDED_NO_ANSWER, /* nobody answers at that address */
    COURSE_ENDED_NO_WAY,    /* no media comes through, or only a relay is allowed */
    COURSE_ENDS
};

/* Why a session was lost; the number is what LiveKit is told with a resume. */
enum course_loss { COURSE_LOST_SIGNAL = 1, COURSE_LOST_MEDIA = 3 };

struct course {
    enum course_phase phase;
    enum course_end end;
    bool is_resume;   /* the next attempt, or the one under way */
    bool has_worked;  /* media came through once */
    bool has_media;   /* it does now */
    bool had_media;   /* it has, in this session: else LiveKit forgets us with the signalling */
    bool has_session; /* LiveKit knows a session of ours */
    enum course_loss loss;
    unsigned failures;        /* in a row */
    int64_t due_ms;           /* end of the pause, or of the patience with an attempt */
    int64_t opened_ms;        /* the last session, or its resumption */
    int64_t began_ms;         /* the last session */
    int64_t media_ms;         /* when has_media last changed, or the session was opened */
    int64_t ping_ms, pong_ms; /* when the last went out, and the last came */
    int64_t ping_every_ms, pong_within_ms;
};

void course_begin(struct course *, int64_t now_ms);

/* A ticket has come: an attempt begins. */
void course_dial(struct course *, int64_t now_ms);
/* LiveKit's first message has come. ping_ms and pong_ms: 0 where it does not say. */
void course_open(struct course *, int64_t ping_ms, int64_t pong_ms, int64_t now_ms);
void course_pong(struct course *, int64_t now_ms);

/* The media connection works, or does not any more. */
void course_media(struct course *, bool has_media, int64_t now_ms);
/* It never will. */
void course_media_failed(struct course *, int64_t now_ms, uint64_t random);

/* LiveKit sends us away (enum sfu_action, enum sfu_reason). */
void course_leave(struct course *, int32_t action, int32_t reason, int64_t now_ms, uint64_t random);
/* The signalling connection is gone. http_status: of a refused upgrade; 0: none. */
void course_lost(struct course *, int http_status, int64_t now_ms, uint64_t random);
/* Only by a relay would media come through. */
void course_refuse(struct course *, enum course_end);

/* Looks at the clock: what is over is over. True: a ping is due, and counts as sent. */
bool course_look(struct course *, int64_t now_ms, uint64_t random);
/* When course_look has something to do. */
int64_t course_due_ms(const struct course *);

/* One word for logs and metrics. */
const char *course_end_name(enum course_end);

#endif
