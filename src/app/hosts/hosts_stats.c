/* The numbers of a meeting, for those who asked for them when they joined. */
#include "app/hosts/hosts_private.h"

#include <string.h>

/* Nobody can ask for a room whose name begins with a control character. */
#define PREFIX "\x01stats:"

static void write_room(struct buf *out, struct slice name) {
    buf_add_slice(out, SLICE(PREFIX));
    buf_add_slice(out, name);
}

bool hosts_is_stats_room(struct slice room, struct slice *name) {
    if (!slice_has_prefix(room, SLICE(PREFIX)))
        return false;
    *name = slice_skip(room, strlen(PREFIX));
    return true;
}

void hosts_stats_join(struct host_client *client, struct slice room) {
    struct slice name;
    struct buf stats = {0};

    if (!hosts_is_feedback_room(room, &name))
        return;
    write_room(&stats, name);
    sio_join(client->socket, buf_slice(&stats));
    buf_free(&stats);
}

int hosts_leave(struct sio_socket *socket, struct slice room) {
    struct slice name;
    struct buf stats = {0};

    if (hosts_is_feedback_room(room, &name)) {
        write_room(&stats, name);
        sio_leave(socket, buf_slice(&stats));
        buf_free(&stats);
    }
    return sio_leave(socket, room);
}

static bool is_wanted(const struct hosts *hosts, struct slice name) {
    struct buf room = {0};
    bool is;

    write_room(&room, name);
    is = sio_room_size(hosts->ns, buf_slice(&room)) > 0;
    buf_free(&room);
    return is;
}

bool hosts_want_stats(const struct hosts *hosts, struct slice meeting_id, struct slice room_name) {
    return is_wanted(hosts, meeting_id) || is_wanted(hosts, room_name);
}

void hosts_stats(struct hosts *hosts, struct slice meeting_id, struct slice room_name,
                 struct slice json) {
    struct buf by_id = {0}, by_room = {0};
    struct slice rooms[2];
    struct sio_target target = {.rooms = rooms, .room_count = 1, .is_volatile = true};

    target.room_count += hosts_is_alias(hosts, room_name, meeting_id);
    write_room(&by_id, meeting_id);
    write_room(&by_room, room_name);
    rooms[0] = buf_slice(&by_id);
    rooms[1] = buf_slice(&by_room);
    sio_broadcast(hosts->ns, &target, "stats", json);
    buf_free(&by_id);
    buf_free(&by_room);
}
