/*
 * What the hosts_ files share. A client is a socket of ours with its rights, its joins that take
 * time (tickets) and the checks that are under way (rechecks).
 */
#ifndef APP_HOSTS_PRIVATE_H
#define APP_HOSTS_PRIVATE_H

#include "app/hosts/hosts.h"
#include "base/bucket.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/ring.h"
#include "meeting/feedback.h"
#include "net/loop.h"
#include "net/socketio/sio_server.h"

struct http_request;
struct route_match;
struct store_call;
struct store_right;

enum {
    HOSTS_MEMORY = 1000,       /* feedback of a meeting that is replayed from memory */
    HOSTS_LATENCIES = 100,     /* samples of a meeting's mean latency */
    HOSTS_ID_SIZE = 40,        /* of a feedback, terminator included */
    HOSTS_ROOM_MAX = 300,      /* bytes of a room's name */
    HOSTS_MEETINGS_MAX = 4096, /* whose feedback is kept in memory */
    HOSTS_TICKETS_MAX = 16,    /* of one client */
    HOSTS_RIGHTS_MAX = 16,     /* of one client */
};

struct hosts {
    struct hosts_settings settings;
    struct sio_server *sio;
    struct sio_namespace *ns;
    struct map meetings; /* id -> struct host_meeting */
    struct list clients; /* struct host_client */
    struct list checks;  /* struct host_check */
    struct hosts_counters counters;
    struct map channels; /* name -> struct host_channel */
    struct timer sweep, rechecks, beat;
    bool is_leaving;
    uint64_t seed;        /* for json_clean() */
    bool is_multilingual; /* a client has asked for another language than the default */
};

/* A feedback that can be played back. */
struct host_event {
    uint64_t seq;
    uint64_t sio_seq; /* of its broadcast, for clients that come back */
    char id[HOSTS_ID_SIZE];
    struct feedback feedback;
};

struct host_meeting {
    char *id;
    char *room_name;
    struct ring events; /* struct host_event, the newest HOSTS_MEMORY */
    unsigned latency_ms[HOSTS_LATENCIES];
    unsigned latency_count, latency_at;
    int64_t touched_ms; /* loop time of its last event */
};

/* What is kept with a socket; it survives a connection that is recovered. */
struct host_client {
    struct list node; /* of hosts->clients */
    struct hosts *hosts;
    struct sio_socket *socket; /* NULL while the connection is away */
    struct list rights;        /* struct host_right */
    struct list tickets;       /* struct host_ticket */
    struct list rechecks;      /* struct host_recheck */
    unsigned ticket_count, right_count;
    struct bucket messages, joins;
    uint8_t locale;
    struct buf rejoin;  /* rooms to come back to after a lost connection, each ended by a zero */
    bool is_stream;     /* of a struct host_stream: it never has a socket */
    struct buf expired; /* rooms that were left because a token had expired, in the same form */
};

/* Why a client may listen. */
struct host_right {
    struct list node;
    struct host_client *client;
    bool is_livekit;
    bool is_page;       /* a right to the page of one meeting */
    char *id;           /* of that */
    char *room;         /* LiveKit: the room of the token */
    char *meeting_id;   /* LiveKit: the session it covers to its end; NULL while none is active. Of a
                         * page: its meeting */
    char *user_id;      /* ours: whose memberships count ... */
    char *family_id;    /* ... and the login that must still be good */
    int64_t until_s;    /* Unix time; LiveKit: then no further session is covered */
    struct timer limit; /* the warning, then the end */
    bool is_warned;
};

enum host_verdict {
    HOST_YES,
    HOST_NO,
    HOST_ASK,  /* the store knows whether the user is a member */
    HOST_WAIT, /* the token is good, but its room has no session now */
};

/* A question to the store: is one of the client's users a member of the organization that owns a
 * meeting? */
struct host_ask {
    struct hosts *hosts;
    struct store_call *call; /* NULL while none is open */
    char *user_id, *family_id;
    /* 0: yes; ENOENT: no; ESRCH: there is no such meeting; EAGAIN: the database is away */
    void (*fn)(int err, void *user);
    void *user;
};

/* A question to the store: which right does a page's token give? */
struct host_page {
    struct host_client *client;
    struct store_call *call; /* NULL while none is open */
    /* 0: the client has it; ENOENT: none; EAGAIN: the database is away */
    void (*fn)(int err, void *user);
    void *user;
};

