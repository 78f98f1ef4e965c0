/*
 * Who may hear feedback (docs/socketio.md). A right comes from a token: one of LiveKit's, for the
 * session that is active in its room, to the end of that session; or one of ours, for the meetings
 * of organizations that its user is a member of now, until it expires.
 */
#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/hosts/hosts_token.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "outside/store/store_verdict.h"
#include "wire/web/json.h"
#include "wire/web/jwt.h"

#include <string.h>

enum { WARN_MS = 60 * 1000, LIMIT_MAX_MS = 24 * 3600 * 1000 };

static int64_t now_s(void) {
    return clock_wall_ms() / 1000;
}

/* ---- Names of meetings ---- */

const struct session *hosts_find_session(const struct hosts *hosts, struct slice name) {
    const struct sessions *sessions = hosts->settings.sessions;
    const struct session *session = sessions_find(sessions, name);
    return session ? session : sessions_find_active(sessions, name);
}

bool hosts_is_alias(const struct hosts *hosts, struct slice room_name, struct slice meeting_id) {
    const struct session *session = hosts_find_session(hosts, room_name);
    return hosts->settings.config->feedback_access != ACCESS_HOST || !session ||
           slice_is_equal(slice_from(session->meeting_id), meeting_id);
}

/* ---- Judging ---- */

static bool is_valid(const struct host_right *right) {
    return right->until_s + (right->is_livekit ? JWT_LEEWAY_S : 0) > now_s();
}

static bool has_session(const struct host_right *right, const struct session *session) {
    return right->is_livekit && right->meeting_id &&
           strcmp(right->meeting_id, session->meeting_id) == 0;
}

/* While its token is valid, a LiveKit right is bound to the newest session of its room. */
static void bind_to_session(struct host_right *right) {
    if (!is_valid(right))
        return;
    const struct session *session =
        sessions_find_active(right->client->hosts->settings.sessions, slice_from(right->room));
    if (session)
        slice_replace_text(&right->meeting_id, slice_from(session->meeting_id));
}

static void bind_rights(struct host_client *client, struct slice room) {
    LIST_EACH(&client->rights, node) {
        struct host_right *right = CONTAINER_OF(node, struct host_right, node);
        if (right->is_livekit && slice_is_equal(slice_from(right->room), room))
            bind_to_session(right);
    }
}

static enum host_verdict judge_livekit(struct host_right *right, const struct session *session,
                                       struct slice name) {
    bind_to_session(right);
    if (session && session->is_active)
        return has_session(right, session) ? HOST_YES : HOST_NO;
    return is_valid(right) && slice_is_equal(name, slice_from(right->room)) ? HOST_WAIT : HOST_NO;
}

static enum host_verdict judge_page(const struct host_right *right, const struct session *session,
                                    struct slice name) {
    bool is_its = slice_is_equal(name, slice_from(right->meeting_id)) ||
                  (session && strcmp(session->meeting_id, right->meeting_id) == 0);
    return is_its && is_valid(right) ? HOST_YES : HOST_NO;
}

enum host_verdict hosts_judge(struct host_client *client, struct slice name) {
    const struct session *session = hosts_find_session(client->hosts, name);
    enum host_verdict best = HOST_NO;

    LIST_EACH(&client->rights, node) {
        struct host_right *right = CONTAINER_OF(node, struct host_right, node);
        enum host_verdict verdict = right->is_page      ? judge_page(right, session, name)
                                    : right->is_livekit ? judge_livekit(right, session, name)
                                    : is_valid(right)   ? HOST_ASK
                                                        : HOST_NO;
        if (verdict == HOST_YES)
            return HOST_YES;
        if (verdict == HOST_ASK || best == HOST_NO)
            best = verdict;
    }
    return best;
}

const struct host_right *hosts_find_user(const struct host_client *client) {
    LIST_EACH(&client->rights, node) {
        const struct host_right *right = CONTAINER_OF(node, struct host_right, node);
        if (!right->is_livekit && !right->is_page && is_valid(right))
            return right;
    }
    return NULL;
}

bool hosts_has_valid_right(const struct host_client *client) {
    LIST_EACH(&client->rights, node) {
        if (is_valid(CONTAINER_OF(node, struct host_right, node)))
            return true;
    }
    return false;
}

/* ---- Rights begin and expire ---- */

