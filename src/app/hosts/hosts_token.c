#include "app/hosts/hosts_token.h"

#include "app/accounts/access.h"
#include "app/config/config.h"
#include "base/text.h"
#include "meeting/feedback.h"
#include "outside/livekit/livekit_info.h"
#include "wire/web/jwt.h"

static bool is_host(const json_t *claims) {
    struct livekit_person person;
    livekit_read_person(&person, jwt_text(claims, "metadata"));
    json_decref(person.document);
    return person.is_host;
}

/* LiveKit itself must let the token into the room. A participant who may change their own metadata
 * may have made themselves host and been given a genuine, refreshed token that says so. */
static const char *livekit_fault(const json_t *claims) {
    const json_t *video = json_object_get(claims, "video");
    if (jwt_text(claims, "sub").len == 0 || !json_is_true(json_object_get(video, "roomJoin")) ||
        !text_is_identity(jwt_text(video, "room"), FEEDBACK_NAME_MAX))
        return "Invalid token: it joins no room";
    if (json_is_true(json_object_get(video, "canUpdateOwnMetadata")))
        return "Forbidden: a participant who may change his own metadata is no proven host";
    if (!is_host(claims))
        return "Forbidden: the token does not say host";
    return NULL;
}

/* Of the two verdicts on a token, the one about its time says more than that of the wrong key. */
static const char *verify(struct host_token *token, const struct config *config, struct slice text,
                          int64_t now_s) {
    enum jwt_fault livekit = jwt_verify(text, config->livekit_keys, config->livekit_key_count,
                                        now_s, JWT_LEEWAY_S, &token->claims);
    if (livekit == JWT_OK) {
        token->is_livekit = true;
        return livekit_fault(token->claims);
    }
    struct access_holder holder;
    enum jwt_fault ours = access_verify(config, text, now_s, &token->claims, &holder);
    if (ours == JWT_OK) {
        token->user_id = holder.user_id;
        token->family_id = holder.family_id;
        return NULL;
    }
    enum jwt_fault fault = ours == JWT_EXPIRED || ours == JWT_NOT_YET ? ours : livekit;
    return fault == JWT_EXPIRED   ? "Token expired"
           : fault == JWT_NOT_YET ? "Token not valid yet: is a clock wrong?"
                                  : "Invalid token";
}

const char *host_token_read(struct host_token *token, const struct config *config,
                            struct slice text, int64_t now_s) {
    *token = (struct host_token){0};
    const char *fault = verify(token, config, text, now_s);
    if (fault) {
        host_token_free(token);
        return fault;
    }
    if (token->is_livekit)
        token->room = jwt_text(json_object_get(token->claims, "video"), "room");
    token->until_s = (int64_t)json_number_value(json_object_get(token->claims, "exp"));
    return NULL;
}

void host_token_free(struct host_token *token) {
    json_decref(token->claims);
    token->claims = NULL;
}
