#include "wire/web/ws.h"

#include <assert.h>
#include <string.h>

enum { STATE_HEAD, STATE_DATA, STATE_CONTROL, STATE_OVER };

enum {
    BIT_FIN = 0x80,
    BITS_RESERVED = 0x70,
    BITS_OPCODE = 0x0F,
    BIT_MASK = 0x80,
    BITS_LENGTH = 0x7F
};

/* ---- masking ---- */

typedef uint8_t bytes16 __attribute__((vector_size(16)));

uint8_t ws_mask(uint8_t *bytes, size_t n, const uint8_t mask[4], uint8_t phase) {
    uint8_t turned[16];
    for (size_t i = 0; i < sizeof turned; i++)
        turned[i] = mask[(phase + i) & 3];

    bytes16 wide;
    memcpy(&wide, turned, sizeof wide);
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        bytes16 a, b;
        memcpy(&a, bytes + i, sizeof a);
        memcpy(&b, bytes + i + 16, sizeof b);
        a ^= wide;
        b ^= wide;
        memcpy(bytes + i, &a, sizeof a);
        memcpy(bytes + i + 16, &b, sizeof b);
    }
    for (; i < n; i++)
        bytes[i] ^= turned[i & 3];
    return (uint8_t)((phase + n) & 3);
}

/* ---- parsing ---- */

void ws_parser_init(struct ws_parser *p, enum ws_role role, uint64_t max_message_bytes) {
    memset(p, 0, sizeof *p);
    p->role = (uint8_t)role;
    p->max_message_bytes = max_message_bytes;
    p->state = STATE_HEAD;
    p->head_need = 2;
}

static bool is_control(uint8_t opcode) {
    return opcode & 0x8;
}

static void bad(struct ws_parser *p, struct ws_event *event, uint16_t code, const char *why) {
    p->state = STATE_OVER;
    event->type = WS_EVENT_BAD;
    event->code = code;
    event->why = why;
}

static const char *check_first_byte(struct ws_parser *p, uint8_t b) {
    p->fin = b & BIT_FIN;
    p->opcode = b & BITS_OPCODE;
    if (b & BITS_RESERVED)
        return "reserved bits set";
    if (is_control(p->opcode)) {
        if (p->opcode > WS_PONG)
            return "unknown control opcode";
        return p->fin ? NULL : "fragmented control frame";
    }
    if (p->opcode > WS_BINARY)
        return "unknown data opcode";
    if (p->opcode == WS_CONTINUATION)
        return p->message_opcode ? NULL : "continuation without a message";
    return p->message_opcode ? "new message inside another" : NULL;
}

static const char *check_second_byte(struct ws_parser *p, uint8_t b) {
    bool is_masked = b & BIT_MASK;
    if (is_masked != (p->role == WS_SERVER))
        return is_masked ? "masked frame from a server" : "unmasked frame from a client";
    uint8_t length = b & BITS_LENGTH;
    if (is_control(p->opcode) && length > WS_CONTROL_MAX)
        return "control frame too long";
    uint8_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    p->head_need = (uint8_t)(2 + extended + (is_masked ? 4 : 0));
    return NULL;
}

static const char *read_length(struct ws_parser *p) {
    uint8_t length = p->head[1] & BITS_LENGTH;
    size_t at = 2;
    p->left = length;
    if (length >= 126) {
        size_t bytes = length == 126 ? 2 : 8;
        p->left = 0;
        for (; at < 2 + bytes; at++)
            p->left = p->left << 8 | p->head[at];
        if (p->left >> 63)
            return "length beyond 63 bits";
        if (p->left < (length == 126 ? UINT64_C(126) : UINT64_C(65536)))
            return "length not in its shortest form";
    }
    if (p->role == WS_SERVER)
        memcpy(p->mask, p->head + at, sizeof p->mask);
    p->mask_phase = 0;
    return NULL;
}

/* The head is complete: control payload or a part of a message follows. */
static void begin_frame(struct ws_parser *p, struct ws_event *event) {
    const char *why = read_length(p);
    if (why) {
        bad(p, event, WS_CLOSE_PROTOCOL, why);
        return;
    }
    p->head_n = 0;
    p->head_need = 2;
    if (is_control(p->opcode)) {
        p->control_n = 0;
        p->state = STATE_CONTROL;
        return;
    }
    if (p->opcode != WS_CONTINUATION) {
        p->message_opcode = p->opcode;
        p->message_bytes = 0;
        p->message_started = false;
        p->utf8 = (struct text_utf8){0};
    }
    if (p->left > p->max_message_bytes - p->message_bytes) {
        bad(p, event, WS_CLOSE_TOO_BIG, "message too big");
        return;
    }
    p->message_bytes += p->left;
    p->state = STATE_DATA;
}

static size_t parse_head(struct ws_parser *p, const uint8_t *bytes, size_t n,
                         struct ws_event *event) {
    size_t used = 0;
    while (used < n && p->head_n < p->head_need) {
        uint8_t b = bytes[used++];
        p->head[p->head_n++] = b;
        const char *why = NULL;
        if (p->head_n == 1)
            why = check_first_byte(p, b);
        else if (p->head_n == 2)
            why = check_second_byte(p, b);
        if (why) {
            bad(p, event, WS_CLOSE_PROTOCOL, why);
            return used;
        }
    }
    if (p->head_n == p->head_need)
        begin_frame(p, event);
    return used;
}

