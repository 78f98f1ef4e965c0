/* One connection of WebRTC that only receives, as a subscriber of LiveKit's server has it: the
 * server offers, we answer; one bundled transport; audio, and video where it is asked for. Data
 * channels are confirmed, and what comes on them is discarded.
 *
 *     offer -> answer -> checks (ICE) -> handshake (DTLS) -> packets (SRTP)
 *
 * Connections only go out: no STUN or TURN server is asked, and only what proves the credentials of
 * the offer is ever answered. Each peer has one UDP socket, or where UDP gets no answer one TCP
 * connection to the server's passive port.
 *
 * A peer belongs to the thread of its loop. Until it is connected, and while it is lost, it watches
 * its own socket, so that a handshake does not wait for ticks. Connected, it is in no poll set: its
 * owner drains it on the tick.
 *
 * on_state comes at the end of a turn of the loop, and rtc_peer_close may be called from it. It may not
 * be called from the other callbacks; every other function may be called from any. */
#ifndef NET_RTC_PEER_H
#define NET_RTC_PEER_H

#include "base/buf.h"
#include "base/slice.h"
#include "wire/rtc/sdp.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct rtc_identity;
struct rtc_peer;

enum rtc_state {
    RTC_NEW,        /* no offer yet */
    RTC_CONNECTING, /* checks and handshake; RTC_FAILED after RTC_CONNECT_MS */
    RTC_CONNECTED,  /* packets can come */
    /* Nothing authentic came for RTC_SILENCE_MS. It goes back to RTC_CONNECTED when something comes.
     * The next offer with new ICE credentials begins new checks; keys and SSRCs last. Such an
     * attempt is lost, not failed, when it leads nowhere. */
    RTC_LOST,
    RTC_FAILED, /* of no use any more: close it, and join anew */
};

enum {
    RTC_CONNECT_MS = 15 * 1000, /* from the first offer */
    RTC_SILENCE_MS = 10 * 1000,
    RTC_OFFER_MAX = 4 * 1024 * 1024, /* bytes; longer ones are refused */
};

/* A packet of media whose protection is off. Slices last for the length of the call. */
struct rtc_packet {
    unsigned section; /* index of its m-line in the offer */
    struct slice mid;
    uint32_t ssrc;
    uint16_t seq;
    uint32_t timestamp; /* ticks of the codec's clock, by the publisher */
    uint8_t payload_type;
    enum sdp_codec codec; /* that the section's offer has for payload_type */
    bool marker;
    struct slice payload; /* may be empty: padding only */
    int64_t arrived_ns;   /* when the kernel got it, by clock_mono_ns */
};

/* A sender report (RFC 3550, 6.4.1). LiveKit's are in the publisher's clock, which says nothing
 * about ours or another publisher's. */
struct rtc_report {
    unsigned section;
    uint32_t ssrc;
    uint64_t ntp; /* 32.32 bits */
    uint32_t rtp_time;
    int64_t arrived_ns;
};

struct rtc_handlers {
    /* `why` is a constant text: for RTC_LOST and RTC_FAILED what happened, else "". */
    void (*on_state)(enum rtc_state state, const char *why, void *user);
    /* A candidate of ours that is not in the answer: "candidate:..." for the first section. */
    void (*on_candidate)(struct slice candidate, void *user);
    void (*on_packet)(const struct rtc_packet *packet, void *user);
    /* These two may be NULL. A BYE is sent for a mute as well, while the source goes on. */
    void (*on_report)(const struct rtc_report *report, void *user);
    void (*on_bye)(unsigned section, uint32_t ssrc, void *user);
};

struct rtc_settings {
    const struct rtc_identity *identity; /* outlives the peer */
    /* An address (no name) of the server, as far as it is known before its first candidate: the
     * answer then says from which of our addresses we come. Without it a server may take a second
     * longer. Candidates that are this machine's loopback are taken only when it is, too. May be
     * empty; copied. */
    struct slice server_address;
    bool no_udp, no_tcp; /* ways that are not tried */
    /* It watches its socket when connected, too, for an owner without a tick. */
    bool is_watching;
    int64_t connect_ms, silence_ms; /* 0: RTC_CONNECT_MS, RTC_SILENCE_MS */
};

/* What of an offer is taken. */
struct rtc_accept {
    /* Asked for each section of audio and of video through which something comes; the track is
     * LiveKit's sid, or empty. What is not wanted is answered as inactive (audio) or with port 0
     * (video). NULL: all audio, and no video. */
    bool (*wants)(enum sdp_kind kind, struct slice mid, struct slice track, void *user);
    void *user;
};

/* Counted since the peer was opened. */
struct rtc_stats {
    uint64_t packets, bytes; /* RTP delivered, and its payload */
    uint64_t reports;        /* RTCP compounds that were read */
    /* Dropped: from an address that proved nothing or in a form that is none of the protocols; STUN
     * without the right credentials; SRTP or SRTCP whose protection is wrong; a packet again; from a
     * source that no section has, or of a payload type that its section has not; RTP or RTCP that is
     * malformed though authentic; longer than RTC_DATAGRAM_MAX. */
    uint64_t foreign, bad_checks, bad_protection, repeated, unknown_source, malformed, too_long;
    uint64_t overflowed; /* came, and found no room in the socket's buffer */
    uint64_t lost;       /* by sequence numbers, late ones subtracted (RFC 3550, A.3) */
    uint64_t unsent;     /* datagrams that the system did not take */
    uint64_t restarts;   /* ICE restarts */
    uint32_t nacked;     /* sequence numbers that were asked for again */
    uint32_t rtt_ms;     /* of the last check that was answered; 0: none yet, or less */
    bool is_tcp;         /* the way that is in use */
};

enum { RTC_DATAGRAM_MAX = 2048 };

/* 0 or an errno: no socket. Copies settings and handlers; every handler is set. */
int rtc_peer_open(struct rtc_peer **out, struct loop *loop, const struct rtc_settings *settings,
                  const struct rtc_handlers *handlers, void *user);

/* Takes an offer, the first or a later one, and writes the answer behind what is in `answer`. EINVAL
 * with a constant text in *why: an offer that cannot be answered; nothing has changed then. EPROTO:
 * it has another fingerprint than the connection, which is RTC_FAILED now. */
int rtc_peer_offer(struct rtc_peer *peer, struct slice sdp, const struct rtc_accept *accept,
                   struct buf *answer, const char **why);

/* "candidate:..." as trickled, with the credentials of the last offer. Further ones than
 * SDP_CANDIDATES_MAX, malformed ones and names instead of addresses are ignored: false. */
bool rtc_peer_add_candidate(struct rtc_peer *peer, struct slice candidate);

/* Reads and delivers what has arrived, at most RTC_DRAIN_MAX datagrams. Returns how many. */
size_t rtc_peer_drain(struct rtc_peer *peer);

enum { RTC_DRAIN_MAX = 4096 };

/* Asks for packets again, in ascending order modulo 2^16. */
void rtc_peer_nack(struct rtc_peer *peer, uint32_t ssrc, const uint16_t *seqs, size_t count);

/* Asks the source for a key frame. */
void rtc_peer_ask_key_frame(struct rtc_peer *peer, uint32_t ssrc);

enum rtc_state rtc_peer_state(const struct rtc_peer *peer);
void rtc_peer_stats(const struct rtc_peer *peer, struct rtc_stats *stats);

/* No callback any more. NULL is fine. */
void rtc_peer_close(struct rtc_peer *peer);

#endif
