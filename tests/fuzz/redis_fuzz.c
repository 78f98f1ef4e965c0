/* What comes by way of Redis: replies, and what others publish. The first byte says which. What is
 * read is written again, and then read as the same. */
#include "base/mem.h"
#include "base/text.h"
#include "wire/redis/resp.h"
#include "wire/redis/sio_peer.h"
#include "wire/web/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_reply(struct slice bytes) {
    enum { LIMIT = 1 << 20 };
    size_t used, used_of_part;
    enum resp_state state = resp_find(bytes, LIMIT, &used);
    if (state != RESP_WHOLE)
        return;
    require(used <= bytes.len);
    require(resp_find(slice_take(bytes, used - 1), LIMIT, &used_of_part) == RESP_MORE);
    struct slice rest = slice_take(bytes, used);
    struct resp_value value;
    while (resp_next(&rest, &value))
        require(value.kind <= RESP_ARRAY);
    require(rest.len == 0);
}

static void check_value(struct slice bytes) {
    struct buf json = {0}, again = {0}, packed = {0};
    struct msgpack_binaries binaries = {0}, binaries_again = {0};
    struct slice rest = bytes;
    if (msgpack_to_json(&json, &rest, &binaries)) {
        require(json_check(buf_slice(&json)) && text_is_utf8(buf_slice(&json)));
        msgpack_add_json(&packed, buf_slice(&json), binaries.parts, binaries.count);
        rest = buf_slice(&packed);
        require(msgpack_to_json(&again, &rest, &binaries_again) && rest.len == 0);
        if (binaries.count == 0)
            require(slice_is_equal(buf_slice(&json), buf_slice(&again)));
    }
    buf_free(&json);
    buf_free(&again);
    buf_free(&packed);
}

static void check_message(struct slice bytes, bool is_request) {
    struct sio_peer_message message;
    bool is_read = is_request ? sio_peer_read_request(bytes, &message)
                              : sio_peer_read_broadcast(bytes, &message);
    if (is_read && message.event) {
        struct buf out = {0};
        struct sio_peer_message again;
        sio_peer_write_broadcast(&out, &(struct sio_peer_event){
                                           .uid = slice_from(message.uid),
                                           .nsp = slice_from(message.nsp),
                                           .event = slice_from(message.event),
                                           .args = buf_slice(&message.args),
                                           .binaries = message.binaries.parts,
                                           .binary_count = message.binaries.count,
                                           .rooms = message.rooms.names,
                                           .room_count = message.rooms.count,
                                       });
        require(sio_peer_read_broadcast(buf_slice(&out), &again));
        require(again.rooms.count == message.rooms.count);
        require(strcmp(again.event, message.event) == 0);
        sio_peer_free(&again);
        buf_free(&out);
    }
    sio_peer_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct slice bytes = slice_of(data + 1, size - 1);
    switch (data[0]) {
    case 'r':
        check_reply(bytes);
        break;
    case 'v':
        check_value(bytes);
        break;
    case 'q':
        check_message(bytes, true);
        break;
    default:
        check_message(bytes, false);
        break;
    }
    return 0;
}
