/* The other side of net/rtc for tests: a server that offers, as LiveKit's does, with DTLS by OpenSSL
 * and SRTP by libsrtp2 directly, and faults that a real one cannot be made to have. On a loop; at
 * 127.0.0.1 only. */
#ifndef TESTS_RTC_REMOTE_H
#define TESTS_RTC_REMOTE_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct remote;

enum { REMOTE_SECTIONS_MAX = 6000, REMOTE_NACKS_MAX = 256, REMOTE_NAME_SIZE = 64 };

enum remote_kind { REMOTE_DATA, REMOTE_AUDIO, REMOTE_VIDEO };

/* Bits. */
enum remote_fault {
    REMOTE_DEAF = 1,              /* answers nothing at all */
    REMOTE_WRONG_PASSWORD = 2,    /* its STUN is signed with another password */
    REMOTE_WRONG_FINGERPRINT = 4, /* its offer has another certificate's */
    REMOTE_NO_DTLS = 8,           /* drops every DTLS datagram */
    REMOTE_MUTATES = 16,          /* changes a byte in about every fourth datagram */
    REMOTE_TWICE = 32,            /* sends every datagram twice */
    REMOTE_WRONG_ROLE = 64,       /* claims our role in its checks: a conflict */
    REMOTE_NEVER_NOMINATES = 128,
    REMOTE_NO_PROFILE = 256,    /* agrees on no profile of SRTP */
    REMOTE_LOSES_DTLS = 512,    /* drops the first datagram of DTLS in each direction */
    REMOTE_RUBBISH = 1024,      /* random bytes before each datagram */
    REMOTE_LOSES_END = 2048,    /* drops its last flight of DTLS the first time */
    REMOTE_LOSES_SECOND = 4096, /* drops our second datagram of DTLS */
};

struct remote_settings {
    bool is_lite;           /* ICE-lite: it only answers */
    bool is_tcp;            /* one candidate, of TCP */
    bool is_active;         /* it begins the handshake: a=setup:active */
    bool has_data;          /* section 0 is m=application */
    bool hides_ssrc;        /* the offer has no a=ssrc */
    bool has_no_candidates; /* in the offer: they are trickled */
    unsigned audio;         /* sections of audio, to begin with */
    unsigned video;         /* of video, behind them */
    unsigned faults;
    const char *profiles; /* of SRTP, in the server's order; NULL: both */
    uint64_t seed;
};

struct remote_stats {
    unsigned requests;  /* authentic checks of ours */
    unsigned strangers; /* datagrams of ours before it had our answer, or that it cannot place */
    unsigned datagrams, bytes;        /* that came */
    unsigned sent, sent_bytes;        /* media and all else */
    unsigned handshakes, longest;     /* datagrams of DTLS before it was up; the longest of them */
    bool is_nominated, is_up, is_bye; /* path agreed on; DTLS done; DTLS ended by us */
    unsigned reports;                 /* RTCP that came with proof */
    unsigned report_blocks;
    uint32_t block_ssrc;
    uint8_t fraction_lost;
    int32_t lost;
    uint32_t jitter, last_report, since_report;
    /* The last sequence numbers that were asked for again; a ring. */
    uint16_t nacks[REMOTE_NACKS_MAX];
    unsigned nack_count;
    unsigned key_frames; /* asked for */
    unsigned data_bytes; /* that SSL_read gave: answers of SCTP */
    uint8_t first_data[64];
};

/* The process has set up libsrtp2: by srtp_init, or by an rtc_identity. */
int remote_open(struct remote **out, struct loop *loop, const struct remote_settings *settings);
void remote_close(struct remote *remote);

void remote_offer(struct remote *remote, struct buf *sdp);
/* Takes our answer. */
void remote_answer(struct remote *remote, struct slice sdp);
/* "candidate:..." to trickle. */
void remote_candidate(const struct remote *remote, char out[128]);
/* New credentials from the next offer on. */
void remote_restart(struct remote *remote);
/* A new socket at another port: what a server is after migration. Use it with a restart. */
int remote_move(struct remote *remote);
void remote_hang_up(struct remote *remote); /* ends the TCP connection, and takes a new one */
void remote_set_faults(struct remote *remote, unsigned faults);
/* One more section in the next offer; its number. */
unsigned remote_add_section(struct remote *remote, enum remote_kind kind);
/* What the section's msid says from the next offer on. */
void remote_set_track(struct remote *remote, unsigned section, const char *stream,
                      const char *track);
unsigned remote_section_count(const struct remote *remote);
/* The section's next offer and its packets have another SSRC. */
void remote_change_ssrc(struct remote *remote, unsigned section);
/* Whether the section sends (a=sendrecv) in the next offer, or is left (a=recvonly). */
void remote_set_sending(struct remote *remote, unsigned section, bool sends);
uint32_t remote_ssrc(const struct remote *remote, unsigned section);

/* Each false: not connected yet. */
bool remote_send(struct remote *remote, unsigned section, uint8_t payload_type, uint16_t seq,
                 uint32_t timestamp, struct slice payload);
bool remote_send_as(struct remote *remote, uint32_t ssrc, uint8_t payload_type, uint16_t seq,
                    uint32_t timestamp, struct slice payload);
bool remote_send_report(struct remote *remote, unsigned section, uint64_t ntp, uint32_t rtp_time);
/* SDES with the section's mid, and BYE. */
bool remote_send_mid(struct remote *remote, uint32_t ssrc, const char *mid);
bool remote_send_bye(struct remote *remote, unsigned section);
/* Bytes as they are, from its own address, or from another port of this machine. */
void remote_send_raw(struct remote *remote, const uint8_t *bytes, size_t len, bool from_elsewhere);
bool remote_send_data(struct remote *remote, const uint8_t *bytes, size_t len); /* over DTLS */

const struct remote_stats *remote_stats(const struct remote *remote);

#endif
