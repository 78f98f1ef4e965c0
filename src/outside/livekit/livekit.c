#include "outside/livekit/livekit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "outside/livekit/livekit_http.h"
#include "outside/livekit/livekit_info.h"
#include "wire/web/jwt.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOKEN_LIFE_S = 600, TOKEN_BACKDATE_S = 10 };

struct livekit {
    struct livekit_settings set;
    struct mailbox *replies; /* on the owner's loop */
    struct livekit_http *http;
    struct livekit_stats stats;
    struct list calls; /* every one that is not answered yet */
};

/* ---- what is asked ---- */

/* Who may do it: the grants of an access token (contract, section 3). */
static void write_token(struct buf *out, const struct livekit *livekit, json_t *grants) {
    int64_t now_s = clock_wall_ms() / 1000;
    json_t *claims = json_pack("{s:s, s:I, s:I, s:o}", "iss", livekit->set.key, "nbf",
                               (json_int_t)(now_s - TOKEN_BACKDATE_S), "exp",
                               (json_int_t)(now_s + TOKEN_LIFE_S), "video", grants);
    jwt_sign(out, claims, slice_from(livekit->set.secret));
    json_decref(claims);
}

static json_t *text_json(struct slice text) {
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

static json_t *record_grants(void) {
    return json_pack("{s:b}", "roomRecord", 1);
}

static json_t *admin_grants(struct slice room) {
    return json_pack("{s:b, s:o}", "roomAdmin", 1, "room", text_json(room));
}

static struct livekit_call *ask(struct livekit *livekit, const char *method, struct slice room,
                                json_t *grants, json_t *body, livekit_reply_fn *fn, void *arg) {
    struct buf token = {0};
    struct livekit_call *call = mem_alloc(sizeof *call);

    write_token(&token, livekit, grants);
    call->owner = livekit;
    call->fn = fn;
    call->arg = arg;
    call->method = method;
    call->room = slice_copy_text(room);
    call->body = json_dumps(body, JSON_COMPACT);
    call->authorization = buf_take_text(&token);
    json_decref(body);
    list_add(&livekit->calls, &call->in_owner);
    livekit->stats.calls++;
    livekit->stats.waiting++;
    livekit_http_take(livekit->http, call);
    return call;
}

struct livekit_call *livekit_list_rooms(struct livekit *livekit, livekit_reply_fn *fn, void *arg) {
    return ask(livekit, "RoomService/ListRooms", SLICE_NONE, json_pack("{s:b}", "roomList", 1),
               json_object(), fn, arg);
}

struct livekit_call *livekit_list_participants(struct livekit *livekit, struct slice room,
                                               livekit_reply_fn *fn, void *arg) {
    return ask(livekit, "RoomService/ListParticipants", room, admin_grants(room),
               json_pack("{s:o}", "room", text_json(room)), fn, arg);
}

struct livekit_call *livekit_get_participant(struct livekit *livekit, struct slice room,
                                             struct slice identity, livekit_reply_fn *fn,
                                             void *arg) {
    return ask(livekit, "RoomService/GetParticipant", room, admin_grants(room),
               json_pack("{s:o, s:o}", "room", text_json(room), "identity", text_json(identity)),
               fn, arg);
}

struct livekit_call *livekit_list_egress(struct livekit *livekit, struct slice room,
                                         livekit_reply_fn *fn, void *arg) {
    return ask(livekit, "Egress/ListEgress", room, record_grants(),
               json_pack("{s:o}", "roomName", text_json(room)), fn, arg);
}

struct livekit_call *livekit_start_track_egress(struct livekit *livekit, struct slice room,
                                                struct slice track_sid, struct slice url,
                                                livekit_reply_fn *fn, void *arg) {
    return ask(livekit, "Egress/StartTrackEgress", room, record_grants(),
               json_pack("{s:o, s:o, s:o}", "roomName", text_json(room), "trackId",
                         text_json(track_sid), "websocketUrl", text_json(url)),
               fn, arg);
}

/* ---- what comes back ---- */

static void call_free(struct livekit_call *call) {
    list_remove(&call->in_owner);
    mem_free(call->room);
    free(call->body);
    mem_free(call->authorization);
    buf_free(&call->answer);
    json_decref(call->json);
    mem_free(call);
}

void livekit_cancel(struct livekit_call *call) {
    if (call)
        call->fn = NULL;
}

/* A problem in one line: the Twirp error's own words where there are some. */
static void read_problem(const struct livekit_call *call, struct livekit_reply *reply,
                         char line[LIVEKIT_PROBLEM_SIZE]) {
    const char *code = json_string_value(json_object_get(call->json, "code"));
    const char *text = json_string_value(json_object_get(call->json, "msg"));
    if (!call->status)
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "%s", call->problem);
    else if (code)
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "%ld %s: %s", call->status, code, text ? text : "");
    else if (call->status == 200)
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "the answer is not JSON");
    else
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "HTTP status %ld", call->status);
    reply->code = slice_from(code);
    reply->problem = line;
}

