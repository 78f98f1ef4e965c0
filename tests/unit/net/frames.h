/* Frames as a client sends them. */
#ifndef TESTS_UNIT_NET_FRAMES_H
#define TESTS_UNIT_NET_FRAMES_H

#include "base/buf.h"
#include "wire/web/ws.h"

#include <string.h>

static inline void add_frame(struct buf *out, unsigned opcode, bool fin, const void *payload,
                             size_t n) {
    static const uint8_t mask[4] = {0x12, 0x9f, 0x00, 0xe4};
    uint8_t head[WS_HEAD_MAX];
    buf_add(out, head, ws_write_head(head, opcode, fin, n, mask));
    buf_add(out, payload, n);
    if (n > 0)
        ws_mask((uint8_t *)out->data + out->len - n, n, mask, 0);
}

static inline void add_text_frame(struct buf *out, unsigned opcode, const char *payload) {
    add_frame(out, opcode, true, payload, strlen(payload));
}

#endif
