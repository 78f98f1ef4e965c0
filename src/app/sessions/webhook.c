#include "app/sessions/webhook.h"

#include "app/rest/bearer.h"
#include "app/rest/body.h"
#include "app/rest/routes.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/http/http_server.h"
#include "outside/livekit/livekit_info.h"
#include "wire/web/json_read.h"
#include "wire/web/jwt.h"

enum { SEEN_MAX = 8192, EVENT_ID_MAX = 128 };

struct webhook {
    struct webhook_settings set;
    struct webhook_stats stats;
    struct map seen; /* event id -> itself in `ids` */
    char *ids[SEEN_MAX];
    size_t next_id;
};

/* ---- Is it from LiveKit? ---- */

/* For logs and metrics; and the answer to the sender. Those about clocks name the likely cause. */
static const struct {
    const char *name, *answer;
} faults[] = {
    [WEBHOOK_MISSING] = {"missing", "The webhook is not signed (LIVEKIT_WEBHOOK_VERIFY)"},
    [WEBHOOK_MALFORMED] = {"malformed", "The webhook's token is malformed"},
    [WEBHOOK_UNKNOWN_KEY] = {"unknown_key", "The webhook is signed with a key that is not "
                                            "configured (LIVEKIT_API_KEY, LIVEKIT_KEYS)"},
    [WEBHOOK_BAD_SIGNATURE] = {"bad_signature",
                               "The webhook's signature is wrong: the secret differs"},
    [WEBHOOK_EXPIRED] = {"expired", "The webhook's token has expired: it is old, LiveKit's clock "
                                    "is behind, or ours is ahead"},
    [WEBHOOK_NOT_YET] = {"not_yet", "The webhook's token is not valid yet: LiveKit's clock is "
                                    "ahead, or ours is behind"},
    [WEBHOOK_OTHER_BODY] = {"other_body", "The webhook's token was made for another body"},
};

static const enum webhook_fault from_jwt[] = {
    [JWT_OK] = WEBHOOK_OK,
    [JWT_MALFORMED] = WEBHOOK_MALFORMED,
    [JWT_BAD_ALGORITHM] = WEBHOOK_MALFORMED,
    [JWT_UNKNOWN_KEY] = WEBHOOK_UNKNOWN_KEY,
    [JWT_BAD_SIGNATURE] = WEBHOOK_BAD_SIGNATURE,
    [JWT_NO_EXPIRY] = WEBHOOK_MALFORMED,
    [JWT_EXPIRED] = WEBHOOK_EXPIRED,
    [JWT_NOT_YET] = WEBHOOK_NOT_YET,
};

enum webhook_fault webhook_check(struct slice token, struct slice body, const struct jwt_key *keys,
                                 size_t key_count, int64_t now_s) {
    if (!token.len)
        return WEBHOOK_MISSING;
    json_t *claims = NULL;
    enum webhook_fault fault =
        from_jwt[jwt_verify(token, keys, key_count, now_s, JWT_LEEWAY_S, &claims)];
    if (fault == WEBHOOK_OK && !jwt_covers(claims, body))
        fault = WEBHOOK_OTHER_BODY;
    json_decref(claims);
    return fault;
}

/* ---- Repeated events ---- */

static bool is_repeated(struct webhook *webhook, struct slice id) {
    if (!id.len || id.len > EVENT_ID_MAX)
        return false;
    if (map_find(&webhook->seen, id))
        return true;
    char **slot = &webhook->ids[webhook->next_id++ % SEEN_MAX];
    if (*slot)
        map_remove(&webhook->seen, slice_from(*slot));
    mem_free(*slot);
    *slot = slice_copy_text(id);
    map_set(&webhook->seen, id, *slot);
    return false;
}

/* ---- What follows from an event ---- */

enum event_kind {
    EVENT_OTHER,
    EVENT_ROOM_STARTED,
    EVENT_ROOM_FINISHED,
    EVENT_PARTICIPANT_SEEN,
    EVENT_PARTICIPANT_LEFT,
    EVENT_TRACK_PUBLISHED,
    EVENT_TRACK_UNPUBLISHED,
    EVENT_EGRESS
};

