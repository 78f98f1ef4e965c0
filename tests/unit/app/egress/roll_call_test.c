#include "app/egress/roll_call.h"

#include "app/sessions/sessions.h"
#include "unit.h"

/* How a session answers a listing. */
static enum roll_answer call(struct map *missing, const struct session *session,
                             const char *text) {
    json_t *rooms = json_loads(text, 0, NULL);
    assert_non_null(rooms);
    enum roll_answer answer = roll_call_take(missing, session, rooms);
    json_decref(rooms);
    return answer;
}

static char daily_sid[] = "RM_1", weekly_sid[] = "RM_2", daily[] = "daily", weekly[] = "weekly";
static char no_sid[] = "";

static const struct session daily_session = {
    .meeting_id = daily_sid, .room_name = daily, .room_sid = daily_sid, .is_active = true};
static const struct session weekly_session = {
    .meeting_id = weekly_sid, .room_name = weekly, .room_sid = weekly_sid, .is_active = true};
static const struct session session_without_sid = {
    .meeting_id = daily, .room_name = daily, .room_sid = no_sid, .is_active = true};

static void a_room_is_gone_when_it_is_missing_twice_in_a_row(void **state) {
    struct session session = daily_session;
    struct map missing;
    map_init(&missing, 1);
    assert_int_equal(call(&missing, &session, "[]"), ROLL_MISSING);
    assert_int_equal(call(&missing, &session, "[{\"sid\":\"RM_1\"}]"), ROLL_PRESENT);
    assert_int_equal(call(&missing, &session, "[]"), ROLL_MISSING);
    assert_int_equal(call(&missing, &session, "[{\"sid\":\"RM_2\"}]"), ROLL_GONE);
    assert_int_equal(call(&missing, &session, "[]"), ROLL_MISSING);
    map_free(&missing);
}

static void each_session_is_counted_by_itself(void **state) {
    struct session one = daily_session;
    struct session other = weekly_session;
    struct map missing;
    map_init(&missing, 1);
    assert_int_equal(call(&missing, &one, "[]"), ROLL_MISSING);
    assert_int_equal(call(&missing, &other, "[]"), ROLL_MISSING);
    assert_int_equal(call(&missing, &one, "[{\"sid\":\"RM_1\"}]"), ROLL_PRESENT);
    assert_int_equal(call(&missing, &other, "[{\"sid\":\"RM_1\"}]"), ROLL_GONE);
    map_free(&missing);
}

static void a_new_room_of_the_same_name_is_another_room(void **state) {
    struct session session = daily_session;
    struct map missing;
    map_init(&missing, 1);
    assert_int_equal(call(&missing, &session, "[{\"sid\":\"RM_9\",\"name\":\"daily\"}]"),
                     ROLL_MISSING);
    map_free(&missing);
}

static void without_a_sid_the_name_decides(void **state) {
    struct session session = session_without_sid;
    struct map missing;
    map_init(&missing, 1);
    assert_int_equal(call(&missing, &session, "[{\"sid\":\"RM_9\",\"name\":\"daily\"}]"),
                     ROLL_PRESENT);
    session = daily_session;
    assert_int_equal(call(&missing, &session, "[{\"name\":\"daily\"}]"), ROLL_PRESENT);
    assert_int_equal(call(&missing, &session, "[{\"name\":\"weekly\"}]"), ROLL_MISSING);
    map_free(&missing);
}

static void an_ended_session_is_forgotten(void **state) {
    struct session session = daily_session;
    struct map missing;
    map_init(&missing, 1);
    assert_int_equal(call(&missing, &session, "[]"), ROLL_MISSING);
    session.is_active = false;
    assert_int_equal(call(&missing, &session, "[]"), ROLL_ENDED);
    session.is_active = true; /* its room started again */
    assert_int_equal(call(&missing, &session, "[]"), ROLL_MISSING);
    map_free(&missing);
}

RUN_TESTS(TEST(a_room_is_gone_when_it_is_missing_twice_in_a_row),
          TEST(each_session_is_counted_by_itself),
          TEST(a_new_room_of_the_same_name_is_another_room), TEST(without_a_sid_the_name_decides),
          TEST(an_ended_session_is_forgotten))
