/* STUN binding messages (RFC 8489), as far as ICE needs them (RFC 8445): connectivity checks,
 * consent, and their answers. */
#ifndef WIRE_STUN_H
#define WIRE_STUN_H

#include "base/slice.h"

enum {
    STUN_HEAD_BYTES = 20,
    STUN_ID_BYTES = 12,
    STUN_MAX_BYTES = 1280,   /* longer ones are refused: no answer may need fragments */
    STUN_USERNAME_MAX = 513, /* RFC 8489, 14.3 */
    STUN_BAD_REQUEST = 400,  /* error codes: RFC 8489, 14.8 */
    STUN_UNAUTHENTICATED = 401,
    STUN_UNKNOWN_ATTRIBUTE = 420,
    STUN_ROLE_CONFLICT = 487, /* RFC 8445, 7.3.1.1 */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum stun_role { STUN_NO_ROLE, STUN_CONTROLLING, STUN_CONTROLLED };

/* Where a packet came from, as the other side saw it. */
struct stun_address {
    uint8_t family; /* 4 or 6; 0: none */
    uint16_t port;
    uint8_t ip[16]; /* network order; 4 bytes count for family 4 */
};

/* A binding message. Read from bytes, it borrows from them; to be written, it borrows from its
 * maker. What is absent is 0. */
struct stun_message {
    enum stun_class class;
    const uint8_t *id; /* STUN_ID_BYTES, chosen by who asks */
    struct slice username;
    bool has_priority;
    uint32_t priority;
    bool use_candidate;
    enum stun_role role;
    uint64_t tie_breaker;       /* with a role */
    struct stun_address mapped; /* XOR-MAPPED-ADDRESS of a success */
    uint16_t error_code;        /* of an error; 300..699 */
    /* Read: the first attribute that must be known and is not; of an error, the one that it names. */
    uint16_t unknown_type;
    size_t integrity_at; /* read: offset of MESSAGE-INTEGRITY; 0: none */
};

/* Reads a binding message. False: not STUN, another method, a length that leads out of the packet,
 * or no FINGERPRINT, which ICE demands, or a wrong one. What lies between MESSAGE-INTEGRITY and
 * FINGERPRINT is not read. */
bool stun_parse(const uint8_t *bytes, size_t len, struct stun_message *message);

/* Whether the message was made by somebody who has the password. `bytes` are those it was read
 * from. */
bool stun_is_authentic(const uint8_t *bytes, const struct stun_message *message,
                       struct slice password);

/* Writes the message with MESSAGE-INTEGRITY and FINGERPRINT. An empty password leaves integrity
 * out. Returns the length. */
size_t stun_write(uint8_t out[STUN_MAX_BYTES], const struct stun_message *message,
                  struct slice password);

/* The value of FINGERPRINT behind these bytes: CRC-32 of ISO 3309, XOR 0x5354554e. */
uint32_t stun_fingerprint(const uint8_t *bytes, size_t len);

#endif
