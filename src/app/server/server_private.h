/* The parts of the server, for the files of this room that use many of them. */
#ifndef APP_SERVER_PRIVATE_H
#define APP_SERVER_PRIVATE_H

#include "app/hosts/feedback_api.h"
#include "app/hosts/feedback_out.h"
#include "app/page/page.h"
#include "app/recordings/recording_api.h"
#include "app/recordings/session_api.h"
#include "app/reports/mix_api.h"
#include "app/reports/page_rights.h"
#include "app/reports/person_api.h"
#include "app/reports/verdicts.h"
#include "app/sessions/directory.h"
#include "app/sessions/resolver.h"
#include "app/sessions/webhook.h"
#include "net/budget.h"
#include "net/client_address.h"
#include "net/listener.h"
#include "net/timer.h"
#include "outside/files/second_clock.h"
#include "outside/hume/hume.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct buf;
struct errand;
struct recording_info;
struct shard_room_event;
struct store_account;

/* What may not be as it should be (status.c). */
enum server_part {
    PART_LEAVING,
    PART_DATABASE,
    PART_LIVEKIT,
    PART_DISK_FULL,
    PART_DISK_NEARLY_FULL,
    PART_DISK,
    PART_CLOCK,
    PART_EGRESS,
    PART_ROOMS,
    PART_UNRECORDED,
    PART_ENCRYPTED,
    PART_OBJECTS,
    PART_REDIS,
    SERVER_PARTS
};

struct status_parts {
    /* 1 or 0. */
    uint64_t is_degraded[SERVER_PARTS];
    uint64_t unrecorded;
    /* 1 or 0; and the meetings that it waits for then. */
    uint64_t is_draining, meetings_left;
};
extern const struct counter_table status_counters;

struct server {
    const struct config *config;
    /* Of connections, sessions and memory that strangers can take. */
    struct budget budget;
    struct loop *loop;
    struct storage *storage;
    struct second_clock second_clock;
    struct disk *disk;
    /* By which `prosa drain` finds this process. */
    struct run_mark *run_mark;
    struct recordings *recordings;
    struct objects *objects; /* NULL without an object store */
    /* Repairs the recordings that an earlier run left unfinished, in the background. */
    struct repair *repair;
    struct store *store;
    /* Towards the prosody service. */
    struct tls *client_tls;
    struct hume_limiter hume_limiter;
    struct rulebook *rulebook;
    struct directory *directory;
    struct sessions *sessions;
    struct peers *peers; /* other servers of Socket.IO; NULL without SOCKET_ADAPTER */
    struct tls *redis_tls;
    struct hosts *hosts;
    struct talk_stats *talk_stats;
    struct reports *reports;
    struct feedback_out feedback_out;
    /* Webhooks to others; NULL without WEBHOOK_URLS. */
    struct deliveries *deliveries;
    struct auth *auth;
    /* These four are NULL without an API key of LiveKit. */
    struct livekit *livekit;
    struct egresses *egresses;
    struct reconcile *reconcile;
    struct mute_inquiry *mute_inquiry;
    /* Only with MEDIA_SOURCE=join. */
    struct rooms *rooms;
    struct rtc_identity *rtc_identity;
    struct tls *livekit_tls;

    struct routes *routes;
    struct webhook_listener listener;
    struct webhook *webhook;
    struct egress_door *egress_door;
    struct resolver resolver;
    struct feedback_api feedback_api;
    struct erasures *erasures;
    struct recording_api recording_api;
    struct session_api session_api;
    struct page page;
    struct page_rights page_rights;
    struct verdicts verdicts;
    struct mix_api *mix_api;
    struct person_api person_api;
    /* The last hour, for GET /operators. */
    struct operators *operators;
    /* Proxies whose X-Forwarded-For is trusted. */
    struct networks proxies;
    struct tls *tls;
    struct http_server *http;
    /* monotonic */
    int64_t started_ms;

    uv_signal_t term, interrupt, hangup, user;
    /* To the next look at the certificate files. */
    struct timer look;
    struct timer drain_limit;
    /* To the next look at how many meetings go on. */
    struct timer drain_look;
    unsigned meetings_left;
    /* Signs of life for the service manager; one has been asked of the shards. */
    struct timer beat;
    bool is_beating;
    /* Parts that have not drained yet. */
    unsigned draining;
    bool has_signals;
    /* Begins no meeting, and stops when the last has ended. */
    bool is_draining;
    /* Told to stop: it drains. */
    bool is_leaving;
    bool was_cut_short;
    /* The parts are being taken down: what shards still send is dropped. */
    bool is_closing;
};

