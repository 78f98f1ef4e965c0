/*
 * The access token of a recorder: hidden, subscribing, of kind EGRESS, which holds no room open, is
 * counted by nobody, and may hear everybody. Pure.
 */
#ifndef OUTSIDE_ROOM_TOKEN_H
#define OUTSIDE_ROOM_TOKEN_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    ROOM_TOKEN_LIFE_S = 600, /* it is used at once, and each attempt has its own */
    ROOM_TOKEN_BACKDATE_S = 60
};

/* Appends it. `key` and `secret` are those of LiveKit's API; now_s is Unix time. */
void room_token_write(struct buf *out, struct slice key, struct slice secret, struct slice room,
                      struct slice identity, int64_t now_s);

#endif
