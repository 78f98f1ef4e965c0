/* What one part of the server says to another. Parts do not know each other: each calls one of these,
 * which knows who must hear it. */
#include "app/config/config.h"
#include "app/deliveries/delivery_event.h"
#include "app/egress/egresses.h"
#include "app/egress/reconcile.h"
#include "app/hosts/hosts.h"
#include "app/recordings/recordings.h"
#include "app/reports/reports.h"
#include "app/rooms/rooms.h"
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/mute_inquiry.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/slice.h"
#include "outside/livekit/livekit_info.h"

enum { START_SLACK_MS = 60000 };

/* Others were told of what is read back from the store by the run before this one. */
static bool is_new(const struct server *server, const struct session *session) {
    int64_t opened_ms = clock_wall_ms() - (clock_mono_ms() - server->started_ms);
    return (server->sessions && sessions_are_loaded(server->sessions)) ||
           session->started_ms > opened_ms - START_SLACK_MS;
}

void server_on_session_started(const struct session *session, void *user) {
    struct server *server = user;
    hosts_session_started(server->hosts, session);
    if (is_new(server, session))
        delivery_meeting(server->deliveries, session);
}

void server_on_session_ended(const struct session *session, void *user) {
    struct server *server = user;
    hosts_session_ended(server->hosts, session);
    reports_session_ended(server->reports, session);
    delivery_meeting(server->deliveries, session);
    if (server->egresses)
        egresses_session_ended(server->egresses, session);
    if (server->rooms)
        rooms_session_ended(server->rooms, session);
}

void server_on_session_stored(const struct session *session, void *user) {
    struct server *server = user;
    hosts_session_stored(server->hosts, session);
    recordings_settle(server->recordings, slice_from(session->meeting_id));
}

void server_on_track(struct slice meeting_id, const struct shard_track_event *event, void *user) {
    struct server *server = user;
    if (server->egresses && event->kind == TRACK_AUDIO)
        egresses_socket_changed(server->egresses, meeting_id, slice_from(event->track),
                                event->is_opened);
    if (event->is_opened) /* last, as the meeting may get another id by it */
        sessions_sound_came(server->sessions, meeting_id);
}

/* Without a session nobody can be asked: then it is a mute, as its sender says. */
void server_on_view(struct slice meeting_id, struct slice room_name, enum live_watch what,
                    struct slice json, void *user) {
    const struct server *server = user;
    if (server->hosts)
        hosts_on_view(meeting_id, room_name, what, json, server->hosts);
}

void server_on_report(struct slice meeting_id, struct slice json, void *user) {
    const struct server *server = user;
    if (server->reports)
        reports_meeting_gone(server->reports, meeting_id, json);
}

void server_on_silent(struct slice meeting_id, struct slice identity, struct slice track,
                      void *user) {
    struct server *server = user;
    struct slice id, room;
    const struct session *session = sessions_find(server->sessions, meeting_id);
    const struct person_news news = {
        .identity = identity, .track = track, .track_news = TRACK_MUTED};
    if (session && session->is_active && server->mute_inquiry)
        mute_inquiry_ask(server->mute_inquiry, session, identity);
    else if (directory_find(server->directory, meeting_id, &id, &room))
        directory_tell_news(server->directory, id, room, &news);
}

/* ---- What others are told ---- */

void server_on_feedback(struct slice id, const struct directory_feedback *from, void *user) {
    const struct server *server = user;
    delivery_feedback(server->deliveries, id, from, server->config->feedback_locale);
}

void server_on_recording(const struct recording_info *row, struct slice meeting_id, void *user) {
    const struct server *server = user;
    delivery_recording(server->deliveries, row, meeting_id);
}

void server_on_report_ready(const struct session *session, void *user) {
    const struct server *server = user;
    delivery_report(server->deliveries, session);
}

/* ---- Rooms that are joined ---- */

void server_on_room(struct slice meeting_id, const struct shard_room_event *event, void *user) {
    struct server *server = user;
    if (server->rooms)
        rooms_hear(server->rooms, meeting_id, event);
}

void server_on_listed(const struct session *session, void *user) {
    struct server *server = user;
    if (server->rooms)
        rooms_look(server->rooms, session);
}

/* Its tracks were passed over until now: a listing tells of them again. */
void server_on_fallback(const struct session *session, void *user) {
    struct server *server = user;
    reconcile_room(server->reconcile, session);
}

bool server_has_egress(const struct session *session, void *user) {
    const struct server *server = user;
    return egresses_hear(server->egresses, session);
}

void server_on_return(const struct session *session, void *user) {
    struct server *server = user;
    egresses_session_ended(server->egresses, session);
}

bool server_is_joined(const struct session *session, void *user) {
    const struct server *server = user;
    return server->rooms && rooms_take(server->rooms, session);
}

/* ---- What LiveKit tells ---- */

void server_on_published(const struct session *session, struct slice identity,
                         const struct livekit_track *track, bool is_published, void *user) {
    struct server *server = user;
    if (!server->egresses)
        return;
    if (server->rooms && !is_published)
        rooms_track_gone(server->rooms, session, track->sid);
    if (is_published)
        egresses_track_published(server->egresses, session, identity, track);
    else
        egresses_track_unpublished(server->egresses, session, track->sid);
}

void server_on_participant(const struct session *session, struct slice identity, void *user) {
    struct server *server = user;
    if (server->egresses)
        egresses_participant_seen(server->egresses, session, identity);
    if (server->rooms)
        rooms_look(server->rooms, session);
}

void server_on_egress(const struct livekit_egress *egress, void *user) {
    struct server *server = user;
    if (server->egresses)
        egresses_status_seen(server->egresses, egress);
}

void server_on_time(int64_t told_ms, void *user) {
    struct server *server = user;
    second_clock_hear(&server->second_clock, told_ms, clock_wall_ms());
}

void server_on_debug(struct buf *json, struct slice meeting, void *user) {
    struct server *server = user;
    if (server->egresses)
        egresses_describe(server->egresses, meeting, json);
    if (server->rooms)
        rooms_describe(server->rooms, meeting, json);
}

void server_on_user_changed(struct slice user_id, void *owner) {
    struct server *server = owner;
    hosts_recheck(server->hosts, user_id);
}
