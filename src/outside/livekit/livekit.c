#include "outside/livekit/livekit.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/mailbox.h"
#include "outside/livekit/livekit_http.h"
#include "outside/livekit/livekit_info.h"
#include "wire/web/json_read.h"
#include "wire/web/json_write.h"
#include "wire/web/jwt.h"

#include <stdio.h>

enum { TOKEN_LIFE_S = 600, TOKEN_BACKDATE_S = 10 };

struct livekit {
    struct livekit_settings set;
    struct mailbox *replies; /* on the loop of the owner */
    struct livekit_http *http;
    struct livekit_stats stats;
    struct list calls; /* all without an answer yet */
};

struct livekit_call {
    struct livekit_post post; /* first, as its mail is */
    struct livekit *livekit;
    livekit_reply_fn *fn; /* NULL: cancelled */
    void *user;
    struct list in_owner;
    json_t *json; /* the answer */
};

/* ---- Calls ---- */

/* An access token that grants what the call needs; its claims are those of LiveKit's tokens. */
static void write_token(struct buf *out, const struct livekit *livekit, json_t *grants) {
    int64_t now_s = clock_wall_ms() / 1000;
    json_t *claims = json_pack("{s:s, s:I, s:I, s:o}", "iss", livekit->set.key, "nbf",
                               (json_int_t)(now_s - TOKEN_BACKDATE_S), "exp",
                               (json_int_t)(now_s + TOKEN_LIFE_S), "video", grants);
    jwt_sign(out, claims, slice_from(livekit->set.secret));
    json_decref(claims);
}

static json_t *record_grants(void) {
    return json_pack("{s:b}", "roomRecord", 1);
}

static json_t *admin_grants(struct slice room) {
    return json_pack("{s:b, s:s%}", "roomAdmin", 1, "room", room.ptr ? room.ptr : "", room.len);
}

/* A member of a request's body; the list ends with {NULL}. */
struct livekit_field {
    const char *name;
    struct slice text;
};

static char *write_body(const struct livekit_field *fields) {
    struct buf body = {0};
    json_open(&body, NULL);
    for (; fields->name; fields++)
        json_add_text(&body, fields->name, fields->text);
    json_close(&body);
    return buf_take_text(&body);
}

/* Takes `grants` and `body`. */
static struct livekit_call *call_new(struct livekit *livekit, const char *method, json_t *grants,
                                     char *body, livekit_reply_fn *fn, void *user) {
    struct buf token = {0};
    write_token(&token, livekit, grants);
    struct livekit_call *call = mem_alloc(sizeof *call);
    call->livekit = livekit;
    call->fn = fn;
    call->user = user;
    call->post.method = method;
    call->post.body = body;
    call->post.authorization = buf_take_text(&token);
    trace_write(call->post.traceparent);
    list_add(&livekit->calls, &call->in_owner);
    livekit->stats.calls++;
    livekit->stats.waiting++;
    return call;
}

static struct livekit_call *ask(struct livekit *livekit, const char *method, struct slice room,
                                json_t *grants, const struct livekit_field *fields,
                                livekit_reply_fn *fn, void *user) {
    struct livekit_call *call = call_new(livekit, method, grants, write_body(fields), fn, user);
    call->post.room = slice_copy_text(room);
    livekit_http_send(livekit->http, &call->post);
    return call;
}

struct livekit_call *livekit_list_rooms(struct livekit *livekit, livekit_reply_fn *fn, void *user) {
    return ask(livekit, "RoomService/ListRooms", SLICE_NONE, json_pack("{s:b}", "roomList", 1),
               (const struct livekit_field[]){{NULL}}, fn, user);
}

struct livekit_call *livekit_list_participants(struct livekit *livekit, struct slice room,
                                               livekit_reply_fn *fn, void *user) {
    const struct livekit_field fields[] = {{"room", room}, {NULL}};
    return ask(livekit, "RoomService/ListParticipants", room, admin_grants(room), fields, fn, user);
}

