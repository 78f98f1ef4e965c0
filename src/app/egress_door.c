#include "app/egress_door.h"

#include "app/directory.h"
#include "app/routes.h"
#include "base/mem.h"
#include "net/http_server.h"
#include "net/stream.h"

#include <errno.h>
#include <string.h>

struct egress_door {
    struct directory *directory;
    egress_admit_fn *admit;
    void *admit_arg;
    struct egress_stats stats;
};

struct egress_door *egress_door_new(struct directory *directory, egress_admit_fn *admit,
                                    void *arg) {
    struct egress_door *door = mem_alloc(sizeof *door);
    door->directory = directory;
    door->admit = admit;
    door->admit_arg = arg;
    return door;
}

void egress_door_free(struct egress_door *door) {
    mem_free(door);
}

const struct egress_stats *egress_door_stats(const struct egress_door *door) {
    return &door->stats;
}

/* LiveKit Egress says so in its handshake; nobody else has a reason to. */
static bool is_from_egress(const struct http_request *req) {
    const struct slice *type = http_find_header(req->head, "Content-Type");
    return type && slice_is_equal_nocase(*type, SLICE("audio/x-raw"));
}

static void refuse_full(struct egress_door *door, struct http_request *req, int err) {
    door->stats.full++;
    http_respond_error(req, 503,
                       err == ESHUTDOWN ? "The server is leaving"
                       : err == EMFILE  ? "Too many tracks (MAX_TRACKS)"
                                        : "Too many meetings");
}

static void enter(struct egress_door *door, struct http_request *req, enum track_kind kind) {
    struct track_params params;
    const char *why;
    if (track_params_parse(&params, kind, req->query, &why)) {
        door->stats.bad_parameters++;
        http_respond_error(req, 400, why);
        return;
    }
    params.from_egress = is_from_egress(req);
    int status = door->admit ? door->admit(door->admit_arg, req, &params, &why) : 0;
    if (status) {
        door->stats.refused++;
        http_respond_error(req, status, why);
        return;
    }
    int err = directory_admits(door->directory, &params);
    if (err) {
        refuse_full(door, req, err);
        return;
    }
    char accept[WS_ACCEPT_SIZE];
    memcpy(accept, http_websocket_accept(req), WS_ACCEPT_SIZE);
    struct stream *stream = http_take_stream(req);
    if (directory_take_track(door->directory, &params, stream, accept))
        stream_close(stream);
    else
        door->stats.accepted++;
}

static void on_audio(void *door, struct http_request *req, const struct route_match *match) {
    (void)match;
    enter(door, req, TRACK_AUDIO);
}

static void on_video(void *door, struct http_request *req, const struct route_match *match) {
    (void)match;
    enter(door, req, TRACK_VIDEO);
}

void egress_door_add_routes(struct egress_door *door, struct routes *routes) {
    static const struct route rows[] = {
        {ROUTE_UPGRADE, "/egress-audio", on_audio, 0},
        {ROUTE_UPGRADE, "/egress-video", on_video, 0},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), door);
}
