#include "app/config/config.h"
#include "app/egress/egress_track_private.h"
#include "app/egress/egress_url.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "wire/web/url.h"

#include <stdio.h>

static void add_param(struct buf *query, const char *name, const char *value) {
    buf_printf(query, "%s%s=", query->len ? "&" : "", name);
    url_encode(query, slice_from(value));
}

static void write_url(struct buf *url, const struct egress_track *track) {
    const struct config *config = track->room->world->config;
    struct buf query = {0};
    char group[32], nonce[EGRESS_NONCE_CHARS + 1];

    snprintf(group, sizeof group, "%g", config->group_seconds);
    rand_token(nonce, EGRESS_NONCE_CHARS);
    add_param(&query, "roomName", track->room->name);
    add_param(&query, "participant", track->identity);
    add_param(&query, "trackId", track->sid);
    add_param(&query, "meetingId", track->room->meeting_id);
    add_param(&query, "sampleRate", "48000");
    add_param(&query, "channels", "2");
    add_param(&query, "groupSeconds", group);
    add_param(&query, "source", track->source);
    if (track->has_no_dtx)
        add_param(&query, "dtx", "off");
    if (track->is_stereo)
        add_param(&query, "stereo", "on");
    egress_url_sign(&query, SLICE("/egress-audio"), slice_from(config->egress_url_secret),
                    slice_from(nonce), clock_wall_ms() / 1000 + EGRESS_URL_LIFE_S);
    buf_printf(url, "%s/egress-audio?%.*s", config->egress_ws_base, SLICE_ARG(buf_slice(&query)));
    buf_free(&query);
}

static void take_started(struct egress_track *track, const json_t *body) {
    struct egress_track_stats *stats = &track->room->world->stats;
    struct livekit_egress egress;
    livekit_read_egress(&egress, body);
    stats->started++;
    stats->restarted += track->egress_id[0] != 0;
    slice_replace_text(&track->egress_id, egress.id);
    track->started_ms = egress_now_ms(track);
    track->is_steady = false;
    log_info("egress", "egress started", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_slice("egress", egress.id));
    bool has_ended = slice_is_equal(egress.id, slice_from(track->early_end));
    if (track->state == EGRESS_CALLING && track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (track->state == EGRESS_CALLING)
        egress_track_wait(track, EGRESS_STARTED, has_ended ? 0 : SOCKET_DUE_MS);
}

static void egress_on_started(const struct livekit_reply *reply, void *user) {
    struct egress_track *track = user;

    track->call = NULL;
    if (reply->body) {
        take_started(track, reply->body);
        return;
    }
    egress_track_fail(track, slice_from(reply->problem));
    if (track->state != EGRESS_CALLING)
        return;
    /* Not found passes as well: a room is not known everywhere at once. A call without an answer
     * may have started one, so the next try looks at what runs first. */
    if (reply->status == 400 || reply->status == 501)
        egress_track_give_up(track);
    else
        egress_track_back_off(track, EGRESS_PAUSING);
}

void egress_start(struct egress_track *track) {
    struct buf url = {0};
    write_url(&url, track);
    track->state = EGRESS_CALLING;
    slice_replace_text(&track->early_end, SLICE_NONE);
    const struct trace *before = trace_current();
    trace_enter(track->trace.id[0] ? &track->trace : NULL);
    track->call = livekit_start_track_egress(track->room->world->livekit,
                                             slice_from(track->room->name), slice_from(track->sid),
                                             buf_slice(&url), egress_on_started, track);
    trace_enter(before);
    buf_free(&url);
}
