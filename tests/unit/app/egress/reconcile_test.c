/* Lost webhooks, against a LiveKit that is a listener of ours. */
#include "app/egress/reconcile.h"

#include "app/config/config.h"
#include "app/egress/egresses.h"
#include "app/sessions/sessions.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "unit.h"

#include <stdio.h>

enum { PATIENCE_MS = 20000 };

struct world {
    struct loop *loop;
    struct http_server *http;
    struct livekit *livekit;
    struct sessions *sessions;
    struct egresses *egresses;
    struct reconcile *reconcile;
    struct config config;
    const char *rooms, *participants; /* the answers; NULL: 503 */
    bool (*is_done)(const struct world *world);
    struct timer patience;
    unsigned room_listings, participant_listings;
};

static void look_whether_done(struct world *world) {
    if (world->is_done && world->is_done(world))
        loop_stop(world->loop);
}

static void on_request(struct http_request *req, void *arg) {
    struct world *world = arg;
    bool is_rooms = slice_is_equal(req->path, SLICE("/twirp/livekit.RoomService/ListRooms"));
    bool is_participants =
        slice_is_equal(req->path, SLICE("/twirp/livekit.RoomService/ListParticipants"));
    assert_true(is_rooms || is_participants);
    world->room_listings += is_rooms;
    world->participant_listings += is_participants;
    const char *answer = is_rooms ? world->rooms : world->participants;
    http_respond(req, answer ? 200 : 503, "application/json", slice_from(answer ? answer : "{}"));
    look_whether_done(world);
}

static void on_session(const struct session *session, void *user) {
    look_whether_done(user);
}

static void on_patience(void *arg) {
    fail_msg("nothing came of it in %d ms", PATIENCE_MS);
}

static void open_world(struct world *world, int policy) {
    *world = (struct world){
        .config = {.reconcile_rooms = policy, .reconcile_seconds = 1},
        .rooms = "{\"rooms\":[]}",
        .participants = "{\"participants\":[]}",
    };
    struct http_handlers handlers = {.on_request = on_request, .arg = world};
    struct http_settings http = {.host = "127.0.0.1"};
    char url[64];
    assert_int_equal(loop_open(&world->loop), 0);
    assert_int_equal(http_server_open(&world->http, world->loop, &http, &handlers), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", http_server_port(world->http));
    struct livekit_settings livekit = {
        .loop = world->loop,
        .url = url,
        .key = "devkey",
        .secret = "devsecret-devsecret-devsecret-0123",
        .timeout_ms = PATIENCE_MS,
    };
    assert_int_equal(livekit_open(&world->livekit, &livekit), 0);
    struct sessions_settings sessions = {
        .loop = world->loop,
        .on_started = on_session,
        .on_ended = on_session,
        .user = world,
    };
    world->sessions = sessions_new(&sessions);
    /* EGRESS_AUTOSTART is off, so no egress is started and no store is asked. */
    world->egresses =
        egresses_new(world->loop, &world->config, world->livekit, world->sessions, NULL, NULL);
    world->reconcile = reconcile_new(world->loop, &world->config, world->livekit, world->sessions,
                                     world->egresses);
    timer_start(world->loop, &world->patience, PATIENCE_MS, 0, on_patience, world);
}

static void close_world(struct world *world) {
    timer_stop(&world->patience);
    reconcile_free(world->reconcile);
    egresses_free(world->egresses);
    livekit_close(world->livekit);
    sessions_free(world->sessions);
    http_server_close(world->http);
    loop_close(world->loop);
}

static const struct session *start_session(struct world *world, const char *sid, const char *name) {
    struct livekit_room room = {.sid = slice_from(sid), .name = slice_from(name)};
    struct session_event event = {1000, true};
    return sessions_room_started(world->sessions, &room, &event);
}

static void wait_until(struct world *world, bool (*is_done)(const struct world *world)) {
    world->is_done = is_done;
    loop_run(world->loop);
    world->is_done = NULL;
}

static bool is_idle(const struct world *world) {
    return sessions_count_active(world->sessions) == 0;
}

static void a_room_that_is_missing_twice_has_ended(void **state) {
    struct world world;
    open_world(&world, RECONCILE_KNOWN);
    const struct session *session = start_session(&world, "RM_1", "daily");
    sessions_load(world.sessions);
    assert_true(session->is_active);
    wait_until(&world, is_idle);
    assert_int_equal(world.room_listings, 2);
    assert_int_equal(world.participant_listings, 0);
    close_world(&world);
}

static bool knows_ana(const struct world *world) {
    const struct session *session = sessions_find(world->sessions, SLICE("RM_1"));
    const struct attendee *ana = session ? session_find_attendee(session, SLICE("ana")) : NULL;
    return ana && ana->is_known;
}

static void listed_participants_are_taken_in(void **state) {
    struct world world;
    open_world(&world, RECONCILE_KNOWN);
    const struct session *session = start_session(&world, "RM_1", "daily");
    world.rooms = "{\"rooms\":[{\"sid\":\"RM_1\",\"name\":\"daily\"},"
                  "{\"sid\":\"RM_2\",\"name\":\"another's\"}]}";
    world.participants =
        "{\"participants\":[{\"sid\":\"PA_1\",\"identity\":\"ana\",\"state\":\"ACTIVE\","
        "\"metadata\":\"{\\\"role\\\":\\\"host\\\"}\"},"
        "{\"sid\":\"PA_2\",\"identity\":\"bia\",\"state\":\"DISCONNECTED\"}]}";
    sessions_load(world.sessions);
    wait_until(&world, knows_ana);
    assert_true(session_find_attendee(session, SLICE("ana"))->is_host);
    assert_null(session_find_attendee(session, SLICE("bia")));
    assert_int_equal(sessions_count_active(world.sessions), 1);
    assert_null(sessions_find(world.sessions, SLICE("RM_2")));
    close_world(&world);
}

static bool has_session(const struct world *world) {
    return sessions_count_active(world->sessions) > 0;
}

static void all_rooms_are_taken_in_where_the_policy_says_so(void **state) {
    struct world world;
    open_world(&world, RECONCILE_ALL);
    world.rooms = "{\"rooms\":[{\"sid\":\"RM_2\",\"name\":\"weekly\","
                  "\"creation_time\":\"1900000000\"}]}";
    sessions_load(world.sessions);
    wait_until(&world, has_session);
    const struct session *session = sessions_find_active(world.sessions, SLICE("weekly"));
    assert_non_null(session);
    assert_string_equal(session->meeting_id, "RM_2");
    assert_int_equal(session->started_ms, 1900000000000);
    close_world(&world);
}

static bool was_asked_twice(const struct world *world) {
    return world->room_listings == 2;
}

static void a_livekit_that_is_away_ends_no_meeting(void **state) {
    struct world world;
    open_world(&world, RECONCILE_KNOWN);
    const struct session *session = start_session(&world, "RM_1", "daily");
    world.rooms = NULL;
    sessions_load(world.sessions);
    wait_until(&world, was_asked_twice);
    assert_true(session->is_active);
    world.rooms = "{\"rooms\":[]}";
    wait_until(&world, is_idle);
    assert_in_range(world.room_listings, 4, 5); /* the second answer may have been on its way */
    close_world(&world);
}

RUN_TESTS(TEST(a_room_that_is_missing_twice_has_ended), TEST(listed_participants_are_taken_in),
          TEST(all_rooms_are_taken_in_where_the_policy_says_so),
          TEST(a_livekit_that_is_away_ends_no_meeting))
