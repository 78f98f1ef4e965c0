/* RTP packets (RFC 3550, 5.1), and the counters in them that wrap. */
#ifndef WIRE_RTP_H
#define WIRE_RTP_H

#include "base/slice.h"

enum { RTP_HEAD_BYTES = 12 };

struct rtp_packet {
    uint8_t payload_type; /* 0..127 */
    bool marker;
    uint16_t seq;
    uint32_t timestamp; /* in ticks of the codec's clock */
    uint32_t ssrc;
    /* Without padding; borrowed from the bytes. Empty: a packet of padding only, which takes a
     * sequence number and nothing else. */
    struct slice payload;
};

/* Reads a packet whose protection is already off. False: not RTP version 2, or one of its lengths
 * (contributing sources, extension, padding) leads out of the packet. Header extensions are passed
 * over. */
bool rtp_parse(const uint8_t *bytes, size_t len, struct rtp_packet *packet);

/* The number with these lower bits that lies nearest to `near`: counters that wrap become ones that
 * do not. Of two equally near, the higher. Begin `near` far from 0, and what comes before the first
 * packet stays positive. */
int64_t rtp_unwrap_seq(int64_t near, uint16_t seq);
int64_t rtp_unwrap_time(int64_t near, uint32_t timestamp);

#endif
