/* A recorder's token: what LiveKit reads in it. */
#include "base/buf.h"
#include "outside/room/room_token.h"
#include "unit.h"
#include "wire/web/jwt.h"

static void a_token_says_hidden_recorder(void **state) {
    const struct jwt_key key = {SLICE("key"), SLICE("secret")};
    struct buf token = {0};
    json_t *claims = NULL;
    room_token_write(&token, key.issuer, key.secret, SLICE("sala\nA"), SLICE("prosa-1"), 1000);
    assert_int_equal(jwt_verify(buf_slice(&token), &key, 1, 1000, 0, &claims), JWT_OK);
    assert_slice_equal(jwt_text(claims, "iss"), "key");
    assert_slice_equal(jwt_text(claims, "sub"), "prosa-1");
    assert_slice_equal(jwt_text(claims, "kind"), "egress");
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 1000 + ROOM_TOKEN_LIFE_S);
    assert_int_equal(json_integer_value(json_object_get(claims, "nbf")),
                     1000 - ROOM_TOKEN_BACKDATE_S);
    const json_t *grants = json_object_get(claims, "video");
    assert_string_equal(json_string_value(json_object_get(grants, "room")), "sala\nA");
    static const char *const granted[] = {"roomJoin", "canSubscribe", "hidden", "recorder"};
    for (size_t i = 0; i < sizeof granted / sizeof *granted; i++)
        assert_true(json_is_true(json_object_get(grants, granted[i])));
    assert_true(json_is_false(json_object_get(grants, "canPublish")));
    assert_true(json_is_false(json_object_get(grants, "canPublishData")));
    json_decref(claims);
    buf_free(&token);
}

RUN_TESTS(TEST(a_token_says_hidden_recorder))
