/* Calls to a LiveKit that is a listener of ours, in every mood. */
#include "outside/livekit/livekit.h"

#include "base/macros.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "outside/livekit/livekit_http.h"
#include "unit.h"
#include "wire/web/jwt.h"

#include <stdio.h>
#include <time.h>

enum { ROOMS = 40, STARTS = 40, HELD_MAX = 256 };

#define KEY    "devkey"
#define SECRET "devsecret-devsecret-devsecret-0123"

struct world {
    struct loop *loop;
    struct http_server *http;
    struct livekit *livekit;
    struct http_request *held[HELD_MAX]; /* requests that are not answered yet */
    size_t held_count, held_most, requests;
    bool holds;
    int status;
    const char *type, *answer;
    char last_method[64], last_body[256];
    unsigned replies, want;
    int last_status;
    char last_problem[256], last_code[64];
    bool had_body;
};

static void on_abort(struct http_request *req) {
    struct world *world = req->user;
    for (size_t i = 0; i < world->held_count; i++)
        if (world->held[i] == req)
            world->held[i] = world->held[--world->held_count];
}

static void expect_token(const struct http_request *req) {
    const struct slice *value = http_find_header(req->head, "authorization");
    struct jwt_key key = {SLICE(KEY), SLICE(SECRET)};
    json_t *claims = NULL;
    assert_non_null(value);
    assert_true(slice_has_prefix(*value, SLICE("Bearer ")));
    assert_int_equal(jwt_verify(slice_skip(*value, 7), &key, 1, (int64_t)time(NULL), 0, &claims),
                     JWT_OK);
    assert_true(json_is_object(json_object_get(claims, "video")));
    json_decref(claims);
}

static void on_request(struct http_request *req, void *arg) {
    struct world *world = arg;
    expect_token(req);
    world->requests++;
    snprintf(world->last_method, sizeof world->last_method, "%.*s", SLICE_ARG(req->path));
    snprintf(world->last_body, sizeof world->last_body, "%.*s", SLICE_ARG(req->body));
    if (!world->holds) {
        http_respond(req, world->status, world->type, slice_from(world->answer));
        return;
    }
    assert_true(world->held_count < HELD_MAX);
    req->user = world;
    req->on_abort = on_abort;
    world->held[world->held_count++] = req;
    if (world->held_count > world->held_most)
        world->held_most = world->held_count;
}

static void on_reply(const struct livekit_reply *reply, void *user) {
    struct world *world = user;
    world->last_status = reply->status;
    world->had_body = reply->body != NULL;
    snprintf(world->last_problem, sizeof world->last_problem, "%s", reply->problem);
    snprintf(world->last_code, sizeof world->last_code, "%.*s", SLICE_ARG(reply->code));
    if (++world->replies == world->want)
        loop_stop(world->loop);
}

static void open_world(struct world *world, bool own_thread, int64_t timeout_ms) {
    *world = (struct world){.status = 200, .type = "application/json", .answer = "{}"};
    struct http_handlers handlers = {.on_request = on_request, .arg = world};
    struct http_settings http = {.host = "127.0.0.1"};
    char url[64];
    assert_int_equal(loop_open(&world->loop), 0);
    assert_int_equal(http_server_open(&world->http, world->loop, &http, &handlers), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", http_server_port(world->http));
    struct livekit_settings set = {world->loop, url, KEY, SECRET, timeout_ms, own_thread};
    assert_int_equal(livekit_open(&world->livekit, &set), 0);
}

static void close_world(struct world *world) {
    livekit_close(world->livekit);
    http_server_close(world->http);
    loop_close(world->loop);
}

static void wait_for(struct world *world, unsigned replies) {
    world->want = replies;
    if (world->replies < replies)
        loop_run(world->loop);
    assert_int_equal(world->replies, replies);
}

static void a_call_is_answered(void **state) {
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        struct world world;
        open_world(&world, own_thread, 5000);
        world.answer = "{\"egress_id\":\"EG_1\"}";
        livekit_start_track_egress(world.livekit, SLICE("sala \"1\""), SLICE("TR_1"),
                                   SLICE("ws://h/egress-audio?a=b"), on_reply, &world);
        wait_for(&world, 1);
        assert_true(world.had_body);
        assert_string_equal(world.last_method, "/twirp/livekit.Egress/StartTrackEgress");
        assert_string_equal(world.last_body,
                            "{\"roomName\":\"sala \\\"1\\\"\",\"trackId\":\"TR_1\","
                            "\"websocketUrl\":\"ws://h/egress-audio?a=b\"}");
        livekit_list_rooms(world.livekit, on_reply, &world);
        wait_for(&world, 2);
        assert_string_equal(world.last_method, "/twirp/livekit.RoomService/ListRooms");
        assert_int_equal(livekit_stats(world.livekit)->waiting, 0);
        assert_false(livekit_stats(world.livekit)->is_away);
        close_world(&world);
    }
}

static bool fails(struct world *world, int status, const char *type, const char *answer) {
    world->status = status;
    world->type = type;
    world->answer = answer;
    livekit_list_rooms(world->livekit, on_reply, world);
    wait_for(world, world->replies + 1);
    return !world->had_body;
}

