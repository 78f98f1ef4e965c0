/*
 * LiveKit's signalling, as a recorder needs it: bytes of one message <-> values. The messages are
 * protocol buffers (sfu.proto). A message costs at most SFU_MEMORY_FACTOR times its length, so
 * a small one cannot become a large one. Pure.
 */
#ifndef OUTSIDE_SFU_H
#define OUTSIDE_SFU_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* A room of 5,000 people is described in about one. */
    SFU_MESSAGE_MAX = 4 * 1024 * 1024,
    SFU_MEMORY_FACTOR = 24,
    SFU_PEOPLE_MAX = 5000, /* of one message; further ones are passed over */
    SFU_TRACKS_MAX = 256,  /* of one participant */
    SFU_REGIONS_MAX = 16
};

/* The numbers are LiveKit's. */
enum sfu_state { SFU_JOINING, SFU_JOINED, SFU_ACTIVE, SFU_GONE };
enum sfu_person_kind { SFU_STANDARD, SFU_INGRESS, SFU_EGRESS, SFU_SIP, SFU_AGENT };
enum sfu_track_kind { SFU_AUDIO, SFU_VIDEO };
enum sfu_source { SFU_MICROPHONE = 2, SFU_SCREEN_AUDIO = 4 };
enum sfu_action { SFU_DISCONNECT, SFU_RESUME, SFU_REJOIN };
enum sfu_reason {
    SFU_UNKNOWN,
    SFU_CLIENT_LEFT,
    SFU_DUPLICATE,
    SFU_SHUTDOWN,
    SFU_REMOVED,
    SFU_ROOM_DELETED,
    SFU_MISMATCH,
    SFU_JOIN_FAILED,
    SFU_MIGRATION,
    SFU_SIGNAL_CLOSED,
    SFU_ROOM_CLOSED,
    SFU_TIMED_OUT = 14
};

struct sfu_track {
    struct slice sid, name, mime;
    int32_t kind;   /* enum sfu_track_kind, or a number that is not known here; source likewise */
    int32_t source; /* enum sfu_source */
    bool is_muted, is_encrypted, is_stereo, has_no_dtx;
};

struct sfu_person {
    struct slice sid, identity, name, metadata;
    int32_t state, kind; /* enum sfu_state, enum sfu_person_kind, or another number */
    uint32_t version;
    bool has_permission, may_subscribe, is_hidden, is_recorder, may_edit_metadata;
    const struct sfu_track *tracks;
    size_t track_count;
};

enum sfu_kind {
    SFU_OTHER,     /* nothing that concerns a recorder */
    SFU_JOIN,      /* the first message of a new session: `join` and `people` */
    SFU_RECONNECT, /* the first of a resumed one: `must_relay` */
    SFU_OFFER,     /* `offer` */
    SFU_CANDIDATE, /* of the subscriber's connection: `candidate`, JSON; empty: the last */
    SFU_PEOPLE,    /* `people` */
    SFU_LEAVE,     /* `leave` */
    SFU_ROOM,      /* `room` */
    SFU_PONG,      /* `pong_ms`: the time in our ping; 0: not known */
    SFU_REFUSED,   /* a subscription came to nothing: `refused` */
    SFU_FORBIDDEN  /* the publisher does not allow it: `refused.track` */
};

struct sfu_message {
    enum sfu_kind kind;
    bool must_relay; /* only TURN is allowed, which there is none of here */
    struct {
        struct slice sid, name, metadata;
    } room; /* of SFU_JOIN, too */
    struct {
        struct slice sid, identity; /* our own */
        struct slice alternative_url, server_version;
        int64_t ping_interval_ms, ping_timeout_ms; /* 0: LiveKit does not say */
    } join;
    const struct sfu_person *people;
    size_t people_count;
    struct {
        struct slice sdp;
        uint32_t id;
    } offer;
    struct slice candidate;
    struct {
        int32_t action, reason; /* enum sfu_action, enum sfu_reason, or another number */
        struct slice regions[SFU_REGIONS_MAX]; /* addresses to try, in this order */
        size_t region_count;
    } leave;
    int64_t pong_ms;
    struct {
        struct slice track;
        int32_t fault; /* 1: no common codec, 2: no such track; another number: not known */
    } refused;
};

/* NULL: not a message, or out of proportion. Everything in it borrows from it, and is valid until
 * sfu_free. */
struct sfu_message *sfu_read(struct slice bytes);
void sfu_free(struct sfu_message *); /* NULL is fine */

/* One word for logs and metrics. */
const char *sfu_reason_name(int32_t reason);

/* What a recorder says. Each appends one message. */
void sfu_write_answer(struct buf *out, struct slice sdp, uint32_t offer_id);
void sfu_write_candidate(struct buf *out, struct slice json, bool is_last);
void sfu_write_subscription(struct buf *out, const struct slice *sids, size_t count, bool wants);
/* After a resumption: what we are subscribed to, and the last offer with our answer (empty: there is
 * none), by which a server that has taken the session over from another knows its sections. */
void sfu_write_sync_state(struct buf *out, struct slice offer, struct slice answer,
                          const struct slice *sids, size_t count);
void sfu_write_ping(struct buf *out, int64_t now_ms, int64_t rtt_ms);
void sfu_write_leave(struct buf *out);

#endif
