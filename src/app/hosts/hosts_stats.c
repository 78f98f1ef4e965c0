/* Talk statistics of a meeting, for clients that asked for them when they joined. */
#include "app/hosts/hosts_private.h"

#include <string.h>

/* No client can ask for such a room: names that begin with a control character are refused. */
#define PREFIX "\x01stats:"

bool hosts_is_stats_room(struct slice room, struct slice *name) {
    if (!slice_has_prefix(room, SLICE(PREFIX)))
        return false;
    *name = slice_skip(room, strlen(PREFIX));
    return true;
}

struct buf hosts_stats_room(struct slice name) {
    struct buf room = {0};
    buf_add_text(&room, PREFIX);
    buf_add_slice(&room, name);
    return room;
}

void hosts_stats_join(struct host_client *client, struct slice room) {
    struct slice name;
    if (!hosts_is_feedback_room(room, &name))
        return;
    struct buf stats = hosts_stats_room(name);
    sio_join(client->socket, buf_slice(&stats));
    buf_free(&stats);
}

int hosts_leave(struct sio_socket *socket, struct slice room) {
    struct slice name;
    if (hosts_is_feedback_room(room, &name)) {
        struct buf stats = hosts_stats_room(name);
        sio_leave(socket, buf_slice(&stats));
        buf_free(&stats);
    }
    return sio_leave(socket, room);
}

static bool is_wanted(const struct hosts *hosts, struct slice name) {
    struct buf room = hosts_stats_room(name);
    bool has_clients = sio_room_size(hosts->ns, buf_slice(&room)) > 0;
    buf_free(&room);
    return has_clients;
}

bool hosts_want_stats(const struct hosts *hosts, struct slice meeting_id, struct slice room_name) {
    return is_wanted(hosts, meeting_id) || is_wanted(hosts, room_name) ||
           hosts_streams_want(hosts, meeting_id, room_name);
}

void hosts_stats(struct hosts *hosts, struct slice meeting_id, struct slice room_name,
                 struct slice json) {
    struct buf by_id = hosts_stats_room(meeting_id), by_room = hosts_stats_room(room_name);
    struct slice rooms[] = {buf_slice(&by_id), buf_slice(&by_room)};
    bool is_alias = hosts_is_alias(hosts, room_name, meeting_id);
    struct sio_target target = {
        .rooms = rooms, .room_count = is_alias ? 2 : 1, .is_volatile = true};
    sio_broadcast(hosts->ns, &target, "stats", json);
    hosts_streams_stats(hosts, meeting_id, room_name, json);
    buf_free(&by_id);
    buf_free(&by_room);
}