/* An event without a name is a room that started: the old backend's clients send that. */
static enum event_kind kind_of(struct slice name) {
    static const struct {
        const char *name;
        enum event_kind kind;
    } kinds[] = {
        {"", EVENT_ROOM_STARTED},
        {"room_started", EVENT_ROOM_STARTED},
        {"room_created", EVENT_ROOM_STARTED},
        {"room_finished", EVENT_ROOM_FINISHED},
        {"room_ended", EVENT_ROOM_FINISHED},
        {"room_deleted", EVENT_ROOM_FINISHED},
        {"participant_joined", EVENT_PARTICIPANT_SEEN},
        {"participant_updated", EVENT_PARTICIPANT_SEEN},
        {"participant_left", EVENT_PARTICIPANT_LEFT},
        {"participant_connection_aborted", EVENT_PARTICIPANT_LEFT},
        {"track_published", EVENT_TRACK_PUBLISHED},
        {"track_unpublished", EVENT_TRACK_UNPUBLISHED},
        {"egress_started", EVENT_EGRESS},
        {"egress_updated", EVENT_EGRESS},
        {"egress_ended", EVENT_EGRESS},
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (slice_is_equal(name, slice_from(kinds[i].name)))
            return kinds[i].kind;
    return EVENT_OTHER;
}

static int64_t created_ms(const json_t *event, int64_t now_ms) {
    const json_t *value = json_object_get(event, "createdAt");
    uint64_t seconds = 0;
    if (json_is_integer(value) && json_integer_value(value) > 0)
        seconds = (uint64_t)json_integer_value(value);
    else
        slice_to_uint(body_text(event, "createdAt"), INT64_MAX, &seconds);
    return seconds && seconds < INT64_MAX / 1000 ? (int64_t)seconds * 1000 : now_ms;
}

static void take_track(struct webhook *webhook, const json_t *event, enum event_kind kind,
                       const struct session *session) {
    struct livekit_participant participant;
    struct livekit_track track;
    livekit_read_participant(&participant, json_object_get(event, "participant"));
    livekit_read_track(&track, json_object_get(event, "track"));
    const struct webhook_listener *listener = webhook->set.listener;
    if (session) {
        sessions_track_seen(webhook->set.sessions, session, participant.identity, &track,
                            kind == EVENT_TRACK_PUBLISHED);
        listener->on_track(session, participant.identity, &track, kind == EVENT_TRACK_PUBLISHED,
                           listener->user);
    }
}

/* A recorder's comings and goings say nothing about the meeting: our own would keep it alive. */
static void take_participant(struct webhook *webhook, const json_t *event, enum event_kind kind,
                             const struct livekit_room *room, const struct session_event *when) {
    struct livekit_participant participant;
    livekit_read_participant(&participant, json_object_get(event, "participant"));
    if (livekit_is_recorder(&participant))
        return;
    const struct session *session = sessions_room_seen(webhook->set.sessions, room, when);
    if (!session)
        return;
    if (kind == EVENT_PARTICIPANT_LEFT)
        sessions_participant_left(webhook->set.sessions, session, &participant);
    else
        sessions_participant_seen(webhook->set.sessions, session, &participant);
    const struct webhook_listener *listener = webhook->set.listener;
    listener->on_participant(session, participant.identity, listener->user);
}

static void webhook_dispatch(struct webhook *webhook, const json_t *event, enum event_kind kind,
                             const struct session_event *when) {
    struct sessions *sessions = webhook->set.sessions;
    struct livekit_room room;
    struct livekit_egress egress;
    livekit_read_room(&room, json_object_get(event, "room"));

    switch (kind) {
    case EVENT_ROOM_STARTED:
        sessions_room_started(sessions, &room, when);
        return;
    case EVENT_ROOM_FINISHED:
        sessions_room_finished(sessions, &room, when);
        return;
    case EVENT_PARTICIPANT_SEEN:
    case EVENT_PARTICIPANT_LEFT:
        take_participant(webhook, event, kind, &room, when);
        return;
    case EVENT_TRACK_PUBLISHED:
    case EVENT_TRACK_UNPUBLISHED:
        take_track(webhook, event, kind, sessions_room_seen(sessions, &room, when));
        return;
    case EVENT_EGRESS:
        livekit_read_egress(&egress, json_object_get(event, "egressInfo"));
        webhook->set.listener->on_egress(&egress, webhook->set.listener->user);
        return;
    case EVENT_OTHER:
        webhook->stats.unknown++;
        return;
    }
}

void webhook_take(struct webhook *webhook, const json_t *event, bool is_signed, int64_t now_ms) {
    struct slice name = body_text(event, "event");
    struct session_event when = {created_ms(event, now_ms), is_signed};

    webhook->stats.received++;
    webhook->stats.last_s = (uint64_t)(now_ms / 1000);
    if (is_repeated(webhook, body_text(event, "id"))) {
        webhook->stats.duplicates++;
        return;
    }
    int64_t told_ms = is_signed ? created_ms(event, 0) : 0;
    if (told_ms > 0)
        webhook->set.listener->on_time(told_ms, webhook->set.listener->user);
    log_debug("webhook", "event", log_slice("event", name));
    webhook_dispatch(webhook, event, kind_of(name), &when);
}

/* ---- The route ---- */

static bool has_json(const struct http_request *req) {
    return body_type_is(req, "application/webhook+json") || body_type_is(req, "application/json");
}

static void webhook_on_post(struct http_request *req, const struct route_match *match, void *user) {
    struct webhook *webhook = user;
    struct slice body = req->body;
    int64_t now_ms = clock_wall_ms();

    enum webhook_fault fault =
        webhook_check(bearer_or_bare_token(req->head), body, webhook->set.keys,
                      webhook->set.key_count, now_ms / 1000);
    if (fault && webhook->set.is_required) {
        webhook->stats.refused[fault]++;
        log_limited(LOG_WARN, 1, faults[fault].name, "webhook", "refused",
                    log_text("peer", req->peer));
        http_respond_error(req, 401, faults[fault].answer);
        return;
    }

    if (!body_check_charset(req))
        return;
    json_t *event = has_json(req) && body.len ? json_read(body) : json_object();
    if (!json_is_object(event)) {
        webhook->stats.not_json++;
        http_respond_error(req, 400, "The webhook's body is not a JSON object");
    } else {
        webhook_take(webhook, event, fault == WEBHOOK_OK, now_ms);
        http_respond(req, 204, NULL, SLICE_NONE);
    }
    json_decref(event);
}

/* Who has a valid token is LiveKit, or has seen one of its webhooks: the body shows which. Until
 * then it has its place before strangers. */
static void webhook_on_head(struct http_request *req, const struct route_match *match, void *user) {
    const struct webhook *webhook = user;
    json_t *claims = NULL;
    if (jwt_verify(bearer_or_bare_token(req->head), webhook->set.keys, webhook->set.key_count,
                   clock_wall_ms() / 1000, JWT_LEEWAY_S, &claims) == JWT_OK)
        http_vouch(req, BUDGET_SIGNED);
    json_decref(claims);
}

void webhook_add_routes(struct webhook *webhook, struct routes *routes) {
    const struct route rows[] = {
        {"POST", "/livekit/webhook", webhook_on_post, webhook->set.body_limit_bytes,
         webhook_on_head},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), webhook);
}

