/*
 * The directory of meetings: which meetings live, under which names, on which shard. Control thread
 * only.
 *
 * A meeting is found by its meetingId or by its room name. One that is seen before its session
 * (audio first, or a participant first) is provisional and named by its room; when the session
 * comes it is renamed where it is, and its room name stays an alias, so that every order of join,
 * webhook and audio gives the same feedback. A meeting is freed a minute after its session ended
 * and its last track closed.
 */
#ifndef APP_DIRECTORY_H
#define APP_DIRECTORY_H

#include "app/shard/shard.h"
#include "app/tracks/track_params.h"
#include "base/slice.h"
#include "meeting/feedback.h"

#include <stdbool.h>
#include <stdint.h>

struct counter_table;
struct directory;
struct loop;
struct rules;

/* One feedback on its way to hosts and store. */
struct directory_feedback {
    /* The room is the alias under which early hosts wait; it may equal the id. */
    struct slice meeting_id, room_name;
    /* From 1, per meeting. */
    uint64_t seq;
    /* Unix time of this call. */
    int64_t now_ms;
    const struct feedback *feedback;
};

struct directory_settings {
    struct shard_settings shard;
    /* 0: one, on the control loop. */
    unsigned shards;
    /* Over all shards. */
    size_t max_tracks, max_meetings;
    /* So many of the tracks are for those whose address we have signed. */
    size_t tracks_for_signed;
    /* How long an ended, empty meeting stays. */
    unsigned linger_ms;
    /* Not called any more from directory_stop on. */
    void (*on_feedback)(const struct directory_feedback *, void *user);
    void *feedback_user;
    void (*on_track)(struct slice meeting_id, const struct shard_track_event *, void *user);
    void *track_user;
    /* A track that sends no more, without saying why. */
    void (*on_silent)(struct slice meeting_id, struct slice identity, struct slice track,
                      void *user);
    void *silent_user;
    /* What is watched of a meeting (directory_watch); NULL: nothing is. */
    void (*on_view)(struct slice meeting_id, struct slice room_name, enum live_watch,
                    struct slice json, void *user);
    void *view_user;
    /* A joined room. */
    void (*on_room)(struct slice meeting_id, const struct shard_room_event *, void *user);
    void *room_user;
    /* A meeting is forgotten: what is left of it (SHARD_REPORT), as JSON. NULL: nobody asks. */
    void (*on_report)(struct slice meeting_id, struct slice json, void *user);
    void *report_user;
    /* The rules for meetings of an organization (its slug) and a kind; both may be empty. NULL: all
     * have those of `shard`. */
    void (*rules_of)(struct slice organization, struct slice kind, struct rules *, void *user);
    void *rules_user;
};

struct directory_stats {
    uint64_t meetings; /* now */
    uint64_t gave_way; /* meetings without sound, to others */
    uint64_t refused;
};
/* How the metrics show it. */
extern const struct counter_table directory_counters;
const struct directory_stats *directory_stats(struct directory *);

int directory_open(struct directory **, struct loop *control, const struct directory_settings *);
void directory_drain(struct directory *, void (*on_drained)(void *user), void *user);
/* Ends the shards' threads and the tracks that are left, drained or not. The disk is closed between
 * this and directory_close: recordings end on it, and its blocks come back. */
void directory_stop(struct directory *);
void directory_close(struct directory *);

/* From now on no meeting begins here, and those that have begun go on. How many are left: meetings
 * with a session that has not ended, or with a track. */
void directory_refuse_new(struct directory *);
unsigned directory_count_going_on(const struct directory *);

/* Sessions, from webhooks and from the store at start. next_seq: the number of the next feedback if
 * it is known to be higher than ours (a restart), else 0. */
int directory_start_session(struct directory *, struct slice meeting_id, struct slice room_name,
                            uint64_t next_seq);
void directory_end_session(struct directory *, struct slice meeting_id);
/* LiveKit's signature stands behind the meeting: it keeps its place before those of strangers. */
void directory_vouch(struct directory *, struct slice meeting_id);
/* Whether the meeting is known here with its session. One without sound may have been forgotten, as
 * others took its place. */
bool directory_has_session(const struct directory *, struct slice meeting_id);
/* Whose the meeting is (a slug), and of which kind; empty: not known. */
void directory_classify(struct directory *, struct slice meeting_id, struct slice organization,
                        struct slice kind);
/* rules_of answers anew: all meetings get its answers. */
void directory_renew_rules(struct directory *);
/* Those of a meeting, or of an unknown one. */
void directory_rules(const struct directory *, struct slice meeting_id, struct rules *);
/* What LiveKit says about people and their tracks, by the meeting's id or (with an empty id) its
 * room. */
int directory_tell_news(struct directory *, struct slice meeting_id, struct slice room_name,
                        const struct person_news *);

/* The meeting's id and room for one of its names (id, room, former id); false: unknown here. The
 * slices are valid until the next call that changes the directory. */
bool directory_find(const struct directory *, struct slice name, struct slice *meeting_id,
                    struct slice *room_name);

/* Whether a track would be taken, so that a refusal can still be an HTTP answer: 0; EMFILE: too
 * many tracks; ENFILE: too many meetings; ESHUTDOWN: draining. */
int directory_admits(const struct directory *, const struct track_params *);

/*
 * Hands a media socket over to its meeting's shard, which answers the handshake with `accept`. An
 * unknown meeting is made. Owns the stream on success; errors as above.
 */
int directory_take_track(struct directory *, const struct track_params *, struct stream *,
                         const char accept[WS_ACCEPT_SIZE]);

/*
 * Joins the meeting's room on its shard, or goes on with it (struct shard_ticket). Errors as above;
 * a room counts as a track. ENOENT: the meeting is not known, or ticket->is_first is false and its
 * room is not joined.
 */
int directory_join_room(struct directory *, struct slice meeting_id, const struct shard_ticket *);
void directory_leave_room(struct directory *, struct slice meeting_id);

/* Takes feedback that no shard can give, as if it came from the meeting's shard. Unknown meetings
 * are ignored. */
void directory_tell(struct directory *, struct slice meeting_id, const struct feedback *);

/* Every meeting that is known here, in no particular order. The function changes no directory. */
typedef void directory_meeting_fn(struct slice meeting_id, struct slice room_name, void *user);
void directory_each(const struct directory *, directory_meeting_fn *, void *user);

/* How often each type was sent in a meeting since it is known here. False: unknown, all 0. */
bool directory_counts(const struct directory *, struct slice name, uint64_t counts[FEEDBACK_TYPES]);
/* The answer of the debug route, as compact JSON. The function is called exactly once, maybe before
 * this returns. */
void directory_describe(struct directory *, struct slice meeting_id, shard_text_fn *, void *user);
/* What else a shard can be asked about a meeting, by one of its names; the text is empty for one
 * that is unknown here. */
void directory_ask(struct directory *, struct slice name, enum shard_question, shard_text_fn *,
                   void *user);
/* What on_view is to tell of a meeting, as bits of enum live_watch; 0: nothing. Cheap when nothing
 * changes. */
void directory_watch(struct directory *, struct slice meeting_id, unsigned what);
/* Of all shards together. */
typedef void directory_stats_fn(const struct shard_stats *total, size_t shards, void *user);
void directory_ask_stats(struct directory *, directory_stats_fn *, void *user);

#endif
