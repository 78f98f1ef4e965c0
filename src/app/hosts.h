/* What the hosts of meetings see: the Socket.IO application of namespace "/". The only place that
 * knows the rooms `feedback:<meetingId>` and `feedback:<roomName>` (aliases: who joined under
 * either hears everything), who may hear them, and how missed feedback is played back. Control
 * thread only. */
#ifndef APP_HOSTS_H
#define APP_HOSTS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct directory;
struct directory_feedback;
struct hosts;
struct loop;
struct sessions;
struct sio_server;
struct store;

/* Answers from what sessions and directory know; directory and store may be NULL (tests). All must
 * outlive the hosts. */
struct hosts_world {
    const struct config *config;
    struct sessions *sessions;
    struct directory *directory;
    struct store *store;
};

int hosts_open(struct hosts **, struct loop *, const struct hosts_world *);
/* The server whose doors (eio_server_head, _request, _upgrade) take what comes for /socket.io/. */
struct sio_server *hosts_sio(struct hosts *);
void hosts_drain(
    struct hosts *); /* closes the transports, so that clients reconnect; new ones are refused */
void hosts_close(struct hosts *); /* NULL is fine */

/* One feedback, on its way to everybody in the meeting's room. Encoded once per locale. */
void hosts_feedback(struct hosts *, const struct directory_feedback *);

/* A stats message of a meeting (a JSON object), to those who asked for it; volatile. */
void hosts_stats(struct hosts *, struct slice meeting_id, struct slice room_name,
                 struct slice json);
bool hosts_wants_stats(const struct hosts *, struct slice meeting_id, struct slice room_name);

/* The session ended: the right of LiveKit hosts ends with it. */
void hosts_session_ended(struct hosts *, struct slice meeting_id, struct slice room_name);

/* Whether the bearer of this token (empty: none) may read the meeting's feedback; for the REST
 * routes. fn is called exactly once, maybe at once, with 0, 401 (no or a bad token), 403, or 404 (a
 * meeting of another organization, or none). */
typedef void hosts_answer_fn(void *arg, int status);
void hosts_check_bearer(struct hosts *, struct slice token, struct slice meeting_id,
                        hosts_answer_fn *fn, void *arg);

enum { HOSTS_LATENCY_BUCKETS = 12 };
extern const unsigned
    hosts_latency_bounds_ms[HOSTS_LATENCY_BUCKETS]; /* upper bounds of all but the last */

struct hosts_counters {
    uint64_t feedback, feedback_deliveries;
    uint64_t
        latency[HOSTS_LATENCY_BUCKETS + 1]; /* from ts to the hand-over to the sockets, by bound */
    uint64_t latency_ms_sum;
    uint64_t messages, messages_limited, messages_too_large;
    uint64_t joins, joins_refused,
        joins_reported; /* reported: FEEDBACK_ACCESS=report let in what host would refuse */
    uint64_t replays, replayed, rights_expired;
};
const struct hosts_counters *hosts_counters(const struct hosts *);

/* Mean of the last 100 latencies of a meeting, and how many there are. */
unsigned hosts_latency_avg_ms(const struct hosts *, struct slice meeting_id, unsigned *samples);

#endif
