#include "wire/redis/sio_peer.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

enum { EVENT_PACKET = 2 };

static void add_key(struct buf *out, const char *key) {
    msgpack_add_text(out, slice_from(key));
}

static void add_names(struct buf *out, const char *key, const struct slice *names, unsigned count) {
    add_key(out, key);
    msgpack_open_array(out, count);
    for (unsigned i = 0; i < count; i++)
        msgpack_add_text(out, names[i]);
}

/* The event's name and arguments, as one array. */
static void add_data(struct buf *out, const struct sio_peer_event *event) {
    struct buf json = {0};
    json_open_array(&json, NULL);
    json_add_text(&json, NULL, event->event);
    if (event->args.len > 0)
        json_add_raw(&json, NULL, event->args);
    json_close_array(&json);
    msgpack_add_json(out, buf_slice(&json), event->binaries, event->binary_count);
    buf_free(&json);
}

void sio_peer_write_broadcast(struct buf *out, const struct sio_peer_event *event) {
    msgpack_open_array(out, 3);
    msgpack_add_text(out, event->uid);
    msgpack_open_map(out, 3);
    add_key(out, "type");
    msgpack_add_uint(out, EVENT_PACKET);
    add_key(out, "data");
    add_data(out, event);
    add_key(out, "nsp");
    msgpack_add_text(out, event->nsp);
    msgpack_open_map(out, 3);
    add_names(out, "rooms", event->rooms, event->room_count);
    add_names(out, "except", event->except, event->except_count);
    add_key(out, "flags");
    msgpack_open_map(out, event->is_volatile);
    if (event->is_volatile) {
        add_key(out, "volatile");
        msgpack_add_bool(out, true);
    }
}

void sio_peer_write_channel(struct buf *out, struct slice prefix,
                            const struct sio_peer_event *event) {
    buf_printf(out, "%.*s#%.*s#", SLICE_ARG(prefix), SLICE_ARG(event->nsp));
    if (event->room_count != 1)
        return;
    buf_add_slice(out, event->rooms[0]);
    buf_add_byte(out, '#');
}

/* ---- Answers ---- */

void sio_peer_open_answer(struct buf *out, const char *request_id) {
    json_open(out, NULL);
    json_add_text(out, "requestId", slice_from(request_id));
}

void sio_peer_write_count(struct buf *out, const char *request_id, unsigned clients) {
    json_open(out, NULL);
    json_add_int(out, "type", SIO_PEER_COUNT);
    json_add_text(out, "requestId", slice_from(request_id));
    json_add_uint(out, "clientCount", clients);
    json_close(out);
}

void sio_peer_write_ack(struct buf *out, const char *request_id, struct slice args,
                        const struct slice *binaries, unsigned count) {
    struct slice first;
    msgpack_open_map(out, 3);
    add_key(out, "type");
    msgpack_add_uint(out, SIO_PEER_ACK);
    add_key(out, "requestId");
    msgpack_add_text(out, slice_from(request_id));
    add_key(out, "packet");
    if (json_next_item(&args, &first))
        msgpack_add_json(out, first, binaries, count);
    else
        msgpack_add_nil(out);
}
