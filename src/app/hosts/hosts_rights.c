/*
 * Who may hear feedback (docs/socketio.md). A right comes from a token: one of LiveKit's, for a host who cannot have made
 * himself one, in the room of an active session, to the end of that session; or one of ours, for the meetings of
 * organizations that its user is a member of now, until it expires.
 */
#include "app/accounts/access.h"
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store.h"
#include "wire/web/json.h"
#include "wire/web/jwt.h"

#include <string.h>

enum { WARN_MS = 60 * 1000, LIMIT_MAX_MS = 24 * 3600 * 1000 };

static int64_t now_s(void) {
    return clock_wall_ms() / 1000;
}

static void right_free(struct host_right *right) {
    timer_stop(&right->limit);
    list_remove(&right->node);
    right->client->right_count--;
    mem_free(right->room);
    mem_free(right->meeting_id);
    mem_free(right->user_id);
    mem_free(right->family_id);
    mem_free(right);
}

void hosts_rights_end(struct host_client *client) {
    while (!list_is_empty(&client->rights))
        right_free(CONTAINER_OF(client->rights.next, struct host_right, node));
}

const struct session *hosts_find_session(const struct hosts *hosts, struct slice name) {
    const struct session *session = sessions_find(hosts->world.sessions, name);

    return session ? session : sessions_find_active(hosts->world.sessions, name);
}

bool hosts_is_alias(const struct hosts *hosts, struct slice room_name, struct slice meeting_id) {
    const struct session *session = hosts_find_session(hosts, room_name);

    return hosts->world.config->feedback_access != ACCESS_HOST || !session ||
           slice_is_equal(slice_from(session->meeting_id), meeting_id);
}

/* A LiveKit right takes hold of the session that is active in its room. */
static void take_hold(struct host_right *right) {
    const struct session *session;

    if (right->meeting_id || right->until_s + JWT_LEEWAY_S <= now_s())
        return;
    session = sessions_find_active(right->client->hosts->world.sessions, slice_from(right->room));
    if (session)
        right->meeting_id = mem_copy_text(session->meeting_id);
}

static enum host_verdict judge_right(struct host_right *right, const struct session *session,
                                     struct slice name) {
    if (!right->is_livekit)
        return right->until_s > now_s() ? HOST_ASK : HOST_NO;
    take_hold(right);
    if (right->meeting_id)
        return session && session->is_active && strcmp(session->meeting_id, right->meeting_id) == 0
                   ? HOST_YES
                   : HOST_NO;
    return !session && slice_is_equal(name, slice_from(right->room)) &&
                   right->until_s + JWT_LEEWAY_S > now_s()
               ? HOST_WAIT
               : HOST_NO;
}

enum host_verdict hosts_judge(struct host_client *client, struct slice name) {
    const struct session *session = hosts_find_session(client->hosts, name);
    enum host_verdict best = HOST_NO;

    LIST_EACH(&client->rights, node) {
        struct host_right *right = CONTAINER_OF(node, struct host_right, node);
        enum host_verdict verdict = judge_right(right, session, name);

        if (verdict == HOST_YES)
            return HOST_YES;
        if (verdict == HOST_ASK || best == HOST_NO)
            best = verdict;
    }
    return best;
}

bool hosts_had_stats(const struct buf *rooms, struct slice name) {
    struct slice rest = buf_slice(rooms), room, of;

    while (slice_cut(&rest, 0, &room)) {
        if (hosts_is_stats_room(room, &of) && slice_is_equal(of, name))
            return true;
    }
    return false;
}

void hosts_forget_expired(struct host_client *client, struct slice room) {
    struct buf rooms = client->expired;
    struct slice rest = buf_slice(&rooms), kept;

    client->expired = (struct buf){0};
    while (slice_cut(&rest, 0, &kept)) {
        if (slice_is_equal(kept, room))
            continue;
        buf_add_slice(&client->expired, kept);
        buf_add_byte(&client->expired, 0);
    }
    buf_free(&rooms);
}

void hosts_come_back(struct host_client *client) {
    struct buf rooms = client->expired;
    struct slice rest = buf_slice(&rooms), room, name;

    client->expired = (struct buf){0};
    while (slice_cut(&rest, 0, &room)) {
        if (hosts_is_feedback_room(room, &name))
            hosts_ticket_return(client, room, NULL, hosts_had_stats(&rooms, name));
    }
    buf_free(&rooms);
}

static bool is_uncovered(struct host_client *client, struct slice room) {
    struct slice name;

    return (hosts_is_feedback_room(room, &name) || hosts_is_stats_room(room, &name)) &&
           hosts_judge(client, name) == HOST_NO;
}

