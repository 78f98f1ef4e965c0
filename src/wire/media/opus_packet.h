/* What an Opus packet says without being decoded (RFC 6716, 3), and packets of silence. All ticks
 * are samples at 48 kHz, whatever is inside. */
#ifndef WIRE_OPUS_PACKET_H
#define WIRE_OPUS_PACKET_H

#include "base/slice.h"

#include <stdint.h>

enum {
    OPUS_RATE_HZ = 48000,
    OPUS_TICKS_MAX = 5760, /* 120 ms, the longest packet */
    OPUS_TICKS_MIN = 120,  /* 2.5 ms, the shortest */
    OPUS_SILENCE_MAX = 14, /* bytes of the longest packet of silence */
    OPUS_LEAD_TICKS = 312, /* how much later than its samples libopus' encoder puts the sound */
};

struct opus_packet {
    unsigned ticks, frame_ticks; /* of the packet, and of each of its frames */
    unsigned channels;           /* as it is coded */
    /* Nothing is in it: comfort noise of a sender that leaves silence out, or the digital silence
     * that LiveKit's server sends for a muted track. */
    bool is_silent;
    /* It is that of LiveKit's server (80 bytes): its timestamp is by the server's clock, not by the
     * sender's. */
    bool is_filler;
};

/* False: it is malformed, as a decoder would find as well. */
bool opus_packet_read(struct slice payload, struct opus_packet *packet);

/* Writes a packet of digital silence of at most `ticks`, as long as can be. Returns its bytes and
 * sets *written; 0: `ticks` is less than the shortest packet. */
unsigned opus_packet_silence(uint8_t out[OPUS_SILENCE_MAX], unsigned channels, uint64_t ticks,
                             unsigned *written);

/* A packet in place of one that was lost, by the first byte of the one before it: it asks the
 * decoder to conceal a frame (RFC 7845, 4.1). It has one byte, which is returned. */
uint8_t opus_packet_lost(uint8_t before, unsigned *ticks);

#endif
