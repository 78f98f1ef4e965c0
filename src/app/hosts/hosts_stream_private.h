/*
 * What the hosts_stream files share: a stream is one answer to GET /feedback/:meetingId/live
 * (docs/live.md), which goes on until its meeting, its right or its client ends.
 *
 *     right?  ->  waits for the meeting  ->  snapshot  ->  what was missed  ->  live
 */
#ifndef APP_HOSTS_STREAM_PRIVATE_H
#define APP_HOSTS_STREAM_PRIVATE_H

#include "app/hosts/hosts_private.h"

struct blob;
struct http_request;

enum stream_state {
    STREAM_ASKING,  /* whether it may; not answered yet */
    STREAM_WAITING, /* for its room's meeting to begin */
    STREAM_LOOKING, /* the shard is asked for the snapshot, or the store whether it ended */
    STREAM_REPLAYING,
    STREAM_LIVE,
};

/* The streams of one name: a meeting's id, or a room's name. */
struct host_channel {
    char *name;
    struct list streams; /* struct host_stream.in_channel */
};

struct host_stream {
    struct list in_channel;
    struct host_channel *channel;
    struct http_request *req;
    struct host_client client; /* its rights; it has no socket */
    struct host_ask ask;
    struct host_page page;
    struct store_call *call;
    struct host_look *look; /* the shard's answer that is on its way; NULL: none */
    enum stream_state state;
    char *meeting_id; /* the session it was judged for; NULL: none */
    bool has_after, is_store_done, is_rechecked;
    bool wants_levels;
    uint64_t after; /* number of the newest feedback that the client has */
    int64_t written_ms;
    struct timer pause;
};

/* ---- hosts_stream.c ---- */

/* Writes to the client; ends the stream of one who does not take it. False: it is gone. */
bool host_stream_write(struct host_stream *stream, struct blob *piece);
/* Tells why, and ends. */
void host_stream_end(struct host_stream *stream, const char *reason);
/* The meeting of a stream: its session, or what its name means. */
struct slice host_stream_meeting(const struct host_stream *stream);

/* The shard tells of its meeting from now on. */
void host_stream_watch(struct host_stream *stream);

/* ---- hosts_stream_play.c ---- */

/* Sends the snapshot, and what the client missed, and then the stream is live. */
void host_stream_begin(struct host_stream *stream);
/* An answer that is on its way finds nobody. */
void host_stream_forget(struct host_stream *stream);

/* One event as the text of the stream; id: -1 for none. */
void host_event_write(struct buf *out, const char *name, int64_t id, struct slice json);

#endif
