#include "app/config/config.h"
#include "app/hosts/hosts_stream_private.h"
#include "app/rest/bearer.h"
#include "app/rest/refusal.h"
#include "app/rest/routes.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/blob.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/http/http_server.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <errno.h>
#include <string.h>

enum {
    BEAT_MS = 1000,
    ALIVE_MS = 15 * 1000, /* without an event */
    RETRY_MS = 1000,      /* and up to three times as much more */
};

/* ---- Channels ---- */

static void channel_join(struct hosts *hosts, struct host_stream *stream, struct slice name) {
    struct host_channel *channel = map_find(&hosts->channels, name);
    if (!channel) {
        channel = mem_alloc(sizeof *channel);
        channel->name = slice_copy_text(name);
        list_init(&channel->streams);
        map_set(&hosts->channels, name, channel);
    }
    stream->channel = channel;
    list_add(&channel->streams, &stream->in_channel);
    hosts->counters.streams++;
}

static void channel_leave(struct hosts *hosts, struct host_stream *stream) {
    struct host_channel *channel = stream->channel;
    list_remove(&stream->in_channel);
    hosts->counters.streams--;
    if (!list_is_empty(&channel->streams))
        return;
    map_remove(&hosts->channels, slice_from(channel->name));
    mem_free(channel->name);
    mem_free(channel);
}

typedef void stream_fn(struct host_stream *, const void *arg);

/* For each stream of a channel. Each may end, and with the last of them the channel; NULL is
 * fine. */
static void channel_each(struct host_channel *channel, stream_fn *fn, const void *arg) {
    struct list *node = channel ? channel->streams.next : NULL;
    while (node) {
        struct list *next = node->next == &channel->streams ? NULL : node->next;
        fn(CONTAINER_OF(node, struct host_stream, in_channel), arg);
        node = next;
    }
}

/* For the streams of a session, by its id and by its room's name. */
static void session_each(struct hosts *hosts, const struct session *session, stream_fn *fn) {
    struct slice id = slice_from(session->meeting_id), room = slice_from(session->room_name);
    channel_each(map_find(&hosts->channels, id), fn, session);
    if (!slice_is_equal(id, room))
        channel_each(map_find(&hosts->channels, room), fn, session);
}

static struct slice name_of(const struct host_stream *stream) {
    return slice_from(stream->channel->name);
}

struct slice host_stream_meeting(const struct host_stream *stream) {
    return stream->meeting_id ? slice_from(stream->meeting_id) : name_of(stream);
}

/* ---- Life ---- */

static void stream_free(struct host_stream *stream) {
    struct hosts *hosts = stream->client.hosts;
    if (stream->call)
        store_cancel(stream->call);
    host_stream_forget(stream);
    hosts_ask_end(&stream->ask);
    hosts_page_end(&stream->page);
    hosts_rights_end(&stream->client);
    timer_stop(&stream->pause);
    channel_leave(hosts, stream);
    mem_free(stream->meeting_id);
    mem_free(stream);
}

static void hosts_on_stream_abort(struct http_request *req) {
    stream_free(req->user);
}

bool host_stream_write(struct host_stream *stream, struct blob *piece) {
    const struct hosts *hosts = stream->client.hosts;
    http_body_write_piece(stream->req, piece);
    stream->written_ms = loop_now_ms(hosts->settings.loop);
    if (http_body_waiting(stream->req) <= hosts->settings.config->client_queue_bytes)
        return true;
    http_drop(stream->req);
    stream_free(stream);
    return false;
}

static bool stream_write_text(struct host_stream *stream, struct slice text) {
    struct blob *piece = http_piece_new(text);
    bool is_there = host_stream_write(stream, piece);
    blob_unref(piece);
    return is_there;
}

/* Without a reason the client comes back. */
static void stream_close(struct host_stream *stream) {
    http_body_end(stream->req);
    stream_free(stream);
}

void host_stream_end(struct host_stream *stream, const char *reason) {
    struct slice id = host_stream_meeting(stream);
    const struct session *session = hosts_find_session(stream->client.hosts, id);
    struct buf json = {0}, report = {0}, text = {0};
    json_open(&json, NULL);
    json_add_text(&json, "reason", slice_from(reason));
    json_add_text(&json, "meetingId", id);
    if (session && session->ended_ms)
        json_add_int(&json, "endedAt", session->ended_ms);
    if (strcmp(reason, "ended") == 0) {
        buf_add_text(&report, "/meetings/");
        url_encode(&report, id);
        buf_add_text(&report, "/report");
        json_add_text(&json, "report", buf_slice(&report));
    }
    json_close(&json);
    host_event_write(&text, "end", -1, buf_slice(&json));
    if (stream_write_text(stream, buf_slice(&text)))
        stream_close(stream);
    buf_free(&json);
    buf_free(&report);
    buf_free(&text);
}

