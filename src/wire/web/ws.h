/* The WebSocket codec (RFC 6455), both roles: bytes in, events out. Payload is unmasked in place
 * and delivered as it arrives; only a control frame that arrives in pieces is copied. Fed whole or
 * byte by byte, it gives the same messages. */
#ifndef WIRE_WS_H
#define WIRE_WS_H

#include "base/slice.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_role { WS_SERVER, WS_CLIENT };

enum ws_opcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xA,
};

/* The close codes of section 7.4 that this program uses. */
enum ws_close_code {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_NO_STATUS = 1005, /* a close frame without payload; never on the wire */
    WS_CLOSE_ABNORMAL = 1006,  /* the connection ended without a close frame; never on the wire */
    WS_CLOSE_BAD_DATA = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
    WS_CLOSE_TRY_LATER = 1013,
};

enum {
    WS_CONTROL_MAX = 125, /* payload of a control frame */
    WS_HEAD_MAX = 14,     /* longest frame head */
};

enum ws_event_type {
    WS_EVENT_NONE, /* all bytes are used, nothing to report */
    WS_EVENT_DATA, /* a piece of a text or binary message */
    WS_EVENT_PING, /* whole, answer with the same payload */
    WS_EVENT_PONG, /* whole; any payload counts as alive */
    /* Code (WS_CLOSE_NO_STATUS without one), and the reason in payload; nothing may follow. */
    WS_EVENT_CLOSE,
    WS_EVENT_BAD, /* the peer broke the protocol: close with code; nothing more is parsed */
};

struct ws_event {
    enum ws_event_type type;
    enum ws_opcode opcode; /* DATA: WS_TEXT or WS_BINARY, of the message the piece belongs to */
    bool first;            /* DATA: the message starts with this piece */
    bool last;             /* DATA: the message ends with this piece (which may be empty) */
    uint16_t code;         /* CLOSE, BAD */
    /* Points into the bytes given to ws_parse, or into the parser; valid until the next call. */
    struct slice payload;
    const char *why; /* BAD: a short English reason, for the log */
};

/* Private, but plain data: may live inside other structs. */
struct ws_parser {
    uint64_t max_message_bytes;
    uint64_t message_bytes; /* of the current message, announced so far */
    uint64_t left;          /* payload bytes of the current frame not yet seen */
    struct text_utf8 utf8;
    uint8_t mask[4];
    uint8_t mask_phase;
    uint8_t role;
    uint8_t state;
    uint8_t opcode;         /* of the current frame */
    uint8_t message_opcode; /* of the unfinished message, 0 when there is none */
    bool fin;
    bool message_started; /* a piece of the current message has been handed out */
    uint8_t head_n, head_need;
    uint8_t control_n;
    uint8_t head[WS_HEAD_MAX];
    uint8_t control[WS_CONTROL_MAX];
};

/* role is our own: a server demands masked frames, a client unmasked ones. */
void ws_parser_init(struct ws_parser *parser, enum ws_role role, uint64_t max_message_bytes);

/* Parses up to the next event and returns how many bytes it used; call again with the rest until
 * WS_EVENT_NONE (then all were used). After CLOSE or BAD further calls use everything and report
 * nothing. */
size_t ws_parse(struct ws_parser *parser, uint8_t *bytes, size_t n, struct ws_event *event);

/* XORs n bytes with the mask, which starts at phase (0..3); returns the phase after them. */
uint8_t ws_mask(uint8_t *bytes, size_t n, const uint8_t mask[4], uint8_t phase);

/* Writes a frame head; mask NULL = unmasked. Returns its length (2..14). */
size_t ws_write_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, bool fin,
                     uint64_t payload_bytes, const uint8_t *mask);

/* Writes a control frame, payload cut at 125 bytes; returns its length. mask NULL = unmasked. */
size_t ws_write_control(uint8_t out[WS_HEAD_MAX + WS_CONTROL_MAX], enum ws_opcode opcode,
                        struct slice payload, const uint8_t *mask);

/* Writes a close frame; code 0 or WS_CLOSE_NO_STATUS = empty payload. The reason is cut at a
 * character boundary. */
size_t ws_write_close(uint8_t out[WS_HEAD_MAX + WS_CONTROL_MAX], uint16_t code, struct slice reason,
                      const uint8_t *mask);

/* Whether a peer may send this code (7.4.1, 7.4.2). */
bool ws_close_code_is_valid(uint16_t code);

#endif
