/* Rooms: joining and leaving them. */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/web/json.h"
#include "wire/web/json_clean.h"
#include "wire/web/json_write.h"

#include <errno.h>
#include <string.h>

/* What `join-room` asks for. */
struct wish {
    struct slice rooms; /* JSON: a room, or an array of rooms */
    struct host_wish how;
};

bool hosts_is_feedback_room(struct slice room, struct slice *name) {
    if (!slice_has_prefix(room, SLICE("feedback:")))
        return false;
    *name = slice_skip(room, strlen("feedback:"));
    return true;
}

/* A room as clients name it: text, or a number as it is written. */
static struct buf room_name(struct slice json) {
    struct buf name = {0};
    if (json_kind(json) == JSON_KIND_NUMBER)
        buf_add_slice(&name, json);
    else
        name = hosts_text(json);
    return name;
}

/* The same room as the others are told of it: a number stays a number, if they can all read it. */
static void join_write_room(struct buf *out, struct slice json, struct slice name) {
    if (json_kind(json) != JSON_KIND_NUMBER) {
        json_add_text(out, NULL, name);
        return;
    }
    struct buf number = {0};
    json_clean(&number, name, 0);
    json_add_raw(out, NULL, buf_slice(&number));
    buf_free(&number);
}

/* ---- Joining ---- */

static void tell_rooms(struct hosts *hosts, const struct slice *rooms, unsigned count,
                       const char *event, struct sio_socket *socket, struct slice room_json) {
    if (count == 0)
        return;
    struct sio_target target = {.rooms = rooms, .room_count = count};
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_text(&json, "clientId", sio_id(socket));
    json_add_raw(&json, "room", room_json);
    json_close(&json);
    hosts_send(hosts, &target, event, buf_slice(&json), NULL, 0);
    buf_free(&json);
}

/* Joining again is no error: the room is told again, as the old backend did. */
static bool enter(struct host_client *client, struct slice room) {
    int err = text_is_identity(room, HOSTS_ROOM_MAX) ? sio_join(client->socket, room) : EINVAL;
    if (err == 0 || err == EEXIST)
        return true;
    client->hosts->counters.joins_refused++;
    hosts_exception(client,
                    err == EPERM    ? "Forbidden room"
                    : err == EMFILE ? "Too many rooms"
                                    : "Invalid room",
                    "join-room", NULL);
    return false;
}

void hosts_enter(struct host_client *client, struct slice room, bool wants_stats, bool is_silent) {
    if (!enter(client, room))
        return;
    if (wants_stats)
        hosts_stats_join(client, room);
    if (is_silent)
        return;
    struct buf json = {0};
    json_add_text(&json, NULL, room);
    tell_rooms(client->hosts, &room, 1, "user-joined", client->socket, buf_slice(&json));
    buf_free(&json);
}

/* A wish takes the place of an earlier one that still waits for the meeting to begin. */
static void start_ticket(struct host_client *client, struct slice room, struct host_wish how) {
    how.is_listener = hosts_tickets_drop(client, room, true);
    hosts_ticket_start(client, room, &how);
}

/* True when the room was entered at once; else it was refused, or takes time. */
static bool join_one(struct host_client *client, struct slice room, const struct wish *wish) {
    struct slice name;
    if (!hosts_is_feedback_room(room, &name) ||
        (!wish->how.has_after && client->hosts->settings.config->feedback_access == ACCESS_OPEN))
        return enter(client, room);
    if (!text_is_identity(room, HOSTS_ROOM_MAX))
        hosts_exception(client, "Invalid room", "join-room", NULL);
    else if (client->ticket_count >= HOSTS_TICKETS_MAX)
        hosts_exception(client, "Too many requests", "join-room", NULL);
    else
        start_ticket(client, room, wish->how);
    return false;
}

/* The rooms that one event has entered so far. */
struct entered {
    struct buf *names;
    struct slice *rooms; /* they borrow from the names */
    unsigned count;
    struct buf json; /* in the shape of the wish: one room, or an array */
};

