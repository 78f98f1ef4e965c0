/*
 * Feedback rooms that a client has to leave because no right of its own covers them any more, and
 * the way back into them. Only where FEEDBACK_ACCESS=host.
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
        uint64_t after = sio_seq ? hosts_seq_at(client->hosts, name, *sio_seq) : 0;
        hosts_ticket_start(client, room, sio_seq ? &after : NULL, had_stats(&left, name), true);
    }
    buf_free(&left);
}

/* ---- Leaving ---- */

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

void hosts_leave_uncovered(struct host_client *client, bool may_come_back) {
    if (!client->socket || client->hosts->settings.config->feedback_access != ACCESS_HOST)
        return;
    struct slice room, name;
    for (unsigned i = 0; may_come_back && sio_room_at(client->socket, i, &room); i++) {
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
}

void hosts_leave_name(struct hosts *hosts, const struct session *session) {
    struct slice name = slice_from(session->room_name);
    if (hosts->settings.config->feedback_access != ACCESS_HOST ||
        slice_is_equal(name, slice_from(session->meeting_id)))
        return;
    struct buf room = {0};
    buf_printf(&room, "feedback:%s", session->room_name);
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);
        if (!client->socket || !sio_is_in(client->socket, buf_slice(&room)) ||
            hosts_judge(client, name) == HOST_YES)
            continue;
        hosts_leave(client->socket, buf_slice(&room));
        hosts_exception(client,
                        "Forbidden: the meeting in this room is over, join again for the next",
                        "join-room", NULL);
    }
    buf_free(&room);
}
