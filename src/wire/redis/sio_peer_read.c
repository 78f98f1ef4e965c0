#include "base/mem.h"
#include "wire/redis/sio_peer.h"
#include "wire/web/json.h"

#include <string.h>

enum { EVENT_NAME_MAX = 256, ID_MAX = 128, TIMEOUT_MAX_MS = 10 * 60 * 1000 };

static void names_free(struct sio_peer_names *names) {
    for (unsigned i = 0; i < names->count; i++)
        mem_free((void *)(uintptr_t)names->names[i].ptr);
    mem_free(names->names);
}

void sio_peer_free(struct sio_peer_message *message) {
    mem_free(message->uid);
    mem_free(message->request_id);
    mem_free(message->nsp);
    mem_free(message->event);
    buf_free(&message->args);
    names_free(&message->rooms);
    names_free(&message->except);
    names_free(&message->moves);
    *message = (struct sio_peer_message){0};
}

/* The text of a string, or of a number; NULL for other values. */
static char *read_text(struct slice json, size_t *len) {
    struct buf text = {0};
    enum json_kind kind = json_kind(json);
    if (kind == JSON_KIND_STRING)
        json_unquote(&text, json);
    else if (kind == JSON_KIND_NUMBER)
        buf_add_slice(&text, json);
    else
        return NULL;
    *len = text.len;
    return buf_take_text(&text);
}

/* A text without zero bytes and of bounded length. */
static bool read_id(struct slice json, size_t max, char **out) {
    size_t len;
    char *text = read_text(json, &len);
    if (!text || len > max || strlen(text) != len) {
        mem_free(text);
        return false;
    }
    mem_free(*out);
    *out = text;
    return true;
}

static bool add_name(struct sio_peer_names *list, struct slice json) {
    size_t len;
    char *text = read_text(json, &len);
    if (!text || list->count == SIO_PEER_NAMES_MAX) {
        mem_free(text);
        return false;
    }
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 4;
        list->names = mem_resize(list->names, list->cap * sizeof *list->names);
    }
    list->names[list->count++] = slice_of(text, len);
    return true;
}

/* A list of names, or one; what is absent or null is none. */
static bool read_names(struct slice json, struct sio_peer_names *out) {
    enum json_kind kind = json_kind(json);
    if (kind == JSON_KIND_NONE || kind == JSON_KIND_NULL)
        return true;
    if (kind != JSON_KIND_ARRAY)
        return add_name(out, json);
    struct slice rest = json_inside(json), item;
    while (json_next_item(&rest, &item)) {
        if (!add_name(out, item))
            return false;
    }
    return true;
}

static bool read_opts(struct slice opts, struct sio_peer_message *out) {
    if (json_kind(opts) != JSON_KIND_OBJECT)
        return false;
    struct slice flags = json_member(opts, "flags");
    uint64_t timeout_ms;
    out->is_volatile = json_kind(json_member(flags, "volatile")) == JSON_KIND_TRUE;
    if (json_to_count(json_member(flags, "timeout"), &timeout_ms))
        out->timeout_ms = timeout_ms < TIMEOUT_MAX_MS ? (int64_t)timeout_ms : TIMEOUT_MAX_MS;
    return read_names(json_member(opts, "rooms"), &out->rooms) &&
           read_names(json_member(opts, "except"), &out->except);
}

static bool read_packet(struct slice packet, struct sio_peer_message *out) {
    uint64_t type;
    struct slice data = json_member(packet, "data"), nsp = json_member(packet, "nsp"), name;
    if (json_kind(packet) != JSON_KIND_OBJECT || json_kind(data) != JSON_KIND_ARRAY ||
        !json_to_count(json_member(packet, "type"), &type) || (type != 2 && type != 5))
        return false;
    if (json_kind(nsp) != JSON_KIND_NONE && !read_id(nsp, EVENT_NAME_MAX, &out->nsp))
        return false;
    struct slice rest = json_inside(data);
    if (!json_next_item(&rest, &name) || !read_id(name, EVENT_NAME_MAX, &out->event))
        return false;
    buf_add_slice(&out->args, rest);
    return true;
}

