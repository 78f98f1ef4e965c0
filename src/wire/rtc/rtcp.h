/* RTCP (RFC 3550, 6; feedback: RFC 4585): what a receiver reads of a sender's reports, and what it
 * says in return. */
#ifndef WIRE_RTCP_H
#define WIRE_RTCP_H

#include "base/slice.h"

enum {
    RTCP_REPORTS_MAX = 31, /* blocks of one receiver report */
    RTCP_NAME_MAX = 255,   /* bytes of a CNAME */
    RTCP_NACKS_MAX = 64,   /* pairs of one generic NACK */
    RTCP_WRITE_MAX = 1200, /* no packet that is written here is longer */
};

enum rtcp_type {
    RTCP_OTHER,         /* well-formed, and of no use here */
    RTCP_SENDER_REPORT, /* 200 */
    RTCP_DESCRIPTION,   /* 202: SDES */
    RTCP_BYE,           /* 203 */
};

/* One packet out of a compound. */
struct rtcp_packet {
    enum rtcp_type type;
    uint32_t ssrc; /* SENDER_REPORT: who sends; DESCRIPTION, BYE: the first source named */
    /* SENDER_REPORT: the sender's own clock (NTP format, 32.32 bits), the RTP timestamp of that
     * moment, and what was sent so far. */
    uint64_t ntp;
    uint32_t rtp_time, packets, octets;
    struct slice cname, mid; /* DESCRIPTION: items 1 and 15 (RFC 8843) of the first source */
};

enum rtcp_result { RTCP_END, RTCP_PACKET, RTCP_BAD };

/* Takes the next packet off the front of a compound. BAD: a length leads out of it, or it is not
 * RTCP version 2; the rest is of no use then. */
enum rtcp_result rtcp_next(struct slice *compound, struct rtcp_packet *packet);

/* How one source was received (RFC 3550, 6.4.1). */
struct rtcp_block {
    uint32_t ssrc;
    uint8_t fraction_lost; /* of 256, since the last report */
    int32_t lost;          /* in all; -2^23 .. 2^23 - 1, else clamped */
    uint32_t highest_seq;  /* with the count of wraps in the upper half */
    uint32_t jitter;       /* ticks of the RTP clock */
    uint32_t last_report;  /* middle 32 bits of the NTP time of the last sender report; 0: none */
    uint32_t since_report; /* 1/65536 s since it came */
};

/* Writes a receiver report of up to RTCP_REPORTS_MAX blocks, and an SDES with the CNAME. Returns
 * its length. */
size_t rtcp_write_report(uint8_t out[RTCP_WRITE_MAX], uint32_t ssrc, struct slice cname,
                         const struct rtcp_block *blocks, size_t count);

/* Writes a generic NACK for missing sequence numbers in ascending order (modulo 2^16). Takes as
 * many as fit into RTCP_NACKS_MAX pairs; *taken is how many. Returns its length. */
size_t rtcp_write_nack(uint8_t out[RTCP_WRITE_MAX], uint32_t ssrc, uint32_t media_ssrc,
                       const uint16_t *missing, size_t count, size_t *taken);

/* Writes a picture loss indication: the sender is asked for a key frame. */
size_t rtcp_write_picture_loss(uint8_t out[RTCP_WRITE_MAX], uint32_t ssrc, uint32_t media_ssrc);

#endif
