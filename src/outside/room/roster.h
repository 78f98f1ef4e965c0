/*
 * Who is in a room, and what they publish, as LiveKit's messages tell it: by participant sid and
 * track sid, since an identity may be there twice for a while. What is older than what is known is
 * passed over. Recorders (our own kind, and Egress) are in no roster. Pure.
 */
#ifndef OUTSIDE_ROSTER_H
#define OUTSIDE_ROSTER_H

#include "base/map.h"
#include "outside/room/sfu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ROSTER_PEOPLE_MAX = 5000,
    ROSTER_GONE_MAX = 64, /* sids of those who left lately: late news of them bring them not back */
    ROSTER_NAME_MAX = 256 /* bytes of an identity, a name or a sid; longer ones are passed over */
};

/* Texts are owned by the roster and valid until the member is told as gone. */
struct roster_person {
    char *sid, *identity, *name, *metadata;
    uint32_t version;
    int32_t kind;
    bool may_edit_metadata; /* so it is not to be trusted */
    bool keeps_room;        /* anybody but agents and the hidden */
    bool is_standard;       /* a person, by a client or by telephone, and not hidden */
    bool is_listed;         /* in the whole list that is read now */
    struct map tracks;      /* sid -> struct roster_track */
};

struct roster_track {
    struct roster_person *person;
    char *sid, *name, *mime;
    int32_t kind, source; /* enum sfu_track_kind, enum sfu_source, or another number */
    bool is_muted, is_encrypted, is_stereo, has_no_dtx;
    bool is_listed;
    void *owner; /* the user's own, NULL at first */
};

struct roster_handlers {
    /* Came, or changed. */
    void (*on_person)(const struct roster_person *, void *user);
    void (*on_person_gone)(const struct roster_person *, void *user); /* after their tracks */
    /* Published, or changed. */
    void (*on_track)(struct roster_track *, void *user);
    void (*on_track_gone)(struct roster_track *, void *user);
};

struct roster {
    struct roster_handlers handlers;
    void *user;
    struct map people;              /* sid -> struct roster_person */
    struct map by_identity;         /* the latest of each identity */
    struct map tracks;              /* sid -> struct roster_track */
    size_t keepers;                 /* how many of them keep the room */
    uint64_t gone[ROSTER_GONE_MAX]; /* hashes of sids */
    unsigned gone_next;
};

/* `seed` of its maps: rand_u64(). */
void roster_init(struct roster *, uint64_t seed, const struct roster_handlers *, void *user);
/* Without a word to the handlers. */
void roster_free(struct roster *);

/* is_whole: who is not in the list is gone. */
void roster_take(struct roster *, const struct sfu_person *people, size_t count, bool is_whole);

struct roster_track *roster_find_track(const struct roster *, struct slice sid);

#endif
