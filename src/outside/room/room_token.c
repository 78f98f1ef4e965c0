#include "outside/room/room_token.h"

#include "wire/web/jwt.h"

static json_t *text_json(struct slice text) {
    return json_stringn(text.len ? text.ptr : "", text.len);
}

void room_token_write(struct buf *out, struct slice key, struct slice secret, struct slice room,
                      struct slice identity, int64_t now_s) {
    json_t *grants = json_pack("{s:b, s:o, s:b, s:b, s:b, s:b, s:b}", "roomJoin", 1, "room",
                               text_json(room), "canSubscribe", 1, "canPublish", 0,
                               "canPublishData", 0, "hidden", 1, "recorder", 1);
    json_t *claims =
        json_pack("{s:o, s:o, s:I, s:I, s:s, s:o}", "iss", text_json(key), "sub",
                  text_json(identity), "nbf", (json_int_t)(now_s - ROOM_TOKEN_BACKDATE_S), "exp",
                  (json_int_t)(now_s + ROOM_TOKEN_LIFE_S), "kind", "egress", "video", grants);
    jwt_sign(out, claims, secret);
    json_decref(claims);
}
