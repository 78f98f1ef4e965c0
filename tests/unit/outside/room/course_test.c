/* What is done about each end of a session in a room. */
#include "outside/room/course.h"
#include "outside/room/sfu.h"
#include "unit.h"

/* A session that was opened at 1,000 and has media since 1,200. */
static struct course worked(void) {
    struct course course;
    course_begin(&course, 0);
    assert_int_equal(course.phase, COURSE_ASKING);
    course_dial(&course, 500);
    course_open(&course, 5000, 15000, 1000);
    course_media(&course, true, 1200);
    return course;
}

/* Whatever is due is done when it is due: a timer set by it does not run in circles. */
static void check_due(struct course *course) {
    for (int i = 0; i < 40 && course->phase == COURSE_OPEN; i++) {
        int64_t due_ms = course_due_ms(course);
        if (course_look(course, due_ms, 0) && i % 2 == 0)
            course_pong(course, due_ms);
        assert_true(course->phase != COURSE_OPEN || course_due_ms(course) > due_ms);
    }
}

static void answer_pings(struct course *course, int64_t until_ms) {
    for (int64_t now_ms = course->pong_ms; now_ms <= until_ms; now_ms += 1000)
        if (course_look(course, now_ms, 0))
            course_pong(course, now_ms);
}

/* Waits out the pause, and takes a ticket. */
static void attempt(struct course *course) {
    assert_int_equal(course->phase, COURSE_PAUSING);
    course_look(course, course->due_ms, 0);
    assert_int_equal(course->phase, COURSE_ASKING);
    course_dial(course, course->due_ms);
}

static void pings_go_out_and_their_absence_ends(void **state) {
    struct course course = worked();
    assert_int_equal(course_due_ms(&course), 6000);
    assert_false(course_look(&course, 5999, 0));
    assert_true(course_look(&course, 6000, 0));
    assert_false(course_look(&course, 6001, 0));
    course_pong(&course, 6100);
    assert_true(course_look(&course, 11000, 0));
    assert_true(course_look(&course, 16000, 0));
    assert_true(course_look(&course, 21000, 0));
    /* 15 s after the last answer, however many pings went out. */
    assert_int_equal(course_due_ms(&course), 21100);
    course_look(&course, 21100, 0);
    assert_int_equal(course.phase, COURSE_PAUSING);
    assert_true(course.is_resume);
    assert_int_equal(course.loss, COURSE_LOST_SIGNAL);
    assert_int_equal(course.due_ms, 21100);
}

static void odd_intervals_are_not_taken(void **state) {
    struct course course = worked();
    course_begin(&course, 0);
    course_dial(&course, 0);
    course_open(&course, 1, INT64_MAX, 0);
    assert_int_equal(course.ping_every_ms, COURSE_PING_MS);
    assert_int_equal(course.pong_within_ms, COURSE_PONG_MS);
}

static void lost_signalling_is_resumed_as_long_as_media_come(void **state) {
    struct course course = worked();
    course_lost(&course, 0, 20000, UINT64_MAX);
    assert_true(course.is_resume);
    assert_int_equal(course.due_ms, 20000); /* the first time at once */
    for (int i = 0; i < 20; i++) {
        attempt(&course);
        assert_true(course.is_resume);
        int64_t before_ms = course.due_ms;
        course_lost(&course, 0, before_ms, UINT64_MAX);
        assert_true(course.due_ms - before_ms <= COURSE_PAUSE_MAX_MS);
    }
    attempt(&course);
    course_open(&course, 0, 0, course.due_ms);
    assert_int_equal(course.ping_every_ms, 5000);
    assert_true(course.has_media);
}

static void lost_media_are_a_reason_to_resume_and_then_to_begin_anew(void **state) {
    struct course course = worked();
    answer_pings(&course, 19000);
    course_media(&course, false, 20000);
    course.pong_ms = course.ping_ms = 25000;
    course_look(&course, 25999, 0);
    assert_int_equal(course.phase, COURSE_OPEN);
    course_look(&course, 26000, 0);
    assert_true(course.is_resume);
    assert_int_equal(course.loss, COURSE_LOST_MEDIA);
    attempt(&course);
    course_open(&course, 0, 0, 27000);
    /* Resumed, and nothing comes: a session that only looks alive. */
    course.pong_ms = course.ping_ms = 46000;
    course_look(&course, 46000, 0);
    assert_int_equal(course.phase, COURSE_OPEN);
    course_look(&course, 47000, 0);
    assert_int_equal(course.phase, COURSE_PAUSING);
    assert_false(course.is_resume);
    assert_false(course.has_session);
}