static void give_data(struct ws_parser *p, uint8_t *bytes, size_t n, struct ws_event *event) {
    bool last = p->fin && p->left == 0;
    if (p->message_opcode == WS_TEXT) {
        if (!text_utf8_feed(&p->utf8, slice_of(bytes, n)) ||
            (last && !text_utf8_is_complete(&p->utf8))) {
            bad(p, event, WS_CLOSE_BAD_DATA, "text is not UTF-8");
            return;
        }
    }
    event->type = WS_EVENT_DATA;
    event->opcode = p->message_opcode;
    event->first = !p->message_started;
    event->last = last;
    event->payload = slice_of(bytes, n);
    p->message_started = true;
    if (last)
        p->message_opcode = 0;
}

static size_t parse_data(struct ws_parser *p, uint8_t *bytes, size_t n, struct ws_event *event) {
    size_t used = p->left < n ? (size_t)p->left : n;
    if (p->role == WS_SERVER)
        p->mask_phase = ws_mask(bytes, used, p->mask, p->mask_phase);
    p->left -= used;
    if (p->left == 0)
        p->state = STATE_HEAD;
    if (used > 0 || (p->fin && p->left == 0))
        give_data(p, bytes, used, event);
    return used;
}

static void give_close(struct ws_parser *p, const uint8_t *payload, size_t n,
                       struct ws_event *event) {
    if (n == 0) {
        event->code = WS_CLOSE_NO_STATUS;
    } else {
        uint16_t code = n >= 2 ? (uint16_t)(payload[0] << 8 | payload[1]) : 0;
        if (!ws_close_code_is_valid(code)) {
            bad(p, event, WS_CLOSE_PROTOCOL, "invalid close code");
            return;
        }
        struct slice reason = {(const char *)payload + 2, n - 2};
        if (!text_is_utf8(reason)) {
            bad(p, event, WS_CLOSE_BAD_DATA, "close reason is not UTF-8");
            return;
        }
        event->code = code;
        event->payload = reason;
    }
    event->type = WS_EVENT_CLOSE;
    p->state = STATE_OVER;
}

static size_t parse_control(struct ws_parser *p, uint8_t *bytes, size_t n, struct ws_event *event) {
    size_t used = p->left < n ? (size_t)p->left : n;
    if (p->role == WS_SERVER)
        p->mask_phase = ws_mask(bytes, used, p->mask, p->mask_phase);
    p->left -= used;

    const uint8_t *payload = bytes;
    size_t payload_n = used;
    if (p->left > 0 || p->control_n > 0) {
        memcpy(p->control + p->control_n, bytes, used);
        p->control_n = (uint8_t)(p->control_n + used);
        payload = p->control;
        payload_n = p->control_n;
    }
    if (p->left > 0)
        return used;

    p->state = STATE_HEAD;
    if (p->opcode == WS_CLOSE) {
        give_close(p, payload, payload_n, event);
    } else {
        event->type = p->opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
        event->payload = slice_of(payload, payload_n);
    }
    return used;
}

size_t ws_parse(struct ws_parser *p, uint8_t *bytes, size_t n, struct ws_event *event) {
    size_t used = 0;
    memset(event, 0, sizeof *event);
    while (used < n && event->type == WS_EVENT_NONE) {
        if (p->state == STATE_OVER)
            return n;
        if (p->state == STATE_HEAD)
            used += parse_head(p, bytes + used, n - used, event);
        /* A frame without payload ends with its head, so its event comes in the same round. */
        if (p->state == STATE_DATA)
            used += parse_data(p, bytes + used, n - used, event);
        else if (p->state == STATE_CONTROL)
            used += parse_control(p, bytes + used, n - used, event);
    }
    return used;
}

/* ---- writing ---- */

size_t ws_write_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, bool fin,
                     uint64_t payload_bytes, const uint8_t *mask) {
    assert(payload_bytes >> 63 == 0);
    size_t n = 2;
    out[0] = (uint8_t)((fin ? BIT_FIN : 0) | opcode);
    if (payload_bytes < 126) {
        out[1] = (uint8_t)payload_bytes;
    } else {
        size_t bytes = payload_bytes < 65536 ? 2 : 8;
        out[1] = bytes == 2 ? 126 : 127;
        for (; n < 2 + bytes; n++)
            out[n] = (uint8_t)(payload_bytes >> 8 * (bytes + 1 - n));
    }
    if (mask) {
        out[1] |= BIT_MASK;
        memcpy(out + n, mask, 4);
        n += 4;
    }
    return n;
}

size_t ws_write_control(uint8_t out[WS_HEAD_MAX + WS_CONTROL_MAX], enum ws_opcode opcode,
                        struct slice payload, const uint8_t *mask) {
    size_t payload_n = payload.len < WS_CONTROL_MAX ? payload.len : WS_CONTROL_MAX;
    size_t n = ws_write_head(out, opcode, true, payload_n, mask);
    if (payload_n > 0)
        memcpy(out + n, payload.ptr, payload_n);
    if (mask)
        ws_mask(out + n, payload_n, mask, 0);
    return n + payload_n;
}

size_t ws_write_close(uint8_t out[WS_HEAD_MAX + WS_CONTROL_MAX], uint16_t code, struct slice reason,
                      const uint8_t *mask) {
    if (code == 0 || code == WS_CLOSE_NO_STATUS)
        return ws_write_control(out, WS_CLOSE, SLICE_NONE, mask);

    uint8_t payload[WS_CONTROL_MAX] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t n = reason.len;
    if (n > WS_CONTROL_MAX - 2) {
        n = WS_CONTROL_MAX - 2;
        while (n > 0 && ((uint8_t)reason.ptr[n] & 0xC0) == 0x80)
            n--;
    }
    if (n > 0)
        memcpy(payload + 2, reason.ptr, n);
    return ws_write_control(out, WS_CLOSE, slice_of(payload, n + 2), mask);
}

bool ws_close_code_is_valid(uint16_t code) {
    if (code >= 3000 && code <= 4999)
        return true;
    return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}
