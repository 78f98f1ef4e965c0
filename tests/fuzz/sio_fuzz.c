/* A packet that parses is written again and parses to the same. */
#include "wire/web/sio.h"

#include "base/text.h"
#include "wire/web/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_list(const struct sio_packet *packet) {
    struct slice rest = packet->args, item;
    unsigned count = 0;

    while (json_next_item(&rest, &item)) {
        require(json_check(item));
        count++;
    }
    require(count == packet->argc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sio_packet packet, again;
    struct buf out = {0};

    if (!text_is_utf8(slice_of(data, size)) || !sio_parse(slice_of(data, size), &packet))
        return 0;
    if (packet.is_too_deep)
        return 0;
    require(packet.attachments <= SIO_ATTACHMENTS_MAX);
    require(packet.nsp.len > 0 && packet.nsp.ptr[0] == '/');
    check_list(&packet);
    sio_write_head(&out, packet.type, packet.attachments, packet.nsp,
                   packet.has_id ? &packet.id : NULL);
    buf_add_slice(&out, packet.json);
    if (packet.name.len > 0 || packet.argc > 0 || packet.type == SIO_ACK ||
        packet.type == SIO_BINARY_ACK) {
        buf_add_byte(&out, '[');
        buf_add_slice(&out, packet.name);
        if (packet.name.len > 0 && packet.argc > 0)
            buf_add_byte(&out, ',');
        buf_add_slice(&out, packet.args);
        buf_add_byte(&out, ']');
    }
    require(sio_parse(buf_slice(&out), &again));
    require(again.type == packet.type && again.attachments == packet.attachments);
    require(again.has_id == packet.has_id && again.id == packet.id && again.argc == packet.argc);
    require(slice_is_equal(again.nsp, packet.nsp) && slice_is_equal(again.name, packet.name));
    buf_free(&out);
    return 0;
}
