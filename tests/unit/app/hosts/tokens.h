/* Tokens as LiveKit and we sign them, for the tests of hosts_token and hosts_rights. */
#ifndef TESTS_TOKENS_H
#define TESTS_TOKENS_H

#include "app/accounts/access.h"
#include "app/config/config.h"
#include "base/buf.h"
#include "unit.h"
#include "wire/web/jwt.h"

#define HOST_METADATA "{\"role\":\"host\"}"

static struct jwt_key livekit_keys[] = {
    {SLICE("devkey"), SLICE("devsecret-devsecret-devsecret-0123")},
};
static const struct access_holder user = {SLICE("user"), SLICE("organization"), SLICE("family")};

/* The settings that both kinds of token need. */
static inline struct config config_with_keys(int access) {
    return (struct config){
        .jwt_access_secret = "the-secret-of-today-0123456789",
        .jwt_access_ttl_s = 900,
        .livekit_keys = livekit_keys,
        .livekit_key_count = 1,
        .feedback_access = access,
    };
}

/* One of LiveKit's: `video` is the JSON of its grant. */
static inline struct buf livekit_token(const char *video, const char *metadata, int64_t exp_s) {
    struct buf text = {0};
    json_error_t error;
    json_t *grant = json_loads(video, 0, &error);
    assert_non_null(grant);
    json_t *claims =
        json_pack("{s:s, s:s, s:s, s:o, s:I}", "iss", livekit_keys[0].issuer.ptr, "sub", "ana", "metadata",
                  metadata, "video", grant, "exp", (json_int_t)exp_s);
    assert_non_null(claims);
    jwt_sign(&text, claims, livekit_keys[0].secret);
    json_decref(claims);
    return text;
}

/* One of ours. */
static inline struct buf user_token(const struct config *config, int64_t now_s) {
    struct buf text = {0};
    access_sign(config, &user, now_s, &text);
    return text;
}

#endif
