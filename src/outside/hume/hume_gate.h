/*
 * Decides which track may open a connection now, and which may keep audio until it can: the breaker
 * of a `struct hume`, with the limiter of the whole server. Time is an argument.
 *
 * Until the first connection is open, five tracks try. The others keep their audio for a second and
 * a half; if there is no connection by then, they keep nothing.
 */
#ifndef OUTSIDE_HUME_GATE_H
#define OUTSIDE_HUME_GATE_H

#include "outside/hume/hume_limiter.h"
#include "outside/hume/hume_names.h"

struct hume_track;

enum { HUME_BACKOFF_MS = 1000, HUME_BACKOFF_MAX_MS = 30000 };

struct hume_gate {
    struct hume_limiter *limiter;
    int64_t step_us;            /* from one handshake to the next */
    unsigned wanting, dialling; /* tracks in these states */
    bool is_reached;            /* a connection opened since the breaker opened last */
    int64_t tried_ms;           /* of the first attempt since then; 0 = none yet */
    unsigned failures;          /* in a row, of all tracks */
    unsigned openings;          /* of the breaker, in a row */
    int64_t probe_ms;           /* 0: the breaker is closed; else when a probe may go out */
    const struct hume_track *probe;
    int64_t refused_until_ms; /* 0 = not refused */
    char refusal[HUME_CODE_SIZE];
};

/* handshakes_per_second 0: HUME_HANDSHAKES_PER_SECOND. */
void hume_gate_init(struct hume_gate *gate, struct hume_limiter *limiter,
                    unsigned handshakes_per_second);

/* A track without a connection may begin to keep audio. */
bool hume_gate_has_room(const struct hume_gate *gate, int64_t now_ms);
/* A track that waits for its handshake may go on waiting: it can come soon. */
bool hume_gate_may_wait(const struct hume_gate *gate, int64_t now_ms);

/* Takes a handshake for the track, unless the limit or the breaker forbids one now. */
bool hume_gate_take(struct hume_gate *gate, const struct hume_track *track, int64_t now_ms);

/* A connection is open. */
void hume_gate_reached(struct hume_gate *gate);
/* The service has answered on it. */
void hume_gate_succeeded(struct hume_gate *gate);
void hume_gate_failed(struct hume_gate *gate, const struct hume_track *track, const char *why,
                      int64_t now_ms);
/* The service refuses us permanently: no attempt for ten minutes, then one. */
void hume_gate_refused(struct hume_gate *gate, const struct hume_track *track, const char *code,
                       int64_t now_ms);
/* The track ends. */
void hume_gate_forget(struct hume_gate *gate, const struct hume_track *track);

#endif
