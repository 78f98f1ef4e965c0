/* The sockets and rooms of a namespace, walked; and sockets sent away. */
#include "base/blob.h"
#include "base/mem.h"
#include "net/socketio/sio_private.h"

#include <stdlib.h>

struct sio_found {
    struct sio_socket **sockets;
    size_t count, cap;
};

static void found_add(struct sio_found *found, struct sio_socket *socket) {
    if (found->count == found->cap) {
        found->cap = found->cap ? found->cap * 2 : 16;
        found->sockets = mem_resize(found->sockets, found->cap * sizeof(struct sio_socket *));
    }
    found->sockets[found->count++] = socket;
}

static void found_add_room(struct sio_found *found, const struct sio_room *room) {
    for (unsigned i = 0; i < room->count; i++)
        found_add(found, room->members[i].socket);
}

static bool is_excepted(const struct sio_target *target, const struct sio_socket *socket) {
    for (unsigned i = 0; i < target->except_count; i++) {
        if (sio_is_in(socket, target->except[i]))
            return true;
    }
    return false;
}

static int compare_pointers(const void *a, const void *b) {
    uintptr_t first = (uintptr_t) * (struct sio_socket *const *)a;
    uintptr_t second = (uintptr_t) * (struct sio_socket *const *)b;
    return (first > second) - (first < second);
}

/* They are gathered before the first is visited, since a visit may change what rooms hold. */
static struct sio_found find(struct sio_namespace *ns, const struct sio_target *target) {
    struct sio_found found = {0};
    if (target->room_count == 0)
        found_add_room(&found, &ns->everyone);
    for (unsigned i = 0; i < target->room_count; i++) {
        const struct sio_room *room = sio_room_find(ns, target->rooms[i]);
        struct sio_socket *socket = room ? NULL : map_find(&ns->ids, target->rooms[i]);
        if (room)
            found_add_room(&found, room);
        else if (socket)
            found_add(&found, socket);
    }
    if (target->room_count > 1 && found.count > 1)
        qsort(found.sockets, found.count, sizeof(struct sio_socket *), compare_pointers);
    return found;
}

void sio_each(struct sio_namespace *ns, const struct sio_target *target, sio_visit_fn *fn,
              void *arg) {
    struct sio_found found = find(ns, target);
    for (size_t i = 0; i < found.count; i++) {
        bool is_again = i > 0 && found.sockets[i] == found.sockets[i - 1];
        if (!is_again && !is_excepted(target, found.sockets[i]))
            fn(found.sockets[i], arg);
    }
    mem_free(found.sockets);
}

void sio_each_room(struct sio_namespace *ns, void (*fn)(struct slice name, void *arg), void *arg) {
    MAP_EACH(&ns->ids, at)
        fn(at.key, arg);
    MAP_EACH(&ns->rooms, at) {
        const struct sio_room *room = at.value;
        if (room->count > 0)
            fn(at.key, arg);
    }
}

void sio_disconnect(struct sio_socket *socket, bool closes) {
    struct eio_session *session = socket->session;
    struct buf text = {0};
    sio_settle(socket);
    sio_write_head(&text, SIO_DISCONNECT, 0, socket->ns->name, NULL);
    struct blob *frame = eio_frame_text(buf_slice(&text));
    eio_send(session, frame);
    blob_unref(frame);
    buf_free(&text);
    sio_socket_gone(socket, false);
    if (closes)
        eio_close(session, EIO_CLOSED_BY_SERVER);
}