/* A missing uid is none; it is compared with one's own alone. */
static bool read_uid(struct slice json, struct sio_peer_message *out) {
    enum json_kind kind = json_kind(json);
    return kind == JSON_KIND_NONE || kind == JSON_KIND_NULL || read_id(json, ID_MAX, &out->uid);
}

static void begin(struct sio_peer_message *out) {
    *out = (struct sio_peer_message){.uid = mem_copy_text(""), .nsp = mem_copy_text("/")};
}

static bool end(struct sio_peer_message *out, bool is_good) {
    if (!is_good)
        sio_peer_free(out);
    return is_good;
}

static bool is_message(struct slice json, struct sio_peer_message *out) {
    struct slice rest = json_inside(json), uid, packet, opts;
    out->type = SIO_PEER_BROADCAST;
    return json_kind(json) == JSON_KIND_ARRAY && json_next_item(&rest, &uid) &&
           json_next_item(&rest, &packet) && json_next_item(&rest, &opts) && read_uid(uid, out) &&
           read_packet(packet, out) && read_opts(opts, out);
}

bool sio_peer_is_from(struct slice payload, struct slice uid) {
    struct msgpack_item item;
    return msgpack_next(&payload, &item) && item.kind == MSGPACK_ARRAY &&
           msgpack_next(&payload, &item) && item.kind == MSGPACK_TEXT &&
           slice_is_equal(item.bytes, uid);
}

bool sio_peer_read_broadcast(struct slice payload, struct sio_peer_message *out) {
    struct buf json = {0};
    begin(out);
    bool is_good = msgpack_to_json(&json, &payload, &out->binaries) && payload.len == 0 &&
                   is_message(buf_slice(&json), out);
    buf_free(&json);
    return end(out, is_good);
}

/* ---- Requests ---- */

static bool is_request(struct slice json, struct sio_peer_message *out) {
    uint64_t type;
    struct slice id = json_member(json, "requestId"), opts = json_member(json, "opts");
    struct slice rooms = json_member(json, "rooms");
    if (!json_to_count(json_member(json, "type"), &type) || type > SIO_PEER_BROADCAST ||
        !read_uid(json_member(json, "uid"), out))
        return false;
    out->type = (enum sio_peer_type)type;
    if (json_kind(id) != JSON_KIND_NONE && !read_id(id, ID_MAX, &out->request_id))
        return false;
    if (json_kind(opts) != JSON_KIND_NONE && !read_opts(opts, out))
        return false;
    out->closes = json_kind(json_member(json, "close")) == JSON_KIND_TRUE;
    switch (out->type) {
    case SIO_PEER_SOCKETS:
        return read_names(rooms, &out->rooms);
    case SIO_PEER_JOIN:
    case SIO_PEER_LEAVE:
        return json_kind(opts) == JSON_KIND_OBJECT && read_names(rooms, &out->moves);
    case SIO_PEER_DISCONNECT:
    case SIO_PEER_FETCH:
        return json_kind(opts) == JSON_KIND_OBJECT;
    case SIO_PEER_BROADCAST:
        return out->request_id && json_kind(opts) == JSON_KIND_OBJECT &&
               read_packet(json_member(json, "packet"), out);
    default:
        return true;
    }
}

bool sio_peer_read_request(struct slice payload, struct sio_peer_message *out) {
    struct buf json = {0};
    begin(out);
    bool is_good;
    if (slice_has_prefix(payload, SLICE("{"))) {
        is_good = json_check(payload) && is_request(payload, out);
    } else {
        is_good = msgpack_to_json(&json, &payload, &out->binaries) && payload.len == 0 &&
                  is_request(buf_slice(&json), out);
    }
    buf_free(&json);
    return end(out, is_good);
}

/* ---- Channels ---- */

bool sio_peer_read_channel(struct slice channel, struct slice prefix, struct slice nsp,
                           struct slice *room) {
    const struct slice parts[] = {prefix, SLICE("#"), nsp, SLICE("#")};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!slice_has_prefix(channel, parts[i]))
            return false;
        channel = slice_skip(channel, parts[i].len);
    }
    *room = slice_take(channel, channel.len > 0 ? channel.len - 1 : 0);
    return channel.len == 0 || channel.ptr[channel.len - 1] == '#';
}