static void errors_are_told_apart(void **state) {
    struct world world;
    open_world(&world, true, 5000);
    assert_true(fails(&world, 404, "application/json",
                      "{\"code\":\"not_found\",\"msg\":\"no such egress\"}"));
    assert_string_equal(world.last_code, "not_found");
    assert_string_equal(world.last_problem, "404 not_found: no such egress");
    assert_true(fails(&world, 401, "text/plain", "invalid API key"));
    assert_string_equal(world.last_problem, "HTTP status 401");
    assert_true(fails(&world, 502, "text/html", "<html>"));
    assert_true(livekit_stats(world.livekit)->is_away);
    assert_true(fails(&world, 200, "text/html", "<html>"));
    assert_int_equal(world.last_status, 502);
    assert_true(fails(&world, 200, "application/json", "[1]"));
    assert_false(fails(&world, 200, "application/json", "{}"));
    close_world(&world);
}

static void which_errors_pass(void **state) {
    static const struct {
        int status;
        bool is_passing;
    } cases[] = {{0, true},   {400, false}, {401, false}, {404, false}, {408, true}, {412, false},
                 {429, true}, {500, true},  {501, false}, {502, true},  {503, true}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct livekit_reply reply = {.status = cases[i].status};
        assert_int_equal(livekit_is_passing(&reply), cases[i].is_passing);
    }
}

static void a_server_that_hangs_meets_a_deadline(void **state) {
    struct world world;
    open_world(&world, true, 200);
    world.holds = true;
    livekit_list_rooms(world.livekit, on_reply, &world);
    wait_for(&world, 1);
    assert_int_equal(world.last_status, 0);
    assert_non_null(strstr(world.last_problem, "timed out"));
    assert_true(livekit_stats(world.livekit)->is_away);
    close_world(&world);
}

static void on_release(void *arg) {
    struct world *world = arg;
    while (world->held_count > 0) {
        struct http_request *req = world->held[--world->held_count];
        http_respond_json(req, 200, SLICE("{}"));
    }
}

/* Answers once everything is here, which it never is when one call waits for another. */
static void on_all_held(void *arg) {
    struct world *world = arg;
    if (world->held_count == STARTS + 1 || world->held_most == STARTS + 1)
        on_release(world);
}

static void sixteen_at_a_time_and_one_a_room(void **state) {
    struct world world;
    struct timer timer = {0};
    char room[32];
    open_world(&world, true, 5000);
    world.holds = true;
    for (int i = 0; i < ROOMS; i++) {
        snprintf(room, sizeof room, "room-%d", i);
        for (int n = 0; n < 3; n++)
            livekit_list_egress(world.livekit, slice_from(room), SLICE_NONE, on_reply, &world);
    }
    timer_start(world.loop, &timer, 20, 20, on_release, &world);
    wait_for(&world, ROOMS * 3);
    timer_stop(&timer);
    assert_int_equal(world.requests, ROOMS * 3);
    assert_in_range(world.held_most, 2, LIVEKIT_IN_FLIGHT_MAX);

    world.held_most = 0;
    for (int n = 0; n < 8; n++)
        livekit_list_egress(world.livekit, SLICE("one"), SLICE_NONE, on_reply, &world);
    timer_start(world.loop, &timer, 20, 20, on_release, &world);
    wait_for(&world, ROOMS * 3 + 8);
    timer_stop(&timer);
    assert_int_equal(world.held_most, 1);
    close_world(&world);
}

static void starts_wait_for_no_call(void **state) {
    struct world world;
    open_world(&world, true, 5000);
    world.holds = true;
    livekit_list_egress(world.livekit, SLICE("a"), SLICE_NONE, on_reply, &world);
    for (int n = 0; n < STARTS; n++)
        livekit_start_track_egress(world.livekit, SLICE("a"), SLICE("TR_1"), SLICE("ws://h/"),
                                   on_reply, &world);
    struct timer timer = {0};
    timer_start(world.loop, &timer, 5, 5, on_all_held, &world);
    wait_for(&world, STARTS + 1);
    timer_stop(&timer);
    assert_int_equal(world.held_most, STARTS + 1);
    close_world(&world);
}

static void the_next_page_is_named(void **state) {
    struct world world;
    open_world(&world, false, 5000);
    livekit_list_egress(world.livekit, SLICE("a"), SLICE("p\"2"), on_reply, &world);
    wait_for(&world, 1);
    assert_string_equal(world.last_body,
                        "{\"roomName\":\"a\",\"pageToken\":{\"token\":\"p\\\"2\"}}");
    close_world(&world);
}

static void cancelled_and_forgotten_calls(void **state) {
    for (int own_thread = 0; own_thread < 2; own_thread++) {
        struct world world;
        open_world(&world, own_thread, 5000);
        livekit_cancel(livekit_list_rooms(world.livekit, on_reply, &world));
        livekit_list_rooms(world.livekit, on_reply, &world);
        wait_for(&world, 1);
        world.holds = true;
        for (int i = 0; i < 30; i++)
            livekit_list_egress(world.livekit, SLICE("a"), SLICE_NONE, on_reply, &world);
        livekit_list_rooms(world.livekit, on_reply, &world);
        close_world(&world);
        assert_int_equal(world.replies, 1);
    }
}

RUN_TESTS(TEST(a_call_is_answered), TEST(errors_are_told_apart), TEST(which_errors_pass),
          TEST(a_server_that_hangs_meets_a_deadline), TEST(sixteen_at_a_time_and_one_a_room),
          TEST(starts_wait_for_no_call), TEST(the_next_page_is_named),
          TEST(cancelled_and_forgotten_calls))
