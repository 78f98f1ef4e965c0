/* How somebody takes part: whether they are in the room, and what their microphone does. */
#ifndef MEETING_ATTENDANCE_H
#define MEETING_ATTENDANCE_H

/* As the room's server says. UNSAID: it has said nothing, so a connected track counts. AWAY: left,
 * or no person: a recorder, an agent, somebody hidden. */
enum presence { PRESENCE_UNSAID, PRESENCE_HERE, PRESENCE_AWAY };

/* CUT: open, and nothing arrives. UNKNOWN: nothing arrives, and whether that is a mute is not known
 * yet, so it is neither muted nor dead. Of several tracks the first in this order counts. */
enum mic { MIC_OPEN, MIC_CUT, MIC_UNKNOWN, MIC_MUTED };

#endif