static void join_item(struct host_client *client, const struct wish *wish, struct slice item,
                      struct entered *entered) {
    struct buf name = room_name(item);
    if (!join_one(client, buf_slice(&name), wish)) {
        buf_free(&name);
        return;
    }
    join_write_room(&entered->json, item, buf_slice(&name));
    if (wish->how.wants_stats)
        hosts_stats_join(client, buf_slice(&name));
    entered->names[entered->count] = name;
    entered->rooms[entered->count++] = buf_slice(&name);
}

static void join_all(struct host_client *client, const struct wish *wish) {
    size_t most = client->hosts->settings.config->rooms_per_client;
    struct entered entered = {.names = mem_alloc_array(most, sizeof *entered.names),
                              .rooms = mem_alloc_array(most, sizeof *entered.rooms)};
    bool is_array = json_kind(wish->rooms) == JSON_KIND_ARRAY;
    struct slice rest = is_array ? json_inside(wish->rooms) : wish->rooms, item;

    if (is_array)
        json_open_array(&entered.json, NULL);
    for (size_t i = 0; i < most && json_next_item(&rest, &item); i++)
        join_item(client, wish, item, &entered);
    if (is_array)
        json_close_array(&entered.json);
    tell_rooms(client->hosts, entered.rooms, entered.count, "user-joined", client->socket,
               buf_slice(&entered.json));
    buf_free(&entered.json);
    for (unsigned i = 0; i < entered.count; i++)
        buf_free(&entered.names[i]);
    mem_free(entered.names);
    mem_free(entered.rooms);
}

static void read_options(struct host_client *client, struct slice object, struct wish *wish) {
    struct hosts *hosts = client->hosts;
    struct buf locale = hosts_text(json_member(object, "locale"));
    enum locale chosen;

    wish->rooms = json_member(object, "room");
    wish->how.has_after = json_to_count(json_member(object, "after"), &wish->how.after);
    wish->how.wants_stats = json_kind(json_member(object, "stats")) == JSON_KIND_TRUE;
    if (locale_find(buf_slice(&locale), &chosen)) {
        client->locale = (uint8_t)chosen;
        hosts->is_multilingual |= chosen != hosts->settings.config->feedback_locale;
    }
    buf_free(&locale);
}

void hosts_on_join(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct hosts *hosts = arg;
    struct host_client *client = sio_data(socket);
    struct slice rest = event->args, first = SLICE_NONE;

    if (!hosts_may_join_more(client)) {
        hosts->counters.limited++;
        hosts_exception(client, "Too many requests", "join-room", event);
        return;
    }
    json_next_item(&rest, &first);
    struct wish wish = {.rooms = first};
    if (json_kind(first) == JSON_KIND_OBJECT)
        read_options(client, first, &wish);
    switch (json_kind(wish.rooms)) {
    case JSON_KIND_STRING:
    case JSON_KIND_NUMBER:
    case JSON_KIND_ARRAY:
        join_all(client, &wish);
        break;
    default:
        hosts_exception(client, "room is required", "join-room", event);
    }
}

/* ---- Leaving ---- */

static void leave_one(struct hosts *hosts, struct sio_socket *socket, struct slice json) {
    struct buf name = room_name(json), told = {0};
    struct slice room = buf_slice(&name);

    join_write_room(&told, json, room);
    hosts_forget_expired(sio_data(socket), room);
    hosts_tickets_drop(sio_data(socket), room, false);
    if (hosts_leave(socket, room) == 0)
        tell_rooms(hosts, &room, 1, "user-left", socket, buf_slice(&told));
    buf_free(&told);
    buf_free(&name);
}

void hosts_on_leave(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct hosts *hosts = arg;
    struct host_client *client = sio_data(socket);
    struct slice rest = event->args, first = SLICE_NONE, item;

    if (!hosts_may_join_more(client)) {
        hosts->counters.limited++;
        hosts_exception(client, "Too many requests", "leave-room", event);
        return;
    }
    json_next_item(&rest, &first);
    if (json_kind(first) == JSON_KIND_OBJECT)
        first = json_member(first, "room");
    rest = json_kind(first) == JSON_KIND_ARRAY ? json_inside(first) : first;
    while (json_next_item(&rest, &item))
        leave_one(hosts, socket, item);
}