/* Keeps in mind which rooms are about to be left. */
static void note_expired(struct host_client *client) {
    struct slice room;

    if (!client->socket || client->hosts->world.config->feedback_access != ACCESS_HOST)
        return;
    for (unsigned i = 0; sio_room_at(client->socket, i, &room); i++) {
        if (!is_uncovered(client, room))
            continue;
        buf_add_slice(&client->expired, room);
        buf_add_byte(&client->expired, 0);
    }
}

/* Leaves every feedback room that no right covers any more. */
static void leave_uncovered(struct host_client *client) {
    struct slice room, name;
    unsigned i = 0;

    if (!client->socket || client->hosts->world.config->feedback_access != ACCESS_HOST)
        return;
    while (sio_room_at(client->socket, i, &room)) {
        if (hosts_is_feedback_room(room, &name) && hosts_judge(client, name) == HOST_NO) {
            struct buf copy = {0};

            buf_add_slice(&copy, room);
            hosts_leave(client->socket, buf_slice(&copy));
            buf_free(&copy);
            i = 0;
        } else {
            i++;
        }
    }
}

static void tell(struct host_client *client, const char *message) {
    if (client->socket)
        hosts_exception(client->hosts, client->socket, message, "authenticate", NULL);
}

static void start_limit(struct host_right *right);

static void on_limit(void *arg) {
    struct host_right *right = arg;
    struct host_client *client = right->client;
    int64_t left_ms = right->until_s * 1000 - clock_wall_ms();

    if (left_ms <= 0) {
        client->hosts->counters.rights_expired++;
        right_free(right);
        note_expired(client);
        leave_uncovered(client);
        tell(client, "The token has expired: send a new one with authenticate");
        return;
    }
    if (left_ms <= WARN_MS && !right->is_warned) {
        right->is_warned = true;
        tell(client, "The token expires soon: send a new one with authenticate");
    }
    start_limit(right);
}

static void start_limit(struct host_right *right) {
    int64_t wait_ms = right->until_s * 1000 - clock_wall_ms() - (right->is_warned ? 0 : WARN_MS);

    if (wait_ms < 1)
        wait_ms = 1;
    if (wait_ms > LIMIT_MAX_MS)
        wait_ms = LIMIT_MAX_MS;
    timer_start(right->client->hosts->world.loop, &right->limit, wait_ms, 0, on_limit, right);
}

static struct host_right *right_new(struct host_client *client, int64_t until_s) {
    struct host_right *right;

    if (client->right_count >= HOSTS_RIGHTS_MAX)
        right_free(CONTAINER_OF(client->rights.next, struct host_right, node));
    right = mem_alloc(sizeof *right);
    right->client = client;
    right->until_s = until_s;
    list_add(&client->rights, &right->node);
    client->right_count++;
    client->hosts->counters.rights_granted++;
    return right;
}

static int64_t expiry_s(const json_t *claims) {
    return (int64_t)json_number_value(json_object_get(claims, "exp"));
}

static bool is_host(const json_t *claims) {
    struct livekit_person person;
    bool is;

    livekit_read_person(&person, jwt_text(claims, "metadata"));
    is = person.is_host;
    json_decref(person.document);
    return is;
}

/* A token that LiveKit would let into the room. Who may change his own metadata may have made himself host and been
 * given a genuine, refreshed token that says so. */
static const char *take_livekit(struct host_client *client, const json_t *claims) {
    const json_t *video = json_object_get(claims, "video");
    struct slice room = jwt_text(video, "room");

    if (jwt_text(claims, "sub").len == 0 || !json_is_true(json_object_get(video, "roomJoin")) ||
        !text_is_identity(room, FEEDBACK_NAME_MAX))
        return "Invalid token: it joins no room";
    if (json_is_true(json_object_get(video, "canUpdateOwnMetadata")))
        return "Forbidden: a participant who may change his own metadata is no proven host";
    if (!is_host(claims))
        return "Forbidden: the token does not say host";
    LIST_EACH(&client->rights, node) {
        struct host_right *old = CONTAINER_OF(node, struct host_right, node);

        if (old->is_livekit && slice_is_equal(slice_from(old->room), room))
            right_free(old);
    }
    struct host_right *right = right_new(client, expiry_s(claims));
    right->is_livekit = true;
    right->room = slice_copy_text(room);
    take_hold(right);
    return NULL;
}

/* A token of ours; one for the same user renews the right. */
static const char *take_ours(struct host_client *client, const json_t *claims,
                             const struct access_holder *holder) {
    struct host_right *right = NULL;

    LIST_EACH(&client->rights, node) {
        struct host_right *old = CONTAINER_OF(node, struct host_right, node);

        if (!old->is_livekit && slice_is_equal(slice_from(old->user_id), holder->user_id))
            right = old;
    }
    if (right) {
        right->until_s = expiry_s(claims);
        right->is_warned = false;
        mem_free(right->family_id);
    } else {
        right = right_new(client, expiry_s(claims));
        right->user_id = slice_copy_text(holder->user_id);
    }
    right->family_id = slice_copy_text(holder->family_id);
    start_limit(right);
    return NULL;
}

