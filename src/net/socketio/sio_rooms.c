/* Rooms and their members. A room and a socket each know their place in the other's array, so
 * leaving takes no search. */
#include "base/mem.h"
#include "net/socketio/sio_private.h"

#include <errno.h>

/* What a room costs the client that is in it: it may be the only one there. */
static ptrdiff_t membership_bytes(const struct sio_room *room) {
    return (ptrdiff_t)(sizeof *room + sizeof(struct sio_membership) + sizeof(struct sio_member) +
                       2 * room->name.len);
}

static void members_add(struct sio_room *room, struct sio_socket *socket, unsigned slot) {
    if (room->count == room->cap) {
        room->cap = room->cap ? room->cap * 2 : 2;
        room->members = mem_resize(room->members, room->cap * sizeof *room->members);
    }
    room->members[room->count++] = (struct sio_member){.socket = socket, .slot = slot};
}

void sio_everyone_enter(struct sio_socket *socket) {
    struct sio_room *everyone = &socket->ns->everyone;
    socket->everyone_index = everyone->count;
    members_add(everyone, socket, 0);
}

void sio_everyone_leave(struct sio_socket *socket) {
    struct sio_room *everyone = &socket->ns->everyone;
    struct sio_socket *last = everyone->members[--everyone->count].socket;
    everyone->members[socket->everyone_index].socket = last;
    last->everyone_index = socket->everyone_index;
}

struct sio_room *sio_room_find(struct sio_namespace *ns, struct slice name) {
    return map_find(&ns->rooms, name);
}

struct sio_room *sio_room_get(struct sio_namespace *ns, struct slice name) {
    struct sio_room *room = sio_room_find(ns, name);
    if (room)
        return room;
    room = mem_alloc(sizeof *room);
    room->ns = ns;
    room->name = slice_of(mem_copy(name.ptr, name.len), name.len);
    map_set(&ns->rooms, name, room);
    return room;
}

static void room_release(struct sio_room *room) {
    if (room == &room->ns->everyone || room->count > 0 || room->pins > 0)
        return;
    map_remove(&room->ns->rooms, room->name);
    mem_free((void *)(uintptr_t)room->name.ptr);
    mem_free(room->members);
    mem_free(room);
}

void sio_room_unpin(struct sio_room *room) {
    room->pins--;
    room_release(room);
}

void sio_room_enter(struct sio_socket *socket, struct sio_room *room, uint64_t seq) {
    if (room->count == 0)
        socket->ns->server->stats.rooms++;
    if (socket->room_count == socket->room_cap) {
        socket->room_cap = socket->room_cap ? socket->room_cap * 2 : 1;
        socket->rooms = mem_resize(socket->rooms, socket->room_cap * sizeof *socket->rooms);
    }
    socket->rooms[socket->room_count] =
        (struct sio_membership){.room = room, .index = room->count, .seq = seq};
    members_add(room, socket, socket->room_count++);
    eio_hold(socket->session, membership_bytes(room));
}

void sio_room_leave(struct sio_socket *socket, unsigned slot) {
    struct sio_membership *membership = &socket->rooms[slot];
    struct sio_room *room = membership->room;
    eio_hold(socket->session, -membership_bytes(room));
    struct sio_member last_member = room->members[--room->count];
    struct sio_membership last_room = socket->rooms[--socket->room_count];
    unsigned index = membership->index;
    /* The last of each array fills the gap, and its other side learns its new place. */
    if (index < room->count) {
        room->members[index] = last_member;
        last_member.socket->rooms[last_member.slot].index = index;
    }
    if (slot < socket->room_count) {
        socket->rooms[slot] = last_room;
        last_room.room->members[last_room.index].slot = slot;
    }
    if (room->count == 0)
        socket->ns->server->stats.rooms--;
    room_release(room);
}

static unsigned find_slot(const struct sio_socket *socket, const struct sio_room *room) {
    unsigned slot = 0;
    while (slot < socket->room_count && socket->rooms[slot].room != room)
        slot++;
    return slot;
}

bool sio_room_has(const struct sio_room *room, const struct sio_socket *socket) {
    return room == &socket->ns->everyone || find_slot(socket, room) < socket->room_count;
}

int sio_join(struct sio_socket *socket, struct slice name) {
    struct sio_namespace *ns = socket->ns;
    struct sio_server *server = ns->server;
    int err = 0;
    if (name.len == 0 || name.len > SIO_ROOM_NAME_MAX)
        err = EINVAL;
    else if (sio_is_in(socket, name))
        return EEXIST;
    else if (map_find(&ns->ids, name) || map_find(&ns->kept_ids, name))
        err = EPERM;
    else if (socket->room_count >= server->settings.max_rooms)
        err = EMFILE;
    if (err) {
        server->stats.rooms_refused++;
        return err;
    }
    sio_settle(socket);
    sio_room_enter(socket, sio_room_get(ns, name), server->seq);
    return 0;
}

int sio_leave(struct sio_socket *socket, struct slice name) {
    struct sio_room *room = sio_room_find(socket->ns, name);
    unsigned slot = room ? find_slot(socket, room) : socket->room_count;
    if (slot == socket->room_count)
        return ENOENT;
    sio_settle(socket);
    sio_room_leave(socket, slot);
    return 0;
}

bool sio_is_in(const struct sio_socket *socket, struct slice name) {
    if (slice_is_equal(name, sio_id(socket)))
        return true;
    const struct sio_room *room = sio_room_find(socket->ns, name);
    return room && find_slot(socket, room) < socket->room_count;
}

bool sio_room_at(const struct sio_socket *socket, unsigned index, struct slice *room) {
    if (index >= socket->room_count)
        return false;
    *room = socket->rooms[index].room->name;
    return true;
}

size_t sio_room_size(struct sio_namespace *ns, struct slice name) {
    const struct sio_room *room = sio_room_find(ns, name);
    if (room)
        return room->count;
    return map_find(&ns->ids, name) ? 1 : 0;
}