/* From one part to another (server_wiring.c); `user` is the server. */
void server_on_session_started(const struct session *session, void *user);
void server_on_session_ended(const struct session *session, void *user);
void server_on_session_stored(const struct session *session, void *user);
void server_on_track(struct slice meeting_id, const struct shard_track_event *event, void *user);
void server_on_silent(struct slice meeting_id, struct slice identity, struct slice track,
                      void *user);
void server_on_view(struct slice meeting_id, struct slice room_name, enum live_watch what,
                    struct slice json, void *user);
void server_on_room(struct slice meeting_id, const struct shard_room_event *event, void *user);
void server_on_listed(const struct session *session, void *user);
void server_on_fallback(const struct session *session, void *user);
bool server_has_egress(const struct session *session, void *user);
void server_on_return(const struct session *session, void *user);
bool server_is_joined(const struct session *session, void *user);
void server_on_report(struct slice meeting_id, struct slice json, void *user);
void server_on_published(const struct session *session, struct slice identity,
                         const struct livekit_track *track, bool is_published, void *user);
void server_on_participant(const struct session *session, struct slice identity, void *user);
void server_on_egress(const struct livekit_egress *egress, void *user);
void server_on_time(int64_t told_ms, void *user);
void server_on_debug(struct buf *json, struct slice meeting, void *user);
void server_on_feedback(struct slice id, const struct directory_feedback *from, void *user);
void server_on_recording(const struct recording_info *row, struct slice meeting_id, void *user);
void server_on_report_ready(const struct session *session, void *user);
void server_on_user_changed(struct slice user_id, void *owner);

/* Opens what serves reports, rights, verdicts and sound, and adds their routes (server_reports.c). */
void server_add_reports(struct server *server);
/* Nothing without S3_BUCKET (server_outside.c). */
int server_open_objects(struct server *server, struct buf *problem);

/* Nothing without SOCKET_ADAPTER. */
int server_open_peers(struct server *server, struct buf *problem);

/* The routes, and the listener in front of them (server_doors.c). */
int server_open_doors(struct server *server, struct buf *problem);
int server_open_tls(struct server *server, struct buf *problem);
int server_open_http(struct server *server, struct buf *problem);

/* Reads again what may change while the server runs (server_reload.c). */
void server_reload(struct server *);
void server_reload_start(struct server *);

/*
 * The service manager (server_service.c). Its listening sockets, whose descriptors the caller owns;
 * *count is 0 when there are none. An errno with one sentence in `problem`.
 */
int server_service_sockets(int sockets[LISTENER_SOCKETS_MAX], size_t *count, struct buf *problem);
bool server_service_holds_door(void);
void server_service_ready(struct server *);
void server_service_reloading(void);
void server_service_reloaded(void);
void server_service_draining(unsigned meetings_left);
void server_service_stopping(struct server *);

/* Before the loop is closed (server_drain.c). */
void server_signals_close(struct server *);

/* These answer from the parts, so they come after all of them. */
void metrics_add_routes(struct server *);
void operators_add_routes(struct server *);
/* Webhooks to others (server_deliveries.c). */
int server_open_deliveries(struct server *, struct buf *problem);
void deliveries_add_routes(struct server *);
void status_add_routes(struct server *);
/* Looks at all parts now. */
void status_look(const struct server *, struct status_parts *);
/* What is not as it should be, as an array. False when all is well. */
bool status_write_degraded(struct buf *out, const struct server *);

/* Whether a request comes from this machine itself, and through no proxy. */
bool metrics_is_local(const struct http_request *);

/*
 * Who may see how the server is (operators.c). The errand's `user` is the server. `run` is called
 * with the account, or with NULL for a request of this machine; it begins with operators_may(),
 * which is false when the errand was answered 403.
 */
void operators_ask(const struct server *, struct errand *,
                   void (*run)(struct errand *, const struct store_account *));
bool operators_may(struct errand *, const struct store_account *);

/* Samples are taken until it is stopped; freed after the directory, which may still answer. */
void operators_stop(struct server *);
void operators_free(struct server *);

#endif