/* ---- May it? ---- */

static void stream_open(struct host_stream *stream, bool is_waiting) {
    struct buf hello = {0};
    http_add_header(stream->req, "Cache-Control", SLICE("no-store, no-transform"));
    http_add_header(stream->req, "X-Accel-Buffering", SLICE("no"));
    http_respond_start(stream->req, 200, "text/event-stream; charset=utf-8", -1);
    buf_printf(&hello, "retry: %llu\n\n",
               (unsigned long long)(RETRY_MS + rand_below(3 * RETRY_MS)));
    stream->state = is_waiting ? STREAM_WAITING : STREAM_LOOKING;
    bool is_there = stream_write_text(stream, buf_slice(&hello));
    buf_free(&hello);
    if (is_there)
        host_stream_begin(stream);
}

static void stream_refuse(struct host_stream *stream, int status) {
    if (stream->state == STREAM_ASKING) {
        struct http_request *req = stream->req;
        stream_free(stream);
        refuse(req, status, status == 404 ? "Meeting not found" : NULL);
    } else if (status == 503) {
        stream_close(stream);
    } else {
        host_stream_end(stream, "forbidden");
    }
}

/* Applies FEEDBACK_ACCESS. `status` is what `host` would answer. */
static void stream_decide(struct host_stream *stream, int status, bool is_waiting) {
    struct hosts *hosts = stream->client.hosts;
    bool is_open = stream->state != STREAM_ASKING;
    if (status != 200 && hosts->settings.config->feedback_access == ACCESS_REPORT) {
        hosts->counters.joins_reported++;
        status = 200;
    }
    if (status != 200) {
        hosts->counters.joins_refused++;
        stream_refuse(stream, status);
    } else if (!is_open) {
        stream_open(stream, is_waiting);
    } else if (!is_waiting) {
        stream->state = STREAM_LOOKING;
        host_stream_begin(stream);
    }
}

static void hosts_on_stream_member(int err, void *user) {
    struct host_stream *stream = user;
    stream_decide(stream, err == 0 ? 200 : err == EAGAIN ? 503 : 404, false);
}

static void stream_judge(struct host_stream *stream) {
    struct hosts *hosts = stream->client.hosts;
    struct slice name = name_of(stream);
    const struct session *session = hosts_find_session(hosts, name);
    mem_free(stream->meeting_id);
    stream->meeting_id = session ? mem_copy_text(session->meeting_id) : NULL;
    if (hosts->settings.config->feedback_access == ACCESS_OPEN) {
        stream_decide(stream, 200, false);
        return;
    }
    enum host_verdict verdict = hosts_judge(&stream->client, name);
    if (verdict == HOST_ASK && session && !session->is_stored)
        stream_decide(stream, 200, true); /* until its organization is known */
    else if (verdict == HOST_ASK)
        hosts_ask_start(&stream->ask, &stream->client, name, hosts_on_stream_member, stream);
    else
        stream_decide(stream, verdict == HOST_NO ? 403 : 200, verdict == HOST_WAIT);
}

/* ---- The right while the stream goes on ---- */

void hosts_stream_expired(struct host_client *client) {
    struct host_stream *stream = CONTAINER_OF(client, struct host_stream, client);
    if (stream->state == STREAM_ASKING ||
        client->hosts->settings.config->feedback_access != ACCESS_HOST ||
        hosts_judge(client, name_of(stream)) != HOST_NO)
        return;
    host_stream_end(stream, "expired");
}

/* While the database is away the earlier answer holds. */
static void hosts_on_stream_recheck(int err, void *user) {
    struct host_stream *stream = user;
    stream->is_rechecked = false;
    if (err == ENOENT || err == ESRCH)
        host_stream_end(stream, "forbidden");
}

static void stream_recheck(struct host_stream *stream, struct slice user_id) {
    const struct host_right *right = hosts_find_user(&stream->client);
    if (stream->state < STREAM_LOOKING || stream->is_rechecked || !right ||
        (user_id.len > 0 && !slice_is_equal(slice_from(right->user_id), user_id)) ||
        hosts_judge(&stream->client, host_stream_meeting(stream)) != HOST_ASK)
        return;
    stream->is_rechecked = true;
    hosts_ask_start(&stream->ask, &stream->client, host_stream_meeting(stream),
                    hosts_on_stream_recheck, stream);
}