struct livekit_call *livekit_get_participant(struct livekit *livekit, struct slice room,
                                             struct slice identity, livekit_reply_fn *fn,
                                             void *user) {
    const struct livekit_field fields[] = {{"room", room}, {"identity", identity}, {NULL}};
    return ask(livekit, "RoomService/GetParticipant", room, admin_grants(room), fields, fn, user);
}

struct livekit_call *livekit_list_egress(struct livekit *livekit, struct slice room,
                                         struct slice page, livekit_reply_fn *fn, void *user) {
    struct buf body = {0};
    json_open(&body, NULL);
    json_add_text(&body, "roomName", room);
    if (page.len) {
        json_open(&body, "pageToken");
        json_add_text(&body, "token", page);
        json_close(&body);
    }
    json_close(&body);
    struct livekit_call *call =
        call_new(livekit, "Egress/ListEgress", record_grants(), buf_take_text(&body), fn, user);
    call->post.room = slice_copy_text(room);
    livekit_http_send(livekit->http, &call->post);
    return call;
}

struct livekit_call *livekit_start_track_egress(struct livekit *livekit, struct slice room,
                                                struct slice track_sid, struct slice url,
                                                livekit_reply_fn *fn, void *user) {
    const struct livekit_field fields[] = {
        {"roomName", room}, {"trackId", track_sid}, {"websocketUrl", url}, {NULL}};
    struct livekit_call *call =
        call_new(livekit, "Egress/StartTrackEgress", record_grants(), write_body(fields), fn, user);
    call->post.is_start = true;
    livekit_http_send(livekit->http, &call->post);
    return call;
}

/* ---- Replies ---- */

static void call_free(struct livekit_call *call) {
    list_remove(&call->in_owner);
    livekit_post_free(&call->post);
    json_decref(call->json);
    mem_free(call);
}

void livekit_cancel(struct livekit_call *call) {
    if (call)
        call->fn = NULL;
}

/* The problem in one line: the text of a Twirp error where there is one. */
static void read_problem(const struct livekit_call *call, struct livekit_reply *reply,
                         char line[LIVEKIT_PROBLEM_SIZE]) {
    const char *code = json_string_value(json_object_get(call->json, "code"));
    const char *text = json_string_value(json_object_get(call->json, "msg"));
    long status = call->post.status;
    if (!status)
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "%s", call->post.problem);
    else if (code)
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "%ld %s: %s", status, code, text ? text : "");
    else if (status == 200)
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "the answer is not JSON");
    else
        snprintf(line, LIVEKIT_PROBLEM_SIZE, "HTTP status %ld", status);
    reply->code = slice_from(code);
    reply->problem = line;
}

static void livekit_deliver(struct mail *mail, void *owner) {
    struct livekit_call *call = (struct livekit_call *)mail;
    struct livekit *livekit = owner;
    char line[LIVEKIT_PROBLEM_SIZE] = "";
    struct livekit_reply reply = {.status = (int)call->post.status, .problem = ""};
    bool is_good = call->post.status == 200 && json_is_object(call->json);
    if (is_good)
        reply.body = call->json;
    else
        read_problem(call, &reply, line);
    if (call->post.status == 200 && !is_good)
        reply.status = 502; /* the answer is not LiveKit's: a proxy in front of it sent it */
    livekit->stats.waiting--;
    livekit->stats.failed += !is_good;
    livekit->stats.is_away = livekit_is_passing(&reply);
    if (!is_good)
        log_debug("livekit", "call failed", log_text("method", call->post.method),
                  log_text("problem", reply.problem));
    if (call->fn)
        call->fn(&reply, call->user);
    call_free(call);
}

/* On the thread of livekit_http, so that control is spared the parsing. */
static void livekit_on_done(struct livekit_post *post, void *user) {
    struct livekit_call *call = CONTAINER_OF(post, struct livekit_call, post);
    struct livekit *livekit = user;
    call->json = json_read(buf_slice(&post->answer));
    post->mail.deliver = livekit_deliver;
    mailbox_send(livekit->replies, &post->mail);
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
                                set->timeout_ms, livekit_on_done, livekit);
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