/* How a client wants to be in a feedback room. */
struct host_wish {
    bool has_after;
    uint64_t after; /* newest feedback that the client has */
    bool wants_stats;
    bool is_silent;   /* the client comes back: the room is not told */
    bool is_listener; /* has been in it: may wait for its next meeting with a token of ours, too */
};

/* A join that takes time: the store has to be asked, or feedback is played back first. */
struct host_ticket {
    struct list node;
    struct host_client *client;
    struct buf room; /* its name */
    struct host_wish wish;
    char *meeting_id;   /* the session it was judged for; NULL while there was none */
    bool is_waiting;    /* for the session to begin */
    bool is_store_done; /* the store has nothing more between `after` and what is in memory */
    struct store_call *call;
    struct host_ask ask;
    struct timer pause; /* the client is slow to take what it gets */
};

/* ---- hosts.c ---- */

/* Zeroed before; a client without a socket, and in no list. */
void hosts_client_init(struct host_client *client, struct hosts *hosts);
/* Sends an event to clients here and, where there are other servers, to theirs. */
void hosts_send(struct hosts *hosts, const struct sio_target *target, const char *event,
                struct slice args, const struct slice *attachments, unsigned count);
/* `exception` in NestJS's shape; event NULL: without data in the cause. */
void hosts_exception(struct host_client *client, const char *message, const char *pattern,
                     const struct sio_event *event);
/* The same, with a room as the data of the cause. */
void hosts_exception_about(struct host_client *client, const char *message, const char *pattern,
                           struct slice room);
/* The text of a JSON string; empty for any other JSON value. Free with buf_free. */
struct buf hosts_text(struct slice json);
/* False when the client asks for more rooms than its limit allows. */
bool hosts_may_join_more(struct host_client *client);

/* ---- hosts_feedback.c ---- */

/* The meeting for this name: its session's if it has one, else the latest in a room of that name.
 * With FEEDBACK_ACCESS=host a room without a session has no meeting. */
struct host_meeting *hosts_find_meeting(const struct hosts *hosts, struct slice name);
/* The session takes over what was remembered under its room's name. */
void hosts_adopt_meeting(struct hosts *hosts, const struct session *session);
void hosts_meetings_free(struct hosts *hosts);
void hosts_start_sweep(struct hosts *hosts);
/* The number of the newest feedback of the meeting that had been broadcast by then. */
uint64_t hosts_seq_at(const struct hosts *hosts, struct slice name, uint64_t sio_seq);

/* ---- hosts_join.c ---- */

void hosts_on_join(struct sio_socket *socket, const struct sio_event *event, void *arg);
void hosts_on_leave(struct sio_socket *socket, const struct sio_event *event, void *arg);
/* The part after "feedback:", or false. */
bool hosts_is_feedback_room(struct slice room, struct slice *name);
/* The last step of a join: enters the room and, unless silent, tells it. */
void hosts_enter(struct host_client *client, struct slice room, bool wants_stats, bool is_silent);

/* ---- hosts_stats.c ---- */

/* Joins the room of a feedback room's talk statistics; does nothing for other rooms. */
void hosts_stats_join(struct host_client *client, struct slice room);
/* The name of a meeting's room for those; free with buf_free. */
struct buf hosts_stats_room(struct slice name);
/* The part after the prefix of such a room, or false. */
bool hosts_is_stats_room(struct slice room, struct slice *name);
/* Leaves a room, and with a feedback room its statistics. 0 or ENOENT. */
int hosts_leave(struct sio_socket *socket, struct slice room);

/* ---- hosts_ticket.c ---- */

/* Starts a join that takes time. */
void hosts_ticket_start(struct host_client *client, struct slice room,
                        const struct host_wish *wish);
/* The same, not judged before the next meeting of the room's name begins. */
void hosts_ticket_wait(struct host_client *client, struct slice room, const struct host_wish *wish);
void hosts_tickets_end(struct host_client *client);
/* Ends those for this room, or only those that wait for its meeting. True when one of them was a
 * listener's. */
bool hosts_tickets_drop(struct host_client *client, struct slice room, bool is_waiting);
/* Judges those again that wait for this session: it has begun, or its organization is known. */
void hosts_tickets_wake(struct hosts *hosts, const struct session *session);
/* A token has expired: those that it let wait become rooms to come back to. */
void hosts_tickets_expire(struct host_client *client);
/* Around a connection that is lost and recovered; what was broadcast after `sio_seq` is played
 * back. */
