/* Private to the hosts_ files. */
#ifndef APP_HOSTS_PRIVATE_H
#define APP_HOSTS_PRIVATE_H

#include "app/hosts/hosts.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/ring.h"
#include "meeting/feedback.h"
#include "net/loop.h"
#include "net/socketio/sio_server.h"

struct store_call;

enum {
    HOSTS_MEMORY = 1000,       /* feedback of a meeting that is replayed from memory */
    HOSTS_LATENCIES = 100,     /* samples of a meeting's mean latency */
    HOSTS_ID_SIZE = 40,        /* of a feedback, terminator included */
    HOSTS_ROOM_MAX = 300,      /* bytes of a room's name */
    HOSTS_MEETINGS_MAX = 4096, /* that memory is kept for */
    HOSTS_TICKETS_MAX = 16,    /* joins of one client that take time */
    HOSTS_RIGHTS_MAX = 16,     /* of one client */
};

struct hosts {
    struct hosts_world world;
    struct sio_server *sio;
    struct sio_namespace *ns;
    struct map meetings; /* id -> struct host_meeting */
    struct list clients; /* struct host_client */
    struct list checks;  /* struct host_check */
    struct hosts_counters counters;
    struct timer sweep, rechecks;
    bool is_multilingual; /* somebody asked for another language than the default */
    bool is_closing;
};

