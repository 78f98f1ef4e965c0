/* Who may hear which meeting, judged without sockets. */
#include "app/hosts/hosts_private.h"

#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/macros.h"
#include "outside/livekit/livekit_info.h"
#include "tokens.h"

#include <stdio.h>

struct world {
    struct loop *loop;
    struct config config;
    struct sessions *sessions;
    struct hosts *hosts;
    struct host_client client;
    unsigned answers;
    int status; /* of the last answer */
};

static int64_t now_s(void) {
    return clock_wall_ms() / 1000;
}

static void on_started(const struct session *session, void *arg) {
    struct world *world = arg;
    hosts_session_started(world->hosts, session);
}

static void on_ended(const struct session *session, void *arg) {
    struct world *world = arg;
    hosts_session_ended(world->hosts, session);
}

static void open_world(struct world *world, int access) {
    *world = (struct world){.config = config_with_keys(access)};
    world->config.messages_per_second = 20;
    world->config.rooms_per_client = 256;
    assert_int_equal(loop_open(&world->loop), 0);
    struct sessions_settings sessions = {
        .loop = world->loop, .on_started = on_started, .on_ended = on_ended, .user = world};
    world->sessions = sessions_new(&sessions);
    sessions_load(world->sessions);
    struct hosts_settings hosts = {world->loop, &world->config, world->sessions, NULL};
    world->hosts = hosts_new(&hosts);
    hosts_client_init(&world->client, world->hosts);
    list_add(&world->hosts->clients, &world->client.node);
}

static void close_world(struct world *world) {
    hosts_rights_end(&world->client);
    list_remove(&world->client.node);
    hosts_free(world->hosts);
    sessions_free(world->sessions);
    loop_close(world->loop);
}

static void start_session(struct world *world, const char *sid, const char *name) {
    struct livekit_room room = {.sid = slice_from(sid), .name = slice_from(name)};
    struct session_event event = {clock_wall_ms(), true};
    assert_non_null(sessions_room_started(world->sessions, &room, &event));
}

static void end_session(struct world *world, const char *sid, const char *name) {
    struct livekit_room room = {.sid = slice_from(sid), .name = slice_from(name)};
    struct session_event event = {clock_wall_ms(), true};
    sessions_room_finished(world->sessions, &room, &event);
}

static void take(struct world *world, struct buf text) {
    assert_null(hosts_take_token(&world->client, buf_slice(&text)));
    buf_free(&text);
}

static struct buf host_of_daily(void) {
    return livekit_token("{\"room\":\"daily\",\"roomJoin\":true}", HOST_METADATA, now_s() + 600);
}

static struct buf promoted_of_daily(void) {
    return livekit_token("{\"room\":\"daily\",\"roomJoin\":true,\"canUpdateOwnMetadata\":true}",
                         HOST_METADATA, now_s() + 600);
}

static enum host_verdict judge(struct world *world, const char *name) {
    return hosts_judge(&world->client, slice_from(name));
}

static struct host_right *first_right(struct world *world) {
    assert_int_equal(world->client.right_count, 1);
    return CONTAINER_OF(world->client.rights.next, struct host_right, node);
}

/* ---- Sockets ---- */

static void a_host_hears_the_session_of_the_room_and_no_other(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    start_session(&world, "RM_2", "weekly");
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    take(&world, host_of_daily());
    assert_int_equal(judge(&world, "daily"), HOST_YES);
    assert_int_equal(judge(&world, "RM_1"), HOST_YES);
    assert_int_equal(judge(&world, "weekly"), HOST_NO);
    assert_int_equal(judge(&world, "RM_2"), HOST_NO);
    assert_int_equal(judge(&world, "unknown"), HOST_NO);
    close_world(&world);
}

static void a_host_who_is_early_waits_for_the_session(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    take(&world, host_of_daily());
    assert_int_equal(judge(&world, "daily"), HOST_WAIT);
    assert_int_equal(judge(&world, "weekly"), HOST_NO);
    start_session(&world, "RM_1", "daily");
    assert_int_equal(judge(&world, "daily"), HOST_YES);
    close_world(&world);
}