static enum jwt_fault verify_livekit(const struct config *config, struct slice token,
                                     json_t **claims) {
    struct jwt_key *keys = mem_alloc_array(config->livekit_key_count, sizeof *keys);
    enum jwt_fault fault;

    for (size_t i = 0; i < config->livekit_key_count; i++) {
        keys[i].issuer = slice_from(config->livekit_keys[i].key);
        keys[i].secret = slice_from(config->livekit_keys[i].secret);
    }
    fault = jwt_verify(token, keys, config->livekit_key_count, now_s(), JWT_LEEWAY_S, claims);
    mem_free(keys);
    return fault;
}

static const char *fault_text(enum jwt_fault fault) {
    switch (fault) {
    case JWT_EXPIRED:
        return "Token expired";
    case JWT_NOT_YET:
        return "Token not valid yet: is a clock wrong?";
    default:
        return "Invalid token";
    }
}

const char *hosts_take_token(struct host_client *client, struct slice token) {
    const struct config *config = client->hosts->world.config;
    json_t *claims = NULL;
    const char *answer;
    enum jwt_fault fault = verify_livekit(config, token, &claims);

    if (fault == JWT_OK) {
        answer = take_livekit(client, claims);
    } else {
        struct access_holder holder;
        enum jwt_fault ours = access_verify(config, token, now_s(), &claims, &holder);

        if (ours == JWT_OK)
            answer = take_ours(client, claims, &holder);
        else
            answer = fault_text(ours == JWT_EXPIRED || ours == JWT_NOT_YET ? ours : fault);
    }
    json_decref(claims);
    return answer;
}

void hosts_on_authenticate(void *arg, struct sio_socket *socket, const struct sio_event *event) {
    struct hosts *hosts = arg;
    struct slice rest = event->args, first = SLICE_NONE;
    struct buf token;
    const char *fault;

    json_next_item(&rest, &first);
    token = hosts_text(json_kind(first) == JSON_KIND_OBJECT ? json_member(first, "token") : first);
    if (!hosts_may_join_more(sio_data(socket)))
        fault = "Too many requests";
    else if (token.len == 0)
        fault = "token is required";
    else
        fault = hosts_take_token(sio_data(socket), buf_slice(&token));
    /* The payload holds a secret: it is not repeated. */
    if (fault)
        hosts_exception(hosts, socket, fault, "authenticate", NULL);
    else
        sio_ack(socket, event, SLICE("{\"ok\":true}"));
    if (!fault)
        hosts_come_back(sio_data(socket));
    buf_free(&token);
}

const struct host_right *hosts_find_user(const struct host_client *client) {
    LIST_EACH(&client->rights, node) {
        const struct host_right *right = CONTAINER_OF(node, struct host_right, node);

        if (!right->is_livekit && right->until_s > now_s())
            return right;
    }
    return NULL;
}

/*
 * A room's name means another meeting from now on, or none: who listens under it by a right that does not
 * reach as far is out before anything more is said there. Whose the new meeting is, the store may not know
 * yet; its members join again.
 */
static void leave_name(struct hosts *hosts, const struct session *session) {
    struct slice name = slice_from(session->room_name);
    struct buf room = {0};

    if (hosts->world.config->feedback_access != ACCESS_HOST ||
        slice_is_equal(name, slice_from(session->meeting_id)))
        return;
    buf_printf(&room, "feedback:%s", session->room_name);
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);

        if (!client->socket || !sio_is_in(client->socket, buf_slice(&room)) ||
            hosts_judge(client, name) == HOST_YES)
            continue;
        hosts_leave(client->socket, buf_slice(&room));
        hosts_exception(hosts, client->socket,
                        "Forbidden: the meeting in this room is over, join again for the next",
                        "join-room", NULL);
    }
    buf_free(&room);
}

void hosts_session_started(struct hosts *hosts, const struct session *session) {
    hosts_adopt_meeting(hosts, session);
    if (hosts_find_session(hosts, slice_from(session->room_name)) == session)
        leave_name(hosts, session);
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);

        if (client->socket)
            hosts_tickets_wake(client, session);
    }
}

void hosts_session_ended(struct hosts *hosts, const struct session *session) {
    LIST_EACH(&hosts->clients, node) {
        struct host_client *client = CONTAINER_OF(node, struct host_client, node);
        bool has_lost = false;

        LIST_EACH(&client->rights, entry) {
            struct host_right *right = CONTAINER_OF(entry, struct host_right, node);

            if (right->is_livekit && right->meeting_id &&
                strcmp(right->meeting_id, session->meeting_id) == 0) {
                right_free(right);
                has_lost = true;
            }
        }
        if (has_lost)
            leave_uncovered(client);
    }
    if (!hosts_find_session(hosts, slice_from(session->room_name)))
        leave_name(hosts, session);
}
