/* A passive SCTP association (RFC 9260) over DTLS, with data channels (RFC 8831, RFC 8832) that only
 * listen: the server opens its channels and sends; everything is acknowledged and discarded. A
 * server that gets no answer logs an error for each session, and old ones give the session up.
 *
 * Data is taken in order only: what comes early is left for the sender to send again. So nothing is
 * ever stored, and an acknowledgement is always true. */
#ifndef WIRE_SCTP_H
#define WIRE_SCTP_H

#include "base/slice.h"

enum {
    SCTP_PACKET_MAX = 1200, /* no packet that is written here is longer */
    SCTP_RETRY_MS = 1000,   /* RFC 9260, 15: RTO.Initial */
    SCTP_RETRIES_MAX = 8,
    SCTP_OPENS_MAX = 8, /* channels whose opening waits for its acknowledgement at one time */
};

enum sctp_state { SCTP_WAITING, SCTP_ESTABLISHED, SCTP_CLOSED };

/* Plain data; begins with sctp_init. */
struct sctp {
    enum sctp_state state;
    uint16_t port, peer_port;
    uint32_t tag, peer_tag; /* verification tags of what comes and what goes */
    uint64_t cookie;
    uint32_t heard_tsn;             /* all up to here has come, modulo 2^32 */
    uint32_t next_tsn;              /* of our next DATA */
    uint16_t opens[SCTP_OPENS_MAX]; /* streams whose opening was confirmed, oldest first */
    uint32_t first_open_tsn;
    uint8_t open_count;
    uint8_t retries;
    uint64_t retry_at_ms; /* when open_count > 0 */
    uint64_t discarded;   /* bytes of messages that came */
};

/* `port` as the offer has it. `tag` (not 0), `first_tsn` and `cookie` are random. */
void sctp_init(struct sctp *sctp, uint16_t port, uint32_t tag, uint32_t first_tsn, uint64_t cookie);

/* Takes a packet, and writes the one that answers it. Returns the answer's length; 0: none. What is
 * malformed, or has a wrong checksum or tag, is dropped without a word. */
size_t sctp_hear(struct sctp *sctp, const uint8_t *bytes, size_t len, uint64_t now_ms,
                 uint8_t out[SCTP_PACKET_MAX]);

/* Writes again what was not acknowledged in time; call it about once a second. After
 * SCTP_RETRIES_MAX tries it is given up: the channel works all the same. */
size_t sctp_tick(struct sctp *sctp, uint64_t now_ms, uint8_t out[SCTP_PACKET_MAX]);

/* CRC-32C (RFC 3309), the checksum of a packet (12 bytes and more), its own field taken as zero. */
uint32_t sctp_checksum(const uint8_t *bytes, size_t len);

#endif