static void recheck_one(struct host_stream *stream, const void *user_id) {
    stream_recheck(stream, *(const struct slice *)user_id);
}

void hosts_streams_recheck(struct hosts *hosts, struct slice user_id) {
    MAP_EACH(&hosts->channels, at)
        channel_each(at.value, recheck_one, &user_id);
}

/* ---- Meetings begin and end ---- */

static void stream_judge_again(struct host_stream *stream) {
    if (stream->call)
        store_cancel(stream->call);
    stream->call = NULL;
    hosts_ask_end(&stream->ask);
    stream->is_rechecked = false;
    host_stream_forget(stream);
    timer_stop(&stream->pause);
    stream_judge(stream);
}

static void stream_on_started(struct host_stream *stream, const void *arg) {
    const struct session *session = arg;
    bool is_known = stream->meeting_id && strcmp(stream->meeting_id, session->meeting_id) == 0;
    if (!is_known && hosts_find_session(stream->client.hosts, name_of(stream)) == session)
        stream_judge_again(stream);
}

void hosts_streams_started(struct hosts *hosts, const struct session *session) {
    session_each(hosts, session, stream_on_started);
}

static void stream_on_stored(struct host_stream *stream, const void *session) {
    if (stream->state == STREAM_WAITING &&
        hosts_find_session(stream->client.hosts, name_of(stream)) == session)
        stream_judge_again(stream);
}

void hosts_streams_stored(struct hosts *hosts, const struct session *session) {
    session_each(hosts, session, stream_on_stored);
}

static void stream_on_ended(struct host_stream *stream, const void *arg) {
    const struct session *session = arg;
    if (stream->state >= STREAM_LOOKING && stream->meeting_id &&
        strcmp(stream->meeting_id, session->meeting_id) == 0)
        host_stream_end(stream, "ended");
}

void hosts_streams_ended(struct hosts *hosts, const struct session *session) {
    session_each(hosts, session, stream_on_ended);
}

/* ---- What is watched ---- */

static unsigned wanted_of(const struct hosts *hosts, struct slice name) {
    const struct host_channel *channel = map_find(&hosts->channels, name);
    unsigned what = channel ? WATCH_PEOPLE : 0;
    if (channel) {
        LIST_EACH(&channel->streams, node) {
            if (CONTAINER_OF(node, struct host_stream, in_channel)->wants_levels)
                return what | WATCH_LEVELS;
        }
    }
    return what;
}

bool hosts_streams_want(const struct hosts *hosts, struct slice meeting_id,
                        struct slice room_name) {
    return map_find(&hosts->channels, meeting_id) || map_find(&hosts->channels, room_name);
}

static void watch_name(const struct hosts *hosts, struct slice name) {
    struct slice id, room;
    if (directory_find(hosts->settings.directory, name, &id, &room))
        directory_watch(hosts->settings.directory, id,
                        wanted_of(hosts, id) | wanted_of(hosts, room));
}

void host_stream_watch(struct host_stream *stream) {
    watch_name(stream->client.hosts, host_stream_meeting(stream));
}

static void watch_meeting(struct slice meeting_id, struct slice room_name, void *user) {
    const struct hosts *hosts = user;
    directory_watch(hosts->settings.directory, meeting_id,
                    wanted_of(hosts, meeting_id) | wanted_of(hosts, room_name));
}

static void stream_beat(struct host_stream *stream, const void *unused) {
    const struct hosts *hosts = stream->client.hosts;
    struct slice name = name_of(stream), id, room;
    int64_t now_ms = loop_now_ms(hosts->settings.loop);
    if (stream->state == STREAM_ASKING)
        return;
    if (stream->state == STREAM_LIVE && !hosts_find_session(hosts, name) &&
        !directory_find(hosts->settings.directory, name, &id, &room))
        host_stream_end(stream, "gone");
    else if (now_ms - stream->written_ms >= ALIVE_MS)
        stream_write_text(stream, SLICE(": alive\n\n"));
}

static void hosts_on_beat(void *arg) {
    struct hosts *hosts = arg;
    MAP_EACH(&hosts->channels, at)
        channel_each(at.value, stream_beat, NULL);
    if (hosts->settings.directory)
        directory_each(hosts->settings.directory, watch_meeting, hosts);
}

void hosts_streams_start(struct hosts *hosts) {
    map_init(&hosts->channels, rand_u64());
    timer_start(hosts->settings.loop, &hosts->beat, BEAT_MS, BEAT_MS, hosts_on_beat, hosts);
}