void hosts_tickets_pause(struct host_client *client);
void hosts_tickets_resume(struct host_client *client, uint64_t sio_seq);

/* ---- hosts_rights.c ---- */

void hosts_on_authenticate(struct sio_socket *socket, const struct sio_event *event, void *arg);
/* Gives the client the right of a token: NULL, or a sentence that says what is wrong with it. */
const char *hosts_take_token(struct host_client *client, struct slice text);
/* The session for this name: its id, or the room in which it is active; NULL when unknown here. */
const struct session *hosts_find_session(const struct hosts *hosts, struct slice name);
/* False when clients in the room's feedback room must not hear this meeting, because the room's
 * name means another one. */
bool hosts_is_alias(const struct hosts *hosts, struct slice room_name, struct slice meeting_id);
/* An unexpired right from a token of ours, or NULL. */
const struct host_right *hosts_find_user(const struct host_client *client);
bool hosts_has_valid_right(const struct host_client *client);
/* Whether the client may listen to the meeting of this name (its id or its room). */
enum host_verdict hosts_judge(struct host_client *client, struct slice name);
void hosts_rights_end(struct host_client *client);

/* ---- hosts_leave.c ---- */

/* A token has expired: leaves every feedback room that no right covers any more, to come back with
 * a new token. */
void hosts_leave_expired(struct host_client *client);
/* The name, a meeting's id or its room's, means another meeting from now on, or none: clients in
 * its feedback room whose right does not cover that leave before anything more is sent there. Whose
 * token may be good for the next meeting waits for it; who may have to join again is told. */
void hosts_review_room(struct hosts *hosts, const char *name);
/* Adds to one of the client's lists of rooms that are each ended by a zero. */
void hosts_remember_room(struct buf *rooms, struct slice room);
/* Joins the feedback rooms of such a list again, with their statistics, and empties it. What was
 * broadcast after `sio_seq` is played back; NULL: nothing is. */
void hosts_join_again(struct host_client *client, struct buf *rooms, const uint64_t *sio_seq);
/* The client itself left this room: it does not come back to it with a new token. */
void hosts_forget_expired(struct host_client *client, struct slice room);

/* ---- hosts_page.c ---- */

/* fn is called once, later, unless hosts_page_end comes first. */
void hosts_page_start(struct host_page *page, struct host_client *client, struct slice token,
                      void (*fn)(int err, void *user), void *user);
void hosts_page_end(struct host_page *page);
/* hosts_rights.c: the client has the right of a row. */
void hosts_take_page(struct host_client *client, const struct store_right *row);

/* ---- hosts_recheck.c ---- */

void hosts_start_rechecks(struct hosts *hosts);
void hosts_rechecks_end(struct host_client *client);

/* ---- hosts_stream.c, hosts_stream_play.c: GET /feedback/:meetingId/live ---- */

void hosts_streams_start(struct hosts *hosts);
/* Sends the clients away, so that they come back. */
void hosts_streams_end(struct hosts *hosts);
void hosts_streams_free(struct hosts *hosts);
void hosts_on_live(struct http_request *req, const struct route_match *match, void *hosts);
/* A right of a stream's client has expired. */
void hosts_stream_expired(struct host_client *client);
void hosts_streams_recheck(struct hosts *hosts, struct slice user_id);
void hosts_streams_started(struct hosts *hosts, const struct session *session);
void hosts_streams_stored(struct hosts *hosts, const struct session *session);
void hosts_streams_ended(struct hosts *hosts, const struct session *session);
bool hosts_streams_want(const struct hosts *hosts, struct slice meeting_id, struct slice room_name);
void hosts_streams_feedback(struct hosts *hosts, const struct host_event *event,
                            struct slice meeting_id, struct slice room_name, bool is_alias);
void hosts_streams_stats(struct hosts *hosts, struct slice meeting_id, struct slice room_name,
                         struct slice described);

/* ---- hosts_check.c ---- */

/* fn is called once, maybe at once, unless hosts_ask_end comes first. */
void hosts_ask_start(struct host_ask *ask, struct host_client *client, struct slice name,
                     void (*fn)(int err, void *user), void *user);
void hosts_ask_end(struct host_ask *ask);
void hosts_checks_end(struct hosts *hosts);

#endif
