/*
 * What is heard of a WebRTC track: its packets as samples at 16 kHz (G.711: 8 kHz), for the meeting's
 * engine and the prosody service. A packet is heard when it comes, at the time when it was spoken;
 * one that is missing is waited for by what was late before. When nothing comes for so long, the
 * track counts as silent, and nobody waits for it.
 */
#ifndef APP_PACKET_EARS_H
#define APP_PACKET_EARS_H

#include "app/media/track.h"
#include "app/packets/packet_queue.h"
#include "app/packets/samples.h"

struct packet_ears;

struct packet_ears_settings {
    struct track *track;
    const struct place *place;
    struct meeting_track *heard;
    enum packet_codec codec;
    unsigned channels, group_ms;
    /* Silence may be left out. */
    bool is_dtx;
};

/* NULL: no memory for a decoder. */
struct packet_ears *packet_ears_new(const struct packet_ears_settings *settings);
void packet_ears_free(struct packet_ears *ears); /* NULL is fine */

void packet_ears_put(struct packet_ears *ears, const struct queued *packet, int64_t now_ns);
/* On a tick. is_muted: no silence is heard, either. */
void packet_ears_tick(struct packet_ears *ears, int64_t now_ns, bool is_muted);

struct packet_ears_facts {
    uint64_t concealed_ms, late;
};
struct packet_ears_facts packet_ears_facts(const struct packet_ears *ears);

#endif
