/*
 * A shard: a thread (or, with none configured, the control loop itself) that owns whole meetings
 * with their media sockets, participants and analysis. Audio is isochronous: nothing waits for it.
 * The shard wakes on a tick of 20 to 100 ms and drains every socket it has; without sockets it
 * sleeps.
 *
 * Everything here is called on the control thread and becomes a message; the listener's functions
 * are called on the control thread too. Meetings are named by the key that the directory gave them.
 */
#ifndef APP_SHARD_H
#define APP_SHARD_H

#include "app/media/person_news.h"
#include "app/media/room_news.h"
#include "app/media/shard_settings.h"
#include "app/media/shard_stats.h"
#include "app/tracks/track_params.h"
#include "base/slice.h"
#include "meeting/feedback.h"
#include "wire/web/ws_handshake.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct mailbox;
struct shard;
struct stream;

/* What may be watched of a meeting, as bits. */
enum live_watch { WATCH_PEOPLE = 1, WATCH_LEVELS = 2 };

struct shard_track_event {
    uint64_t meeting_key;
    enum track_kind kind;
    bool is_opened; /* else it ended */
    enum track_end end;
    char participant[TRACK_NAME_BYTES + 1];
    char track[TRACK_NAME_BYTES + 1];
};

/* Pointers are valid during the call only. */
struct shard_listener {
    void (*on_feedback)(uint64_t meeting_key, const struct feedback *, void *user);
    void (*on_track)(const struct shard_track_event *, void *user);
    /* A track that sends no more: has its person muted it? The answer comes as news. */
    void (*on_silent)(uint64_t meeting_key, struct slice identity, struct slice track, void *user);
    /* What is watched of a meeting, as the JSON of the live stream's event: who is there, whenever
     * that changes, or the levels, ten times a second while a microphone is connected. */
    void (*on_view)(uint64_t meeting_key, enum live_watch what, struct slice json, void *user);
    void (*on_room)(const struct shard_room_event *, void *user);
    void *user;
};

enum shard_question { SHARD_DEBUG, SHARD_VIEW, SHARD_REPORT };

/* Runs on `loop`, which is control's; NULL: on a thread of its own, named by `number`. `control`
 * delivers what the shard tells its listener. */
int shard_open(struct shard **, const struct shard_settings *, unsigned number, struct loop *loop,
               struct mailbox *control, const struct shard_listener *);
/* Sends all tracks a close frame (1001) and finishes their recordings; `on_drained` on control once
 * everything has been handed to the disk. */
void shard_drain(struct shard *, void (*on_drained)(void *user), void *user);
/* Stops the thread and finishes every track with the audio received so far. Call before disk_close;
 * afterwards only shard_close is allowed. NULL is fine. */
void shard_stop(struct shard *);
/* After shard_stop, and after the disk is closed: its blocks come back to the shard's port. */
void shard_close(struct shard *);

void shard_add_meeting(struct shard *, uint64_t key, struct slice id);
void shard_rename_meeting(struct shard *, uint64_t key, struct slice id);
void shard_remove_meeting(struct shard *, uint64_t key);
/* Copied; without it a meeting has the rules of the settings. */
void shard_set_rules(struct shard *, uint64_t key, const struct rules *);
void shard_tell_news(struct shard *, uint64_t key, const struct person_news *);

/*
 * Hands a media socket over, with its unread bytes; the shard answers the handshake with `accept`
 * (Sec-WebSocket-Accept) and owns the stream from here on.
 */
void shard_take_track(struct shard *, uint64_t key, const struct track_params *, struct stream *,
                      const char accept[WS_ACCEPT_SIZE]);

/* Bits of enum live_watch; 0: nothing is watched any more. */
void shard_watch_meeting(struct shard *, uint64_t key, unsigned what);

/* Joins the meeting's room, or goes on with it. A first ticket is followed by exactly one
 * SHARD_ROOM_ENDED, whatever happens. Copied; the token is wiped when it was used. */
void shard_join_room(struct shard *, uint64_t key, const struct shard_ticket *);
void shard_leave_room(struct shard *, uint64_t key);

/* The answer of /feedback/debug/:meetingId, or what the live view or the report is made of, as
 * compact JSON, on control. Empty: unknown key. */
typedef void shard_text_fn(struct slice json, void *user);
void shard_ask_meeting(struct shard *, uint64_t key, enum shard_question, shard_text_fn *,
                       void *user);
typedef void shard_stats_fn(const struct shard_stats *, void *user);
void shard_ask_stats(struct shard *, shard_stats_fn *, void *user);

#endif