struct webhook *webhook_new(const struct webhook_settings *set) {
    struct webhook *webhook = mem_alloc(sizeof *webhook);
    webhook->set = *set;
    map_init(&webhook->seen, rand_u64());
    return webhook;
}

void webhook_free(struct webhook *webhook) {
    if (!webhook)
        return;
    for (size_t i = 0; i < SEEN_MAX; i++)
        mem_free(webhook->ids[i]);
    map_free(&webhook->seen);
    mem_free(webhook);
}

const struct webhook_stats *webhook_stats(const struct webhook *webhook) {
    return &webhook->stats;
}

static const char *webhook_refusal_name(unsigned index) {
    return faults[WEBHOOK_OK + 1 + index].name;
}

#define AT(member) offsetof(struct webhook_stats, member)

static const struct counter counters[] = {
    {"prosa_webhooks_total", "Webhooks taken.", COUNTER_SUM, AT(received)},
    {"prosa_webhook_last_timestamp_seconds", "Unix time of the last webhook taken.", COUNTER_GAUGE,
     AT(last_s)},
    {"prosa_webhooks_repeated_total", "Webhooks that came again.", COUNTER_SUM, AT(duplicates)},
    {"prosa_webhooks_unknown_total", "Webhooks of kinds that mean nothing.", COUNTER_SUM,
     AT(unknown)},
    {"prosa_webhooks_refused_total", "Webhooks refused.", COUNTER_SUM, AT(refused[WEBHOOK_OK + 1]),
     .label = "cause", .count = WEBHOOK_FAULTS - 1, .value_of = webhook_refusal_name},
    {"prosa_webhooks_refused_total", NULL, COUNTER_SUM, AT(not_json), .label = "cause",
     .value = "not_json"},
};

const struct counter_table webhook_counters = {counters, ARRAY_LEN(counters)};
