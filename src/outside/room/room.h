/*
 * One session in a LiveKit room, as a hidden participant that only receives: signalling over a
 * WebSocket, the subscriptions, and the connection of WebRTC that brings the packets. It comes back
 * by itself after what can be mended (course.h), and asks its owner for a ticket before each
 * attempt. All on the thread of its loop.
 *
 * room_close may be called from on_need, on_joined, on_lost and on_end, which come at the end of a
 * turn, and from no other callback.
 */
#ifndef OUTSIDE_ROOM_H
#define OUTSIDE_ROOM_H

#include "net/rtc/rtc_peer.h"
#include "outside/room/course.h"
#include "outside/room/roster.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct room;
struct rtc_identity;
struct tls;

/* Permission for one attempt. */
struct room_ticket {
    struct slice url;   /* ws(s)://host:port, maybe with a path; without a slash at the end */
    struct slice token; /* an access token of LiveKit: secret */
};

/* A track that is subscribed to, or would be. */
struct room_track {
    struct roster_track *info;
    void *owner;      /* the user's own; NULL at first */
    bool is_asked;    /* a subscription is asked for */
    bool has_section; /* the last offer brings it */
    bool is_missed;   /* told as missing */
    int64_t asked_ms; /* when it was asked for, or had a section last */
};

struct room_handlers {
    /* A ticket is needed: room_attempt, now or later, or room_close. */
    void (*on_need)(bool is_resume, void *user);
    /* LiveKit has let us in, again after on_lost. */
    void (*on_joined)(bool is_resumed, void *user);
    void (*on_lost)(void *user);
    void (*on_person)(const struct roster_person *, bool is_here, void *user);
    /* Published or changed; and gone. */
    void (*on_track)(struct room_track *, void *user);
    void (*on_track_gone)(struct room_track *, void *user);
    /* A subscription came to nothing; `why` is a constant text. NULL: it comes after all. */
    void (*on_missing)(struct room_track *, const char *why, void *user);
    void (*on_packet)(struct room_track *, const struct rtc_packet *, void *user);
    /* The room's metadata, at first and when they change. */
    void (*on_metadata)(struct slice, void *user);
    /* It is over; the last callback. */
    void (*on_end)(enum course_end, void *user);
};

/* Counted by all sessions of a shard together. */
struct room_stats {
    uint64_t sessions, connected; /* now: open, and with a way for media */
    uint64_t attempts, joins, resumes;
    uint64_t losses[2]; /* of the signalling, of the media */
    uint64_t ends[COURSE_ENDS];
    uint64_t offers, bad_offers, bad_messages;
    uint64_t missing;       /* subscriptions that came to nothing */
    uint64_t unmapped;      /* packets of no known track */
    uint64_t pongs, rtt_us; /* answered pings, and the sum of their round trips */
    /* Of sessions that are over, or have begun anew. */
    uint64_t packets, bytes, lost, nacked, foreign, bad_protection, repeated, malformed, overflowed;
};

struct room_settings {
    struct loop *loop;
    const struct rtc_identity *identity;
    const struct tls *tls; /* for wss */
    struct slice name;     /* of the room, for the log */
    bool takes_video;
    struct room_stats *stats; /* the owner's */
};

/* The first attempt needs a ticket, too, but on_need is not called for it. */
struct room *room_open(const struct room_settings *, const struct room_handlers *, void *user);
void room_attempt(struct room *, const struct room_ticket *);

/* Reads and delivers what packets have arrived: on the tick. */
void room_drain(struct room *);
/* Asks for packets of a source again, in ascending order modulo 2^16. */
void room_nack(struct room *, uint32_t ssrc, const uint16_t *seqs, size_t count);
void room_ask_key_frame(struct room *, uint32_t ssrc);

/* How many people are there who keep a room alive; 0 before it was joined. */
size_t room_count_people(const struct room *);
/* Our own sid in the room; "" before it was joined. */
const char *room_sid(const struct room *);
/* Adds what the present connection has counted. */
void room_add_stats(const struct room *, struct room_stats *total);

/* Leaves: LiveKit is told, and no callback comes any more. NULL is fine. */
void room_close(struct room *);

#endif
