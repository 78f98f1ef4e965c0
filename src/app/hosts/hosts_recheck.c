/*
 * A membership is checked when a socket joins, and again while it listens: a member who is removed,
 * or whose login is ended, stops hearing the meetings of that organization. At once where this
 * server made the change, else in the next round.
 */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "base/macros.h"
#include "base/mem.h"

#include <errno.h>

enum { ROUND_MS = 20 * 1000 };

/* One room of one socket whose right is being checked. */
struct host_recheck {
    struct list node; /* of the client */
    struct host_client *client;
    struct buf room;
    struct host_ask ask;
};

static void recheck_free(struct host_recheck *recheck) {
    hosts_ask_end(&recheck->ask);
    list_remove(&recheck->node);
    buf_free(&recheck->room);
    mem_free(recheck);
}

void hosts_rechecks_end(struct host_client *client) {
    while (!list_is_empty(&client->rechecks))
        recheck_free(CONTAINER_OF(client->rechecks.next, struct host_recheck, node));
}

/* While the database is away the earlier answer holds. */
static void hosts_on_rechecked(int err, void *user) {
    struct host_recheck *recheck = user;
    struct host_client *client = recheck->client;
    if ((err == ENOENT || err == ESRCH) && client->socket) {
        hosts_exception_about(client,
                              "Forbidden: you are no member of this meeting's organization any "
                              "more",
                              "join-room", buf_slice(&recheck->room));
        hosts_leave(client->socket, buf_slice(&recheck->room));
    }
    recheck_free(recheck);
}

static bool is_being_checked(const struct host_client *client, struct slice room) {
    LIST_EACH(&client->rechecks, node) {
        const struct host_recheck *recheck = CONTAINER_OF(node, struct host_recheck, node);
        if (slice_is_equal(buf_slice(&recheck->room), room))
            return true;
    }
    return false;
}

/* Lists the rooms that the socket may hear only by a membership and that are not being checked
 * yet. */
static void list_rooms(struct host_client *client) {
    struct slice room, name;
    for (unsigned i = 0; sio_room_at(client->socket, i, &room); i++) {
        if (!hosts_is_feedback_room(room, &name) || is_being_checked(client, room) ||
            hosts_judge(client, name) != HOST_ASK)
            continue;
        struct host_recheck *recheck = mem_alloc(sizeof *recheck);
        recheck->client = client;
        buf_add_slice(&recheck->room, room);
        list_add(&client->rechecks, &recheck->node);
    }
}

/* The list is made before the first question: an answer may come at once and change the rooms. */
static void recheck_client(struct host_client *client) {
    list_rooms(client);
    LIST_EACH(&client->rechecks, node) {
        struct host_recheck *recheck = CONTAINER_OF(node, struct host_recheck, node);
        struct slice name = SLICE_NONE;
        if (recheck->ask.hosts)
            continue; /* on its way since the last round */
        hosts_is_feedback_room(buf_slice(&recheck->room), &name);
        hosts_ask_start(&recheck->ask, client, name, hosts_on_rechecked, recheck);
    }
}

void hosts_recheck(struct hosts *hosts, struct slice user_id) {
    if (hosts->settings.config->feedback_access != ACCESS_HOST)
        return;
    hosts_streams_recheck(hosts, user_id);
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);
        const struct host_right *right = hosts_find_user(client);
        if (client->socket && right &&
            (user_id.len == 0 || slice_is_equal(slice_from(right->user_id), user_id)))
            recheck_client(client);
    }
}

static void hosts_on_round(void *arg) {
    hosts_recheck(arg, SLICE_NONE);
}

void hosts_start_rechecks(struct hosts *hosts) {
    timer_start(hosts->settings.loop, &hosts->rechecks, ROUND_MS, ROUND_MS, hosts_on_round, hosts);
}