static void an_old_session_is_not_resumed(void **state) {
    struct course course = worked();
    course_media(&course, false, 20000);
    course_lost(&course, 0, 21000, 0);
    assert_true(course.is_resume);
    course_look(&course, 21000, 0);
    course_dial(&course, 41000); /* the ticket came late */
    assert_false(course.is_resume);
}

static void livekit_says_what_to_do(void **state) {
    static const struct {
        int32_t action, reason;
        enum course_phase phase;
        enum course_end end;
        bool is_resume;
    } rows[] = {
        {SFU_DISCONNECT, SFU_CLIENT_LEFT, COURSE_ENDED, COURSE_ENDED_CLOSED, false},
        {SFU_DISCONNECT, SFU_DUPLICATE, COURSE_ENDED, COURSE_ENDED_DUPLICATE, false},
        {SFU_DISCONNECT, SFU_REMOVED, COURSE_ENDED, COURSE_ENDED_REMOVED, false},
        {SFU_DISCONNECT, SFU_ROOM_DELETED, COURSE_ENDED, COURSE_ENDED_CLOSED, false},
        {SFU_DISCONNECT, SFU_ROOM_CLOSED, COURSE_ENDED, COURSE_ENDED_CLOSED, false},
        {SFU_DISCONNECT, SFU_SHUTDOWN, COURSE_PAUSING, COURSE_ENDED_NOT, false},
        {SFU_DISCONNECT, SFU_JOIN_FAILED, COURSE_PAUSING, COURSE_ENDED_NOT, false},
        {SFU_DISCONNECT, SFU_TIMED_OUT, COURSE_PAUSING, COURSE_ENDED_NOT, false},
        {SFU_DISCONNECT, SFU_UNKNOWN, COURSE_PAUSING, COURSE_ENDED_NOT, false},
        {SFU_RESUME, SFU_TIMED_OUT, COURSE_PAUSING, COURSE_ENDED_NOT, true},
        {SFU_RESUME, SFU_MIGRATION, COURSE_PAUSING, COURSE_ENDED_NOT, true},
        {SFU_REJOIN, SFU_MISMATCH, COURSE_PAUSING, COURSE_ENDED_NOT, false},
        {17, 4711, COURSE_PAUSING, COURSE_ENDED_NOT, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct course course = worked();
        course_leave(&course, rows[i].action, rows[i].reason, 20000, 0);
        assert_int_equal(course.phase, rows[i].phase);
        assert_int_equal(course.end, rows[i].end);
        assert_int_equal(course.is_resume, rows[i].is_resume);
        assert_int_equal(course.has_session, rows[i].is_resume || course.phase == COURSE_ENDED);
    }
}

/* Each resumption after a time-out opens the window again, so a blackout of 40 s costs no session. */
static void the_window_opens_again(void **state) {
    struct course course = worked();
    course_media(&course, false, 20000);
    for (int64_t now_ms = 25000; now_ms < 65000; now_ms += 15500) {
        course_leave(&course, SFU_RESUME, SFU_TIMED_OUT, now_ms, 0);
        assert_true(course.is_resume);
        attempt(&course);
        assert_true(course.is_resume);
        course_open(&course, 0, 0, now_ms + 100);
    }
}

static void refusals_end_a_first_attempt(void **state) {
    static const struct {
        int status;
        enum course_end end;
    } rows[] = {{401, COURSE_ENDED_REFUSED},
                {403, COURSE_ENDED_REFUSED},
                {400, COURSE_ENDED_REFUSED},
                {404, COURSE_ENDED_CLOSED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct course course;
        course_begin(&course, 0);
        course_dial(&course, 0);
        course_lost(&course, rows[i].status, 100, 0);
        assert_int_equal(course.phase, COURSE_ENDED);
        assert_int_equal(course.end, rows[i].end);
    }
    /* A refused resumption only means that the session is gone. */
    struct course course = worked();
    course_lost(&course, 0, 20000, 0);
    attempt(&course);
    course_lost(&course, 404, 20100, 0);
    assert_int_equal(course.phase, COURSE_PAUSING);
    assert_false(course.is_resume);
}

static void what_may_pass_is_tried_again_and_given_up(void **state) {
    static const struct {
        int status;
        enum course_end end;
    } rows[] = {{503, COURSE_ENDED_LIMIT}, {429, COURSE_ENDED_LIMIT}, {0, COURSE_ENDED_NO_ANSWER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct course course;
        course_begin(&course, 0);
        course_dial(&course, 0);
        unsigned tries = 1;
        for (; course.phase != COURSE_ENDED; tries++) {
            course_lost(&course, rows[i].status, course.due_ms, 0);
            if (course.phase != COURSE_ENDED)
                attempt(&course);
        }
        assert_int_equal(tries - 1, COURSE_FIRST_TRIES);
        assert_int_equal(course.end, rows[i].end);
    }
}

static void no_way_for_media_is_found_by_trying_twice(void **state) {
    struct course course;
    course_begin(&course, 0);
    course_dial(&course, 0);
    course_open(&course, 0, 0, 100);
    course_media_failed(&course, 15100, 0);
    attempt(&course);
    course_open(&course, 0, 0, 16000);
    course_media_failed(&course, 31000, 0);
    assert_int_equal(course.end, COURSE_ENDED_NO_WAY);
}

/* A server that lets us in and shuts the door at once, or never offers anything. */
static void a_session_without_media_is_no_session(void **state) {
    struct course course;
    course_begin(&course, 0);
    course_dial(&course, 0);
    unsigned tries = 0;
    while (course.phase != COURSE_ENDED) {
        tries++;
        course_open(&course, 0, 0, course.due_ms);
        course_lost(&course, 0, course.opened_ms + 10, 0);
        assert_false(course.is_resume);
        if (course.phase != COURSE_ENDED)
            attempt(&course);
    }
    assert_int_equal(tries, COURSE_FIRST_TRIES);
    course_begin(&course, 0);
    course_dial(&course, 0);
    course_open(&course, 0, 0, 100);
    answer_pings(&course, 30000);
    assert_int_equal(course.phase, COURSE_OPEN);
    course_look(&course, 30100, 0);
    assert_int_equal(course.phase, COURSE_PAUSING);
    assert_false(course.is_resume);
}

/* The same after a session that had worked: resumed for a while, then begun anew, then given up. */
static void resumptions_without_media_end(void **state) {
    struct course course = worked();
    course_media(&course, false, 20000);
    course_lost(&course, 0, 20000, 0);
    unsigned tries = 0;
    for (; course.phase != COURSE_ENDED && tries < 100; tries++) {
        attempt(&course);
        course_open(&course, 0, 0, course.due_ms);
        course_lost(&course, 0, course.opened_ms + 10, 0);
    }
    assert_in_range(tries, 5, 3 * COURSE_TRIES);
}

static void what_is_due_is_done(void **state) {
    struct course course = worked();
    check_due(&course);
    course = worked();
    course_media(&course, false, 2000);
    check_due(&course);
    assert_true(course.is_resume);
    attempt(&course);
    course_open(&course, 0, 0, course.due_ms);
    check_due(&course);
    assert_false(course.is_resume);
    course_begin(&course, 0);
    course_dial(&course, 0);
    course_open(&course, 0, 0, 100);
    check_due(&course);
    assert_int_not_equal(course.phase, COURSE_OPEN);
}

static void an_upgrade_without_an_answer_is_given_up(void **state) {
    struct course course;
    course_begin(&course, 0);
    course_dial(&course, 0);
    assert_int_equal(course_due_ms(&course), COURSE_OPEN_MS);
    course_look(&course, COURSE_OPEN_MS, 0);
    assert_int_equal(course.phase, COURSE_PAUSING);
}

static void success_is_forgiving(void **state) {
    struct course course = worked();
    for (int i = 0; i < 30; i++) {
        course_leave(&course, SFU_REJOIN, SFU_MISMATCH, course.opened_ms + COURSE_STEADY_MS, 0);
        attempt(&course);
        course_open(&course, 0, 0, course.due_ms);
    }
    /* Sessions that end at once are not. */
    for (unsigned i = 0; i < COURSE_TRIES && course.phase != COURSE_ENDED; i++) {
        course_leave(&course, SFU_REJOIN, SFU_MISMATCH, course.opened_ms + 10, 0);
        if (course.phase == COURSE_ENDED)
            break;
        attempt(&course);
        course_open(&course, 0, 0, course.due_ms);
    }
    assert_int_equal(course.phase, COURSE_ENDED);
}

RUN_TESTS(TEST(pings_go_out_and_their_absence_ends), TEST(odd_intervals_are_not_taken),
          TEST(lost_signalling_is_resumed_as_long_as_media_come),
          TEST(lost_media_are_a_reason_to_resume_and_then_to_begin_anew),
          TEST(an_old_session_is_not_resumed), TEST(livekit_says_what_to_do),
          TEST(the_window_opens_again), TEST(refusals_end_a_first_attempt),
          TEST(what_may_pass_is_tried_again_and_given_up),
          TEST(no_way_for_media_is_found_by_trying_twice), TEST(what_is_due_is_done),
          TEST(a_session_without_media_is_no_session), TEST(resumptions_without_media_end),
          TEST(an_upgrade_without_an_answer_is_given_up), TEST(success_is_forgiving))
