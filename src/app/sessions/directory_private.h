/* Private to directory.c (what others ask of it) and directory_entry.c (which names mean which
 * meeting). */
#ifndef APP_DIRECTORY_PRIVATE_H
#define APP_DIRECTORY_PRIVATE_H

#include "app/sessions/directory.h"
#include "base/list.h"
#include "base/map.h"
#include "net/timer.h"

struct mailbox;

struct directory_entry {
    uint64_t key;
    /* The meetingId; the room's name while provisional. */
    char *id;
    /* Its alias. */
    char *room;
    /* directory_classify() */
    char *organization, *kind;
    unsigned shard;
    /* Handed over and not yet reported ended. */
    unsigned tracks;
    bool has_session, is_ended;
    /* LiveKit's signature stands behind it. */
    bool is_signed;
    /* While it has no tracks: of directory.quiet. */
    struct list in_quiet;
    /* When the last session or track that needed it ended. */
    int64_t idle_ms;
    uint64_t seq;
    uint64_t counts[FEEDBACK_TYPES];
    /* directory_watch() */
    unsigned watched;
};

struct directory_place {
    struct shard *shard;
    unsigned tracks, meetings;
};

struct directory {
    struct directory_settings set;
    struct loop *loop;
    struct mailbox *mailbox;
    struct directory_place *places;
    unsigned place_count;
    struct map by_key;
    /* Ids and rooms; a room's name belongs to its latest meeting. */
    struct map by_name;
    /* Meetings without sound, longest untouched first: those that no signature stands behind, and
     * the others. They give way to new ones. */
    struct list quiet[2];
    struct directory_stats stats;
    uint64_t last_key;
    size_t tracks;
    struct timer sweep;
    /* No meeting begins. */
    bool refuses_new;
    bool is_draining;
    /* What shards still tell is dropped. */
    bool is_stopped;
    unsigned drains_left;
    void (*on_drained)(void *user);
    void *drained_user;
};

struct shard *directory_entry_shard(const struct directory *, const struct directory_entry *);

/* NULL: none. The meeting of a room is its latest that has not ended. */
struct directory_entry *directory_entry_by_key(const struct directory *, uint64_t key);
struct directory_entry *directory_entry_by_id(const struct directory *, struct slice id);
struct directory_entry *directory_entry_by_room(const struct directory *, struct slice room);

/* The meeting for a pair of names of which the id may be empty; made if there is none. Where there
 * are too many, one without sound gives way: one that no signature stands behind, or (to a signed
 * track) any. NULL: none does. */
struct directory_entry *directory_entry_need(struct directory *, struct slice id, struct slice room,
                                             bool is_for_signed_track);
/* Whether there is room for one more, or would be. */
bool directory_has_room(const struct directory *, bool is_for_signed_track);
/* It has a session that has not ended, or a track. */
bool directory_entry_goes_on(const struct directory_entry *);
/* Something happened to it, or the number of its tracks changed. */
void directory_entry_touch(struct directory *, struct directory_entry *);
void directory_entry_rename(struct directory *, struct directory_entry *, struct slice id,
                            struct slice room);
/* Sends its shard the rules that hold for it. */
void directory_entry_send_rules(const struct directory *, const struct directory_entry *);
/* Frees the entry alone. */
void directory_entry_forget(struct directory_entry *);
/* Also on its shard. */
void directory_entry_free(struct directory *, struct directory_entry *);

#endif
