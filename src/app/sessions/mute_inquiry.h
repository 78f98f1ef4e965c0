/*
 * Asks LiveKit whether somebody muted their microphone. No webhook tells of a mute, and an egress
 * says only that no more packets come, as in a network that was cut. What LiveKit answers becomes
 * news for the session like everything else it says. At most one question of a room is under way:
 * those that come meanwhile are asked together afterwards. What LiveKit does not answer is asked
 * again after a growing delay, as long as the session lasts. Control thread only.
 */
#ifndef APP_MUTE_INQUIRY_H
#define APP_MUTE_INQUIRY_H

#include "base/slice.h"

struct livekit;
struct loop;
struct mute_inquiry;
struct session;
struct sessions;

struct mute_inquiry *mute_inquiry_new(struct loop *, struct livekit *, struct sessions *);
/* NULL is fine. */
void mute_inquiry_free(struct mute_inquiry *);

void mute_inquiry_ask(struct mute_inquiry *, const struct session *, struct slice identity);

#endif