static void stream_leave(struct host_stream *stream, const void *unused) {
    if (stream->state == STREAM_ASKING)
        stream_refuse(stream, 503);
    else
        stream_close(stream);
}

void hosts_streams_end(struct hosts *hosts) {
    hosts->is_leaving = true;
    timer_stop(&hosts->beat);
    MAP_EACH(&hosts->channels, at)
        channel_each(at.value, stream_leave, NULL);
}

void hosts_streams_free(struct hosts *hosts) {
    hosts_streams_end(hosts);
    map_free(&hosts->channels);
}

/* ---- The door ---- */

static const char *read_after(struct http_request *req, struct host_stream *stream) {
    const struct slice *last = http_find_header(req->head, "last-event-id");
    struct slice text = last ? *last : SLICE_NONE;
    if (text.len == 0 && query_find(req->query, "after", &text) == 0)
        return NULL;
    if (text.len == 0)
        return NULL;
    stream->has_after = slice_to_uint(text, INT64_MAX, &stream->after);
    return stream->has_after ? NULL : "after must be the number of a feedback event";
}

static const char *read_query(struct http_request *req, struct host_stream *stream) {
    struct slice text;
    enum locale locale;
    if (query_find(req->query, "locale", &text) > 0 && text.len > 0) {
        if (!locale_find(text, &locale))
            return "locale must be one of the following values: pt-BR, en, es";
        stream->client.locale = (uint8_t)locale;
    }
    stream->wants_levels =
        query_find(req->query, "levels", &text) > 0 && slice_is_equal(text, SLICE("1"));
    return read_after(req, stream);
}

static const char *take_token(struct host_stream *stream, struct slice token) {
    const struct config *config = stream->client.hosts->settings.config;
    if (token.len == 0)
        return config->feedback_access == ACCESS_HOST ? "" : NULL;
    const char *fault = hosts_take_token(&stream->client, token);
    if (fault && config->feedback_access == ACCESS_HOST)
        return fault;
    if (!fault)
        http_vouch(stream->req, BUDGET_HOST);
    return NULL;
}

static void hosts_on_stream_page_right(int err, void *user) {
    struct host_stream *stream = user;
    bool is_asked = stream->client.hosts->settings.config->feedback_access == ACCESS_HOST;
    if (err && is_asked) {
        stream_refuse(stream, err == ENOENT ? 401 : 503);
        return;
    }
    if (!err)
        http_vouch(stream->req, BUDGET_HOST);
    stream_judge(stream);
}

static void revoke_one(struct host_stream *stream, const void *right_id) {
    LIST_EACH(&stream->client.rights, node) {
        const struct host_right *right = CONTAINER_OF(node, struct host_right, node);
        if (right->is_page &&
            slice_is_equal(slice_from(right->id), *(const struct slice *)right_id)) {
            if (stream->state != STREAM_ASKING)
                host_stream_end(stream, "forbidden");
            return;
        }
    }
}

void hosts_page_revoked(struct hosts *hosts, struct slice right_id) {
    if (hosts->settings.config->feedback_access != ACCESS_HOST)
        return;
    MAP_EACH(&hosts->channels, at)
        channel_each(at.value, revoke_one, &right_id);
}

void hosts_on_live(struct http_request *req, const struct route_match *match, void *owner) {
    struct hosts *hosts = owner;
    if (slice_is_equal(req->method, SLICE("HEAD"))) {
        http_respond(req, 200, "text/event-stream; charset=utf-8", SLICE_NONE);
        return;
    }
    struct host_stream *stream = mem_alloc(sizeof *stream);
    hosts_client_init(&stream->client, hosts);
    stream->client.is_stream = true;
    stream->client.locale = (uint8_t)hosts->settings.config->feedback_locale;
    stream->req = req;
    req->user = stream;
    req->on_abort = hosts_on_stream_abort;
    channel_join(hosts, stream, match->params[0]);
    const char *wrong = read_query(req, stream);
    if (hosts->is_leaving) {
        stream_refuse(stream, 503);
    } else if (wrong) {
        stream_free(stream);
        http_respond_error(req, 400, wrong);
    } else if (hosts_is_page_token(bearer_token(req->head))) {
        hosts_page_start(&stream->page, &stream->client, bearer_token(req->head),
                         hosts_on_stream_page_right, stream);
    } else if (take_token(stream, bearer_token(req->head))) {
        stream_refuse(stream, 401);
    } else {
        stream_judge(stream);
    }
}
