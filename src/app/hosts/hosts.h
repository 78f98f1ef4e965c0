/*
 * What the hosts of meetings see: the Socket.IO application of namespace "/". The only place that
 * knows the rooms `feedback:<meetingId>` and `feedback:<roomName>` (aliases: who joined under
 * either hears everything), who may hear them, and how missed feedback is played back. Control
 * thread only.
 */
#ifndef APP_HOSTS_H
#define APP_HOSTS_H

#include "app/rest/routes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct directory_feedback;
struct hosts;
struct loop;
struct session;
struct sessions;
struct sio_server;
struct store;

/* Where answers come from. All must outlive the hosts; store may be NULL (nothing but memory). */
struct hosts_world {
    struct loop *loop;
    const struct config *config;
    const struct sessions *sessions;
    struct store *store;
};

struct hosts *hosts_open(const struct hosts_world *);
void hosts_drain(struct hosts *); /* closes the transports, so that clients come back */
void hosts_close(struct hosts *); /* NULL is fine */

/* The rows of /socket.io/, whose owner is the struct hosts. */
extern const struct route hosts_routes[];
extern const size_t hosts_route_count;

/* For metrics, and for the listener's limit (eio_server_websockets). */
struct sio_server *hosts_sio(struct hosts *);

/* One feedback for everybody in the meeting's room. Encoded once per locale. */
void hosts_feedback(struct hosts *, struct slice id, const struct directory_feedback *);

/* A stats message of a meeting (a JSON object), to those who asked for it; volatile. */
void hosts_stats(struct hosts *, struct slice meeting_id, struct slice room_name,
                 struct slice json);
bool hosts_want_stats(const struct hosts *, struct slice meeting_id, struct slice room_name);

/* Sessions come and go: a host who waited for one may listen from now on, and the right of LiveKit
 * hosts ends with theirs. */
void hosts_session_started(struct hosts *, const struct session *);
void hosts_session_ended(struct hosts *, const struct session *);

/* A user of ours may have lost a right (empty: anybody may): sockets that listen by it are asked
 * about again. */
void hosts_recheck(struct hosts *, struct slice user_id);

/*
 * Whether the bearer of this token (empty: none) may read the meeting's feedback; for the REST
 * routes. fn is called exactly once, maybe at once: 200, 401 (no token or a bad one), 403, 404 (no
 * such meeting, or another organization's), 503 (the database is away).
 */
typedef void hosts_answer_fn(void *arg, int status);
void hosts_check_bearer(struct hosts *, struct slice token, struct slice meeting_id,
                        hosts_answer_fn *fn, void *arg);

enum { HOSTS_LATENCY_BUCKETS = 12 };
/* Upper bounds of all buckets but the last. */
extern const unsigned hosts_latency_bounds_ms[HOSTS_LATENCY_BUCKETS];

struct hosts_counters {
    uint64_t feedback;
    uint64_t latency[HOSTS_LATENCY_BUCKETS + 1]; /* from ts to the hand-over to the sockets */
    uint64_t latency_ms_sum;
    uint64_t messages, limited, exceptions;
    uint64_t joins, joins_refused;
    uint64_t joins_reported; /* FEEDBACK_ACCESS=report let in what host would refuse */
    uint64_t replays, replayed, rights_granted, rights_expired;
};
const struct hosts_counters *hosts_counters(const struct hosts *);

/* Mean of the last 100 latencies of a meeting; *samples: how many there are. */
unsigned hosts_latency_avg_ms(const struct hosts *, struct slice meeting_id, unsigned *samples);

#endif
