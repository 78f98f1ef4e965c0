/*
 * What the hosts of meetings see: the Socket.IO application of namespace "/". The only place that
 * knows the rooms `feedback:<meetingId>` and `feedback:<roomName>` (aliases: a client in either
 * hears everything), who may hear them, and how missed feedback is played back. Control thread
 * only.
 */
#ifndef APP_HOSTS_H
#define APP_HOSTS_H

#include "app/shard/shard.h"
#include "base/histogram.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct budget;
struct directory;
struct directory_feedback;
struct hosts;
struct peers;
struct routes;
struct session;

/* All must outlive the hosts. */
struct hosts_settings {
    struct loop *loop;
    const struct config *config;
    const struct sessions *sessions;
    struct store *store;
    struct budget *budget;
    struct directory *directory; /* NULL in tests */
    struct peers *peers;         /* other servers; NULL: there are none */
};

struct hosts *hosts_new(const struct hosts_settings *settings);
void hosts_drain(struct hosts *hosts); /* closes the transports, so that clients come back */
void hosts_free(struct hosts *hosts);  /* NULL is fine */

/* Adds /socket.io/ and /feedback/:meetingId/live. */
void hosts_add_routes(struct hosts *hosts, struct routes *routes);

/* For metrics. */
struct sio_server *hosts_sio(struct hosts *hosts);

/* Sends one feedback to all clients in the meeting's rooms. Encoded once per locale. */
void hosts_feedback(struct hosts *hosts, struct slice id, const struct directory_feedback *from);

/* Sends a meeting's talk statistics (a JSON object) to the clients that want them; volatile. */
void hosts_stats(struct hosts *hosts, struct slice meeting_id, struct slice room_name,
                 struct slice json);
/* What is watched of a meeting, for the live streams; `hosts` is last. */
void hosts_on_view(struct slice meeting_id, struct slice room_name, enum live_watch what,
                   struct slice json, void *hosts);
bool hosts_want_stats(const struct hosts *hosts, struct slice meeting_id, struct slice room_name);

/* When a session starts, the hosts waiting for it join; members when the store has it. When it
 * ends, whose token is still valid waits for the next session of that room. */
void hosts_session_started(struct hosts *hosts, const struct session *session);
void hosts_session_stored(struct hosts *hosts, const struct session *session);
void hosts_session_ended(struct hosts *hosts, const struct session *session);

/* One of our users may have lost a membership or a login (empty: any user may have): the sockets
 * that listen by it are checked again. */
void hosts_recheck(struct hosts *hosts, struct slice user_id);

/*
 * Whether the bearer of this token (empty: none) may read the meeting's feedback; for the REST
 * routes. fn is called exactly once, maybe at once: 200, 401 (no token or a bad one), 403, 404 (no
 * such meeting, or another organization's), 503 (the database is away).
 */
typedef void hosts_answer_fn(int status, void *user);
void hosts_check_bearer(struct hosts *hosts, struct slice token, struct slice meeting_id,
                        hosts_answer_fn *fn, void *user);

/* A token of a page (docs/live.md): it opens one meeting. */
bool hosts_is_page_token(struct slice token);
enum { HOSTS_PAGE_TOKEN_SIZE = 47, HOSTS_PAGE_HASH_SIZE = 44 };
void hosts_make_page_token(char token[HOSTS_PAGE_TOKEN_SIZE]);
/* What the store keeps of it. */
void hosts_page_hash(struct slice token, char hash[HOSTS_PAGE_HASH_SIZE]);
/* What is remembered of a meeting's feedback is forgotten: it comes from the store from now on. */
void hosts_forget_meeting(struct hosts *hosts, struct slice meeting_id);

/* The right of this id was revoked: streams that listen by it end. */
void hosts_page_revoked(struct hosts *hosts, struct slice right_id);

extern const struct histogram_bounds hosts_latency_bounds;

struct hosts_counters {
    struct histogram latency; /* from ts to the hand-over to the sockets */
    uint64_t limited;         /* events that came too fast, or messages that were too large */
    uint64_t joins_refused;
    uint64_t joins_reported; /* FEEDBACK_ACCESS=report let in what host would refuse */
    uint64_t replayed;       /* feedback events played back */
    uint64_t streams;        /* live streams now */
    uint64_t stream_events;  /* handed to them */
};
/* How the metrics show it. */
extern const struct counter_table hosts_counter_table;
const struct hosts_counters *hosts_counters(const struct hosts *hosts);

/* Mean of the last 100 latencies of a meeting; *samples: how many there are. */
unsigned hosts_latency_avg_ms(const struct hosts *hosts, struct slice meeting_id,
                              unsigned *samples);

#endif