static void count(struct livekit_stats *stats, const struct livekit_reply *reply) {
    stats->waiting--;
    if (!reply->status)
        stats->no_answer++;
    if (!reply->body)
        stats->failed++;
    stats->is_away = livekit_is_passing(reply);
}

static void deliver(struct mail *mail, void *owner) {
    struct livekit_call *call = (struct livekit_call *)mail;
    struct livekit *livekit = owner;
    char line[LIVEKIT_PROBLEM_SIZE] = "";
    struct livekit_reply reply = {.status = (int)call->status, .problem = ""};

    if (call->status == 200 && json_is_object(call->json))
        reply.body = call->json;
    else
        read_problem(call, &reply, line);
    if (call->status == 200 && !reply.body)
        reply.status = 502; /* somebody else answered in LiveKit's place */
    count(&livekit->stats, &reply);
    if (!reply.body)
        log_debug("livekit", "call failed", log_text("method", call->method),
                  log_text("problem", reply.problem));
    if (call->fn)
        call->fn(call->arg, &reply);
    call_free(call);
}

/* On the thread of livekit_http: the JSON is read there, the rest is control's. */
static void on_done(void *arg, struct livekit_call *call) {
    struct livekit *livekit = arg;
    call->json = livekit_parse(buf_slice(&call->answer));
    call->mail.deliver = deliver;
    mailbox_send(livekit->replies, &call->mail);
}

bool livekit_is_passing(const struct livekit_reply *reply) {
    return reply->status == 0 || reply->status == 408 || reply->status == 429 ||
           (reply->status >= 500 && reply->status != 501);
}

const struct livekit_stats *livekit_stats(const struct livekit *livekit) {
    return &livekit->stats;
}

int livekit_open(struct livekit **out, const struct livekit_settings *set) {
    struct livekit *livekit = mem_alloc(sizeof *livekit);
    livekit->set = *set;
    list_init(&livekit->calls);
    int err = mailbox_open(&livekit->replies, set->loop, livekit);
    if (!err)
        err = livekit_http_open(&livekit->http, set->own_thread ? NULL : set->loop, set->url,
                                set->timeout_ms, on_done, livekit);
    if (err) {
        livekit_close(livekit);
        return err;
    }
    *out = livekit;
    return 0;
}

void livekit_close(struct livekit *livekit) {
    if (!livekit)
        return;
    LIST_EACH(&livekit->calls, node)
    livekit_cancel(CONTAINER_OF(node, struct livekit_call, in_owner));
    livekit_http_close(livekit->http);
    if (livekit->replies)
        mailbox_close(livekit->replies);
    LIST_EACH(&livekit->calls, node)
        call_free(CONTAINER_OF(node, struct livekit_call, in_owner));
    mem_free(livekit);
}

#define AT(member) offsetof(struct livekit_stats, member)

static const struct counter counters[] = {
    {"prosa_livekit_calls_total", "Calls to LiveKit.", COUNTER_SUM, AT(calls)},
    {"prosa_livekit_failed_total", "Calls that failed.", COUNTER_SUM, AT(failed)},
    {"prosa_livekit_waiting", "Calls not answered yet.", COUNTER_GAUGE, AT(waiting)},
};

const struct counter_table livekit_counters = {counters, ARRAY_LEN(counters)};
