#include "app/sessions/sessions.h"
#include "app/sessions/webhook.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/loop.h"
#include "outside/livekit/livekit_info.h"
#include "unit.h"
#include "wire/web/base64.h"
#include "wire/web/json_read.h"
#include "wire/web/jwt.h"

#include <openssl/sha.h>
#include <stdio.h>

static const struct jwt_key keys[] = {
    {SLICE("other"), SLICE("other-secret-other-secret-other-0123")},
    {SLICE("devkey"), SLICE("devsecret-devsecret-devsecret-0123")},
};
enum { KEYS = 2, NOW = 1900000000 };

/* The vectors of the contract, made by LiveKit's own SDK. */
static const char body1[] =
    "{\"event\":\"track_published\",\"room\":{\"sid\":\"RM_test0001\",\"name\":\"daily-standup\"},"
    "\"participant\":{\"sid\":\"PA_test0001\",\"identity\":\"alice\"},\"track\":{\"sid\":"
    "\"TR_AMtest0001\",\"name\":\"mic\",\"source\":\"MICROPHONE\",\"mimeType\":\"audio/red\"},"
    "\"id\":\"EV_test0001\",\"createdAt\":\"1900000000\"}";
static const char token1[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJpc3MiOiJkZXZrZXkiLCJleHAiOjQxMDI0NDQ4MDAsIm5iZiI6MTcwMDAwMDAwMCwiaWF0IjoxNzAwMDAwMDAwLCJz"
    "aGEyNTYiOiJTbVBwVlFXZ3d3bmJ6NUZGQ0NYWkVDdEx5QVA5a1FTb05KSUFCRUdBWjVzPSJ9."
    "zidafIc3uLjH5IipMTxdB92c_DtKvjcBD265IgWLl_8";
static const char body2[] =
    "{\"event\":\"participant_joined\", \"room\":{\"sid\":\"RM_test0001\", "
    "\"name\":\"r\xc3\xa9union "
    "\xe2\x98\x95\", \"creationTime\":\"1899999000\", "
    "\"metadata\":\"{\\\"tenantId\\\":\\\"t-1\\\"}\"}, "
    "\"participant\":{\"sid\":\"PA_test0002\", \"identity\":\"bob\", \"state\":\"ACTIVE\", "
    "\"metadata\":\"{\\\"role\\\":\\\"host\\\"}\", \"joinedAt\":\"1899999999\", "
    "\"permission\":{\"canSubscribe\":true, \"canPublish\":true, \"canPublishData\":true}}, "
    "\"id\":\"EV_test0002\", \"createdAt\":\"1899999999\"}";
static const char token2[] =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJpc3MiOiJkZXZrZXkiLCJleHAiOjQxMDI0NDQ4MDAsIm5iZiI6MTcwMDAwMDAwMCwiaWF0IjoxNzAwMDAwMDAwLCJz"
    "aGEyNTYiOiJlUmFmMVhISllsRlVPZEprM2tNQk1GdURkc2QzaEZBMXFmblByamYzVm5vPSJ9."
    "0kxHq5taOwyXXXNxQbWc5yaKUCfKsqAOXn3N3ErVcJw";

static enum webhook_fault check(const char *token, const char *body) {
    return webhook_check(slice_from(token), slice_from(body), keys, KEYS, NOW);
}

/* A token of devkey for body1, with one claim put in another way. */
static enum webhook_fault check_claims(const char *claims_text) {
    json_t *claims = json_loads(claims_text, 0, NULL);
    struct buf token = {0};
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buf hash = {0};
    SHA256((const unsigned char *)body1, strlen(body1), digest);
    base64_write(&hash, slice_of(digest, sizeof digest));
    if (!json_object_get(claims, "sha256"))
        json_object_set_new(claims, "sha256", json_stringn(hash.data, hash.len));
    jwt_sign(&token, claims, keys[1].secret);
    enum webhook_fault fault = webhook_check(buf_slice(&token), slice_from(body1), keys, KEYS, NOW);
    json_decref(claims);
    buf_free(&token);
    buf_free(&hash);
    return fault;
}

static void the_vectors_are_accepted(void **state) {
    assert_int_equal(strlen(body1), 268);
    assert_int_equal(strlen(body2), 405);
    assert_int_equal(check(token1, body1), WEBHOOK_OK);
    assert_int_equal(check(token2, body2), WEBHOOK_OK);
}

static void other_bodies_are_refused(void **state) {
    char longer[512];
    snprintf(longer, sizeof longer, "%s\n", body1);
    assert_int_equal(check(token1, longer), WEBHOOK_OTHER_BODY);
    assert_int_equal(check(token1, body2), WEBHOOK_OTHER_BODY);
    assert_int_equal(check_claims("{\"iss\":\"devkey\",\"exp\":4102444800,\"sha256\":"
                                  "\"SmPpVQWgwwnbz5FFCCXZECtLyAP9kQSoNJIABEGAZ5s\"}"),
                     WEBHOOK_OTHER_BODY);
    assert_int_equal(check_claims("{\"iss\":\"devkey\",\"exp\":4102444800,\"sha256\":7}"),
                     WEBHOOK_OTHER_BODY);
}

static void signatures_are_checked(void **state) {
    char flipped[1024];
    snprintf(flipped, sizeof flipped, "%s", token1);
    flipped[strlen(flipped) - 3] ^= 1;
    assert_int_equal(check(flipped, body1), WEBHOOK_BAD_SIGNATURE);
    assert_int_equal(check("", body1), WEBHOOK_MISSING);
    assert_int_equal(check("garbage", body1), WEBHOOK_MALFORMED);
    assert_int_equal(
        check("eyJhbGciOiJub25lIn0.eyJpc3MiOiJkZXZrZXkiLCJleHAiOjQxMDI0NDQ4MDB9.", body1),
        WEBHOOK_MALFORMED);
    assert_int_equal(check_claims("{\"iss\":\"nobody\",\"exp\":4102444800}"), WEBHOOK_UNKNOWN_KEY);
    assert_int_equal(check_claims("{\"iss\":\"other\",\"exp\":4102444800}"), WEBHOOK_BAD_SIGNATURE);
}

static void clocks_may_differ_a_little(void **state) {
    char claims[128];
    static const struct {
        int exp, nbf;
        enum webhook_fault fault;
    } cases[] = {
        {NOW - 5, NOW - 300, WEBHOOK_OK},
        {NOW - 120, NOW - 300, WEBHOOK_EXPIRED},
        {NOW + 300, NOW + 5, WEBHOOK_OK},
        {NOW + 600, NOW + 300, WEBHOOK_NOT_YET},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(claims, sizeof claims, "{\"iss\":\"devkey\",\"exp\":%d,\"nbf\":%d}", cases[i].exp,
                 cases[i].nbf);
        assert_int_equal(check_claims(claims), cases[i].fault);
    }
    assert_int_equal(check_claims("{\"iss\":\"devkey\"}"), WEBHOOK_MALFORMED);
}

/* ---- events ---- */

struct world {
    struct loop *loop;
    struct sessions *sessions;
    struct webhook *webhook;
    struct webhook_listener listener;
    int published, unpublished;
    int64_t told_ms;
};

static void on_track(const struct session *session, struct slice identity,
                     const struct livekit_track *track, bool is_published, void *user) {
    struct world *world = user;
    if (is_published)
        world->published++;
    else
        world->unpublished++;
}

static void on_time(int64_t told_ms, void *user) {
    struct world *world = user;
    world->told_ms = told_ms;
}

static void on_participant(const struct session *session, struct slice identity, void *user) {
}

static void on_egress(const struct livekit_egress *egress, void *user) {
}

static void open_world(struct world *world) {
    log_setup(LOG_OFF, LOG_TEXT);
    *world = (struct world){.listener = {on_track, on_participant, on_egress, on_time, world}};
    assert_int_equal(loop_open(&world->loop), 0);
    struct sessions_settings sessions = {.loop = world->loop};
    world->sessions = sessions_new(&sessions);
    struct webhook_settings set = {.sessions = world->sessions, .listener = &world->listener};
    world->webhook = webhook_new(&set);
}

static void close_world(struct world *world) {
    webhook_free(world->webhook);
    sessions_free(world->sessions);
    loop_close(world->loop);
}

static void take(struct world *world, const char *text) {
    json_t *event = json_read(slice_from(text));
    assert_non_null(event);
    webhook_take(world->webhook, event, true, (int64_t)NOW * 1000);
    json_decref(event);
}

static const char *const story[] = {
    "{\"event\":\"room_started\",\"id\":\"EV_1\",\"createdAt\":\"1899999000\","
    "\"room\":{\"sid\":\"RM_1\",\"name\":\"sala\",\"creationTime\":\"1899999000\"}}",
    "{\"event\":\"participant_joined\",\"id\":\"EV_2\",\"createdAt\":\"1899999001\","
    "\"room\":{\"sid\":\"RM_1\",\"name\":\"sala\",\"creationTime\":\"1899999000\"},"
    "\"participant\":{\"sid\":\"PA_1\",\"identity\":\"ana\",\"joinedAt\":\"1899999001\","
    "\"metadata\":\"{\\\"role\\\":\\\"host\\\",\\\"name\\\":\\\"Ana\\\"}\"}}",
    "{\"event\":\"track_published\",\"id\":\"EV_3\",\"createdAt\":\"1899999002\","
    "\"room\":{\"sid\":\"RM_1\",\"name\":\"sala\"},\"participant\":{\"sid\":\"PA_1\",\"identity\":"
    "\"ana\"},\"track\":{\"sid\":\"TR_1\",\"source\":\"MICROPHONE\"}}",
    "{\"event\":\"room_finished\",\"id\":\"EV_4\",\"createdAt\":\"1899999009\","
    "\"room\":{\"sid\":\"RM_1\",\"name\":\"sala\",\"creationTime\":\"1899999000\"}}",
};

static void expect_story_end(struct world *world) {
    const struct session *session = sessions_find(world->sessions, SLICE("RM_1"));
    assert_non_null(session);
    assert_false(session->is_active);
    assert_int_equal(session->ended_ms, 1899999009000);
    assert_int_equal(session->started_ms, 1899999000000);
    assert_null(sessions_find_active(world->sessions, SLICE("sala")));
    const struct attendee *ana = session_find_attendee(session, SLICE("ana"));
    assert_non_null(ana);
    assert_string_equal(ana->name, "Ana");
    assert_true(ana->is_host);
    assert_int_equal(world->published, 1);
    assert_int_equal(sessions_count_active(world->sessions), 0);
}

/* Every order, each event twice, the second time after all of them or at once. */
static void every_order_ends_the_same(void **state) {
    for (int code = 0; code < 256; code++) {
        int order[] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
        bool seen[4] = {false};
        for (int i = 0; i < 4; i++)
            seen[order[i]] = true;
        if (!seen[0] || !seen[1] || !seen[2] || !seen[3])
            continue;
        struct world world;
        open_world(&world);
        for (int i = 0; i < 4; i++) {
            take(&world, story[order[i]]);
            if (i & 1)
                take(&world, story[order[i]]);
        }
        for (int i = 0; i < 4; i++)
            take(&world, story[order[i]]);
        expect_story_end(&world);
        assert_int_equal(webhook_stats(world.webhook)->duplicates, 6);
        close_world(&world);
    }
}

static void a_room_may_really_start_again(void **state) {
    struct world world;
    open_world(&world);
    take(&world, "{\"event\":\"room_started\",\"createdAt\":\"100\",\"room\":{\"name\":\"a\"}}");
    take(&world, "{\"event\":\"room_finished\",\"createdAt\":\"200\",\"room\":{\"name\":\"a\"}}");
    assert_null(sessions_find_active(world.sessions, SLICE("a")));
    take(&world, "{\"event\":\"participant_left\",\"createdAt\":\"201\",\"room\":{\"name\":\"a\"},"
                 "\"participant\":{\"identity\":\"b\"}}");
    assert_null(sessions_find_active(world.sessions, SLICE("a")));
    take(&world, "{\"event\":\"room_started\",\"createdAt\":\"300\",\"room\":{\"name\":\"a\"}}");
    assert_non_null(sessions_find_active(world.sessions, SLICE("a")));
    take(&world, "{\"event\":\"room_finished\",\"createdAt\":\"200\",\"room\":{\"name\":\"a\"}}");
    assert_non_null(sessions_find_active(world.sessions, SLICE("a")));
    close_world(&world);
}

static void a_new_sid_ends_its_predecessor(void **state) {
    struct world world;
    open_world(&world);
    take(&world, "{\"event\":\"room_started\",\"createdAt\":\"100\","
                 "\"room\":{\"sid\":\"RM_1\",\"name\":\"a\"}}");
    take(&world, "{\"event\":\"room_started\",\"createdAt\":\"200\","
                 "\"room\":{\"sid\":\"RM_2\",\"name\":\"a\"}}");
    assert_string_equal(sessions_find_active(world.sessions, SLICE("a"))->meeting_id, "RM_2");
    assert_false(sessions_find(world.sessions, SLICE("RM_1"))->is_active);
    assert_int_equal(sessions_count_active(world.sessions), 1);
    close_world(&world);
}

static void the_old_connection_leaves_after_the_new_one_joined(void **state) {
    struct world world;
    open_world(&world);
    static const char *const joined =
        "{\"event\":\"participant_joined\",\"room\":{\"name\":\"a\"},\"participant\":{\"sid\":\"PA_"
        "%d\",\"identity\":\"b\",\"joinedAt\":\"%d\",\"metadata\":\"{\\\"isHost\\\":true}\","
        "\"permission\":{\"canUpdateMetadata\":%s}}}";
    char text[512];
    snprintf(text, sizeof text, joined, 1, 100, "false");
    take(&world, text);
    snprintf(text, sizeof text, joined, 2, 200, "false");
    take(&world, text);
    take(&world, "{\"event\":\"participant_left\",\"room\":{\"name\":\"a\"},"
                 "\"participant\":{\"sid\":\"PA_1\",\"identity\":\"b\"}}");
    const struct session *session = sessions_find_active(world.sessions, SLICE("a"));
    const struct attendee *b = session_find_attendee(session, SLICE("b"));
    assert_true(b->is_present);
    assert_true(b->is_host);
    /* A role that its owner could have written is none. */
    snprintf(text, sizeof text, joined, 3, 300, "true");
    take(&world, text);
    assert_false(b->is_host);
    take(&world, "{\"event\":\"participant_left\",\"room\":{\"name\":\"a\"},"
                 "\"participant\":{\"sid\":\"PA_3\",\"identity\":\"b\"}}");
    assert_false(b->is_present);
    close_world(&world);
}

static void strange_events_do_nothing(void **state) {
    struct world world;
    open_world(&world);
    take(&world, "{\"event\":\"agent_job_started\",\"room\":{\"name\":\"a\"}}");
    take(&world, "{\"event\":\"room_started\"}");
    take(&world, "{\"event\":\"room_started\",\"room\":{\"name\":\"a\\nb\"}}");
    take(&world, "{\"event\":\"track_published\",\"room\":7,\"track\":[],\"participant\":\"x\"}");
    assert_int_equal(sessions_count_active(world.sessions), 0);
    assert_int_equal(webhook_stats(world.webhook)->unknown, 1);
    take(&world, "{\"room\":{\"name\":\"a\"}}"); /* what the old backend's clients may send */
    assert_int_equal(sessions_count_active(world.sessions), 1);
    close_world(&world);
}

/* Its own recorders keep no meeting alive, and are in no list. */
static void recorders_are_passed_over(void **state) {
    static const char *const bodies[] = {
        "{\"event\":\"participant_joined\",\"room\":{\"name\":\"a\"},\"participant\":{\"sid\":"
        "\"PA_1\",\"identity\":\"EG_1\",\"kind\":\"EGRESS\"}}",
        "{\"event\":\"participant_left\",\"room\":{\"name\":\"a\"},\"participant\":{\"sid\":"
        "\"PA_2\",\"identity\":\"prosa-1\",\"permission\":{\"hidden\":true,\"recorder\":true}}}",
    };
    struct world world;
    open_world(&world);
    take(&world, bodies[0]);
    take(&world, bodies[1]);
    assert_null(sessions_find_active(world.sessions, SLICE("a")));
    take(&world, "{\"event\":\"room_started\",\"room\":{\"name\":\"a\"}}");
    take(&world, bodies[0]);
    const struct session *session = sessions_find_active(world.sessions, SLICE("a"));
    assert_int_equal(session->attendees.len, 0);
    close_world(&world);
}

RUN_TESTS(TEST(the_vectors_are_accepted), TEST(other_bodies_are_refused),
          TEST(signatures_are_checked), TEST(clocks_may_differ_a_little),
          TEST(every_order_ends_the_same), TEST(a_room_may_really_start_again),
          TEST(a_new_sid_ends_its_predecessor),
          TEST(the_old_connection_leaves_after_the_new_one_joined), TEST(strange_events_do_nothing),
          TEST(recorders_are_passed_over))