struct host_event { /* a feedback that can be played back */
    uint64_t seq;
    uint64_t sio_seq; /* of its broadcast, for those who come back */
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

/* A bucket that refills steadily: so many at once, so many a second. */
struct host_limit {
    int64_t at_ms;
    unsigned used_milli; /* thousandths of one event */
};

/* What we keep with a socket; it survives a connection that is recovered. */
struct host_client {
    struct list node; /* of hosts->clients */
    struct hosts *hosts;
    struct sio_socket *socket; /* NULL while the connection is away */
    struct list rights;        /* struct host_right */
    struct list tickets;       /* struct host_ticket */
    struct list rechecks;      /* struct host_recheck */
    unsigned ticket_count, right_count;
    struct host_limit messages, joins;
    uint8_t locale;
    struct buf rejoin;  /* rooms to come back to after a lost connection, each ended by a zero */
    struct buf expired; /* rooms that were left because a token had expired, in the same form */
};

/* Why somebody may listen. */
struct host_right {
    struct list node;
    struct host_client *client;
    bool is_livekit;
    char *room;         /* LiveKit: the room of the token */
    char *meeting_id;   /* LiveKit: the session it holds for; NULL until that is active */
    char *user_id;      /* ours: whose membership is asked for ... */
    char *family_id;    /* ... and by which login */
    int64_t until_s;    /* Unix time; does not matter to a LiveKit right with a session */
    struct timer limit; /* the warning, then the end */
    bool is_warned;
};

enum host_verdict {
    HOST_YES,
    HOST_NO,
    HOST_ASK,  /* the store knows whether the user is a member */
    HOST_WAIT, /* the token is good, its session has not begun */
};

/* A question to the store: is one of the client's users a member of the organization that owns a meeting? */
struct host_ask {
    struct hosts *hosts;
    struct store_call *call; /* while an answer is awaited */
    char *user_id, *family_id;
    void (*fn)(void *arg, int err); /* 0: yes; ENOENT: no; EAGAIN: the database is away */
    void *arg;
};

/* A REST request that waits to be told whether its bearer may read. */
struct host_check;

/* A join that takes time: somebody has to be asked, or feedback is played back first. */
struct host_ticket {
    struct list node;
    struct host_client *client;
    struct buf room;  /* its name */
    char *meeting_id; /* the session it was judged for; NULL while there was none */
    bool is_silent;   /* coming back: nobody is told */
    bool wants_stats;
    bool is_waiting; /* for the session to begin */
    bool has_after;
    uint64_t after;     /* newest feedback that the client has */
    bool is_store_done; /* the store has nothing more between `after` and what is in memory */
    struct store_call *call;
    struct host_ask ask;
    struct timer pause; /* the client is slow to take what it gets */
};

/* hosts.c */
/* `exception` in NestJS's shape; event NULL: without a cause. */
void hosts_exception(struct hosts *, struct sio_socket *, const char *message, const char *pattern,
                     const struct sio_event *event);
/* The member `name` of an object as text; empty when it is no string. Free with buf_free. */
struct buf hosts_text(struct slice json);

bool hosts_may_join_more(struct host_client *);

/* hosts_feedback.c */
/* What is remembered of the meeting that a name means: of its session's where it has one, else of the
 * latest in a room of that name. With FEEDBACK_ACCESS=host no room without a session stands for a meeting. */
struct host_meeting *hosts_find_meeting(const struct hosts *, struct slice name);
/* The session takes over what was remembered under its room's name. */
void hosts_adopt_meeting(struct hosts *, const struct session *);
void hosts_meetings_free(struct hosts *);
void hosts_start_sweep(struct hosts *);
/* The number of the newest feedback of the meeting that had been broadcast by then. */
uint64_t hosts_seq_at(const struct hosts *, struct slice name, uint64_t sio_seq);

/* hosts_join.c */
void hosts_on_join(void *arg, struct sio_socket *, const struct sio_event *);
void hosts_on_leave(void *arg, struct sio_socket *, const struct sio_event *);
/* The part behind "feedback:", or false. */
bool hosts_is_feedback_room(struct slice room, struct slice *name);
/* The last step of a join: enters the room and tells it. */
void hosts_enter(struct host_client *, struct slice room, bool wants_stats, bool is_silent);

/* hosts_stats.c */
void hosts_stats_join(struct host_client *, struct slice room); /* nothing but for feedback rooms */
/* The part behind the prefix of such a room, or false. */
bool hosts_is_stats_room(struct slice room, struct slice *name);
/* Leaves a room, and with a feedback room its numbers. 0 or ENOENT. */
int hosts_leave(struct sio_socket *, struct slice room);

/* hosts_ticket.c */
/* Starts a join that takes time; the exception, if any, is sent. */
void hosts_ticket_start(struct host_client *, struct slice room, const uint64_t *after,
                        bool wants_stats);
/* A room that the client was in, and is let into again without a word to the others; `after` as above. */
void hosts_ticket_return(struct host_client *, struct slice room, const uint64_t *after,
                         bool wants_stats);
void hosts_tickets_end(struct host_client *);
/* Asks again for those that wait for this room or meeting. */
void hosts_tickets_wake(struct host_client *, const struct session *);

/* hosts_rights.c */
void hosts_on_authenticate(void *arg, struct sio_socket *, const struct sio_event *);
/* Takes a token: NULL, or a sentence that says what is wrong with it. */
const char *hosts_take_token(struct host_client *, struct slice token);
/* The session a name means: its id, or the room in which it is active; NULL when unknown here. */
const struct session *hosts_find_session(const struct hosts *, struct slice name);
/* False when somebody who joined under the room's name must not hear this meeting: the name means another one. */
bool hosts_is_alias(const struct hosts *, struct slice room_name, struct slice meeting_id);
/* An unexpired right of ours, or NULL. */
const struct host_right *hosts_find_user(const struct host_client *);
/* Whether the client may listen to the meeting of this name (its id or its room). */
enum host_verdict hosts_judge(struct host_client *, struct slice name);
void hosts_rights_end(struct host_client *);
/* Among rooms that are each ended by a zero: whether the numbers of the meeting of this name were wanted, too. */
bool hosts_had_stats(const struct buf *rooms, struct slice name);
/* A token that comes too late opens the rooms again that the one before it had opened. */
void hosts_come_back(struct host_client *);
/* The client left this room by its own will: a new token does not bring it back. */
void hosts_forget_expired(struct host_client *, struct slice room);

/* hosts_recheck.c */
void hosts_start_rechecks(struct hosts *);
void hosts_rechecks_end(struct host_client *);

/* hosts_check.c */
/* fn comes once, maybe at once, unless the question is ended first. */
void hosts_ask_start(struct host_ask *, struct host_client *, struct slice name,
                     void (*fn)(void *arg, int err), void *arg);
void hosts_ask_end(struct host_ask *);
void hosts_checks_end(struct hosts *);

#endif