static void the_right_ends_with_the_session_and_not_with_the_token(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    take(&world, host_of_daily());
    first_right(&world)->until_s = now_s() - 3600;
    assert_int_equal(judge(&world, "daily"), HOST_YES);
    end_session(&world, "RM_1", "daily");
    assert_int_equal(world.client.right_count, 0);
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    start_session(&world, "RM_2", "daily");
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    close_world(&world);
}

static void a_valid_token_is_good_for_every_session_of_its_room(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    take(&world, host_of_daily());
    for (int i = 0; i < 3; i++) {
        char sid[16];
        snprintf(sid, sizeof sid, "RM_%d", i);
        assert_int_equal(judge(&world, "daily"), HOST_WAIT);
        start_session(&world, sid, "daily");
        assert_int_equal(judge(&world, "daily"), HOST_YES);
        assert_int_equal(judge(&world, sid), HOST_YES);
        end_session(&world, sid, "daily");
        assert_int_equal(judge(&world, sid), HOST_NO);
    }
    start_session(&world, "RM_w", "weekly");
    assert_int_equal(judge(&world, "RM_w"), HOST_NO);
    close_world(&world);
}

static void a_session_whose_end_was_lost_gives_way_to_the_next(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    take(&world, host_of_daily());
    start_session(&world, "RM_2", "daily");
    assert_int_equal(judge(&world, "daily"), HOST_YES);
    assert_int_equal(judge(&world, "RM_2"), HOST_YES);
    assert_int_equal(judge(&world, "RM_1"), HOST_NO);
    close_world(&world);
}

/* Nobody has asked for anything by then, as while the connection is away. */
static void a_session_that_began_in_time_is_covered_to_its_end(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    take(&world, host_of_daily());
    start_session(&world, "RM_1", "daily");
    first_right(&world)->until_s = now_s() - 3600;
    assert_int_equal(judge(&world, "daily"), HOST_YES);
    end_session(&world, "RM_1", "daily");
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    close_world(&world);
}

static void a_token_that_expires_while_waiting_opens_nothing(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    take(&world, host_of_daily());
    first_right(&world)->until_s = now_s() - 3600;
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    start_session(&world, "RM_1", "daily");
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    close_world(&world);
}

static void who_promoted_themselves_hears_nothing(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    struct buf text = promoted_of_daily();
    assert_non_null(hosts_take_token(&world.client, buf_slice(&text)));
    buf_free(&text);
    assert_int_equal(world.client.right_count, 0);
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    close_world(&world);
}

static void for_a_user_of_ours_the_store_is_asked(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    assert_null(hosts_find_user(&world.client));
    take(&world, user_token(&world.config, now_s()));
    assert_int_equal(judge(&world, "daily"), HOST_ASK);
    assert_int_equal(judge(&world, "of last week"), HOST_ASK);
    assert_string_equal(hosts_find_user(&world.client)->user_id, "user");
    first_right(&world)->until_s = now_s();
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    assert_null(hosts_find_user(&world.client));
    close_world(&world);
}

static void a_new_token_renews_the_right_of_its_user(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    take(&world, user_token(&world.config, now_s() - 300));
    const struct host_right *right = first_right(&world);
    take(&world, user_token(&world.config, now_s()));
    assert_ptr_equal(first_right(&world), right);
    assert_true(right->until_s > now_s() + 600);
    assert_int_equal(world.client.right_count, 1);
    close_world(&world);
}

static void the_strongest_right_counts(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    take(&world, user_token(&world.config, now_s()));
    take(&world, host_of_daily());
    assert_int_equal(judge(&world, "daily"), HOST_YES);
    assert_int_equal(judge(&world, "weekly"), HOST_ASK);
    close_world(&world);
}

static void a_client_keeps_its_newest_rights(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    take(&world, host_of_daily());
    for (int i = 0; i < HOSTS_RIGHTS_MAX; i++) {
        char video[64];
        snprintf(video, sizeof video, "{\"room\":\"room %d\",\"roomJoin\":true}", i);
        take(&world, livekit_token(video, HOST_METADATA, now_s() + 600));
    }
    assert_int_equal(world.client.right_count, HOSTS_RIGHTS_MAX);
    assert_int_equal(judge(&world, "daily"), HOST_NO);
    assert_int_equal(judge(&world, "room 0"), HOST_WAIT);
    close_world(&world);
}

