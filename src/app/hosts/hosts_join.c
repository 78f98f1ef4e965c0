/* Rooms: joining and leaving them. */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/web/json.h"

#include <errno.h>
#include <string.h>

/* What `join-room` asks for. */
struct wish {
    struct slice rooms; /* JSON: a room, or an array of rooms */
    bool has_after;
    uint64_t after;
    bool wants_stats;
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

/* The same room as it is told to others: nothing of its length but the name's own. */
static void write_room(struct buf *out, struct slice json, struct slice name) {
    if (json_kind(json) == JSON_KIND_NUMBER)
        buf_add_slice(out, name);
    else
        text_add_json(out, name);
}

static void tell_room(struct hosts *hosts, const struct slice *rooms, unsigned count,
                      const char *event, struct sio_socket *socket, struct slice room_json) {
    struct sio_target target = {.rooms = rooms, .room_count = count};
    struct buf json = {0};

    if (count == 0)
        return;
    buf_add_text(&json, "{\"clientId\":");
    text_add_json(&json, sio_id(socket));
    buf_add_text(&json, ",\"room\":");
    buf_add_slice(&json, room_json);
    buf_add_byte(&json, '}');
    sio_broadcast(hosts->ns, &target, event, buf_slice(&json));
    buf_free(&json);
}

static const char *join_fault(int err) {
    switch (err) {
    case EPERM:
        return "Forbidden room";
    case EMFILE:
        return "Too many rooms";
    default:
        return "Invalid room";
    }
}

/* Joining again is no error: the event is repeated, as it always was. */
static bool enter(struct host_client *client, struct slice room) {
    struct hosts *hosts = client->hosts;
    int err = text_is_identity(room, HOSTS_ROOM_MAX) ? sio_join(client->socket, room) : EINVAL;

    if (err == 0 || err == EEXIST) {
        hosts->counters.joins++;
        return true;
    }
    hosts->counters.joins_refused++;
    hosts_exception(hosts, client->socket, join_fault(err), "join-room", NULL);
    return false;
}

void hosts_enter(struct host_client *client, struct slice room, bool wants_stats, bool is_silent) {
    struct buf json = {0};

    if (!enter(client, room))
        return;
    if (wants_stats)
        hosts_stats_join(client, room);
    if (is_silent)
        return;
    text_add_json(&json, room);
    tell_room(client->hosts, &room, 1, "user-joined", client->socket, buf_slice(&json));
    buf_free(&json);
}

/* True when the room was entered at once; else it was refused, or takes time. */
static bool join_one(struct host_client *client, struct slice room, const struct wish *wish) {
    struct hosts *hosts = client->hosts;
    struct slice name;

    if (hosts_is_feedback_room(room, &name) &&
        (wish->has_after || hosts->world.config->feedback_access != ACCESS_OPEN)) {
        if (text_is_identity(room, HOSTS_ROOM_MAX))
            hosts_ticket_start(client, room, wish->has_after ? &wish->after : NULL,
                               wish->wants_stats);
        else
            hosts_exception(hosts, client->socket, join_fault(EINVAL), "join-room", NULL);
        return false;
    }
    return enter(client, room);
}

static void join_all(struct host_client *client, const struct wish *wish) {
    struct hosts *hosts = client->hosts;
    struct slice rest = wish->rooms, item;
    size_t most = (size_t)hosts->world.config->rooms_per_client;
    struct buf *names = mem_alloc_array(most, sizeof *names);
    struct slice *rooms = mem_alloc_array(most, sizeof *rooms);
    unsigned count = 0, entered = 0;
    bool is_array = json_kind(rest) == JSON_KIND_ARRAY;
    struct buf told = {0}; /* the rooms that were entered, in the shape of the wish */

    if (is_array) {
        rest = json_inside(rest);
        buf_add_byte(&told, '[');
    }
    while (count < most && json_next_item(&rest, &item)) {
        struct buf name = room_name(item);

        if (join_one(client, buf_slice(&name), wish)) {
            if (entered > 0)
                buf_add_byte(&told, ',');
            write_room(&told, item, buf_slice(&name));
            names[entered] = name;
            rooms[entered++] = buf_slice(&name);
            if (wish->wants_stats)
                hosts_stats_join(client, buf_slice(&name));
        } else {
            buf_free(&name);
        }
        count++;
    }
    if (is_array)
        buf_add_byte(&told, ']');
    tell_room(hosts, rooms, entered, "user-joined", client->socket, buf_slice(&told));
    buf_free(&told);
    for (unsigned i = 0; i < entered; i++)
        buf_free(&names[i]);
    mem_free(names);
    mem_free(rooms);
}

static void read_options(struct host_client *client, struct slice object, struct wish *wish) {
    struct hosts *hosts = client->hosts;
    struct buf locale = hosts_text(json_member(object, "locale"));
    enum locale chosen;

    wish->rooms = json_member(object, "room");
    wish->has_after = json_to_count(json_member(object, "after"), &wish->after);
    wish->wants_stats = json_kind(json_member(object, "stats")) == JSON_KIND_TRUE;
    if (locale_find(buf_slice(&locale), &chosen)) {
        client->locale = (uint8_t)chosen;
        hosts->is_multilingual |= (int)chosen != hosts->world.config->feedback_locale;
    }
    buf_free(&locale);
}

void hosts_on_join(void *arg, struct sio_socket *socket, const struct sio_event *event) {
    struct hosts *hosts = arg;
    struct host_client *client = sio_data(socket);
    struct slice rest = event->args, first = SLICE_NONE;
    struct wish wish = {0};

    json_next_item(&rest, &first);
    wish.rooms = first;
    if (!hosts_may_join_more(client)) {
        hosts->counters.limited++;
        hosts_exception(hosts, socket, "Too many requests", "join-room", event);
        return;
    }
    if (json_kind(first) == JSON_KIND_OBJECT)
        read_options(client, first, &wish);
    switch (json_kind(wish.rooms)) {
    case JSON_KIND_STRING:
    case JSON_KIND_NUMBER:
    case JSON_KIND_ARRAY:
        join_all(client, &wish);
        break;
    default:
        hosts_exception(hosts, socket, "room is required", "join-room", event);
    }
}

static void leave_one(struct hosts *hosts, struct sio_socket *socket, struct slice json) {
    struct buf name = room_name(json);
    struct slice room = buf_slice(&name);
    struct buf told = {0};

    write_room(&told, json, room);
    hosts_forget_expired(sio_data(socket), room);
    if (hosts_leave(socket, room) == 0)
        tell_room(hosts, &room, 1, "user-left", socket, buf_slice(&told));
    buf_free(&told);
    buf_free(&name);
}

void hosts_on_leave(void *arg, struct sio_socket *socket, const struct sio_event *event) {
    struct hosts *hosts = arg;
    struct slice rest = event->args, first = SLICE_NONE, item;

    if (!hosts_may_join_more(sio_data(socket))) {
        hosts->counters.limited++;
        hosts_exception(hosts, socket, "Too many requests", "leave-room", event);
        return;
    }
    json_next_item(&rest, &first);
    if (json_kind(first) == JSON_KIND_OBJECT)
        first = json_member(first, "room");
    rest = json_kind(first) == JSON_KIND_ARRAY ? json_inside(first) : first;
    while (json_next_item(&rest, &item))
        leave_one(hosts, socket, item);
}
