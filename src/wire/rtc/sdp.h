/* Session descriptions (RFC 8866) as LiveKit's server offers them to a subscriber (JSEP, RFC 9429:
 * one bundled transport), and the answers of a client that only receives. */
#ifndef WIRE_SDP_H
#define WIRE_SDP_H

#include "base/buf.h"
#include "base/slice.h"

enum {
    SDP_SECTIONS_MAX = 4096, /* an offer with more is refused: sections are never removed again */
    SDP_CANDIDATES_MAX = 32, /* further ones are passed over */
    SDP_MID_MAX = 32,        /* bytes; a longer mid makes the offer bad */
    SDP_PASSWORD_MAX = 256,  /* RFC 8839, 5.4; for the ufrag, too */
    SDP_FINGERPRINT_BYTES = 32,     /* of SHA-256 */
    SDP_HOST_PRIORITY = 2130706431, /* of our only candidate (RFC 8445, 5.1.2) */
};

enum sdp_kind { SDP_AUDIO, SDP_VIDEO, SDP_APPLICATION, SDP_OTHER };

enum sdp_codec { SDP_OPUS, SDP_PCMU, SDP_PCMA, SDP_VP8, SDP_VP9, SDP_H264, SDP_CODECS };

/* Where the server can be reached. */
struct sdp_candidate {
    bool tcp; /* passive; false: UDP */
    uint32_t priority;
    struct slice address; /* an IP address as text, or a name; borrowed */
    uint16_t port;
};

struct sdp_format {
    bool is_offered;
    uint8_t payload_type;
    struct slice parameters; /* of a=fmtp; may be empty */
};

/* One m= section. Slices borrow from the offer's text. */
struct sdp_section {
    enum sdp_kind kind;
    bool rejected; /* port 0 */
    bool sends;    /* a=sendrecv or a=sendonly: something comes */
    struct slice mid;
    /* Second word of a=msid: LiveKit's track sid. May be empty. */
    struct slice track;
    struct slice media, protocol, formats; /* words of the m= line, for the answer */
    bool has_ssrc;
    uint32_t ssrc; /* the first a=ssrc: the one that the packets have */
    struct sdp_format codecs[SDP_CODECS];
    uint16_t sctp_port; /* APPLICATION */
};

struct sdp_offer {
    struct sdp_section *sections; /* owned */
    size_t count;
    struct slice ufrag, password; /* of the bundled transport: the first that is given */
    bool has_fingerprint;
    uint8_t fingerprint[SDP_FINGERPRINT_BYTES]; /* SHA-256 of the server's certificate */
    bool ice_lite;
    bool is_active; /* a=setup:active: the server begins the handshake */
    bool end_of_candidates;
    struct sdp_candidate candidates[SDP_CANDIDATES_MAX];
    size_t candidate_count;
};

/* Reads an offer, which borrows from `text`; free it with sdp_offer_free. NULL on success, else what
 * is wrong, for the log; *offer is empty then. Attributes that are not needed are passed over. */
const char *sdp_parse_offer(struct slice text, struct sdp_offer *offer);
void sdp_offer_free(struct sdp_offer *offer);

/* Reads "candidate:..." as trickled or as the value of a=candidate. False: malformed, or one that
 * is of no use: another component than 1, TCP that is not passive, a transport of its own. */
bool sdp_parse_candidate(struct slice text, struct sdp_candidate *candidate);

/* Our side of the transport. */
struct sdp_answer {
    uint64_t session_id;
    uint64_t version; /* grows with each answer of a session */
    struct slice ufrag, password;
    const uint8_t *fingerprint; /* SDP_FINGERPRINT_BYTES */
    bool is_passive;            /* the server begins the handshake */
    /* Our own address, so that a controlling server need not wait before it nominates. Where it is
     * empty, candidates may follow. */
    struct slice address;
    uint16_t port;
};

/* Whether the answer takes the section: audio and data always, video when `video` is wanted. */
bool sdp_section_is_wanted(const struct sdp_section *section, bool video);

/* Writes the answer to an offer: each section in the order of the offer, wanted ones as receiver
 * only (inactive when nothing comes), others with port 0. Every audio section gets the same codecs:
 * servers choose codecs for the connection, not for the section. */
void sdp_write_answer(struct buf *out, const struct sdp_offer *offer,
                      const struct sdp_answer *answer, bool video);

#endif
