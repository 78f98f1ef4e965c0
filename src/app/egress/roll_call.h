/*
 * Compares sessions with the rooms that LiveKit lists, and remembers whose room was missing. One
 * such listing proves little (it may have been made before the room was), so only the second in a
 * row ends a session. Pure.
 */
#ifndef APP_ROLL_CALL_H
#define APP_ROLL_CALL_H

#include "base/map.h"

#include <jansson.h>

struct session;

struct roll_call {
    struct map
        missing; /* meeting ids whose room the last listing lacked; the values mean nothing */
};

enum roll_answer {
    ROLL_ENDED,   /* the session is over; nothing to do */
    ROLL_PRESENT, /* LiveKit lists its room */
    ROLL_MISSING, /* not listed for the first time */
    ROLL_GONE     /* not listed twice in a row: the room has ended */
};

void roll_call_init(struct roll_call *roll, uint64_t seed);
void roll_call_free(struct roll_call *roll);

/* `rooms`: the array of one listing. Call it once for each session and listing. */
enum roll_answer roll_call_take(struct roll_call *roll, const struct session *session,
                                const json_t *rooms);

#endif
