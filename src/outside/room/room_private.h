/* Private to room.c (attempts, messages and the end) and room_media.c (subscriptions, offers and
 * packets). */
#ifndef OUTSIDE_ROOM_PRIVATE_H
#define OUTSIDE_ROOM_PRIVATE_H

#include "net/loop.h"
#include "net/stream.h"
#include "outside/room/room.h"
#include "outside/room/sfu.h"

struct ws_conn;

/* One m-line of the offers. */
struct room_section {
    char *sid;  /* of the track it brings now; "": none */
    char *next; /* the same in an offer that is being answered; NULL: none */
};

struct room {
    struct room_settings set;
    struct room_handlers handlers;
    void *user;
    char *name, *sid, *metadata;
    /* Of the signalling: the answer of a full server comes sooner when it knows from which of our
     * addresses we come. */
    char server_address[STREAM_ADDRESS_SIZE];
    struct course course;
    struct roster roster;
    struct ws_conn *conn;
    struct rtc_peer *peer;
    struct map sections; /* mid -> struct room_section */
    char *offer, *answer; /* the last that was answered; NULL: none */
    /* Index of an m-line -> its track, found with its first packet after an offer. */
    struct room_track **by_index;
    size_t index_count;
    /* Addresses that LiveKit gave with its leave, tried before the ticket's. */
    char *regions[SFU_REGIONS_MAX];
    size_t region_count, next_region;
    struct timer timer;
    struct deferred follow;
    /* What the end of the turn has to tell. */
    bool is_asking;               /* on_need was called */
    bool has_opened, was_resumed; /* since the last turn */
    bool is_in, has_media;        /* as it was told to the owner */
    bool is_counted;              /* among stats.sessions */
    const char *why;              /* why the session was lost, or the attempt failed */
    int64_t pinged_ms, ping_stamp_ms, rtt_ms;
};

int64_t room_now_ms(const struct room *);
/* Something has happened to the course: what follows is done at the end of the turn. */
void room_changed(struct room *);
void room_send(struct room *, const struct buf *);

/* ---- room_media.c ---- */

extern const struct roster_handlers room_roster_handlers;

/* A new session: a new connection, and everything is asked for anew. */
void room_media_open(struct room *);
void room_media_close(struct room *);
void room_on_offer(struct room *, struct slice sdp, uint32_t id);
void room_on_candidate(struct room *, struct slice json);
/* Asks for the tracks that are wanted and not asked for. */
void room_subscribe(struct room *);
/* Tells a resumed session what it has been so far. */
void room_sync(struct room *);
void room_on_refused(struct room *, struct slice sid, const char *why);
/* Tells the tracks that were asked for long ago and have not come. */
void room_look_for_missing(struct room *);

#endif
