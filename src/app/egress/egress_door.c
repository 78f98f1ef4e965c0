#include "app/egress/egress_door.h"

#include "app/config/config.h"
#include "app/egress/egress_nonces.h"
#include "app/egress/egress_url.h"
#include "app/rest/routes.h"
#include "app/sessions/directory.h"
#include "app/tracks/track_params.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/stream.h"
#include "wire/web/ws_handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct egress_door {
    const struct config *config;
    struct directory *directory;
    struct egress_nonces *nonces;
    struct egress_door_stats stats;
};

static void log_refusal(const struct http_request *req, const char *cause) {
    log_limited(LOG_WARN, 1, cause, "egress", "connection refused", log_slice("path", req->path),
                log_text("peer", req->peer));
}

static enum egress_url_fault door_check_signature(struct egress_door *door,
                                                  const struct http_request *req,
                                                  enum track_kind kind) {
    struct slice path = kind == TRACK_AUDIO ? SLICE("/egress-audio") : SLICE("/egress-video");
    struct slice nonce;
    int64_t now_s = clock_wall_ms() / 1000;
    enum egress_url_fault fault = egress_url_check(
        req->query, path, slice_from(door->config->egress_url_secret), now_s, &nonce);
    if (fault == EGRESS_URL_OK && !egress_nonces_use(door->nonces, nonce, now_s))
        fault = EGRESS_URL_USED;
    return fault;
}

/* False when the connection was refused; it has been answered then. */
static bool admit_signature(struct egress_door *door, struct http_request *req,
                            enum egress_url_fault fault) {
    int policy = door->config->egress_auth;
    if (fault == EGRESS_URL_OK || policy == EGRESS_AUTH_OFF)
        return true;
    if (policy == EGRESS_AUTH_REPORT) {
        door->stats.reported_signature++;
        log_limited(LOG_WARN, 1, egress_url_fault_name(fault), "egress",
                    "EGRESS_AUTH=signed would refuse this connection", log_text("peer", req->peer));
        return true;
    }
    door->stats.refused_signature[fault]++;
    log_refusal(req, egress_url_fault_name(fault));
    http_respond_error(req, 401,
                       "This address needs a valid signature of ours (EGRESS_AUTH=signed; "
                       "`prosa egress-url` makes one)");
    return false;
}

/* LiveKit Egress names the type of what it sends; other clients have no reason to. */
static bool is_from_livekit(const struct http_request *req) {
    const struct slice *type = http_find_header(req->head, "content-type");
    return type && slice_has_prefix_nocase(*type, SLICE("audio/x-raw"));
}

static void refuse_full(struct egress_door *door, struct http_request *req, int err) {
    if (err == ESHUTDOWN)
        door->stats.refused_draining++;
    else
        door->stats.refused_full++;
    log_refusal(req, strerror(err));
    http_respond_error(req, 503,
                       err == EMFILE      ? "Too many tracks (MAX_TRACKS)"
                       : err == ENFILE    ? "Too many meetings"
                       : err == ESHUTDOWN ? "The server is leaving; try again in a moment"
                                          : "The connection cannot be taken");
}

static void door_hand_over(struct egress_door *door, struct http_request *req,
                           const struct track_params *params) {
    char accept[WS_ACCEPT_SIZE];
    int err = directory_admits(door->directory, params);
    if (err) {
        refuse_full(door, req, err);
        return;
    }
    snprintf(accept, sizeof accept, "%s", http_websocket_accept(req));
    struct stream *stream = http_take_stream(req);
    if (!stream)
        return; /* the peer has closed the connection */
    err = directory_take_track(door->directory, params, stream, accept);
    if (err) {
        log_error("egress", "a track could not be handed over", log_errno(err));
        stream_close(stream);
        return;
    }
    door->stats.accepted++;
}

static void take(struct egress_door *door, struct http_request *req, enum track_kind kind) {
    struct track_params params;
    const char *problem;
    enum egress_url_fault fault = door_check_signature(door, req, kind);

    if (!admit_signature(door, req, fault))
        return;
    if (track_params_parse(&params, kind, req->query, &problem)) {
        door->stats.refused_parameters++;
        log_refusal(req, problem);
        http_respond_error(req, 400, problem);
        return;
    }
    params.from_egress = is_from_livekit(req);
    params.is_signed = fault == EGRESS_URL_OK;
    door_hand_over(door, req, &params);
}

static void egress_door_on_audio(struct http_request *req, const struct route_match *match,
                                 void *owner) {
    take(owner, req, TRACK_AUDIO);
}

static void egress_door_on_video(struct http_request *req, const struct route_match *match,
                                 void *owner) {
    take(owner, req, TRACK_VIDEO);
}

void egress_door_add_routes(struct egress_door *door, struct routes *routes) {
    static const struct route rows[] = {
        {ROUTE_UPGRADE, "/egress-audio", egress_door_on_audio},
        {ROUTE_UPGRADE, "/egress-video", egress_door_on_video},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), door);
}

struct egress_door *egress_door_new(const struct config *config, struct directory *directory) {
    struct egress_door *door = mem_alloc(sizeof *door);
    door->config = config;
    door->directory = directory;
    door->nonces = egress_nonces_new(config->egress_nonces_file, clock_wall_ms() / 1000);
    return door;
}

void egress_door_free(struct egress_door *door) {
    if (!door)
        return;
    egress_nonces_free(door->nonces);
    mem_free(door);
}

const struct egress_door_stats *egress_door_stats(const struct egress_door *door) {
    return &door->stats;
}

static const char *door_refusal_name(unsigned index) {
    return egress_url_fault_name((enum egress_url_fault)(EGRESS_URL_OK + 1 + index));
}

#define AT(member) offsetof(struct egress_door_stats, member)

static const struct counter counters[] = {
    {"prosa_egress_accepted_total", "Media connections taken.", COUNTER_SUM, AT(accepted)},
    {"prosa_egress_reported_total", "Media connections that EGRESS_AUTH=signed would refuse.",
     COUNTER_SUM, AT(reported_signature)},
    {"prosa_egress_refused_total", "Media connections refused, by cause.", COUNTER_SUM,
     AT(refused_signature[EGRESS_URL_OK + 1]), .label = "cause", .count = EGRESS_URL_FAULTS - 1,
     .value_of = door_refusal_name},
    {"prosa_egress_refused_total", NULL, COUNTER_SUM, AT(refused_parameters), .label = "cause",
     .value = "parameters"},
    {"prosa_egress_refused_total", NULL, COUNTER_SUM, AT(refused_full), .label = "cause",
     .value = "full"},
    {"prosa_egress_refused_total", NULL, COUNTER_SUM, AT(refused_draining), .label = "cause",
     .value = "leaving"},
};

const struct counter_table egress_door_counters = {counters, ARRAY_LEN(counters)};