static void right_free(struct host_right *right) {
    timer_stop(&right->limit);
    list_remove(&right->node);
    right->client->right_count--;
    mem_free(right->id);
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

static void tell(struct host_client *client, const char *message) {
    if (client->socket)
        hosts_exception(client, message, "authenticate", NULL);
}

static void start_limit(struct host_right *right);

static void hosts_on_limit(void *arg) {
    struct host_right *right = arg;
    struct host_client *client = right->client;
    int64_t left_ms = right->until_s * 1000 - clock_wall_ms();

    if (left_ms <= 0) {
        right_free(right);
        if (client->is_stream) {
            hosts_stream_expired(client);
            return;
        }
        hosts_leave_expired(client);
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
    timer_start(right->client->hosts->settings.loop, &right->limit, wait_ms, 0, hosts_on_limit,
                right);
}

static struct host_right *right_new(struct host_client *client) {
    if (client->right_count >= HOSTS_RIGHTS_MAX)
        right_free(CONTAINER_OF(client->rights.next, struct host_right, node));
    struct host_right *right = mem_alloc(sizeof *right);
    right->client = client;
    list_add(&client->rights, &right->node);
    client->right_count++;
    return right;
}

static void take_livekit(struct host_client *client, const struct host_token *token) {
    LIST_EACH(&client->rights, node) {
        struct host_right *old = CONTAINER_OF(node, struct host_right, node);
        if (old->is_livekit && slice_is_equal(slice_from(old->room), token->room))
            right_free(old);
    }
    struct host_right *right = right_new(client);
    right->is_livekit = true;
    right->until_s = token->until_s;
    right->room = slice_copy_text(token->room);
    bind_to_session(right);
}

/* A token for the same user renews the right. */
static void take_ours(struct host_client *client, const struct host_token *token) {
    struct host_right *right = NULL;
    LIST_EACH(&client->rights, node) {
        struct host_right *old = CONTAINER_OF(node, struct host_right, node);
        if (!old->is_livekit && !old->is_page &&
            slice_is_equal(slice_from(old->user_id), token->user_id))
            right = old;
    }
    if (!right) {
        right = right_new(client);
        right->user_id = slice_copy_text(token->user_id);
    }
    slice_replace_text(&right->family_id, token->family_id);
    right->until_s = token->until_s;
    right->is_warned = false;
    start_limit(right);
}

void hosts_take_page(struct host_client *client, const struct store_right *row) {
    struct host_right *right = right_new(client);
    right->is_page = true;
    right->id = slice_copy_text(row->id);
    right->meeting_id = slice_copy_text(row->meeting_id);
    right->until_s = row->expires_ms / 1000;
    start_limit(right);
}

const char *hosts_take_token(struct host_client *client, struct slice text) {
    struct host_token token;
    const char *fault = host_token_read(&token, client->hosts->settings.config, text, now_s());
    if (fault)
        return fault;
    if (token.is_livekit)
        take_livekit(client, &token);
    else
        take_ours(client, &token);
    host_token_free(&token);
    if (client->socket)
        sio_vouch(client->socket, BUDGET_HOST);
    return NULL;
}

void hosts_on_authenticate(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct host_client *client = sio_data(socket);
    struct slice rest = event->args, first = SLICE_NONE;
    json_next_item(&rest, &first);
    bool is_object = json_kind(first) == JSON_KIND_OBJECT;
    struct buf token = hosts_text(is_object ? json_member(first, "token") : first);

    const char *fault = !hosts_may_join_more(client) ? "Too many requests"
                        : token.len == 0             ? "token is required"
                                                     : hosts_take_token(client, buf_slice(&token));
    buf_free(&token);
    if (fault) { /* without its data: the token is a secret */
        hosts_exception(client, fault, "authenticate", NULL);
        return;
    }
    sio_ack(socket, event, SLICE("{\"ok\":true}"));
    hosts_join_again(client, &client->expired, NULL);
}

/* ---- Sessions start and end ---- */

void hosts_session_started(struct hosts *hosts, const struct session *session) {
    struct slice name = slice_from(session->room_name);
    hosts_adopt_meeting(hosts, session);
    if (hosts_find_session(hosts, name) == session) {
        LIST_EACH(&hosts->clients, node) {
            bind_rights(CONTAINER_OF(node, struct host_client, node), name);
        }
        hosts_review_room(hosts, session->room_name);
    }
    hosts_tickets_wake(hosts, session);
    hosts_streams_started(hosts, session);
}

void hosts_session_stored(struct hosts *hosts, const struct session *session) {
    hosts_tickets_wake(hosts, session);
    hosts_streams_stored(hosts, session);
}

/* A valid token is good for the next session of its room, too. */
static void unbind(struct host_client *client, const struct session *session) {
    LIST_EACH(&client->rights, node) {
        struct host_right *right = CONTAINER_OF(node, struct host_right, node);
        if (!has_session(right, session))
            continue;
        mem_free(right->meeting_id);
        right->meeting_id = NULL;
        if (!is_valid(right))
            right_free(right);
    }
}

void hosts_session_ended(struct hosts *hosts, const struct session *session) {
    hosts_streams_ended(hosts, session);
    LIST_EACH(&hosts->clients, node) {
        unbind(CONTAINER_OF(node, struct host_client, node), session);
    }
    hosts_review_room(hosts, session->meeting_id);
    if (!hosts_find_session(hosts, slice_from(session->room_name)))
        hosts_review_room(hosts, session->room_name);
}
