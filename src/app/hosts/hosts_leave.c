/*
 * Feedback rooms that a client has to leave because no right of its own covers them any more, what
 * it is told, and the way back into them. Only where FEEDBACK_ACCESS=host.
 */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/sessions/sessions.h"
#include "base/macros.h"

/* ---- Rooms that are remembered, each ended by a zero ---- */

void hosts_remember_room(struct buf *rooms, struct slice room) {
    buf_add_slice(rooms, room);
    buf_add_byte(rooms, 0);
}

static bool had_stats(const struct buf *rooms, struct slice name) {
    struct slice rest = buf_slice(rooms), room, of;
    while (slice_cut(&rest, 0, &room)) {
        if (hosts_is_stats_room(room, &of) && slice_is_equal(of, name))
            return true;
    }
    return false;
}

void hosts_forget_expired(struct host_client *client, struct slice room) {
    struct buf rooms = client->expired;
    struct slice rest = buf_slice(&rooms), kept;
    client->expired = (struct buf){0};
    while (slice_cut(&rest, 0, &kept)) {
        if (kept.len > 0 && !slice_is_equal(kept, room))
            hosts_remember_room(&client->expired, kept);
    }
    buf_free(&rooms);
}

void hosts_join_again(struct host_client *client, struct buf *rooms, const uint64_t *sio_seq) {
    struct buf left = *rooms; /* a join may fail and add to the list */
    struct slice rest = buf_slice(&left), room, name;
    *rooms = (struct buf){0};
    while (slice_cut(&rest, 0, &room)) {
        if (!hosts_is_feedback_room(room, &name))
            continue;
        struct host_wish wish = {.has_after = sio_seq,
                                 .after = sio_seq ? hosts_seq_at(client->hosts, name, *sio_seq) : 0,
                                 .wants_stats = had_stats(&left, name),
                                 .is_silent = true,
                                 .is_listener = true};
        hosts_ticket_start(client, room, &wish);
    }
    buf_free(&left);
}

/* ---- A token has expired ---- */

static bool is_uncovered(struct host_client *client, struct slice room) {
    struct slice name;
    return (hosts_is_feedback_room(room, &name) || hosts_is_stats_room(room, &name)) &&
           hosts_judge(client, name) == HOST_NO;
}

static void leave_copy(struct host_client *client, struct slice room) {
    struct buf copy = {0}; /* the name lies in the socket's list of rooms */
    buf_add_slice(&copy, room);
    hosts_leave(client->socket, buf_slice(&copy));
    buf_free(&copy);
}

void hosts_leave_expired(struct host_client *client) {
    if (!client->socket || client->hosts->settings.config->feedback_access != ACCESS_HOST)
        return;
    struct slice room, name;
    for (unsigned i = 0; sio_room_at(client->socket, i, &room); i++) {
        if (is_uncovered(client, room))
            hosts_remember_room(&client->expired, room);
    }
    for (unsigned i = 0; sio_room_at(client->socket, i, &room);) {
        if (hosts_is_feedback_room(room, &name) && is_uncovered(client, room)) {
            leave_copy(client, room);
            i = 0; /* its statistics' room went as well */
        } else {
            i++;
        }
    }
    hosts_tickets_expire(client);
}

/* ---- A room means another meeting, or none ---- */

/* Where its tokens are good for nothing any more, a new one brings the client back. */
static void tell_loss(struct host_client *client, struct slice room, struct slice stats_room) {
    bool may_join = hosts_has_valid_right(client);
    if (!may_join) {
        hosts_remember_room(&client->expired, room);
        if (stats_room.len > 0)
            hosts_remember_room(&client->expired, stats_room);
    }
    hosts_exception_about(
        client,
        may_join ? "Forbidden: the meeting in this room is over, join again for the next"
                 : "Forbidden: the meeting in this room is over; for the next, send a "
                   "new token with authenticate",
        "join-room", room);
}

/* The newest feedback that the client has of the meeting which the name will mean next. */
static uint64_t heard_so_far(const struct hosts *hosts, struct slice name) {
    const struct session *session = hosts_find_session(hosts, name);
    return session && session->is_active ? 0 : hosts_seq_at(hosts, name, UINT64_MAX);
}

/* A host's token opens the next meeting for sure. Whether a user is a member of the organization
 * that will own it is known only then. */
static void lose(struct host_client *client, struct slice room, struct slice name,
                 enum host_verdict verdict) {
    struct buf stats_room = hosts_stats_room(name);
    bool had_numbers = sio_is_in(client->socket, buf_slice(&stats_room));
    struct host_wish wish = {.has_after = true,
                             .after = heard_so_far(client->hosts, name),
                             .wants_stats = had_numbers,
                             .is_silent = true,
                             .is_listener = true};
    hosts_leave(client->socket, room);
    if (verdict != HOST_NO)
        hosts_ticket_wait(client, room, &wish);
    if (verdict != HOST_WAIT)
        tell_loss(client, room, had_numbers ? buf_slice(&stats_room) : SLICE_NONE);
    buf_free(&stats_room);
}

void hosts_review_room(struct hosts *hosts, const char *name) {
    if (hosts->settings.config->feedback_access != ACCESS_HOST)
        return;
    bool is_meeting_id = sessions_find(hosts->settings.sessions, slice_from(name));
    struct buf room = {0};
    buf_printf(&room, "feedback:%s", name);
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);
        if (!client->socket || !sio_is_in(client->socket, buf_slice(&room)))
            continue;
        enum host_verdict verdict = hosts_judge(client, slice_from(name));
        if (verdict != HOST_YES && !(verdict == HOST_ASK && is_meeting_id))
            lose(client, buf_slice(&room), slice_from(name), verdict);
    }
    buf_free(&room);
}
