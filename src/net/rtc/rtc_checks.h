/* ICE (RFC 8445) of a client that only goes out, as decisions without a socket: which check to send
 * where and when, how to answer those of the server, and which path is used in the end. Time is an
 * argument, in ms; only the ids of checks are random.
 *
 * There is one local candidate for each transport, so a pair is a candidate of the server: a path.
 * All of UDP are checked in turn, one check each RTC_PACE_MS, until one is nominated; TCP comes later
 * (rtc_checks_tcp). The path that was nominated is checked for consent (RFC 7675). */
#ifndef NET_RTC_CHECKS_H
#define NET_RTC_CHECKS_H

#include "base/slice.h"
#include "wire/rtc/stun.h"

enum {
    RTC_PATHS_MAX = 40,      /* 32 candidates, and addresses that showed by themselves */
    RTC_PENDING_MAX = 64,    /* checks whose answers are waited for */
    RTC_PACE_MS = 20,        /* a check that comes makes a full server nominate at once */
    RTC_PACE_LATER_MS = 100, /* after RTC_HURRY_MS */
    RTC_HURRY_MS = 3 * 1000,
    RTC_TCP_AFTER_MS = 1000,        /* without a path by UDP */
    RTC_TCP_PATIENCE_MS = 3 * 1000, /* then the next candidate's turn */
    RTC_CONSENT_EACH_MS = 4000,     /* and up to a second more, at random */
    RTC_CONSENT_RETRY_MS = 500,
    RTC_CONSENT_LOST_MS =
        30 * 1000,       /* without an answer, nothing is sent any more (RFC 7675, 5.1) */
    RTC_WORD_MAX = 256,  /* of the server's ufrag and password */
    RTC_UFRAG_SIZE = 17, /* of ours, with the terminator */
    RTC_PASSWORD_SIZE = 33,
};

/* An end of the server's. */
struct rtc_end {
    bool tcp;
    struct stun_address address;
};
bool rtc_end_is_equal(const struct rtc_end *a, const struct rtc_end *b);

struct rtc_path { /* private, as everything in structs here */
    struct rtc_end end;
    uint32_t priority;
    bool is_closed;    /* TCP without a connection: cannot be checked */
    bool is_valid;     /* a check of ours was answered */
    bool is_nominated; /* the server has asked for it; in use once it is valid */
    bool is_due;       /* is to be checked without waiting for its turn */
    int64_t checked_ms;
};

struct rtc_pending {
    uint8_t id[STUN_ID_BYTES];
    uint8_t path;
    bool is_waiting, nominates, was_controlling;
    int64_t sent_ms;
};

struct rtc_checks {
    char ufrag[RTC_UFRAG_SIZE], password[RTC_PASSWORD_SIZE];
    uint8_t their_ufrag[RTC_WORD_MAX], their_password[RTC_WORD_MAX];
    uint16_t their_ufrag_len, their_password_len;
    bool is_controlling;
    bool has_selected; /* of this round or of the one before a restart */
    bool is_settled;   /* of this round */
    struct rtc_end selected;
    uint8_t selected_path;
    uint64_t tie_breaker;
    struct rtc_path paths[RTC_PATHS_MAX];
    uint8_t path_count, turn;
    uint8_t tcp_turn; /* path that TCP is tried on; path_count: none yet */
    int64_t tcp_since_ms;
    struct rtc_pending pending[RTC_PENDING_MAX];
    uint8_t pending_at;
    int64_t begun_ms, next_ms;
    int64_t heard_ms;    /* something authentic came */
    int64_t answered_ms; /* a check of the path in use was answered */
    uint32_t rtt_ms;
};

/* Begins, or begins anew with other credentials of the server (an ICE restart). Our own are new each
 * time. After a restart the old path stays in use until a new one is nominated. False: one of the
 * words is empty or too long; nothing has changed. */
bool rtc_checks_begin(struct rtc_checks *checks, struct slice ufrag, struct slice password,
                      bool is_lite, int64_t now_ms);
bool rtc_checks_is_same(const struct rtc_checks *checks, struct slice ufrag, struct slice password);

/* False: there is no room, or it is known. */
bool rtc_checks_add(struct rtc_checks *checks, const struct rtc_end *end, uint32_t priority,
                    int64_t now_ms);

enum rtc_heard {
    RTC_HEARD,     /* authentic */
    RTC_HEARD_BAD, /* not STUN, or without the credentials: nothing was believed */
};

/* Takes a datagram that begins like STUN. *answer is the length of what is to be sent back to
 * `from`; 0: nothing. */
enum rtc_heard rtc_checks_hear(struct rtc_checks *checks, const uint8_t *bytes, size_t len,
                               const struct rtc_end *from, int64_t now_ms,
                               uint8_t out[STUN_MAX_BYTES], size_t *answer);

/* The next check that is due, and where it goes; 0: none now. Call it until then. */
size_t rtc_checks_next(struct rtc_checks *checks, int64_t now_ms, uint8_t out[STUN_MAX_BYTES],
                       struct rtc_end *to);
/* When rtc_checks_next, or rtc_checks_tcp, may have something new; INT64_MAX: not by itself. */
int64_t rtc_checks_due_ms(const struct rtc_checks *checks);

/* The server's end to which a TCP connection should be open, or be tried; NULL: none. */
const struct rtc_end *rtc_checks_tcp(struct rtc_checks *checks, int64_t now_ms);
/* The connection to that end is open, or has ended or could not be made. When it was in use, the
 * checks begin again with the same credentials. */
void rtc_checks_set_tcp(struct rtc_checks *checks, const struct rtc_end *end, bool is_open,
                        int64_t now_ms);

/* The path in use; NULL: none yet. */
const struct rtc_end *rtc_checks_selected(const struct rtc_checks *checks);
/* Whether a check was answered from there, so that what comes from it may be read. */
bool rtc_checks_is_proven(const struct rtc_checks *checks, const struct rtc_end *end);

/* Media or a handshake came that was authentic. */
void rtc_checks_touch(struct rtc_checks *checks, int64_t now_ms);
int64_t rtc_checks_silent_ms(const struct rtc_checks *checks, int64_t now_ms);
/* Whether anything but checks may be sent. */
bool rtc_checks_has_consent(const struct rtc_checks *checks, int64_t now_ms);

#endif
