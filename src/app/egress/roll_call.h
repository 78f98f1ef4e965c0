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

enum roll_answer {
    ROLL_ENDED,   /* the session is over; nothing to do */
    ROLL_PRESENT, /* LiveKit lists its room */
    ROLL_MISSING, /* not listed for the first time */
    ROLL_GONE     /* not listed twice in a row: the room has ended */
};

/* `rooms`: the array of one listing. Call it once for each session and listing. `missing`: the
 * meeting ids whose room the last listing lacked; empty before the first. */
enum roll_answer roll_call_take(struct map *missing, const struct session *session,
                                const json_t *rooms);

#endif