/* With FEEDBACK_ACCESS=host, feedback of an old meeting must not reach the room of a new one. */
static void a_room_means_one_meeting_at_a_time(void **state) {
    static const int accesses[] = {ACCESS_OPEN, ACCESS_HOST};
    for (size_t i = 0; i < 2; i++) {
        struct world world;
        open_world(&world, accesses[i]);
        assert_true(hosts_is_alias(world.hosts, SLICE("daily"), SLICE("RM_1")));
        start_session(&world, "RM_2", "daily");
        assert_true(hosts_is_alias(world.hosts, SLICE("daily"), SLICE("RM_2")));
        assert_int_equal(hosts_is_alias(world.hosts, SLICE("daily"), SLICE("RM_1")),
                         accesses[i] == ACCESS_OPEN);
        close_world(&world);
    }
}

/* ---- REST requests ---- */

static void on_answer(int status, void *arg) {
    struct world *world = arg;
    world->answers++;
    world->status = status;
}

/* The answer to a bearer of this token, who wants to read the meeting of this name. */
static int check(struct world *world, struct buf text, const char *name) {
    unsigned before = world->answers;
    hosts_check_bearer(world->hosts, buf_slice(&text), slice_from(name), on_answer, world);
    assert_int_equal(world->answers, before + 1);
    buf_free(&text);
    return world->status;
}

static void open_access_asks_nobody(void **state) {
    struct world world;
    open_world(&world, ACCESS_OPEN);
    assert_int_equal(check(&world, (struct buf){0}, "daily"), 200);
    assert_int_equal(check(&world, promoted_of_daily(), "daily"), 200);
    assert_int_equal(world.hosts->counters.joins_reported, 0);
    close_world(&world);
}

static void host_access_lets_in_hosts_alone(void **state) {
    struct world world;
    open_world(&world, ACCESS_HOST);
    start_session(&world, "RM_1", "daily");
    start_session(&world, "RM_2", "weekly");
    assert_int_equal(check(&world, (struct buf){0}, "daily"), 401);
    assert_int_equal(check(&world, promoted_of_daily(), "daily"), 401);
    assert_int_equal(check(&world, host_of_daily(), "weekly"), 403);
    assert_int_equal(check(&world, host_of_daily(), "daily"), 200);
    assert_int_equal(check(&world, host_of_daily(), "RM_1"), 200);
    /* The session has no organization, so no user is a member of it. */
    assert_int_equal(check(&world, user_token(&world.config, now_s()), "daily"), 404);
    close_world(&world);
}

static void reported_access_lets_in_and_counts(void **state) {
    struct world world;
    open_world(&world, ACCESS_REPORT);
    start_session(&world, "RM_1", "daily");
    assert_int_equal(check(&world, host_of_daily(), "daily"), 200);
    assert_int_equal(world.hosts->counters.joins_reported, 0);
    assert_int_equal(check(&world, (struct buf){0}, "daily"), 200);
    assert_int_equal(check(&world, promoted_of_daily(), "daily"), 200);
    assert_int_equal(check(&world, host_of_daily(), "weekly"), 200);
    assert_int_equal(check(&world, user_token(&world.config, now_s()), "daily"), 200);
    assert_int_equal(world.hosts->counters.joins_reported, 4);
    close_world(&world);
}

RUN_TESTS(TEST(a_host_hears_the_session_of_the_room_and_no_other),
          TEST(a_host_who_is_early_waits_for_the_session),
          TEST(the_right_ends_with_the_session_and_not_with_the_token),
          TEST(a_valid_token_is_good_for_every_session_of_its_room),
          TEST(a_session_whose_end_was_lost_gives_way_to_the_next),
          TEST(a_session_that_began_in_time_is_covered_to_its_end),
          TEST(a_token_that_expires_while_waiting_opens_nothing),
          TEST(who_promoted_themselves_hears_nothing), TEST(for_a_user_of_ours_the_store_is_asked),
          TEST(a_new_token_renews_the_right_of_its_user), TEST(the_strongest_right_counts),
          TEST(a_client_keeps_its_newest_rights), TEST(a_room_means_one_meeting_at_a_time),
          TEST(open_access_asks_nobody), TEST(host_access_lets_in_hosts_alone),
          TEST(reported_access_lets_in_and_counts))
