#include "meeting/meeting.h"
#include "stage.h"
#include "unit.h"

#include <jansson.h>
#include <math.h>

static int told;

static void count_told(const struct feedback *feedback, void *arg) {
    told++;
}

static void hear(struct meeting *meeting, struct meeting_track *track, int64_t from_ms,
                 int64_t to_ms) {
    struct voice_frame frame = {.power = 1e-6f, .peak = 0.01f, .speech = 0.02f, .floor_db = -65};
    for (int64_t end = from_ms + 20; end <= to_ms; end += 20)
        meeting_hear(meeting, track, &frame, end);
}

static struct meeting *meeting_of(int64_t at_ms, struct meeting_track **ana,
                                  struct meeting_track **bob) {
    struct rules rules;
    rules_init(&rules);
    struct meeting *meeting = meeting_new(&rules, at_ms);
    *ana = meeting_connect(meeting, meeting_add(meeting, SLICE("ana")), at_ms);
    *bob = meeting_connect(meeting, meeting_add(meeting, SLICE("bob")), at_ms);
    return meeting;
}

static void a_step_is_judged_when_all_were_heard(void **state) {
    struct meeting_track *ana, *bob;
    struct meeting *meeting = meeting_of(0, &ana, &bob);
    hear(meeting, ana, 0, 500);
    hear(meeting, bob, 0, 300);
    meeting_judge(meeting, 500, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 300);
    hear(meeting, bob, 300, 500);
    meeting_judge(meeting, 500, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 500);
    meeting_free(meeting);
}

static void a_late_track_is_waited_for_200_ms_and_no_longer(void **state) {
    struct meeting_track *ana, *bob;
    struct meeting *meeting = meeting_of(0, &ana, &bob);
    hear(meeting, ana, 0, 1000);
    hear(meeting, bob, 0, 400);
    meeting_judge(meeting, 699, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 400);
    meeting_judge(meeting, 700, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 500);
    meeting_free(meeting);
}

static void the_muted_the_missing_and_the_gone_hold_nobody_up(void **state) {
    struct meeting_track *ana, *bob;
    struct meeting *meeting = meeting_of(0, &ana, &bob);
    hear(meeting, ana, 0, 3000);
    meeting_set_mic(meeting, bob, MIC_MUTED, 0);
    meeting_judge(meeting, 500, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 500);
    meeting_set_mic(meeting, bob, MIC_OPEN, 500);
    meeting_judge(meeting, 600, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 500);
    meeting_miss(meeting, bob, 500, 800);
    meeting_judge(meeting, 900, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 800);
    meeting_disconnect(meeting, bob, 900);
    meeting_judge(meeting, 900, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 900);
    meeting_free(meeting);
}

static void a_track_that_died_holds_nobody_up_after_a_second(void **state) {
    struct meeting_track *ana, *bob;
    struct meeting *meeting = meeting_of(0, &ana, &bob);
    hear(meeting, ana, 0, 3000);
    for (int64_t now = 20; now <= 2000; now += 20)
        meeting_judge(meeting, now, count_told, NULL);
    assert_int_equal(meeting_judged_ms(meeting), 2000);
    meeting_free(meeting);
}

/* Its messages of 100 ms come 40 ms late: none of them would be judged without waiting. */
static void a_track_that_is_back_is_waited_for_again(void **state) {
    struct meeting_track *ana, *bob;
    struct meeting *meeting = meeting_of(0, &ana, &bob);
    for (int64_t now = 20; now <= 5120; now += 20) {
        hear(meeting, ana, now - 20, now);
        if (now > 2100 && now % 100 == 40)
            hear(meeting, bob, now - 140, now - 40);
        meeting_judge(meeting, now, count_told, NULL);
    }
    assert_int_equal(meeting_judged_ms(meeting), 5000);
    meeting_free(meeting);
}

/* The machine slept: time without analysis is not taken for silence. */
static void a_leap_in_time_is_no_silence(void **state) {
    struct meeting_track *ana, *bob;
    int64_t start = 1795349600000;
    struct meeting *meeting = meeting_of(start, &ana, &bob);
    hear(meeting, ana, start, start + 2000);
    hear(meeting, bob, start, start + 2000);
    meeting_judge(meeting, start + 2000, count_told, NULL);
    told = 0;
    meeting_judge(meeting, start + 10000000, count_told, NULL);
    assert_int_equal(told, 0);
    assert_true(meeting_judged_ms(meeting) > start + 10000000 - 500);
    meeting_free(meeting);
}

static void a_pause_of_the_analysis_is_no_silence_and_no_dead_microphone(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    stage_say(&stage, ana, 3);
    actor_do(bob, SENDS_ZEROS);
    stage_play(&stage, 5);
    meeting_pause(stage.meeting);
    assert_true(meeting_is_paused(stage.meeting));
    stage_play(&stage, 30);
    meeting_resume(stage.meeting, (int64_t)(stage_now_s(&stage) * 1000));
    stage_play(&stage, 9.5);
    assert_int_equal(stage.tolds, 0);
    stage_play(&stage, 1.5);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 1);
    stage_close(&stage);
}

static void who_comes_back_is_the_same(void **state) {
    struct stage stage;
    struct actor *ana = stage_open_two(&stage, NULL);
    stage_say(&stage, ana, 30);
    struct participant *participant = ana->participant;
    stage_leave(&stage, ana);
    stage_play(&stage, 3);
    assert_ptr_equal(meeting_find(stage.meeting, SLICE("ana")), participant);
    ana = stage_join(&stage, "ana");
    stage_say(&stage, ana, 12); /* with the thirty seconds before: a monologue */
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOLOGO_PROLONGADO, "ana"), 1);
    stage_close(&stage);
}

static void two_tracks_are_one_participant(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *microphone = stage_join(&stage, "ana");
    struct actor *screen = stage_join(&stage, "ana");
    stage_join(&stage, "bob");
    assert_ptr_equal(microphone->participant, screen->participant);
    actor_do(screen, SENDS_ZEROS);
    stage_say(&stage, microphone, 5);
    stage_leave(&stage, screen);
    stage_say(&stage, microphone, 5);
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static double stat_of(const json_t *people, int index, const char *key) {
    return json_number_value(json_object_get(json_array_get(people, (size_t)index), key));
}

/* The same of the meeting as it is now; a truth value is 0 or 1. */
static double stat_now(const struct stage *stage, int index, const char *key) {
    struct buf out = {0};
    meeting_write_stats(&out, stage->meeting);
    json_t *people = json_loadb(out.data, out.len, 0, NULL);
    bool is_true = json_is_true(json_object_get(json_array_get(people, (size_t)index), key));
    double value = is_true ? 1 : stat_of(people, index, key);
    json_decref(people);
    buf_free(&out);
    return value;
}

/* The old track says muted, and the new one begins before the old one ends. */
static void a_mute_belongs_to_its_track_alone(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *old = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    stage_say(&stage, bob, 3);
    actor_do(old, SENDS_NOTHING);
    stage_mute(&stage, old, true);
    stage_play(&stage, 2);
    struct actor *fresh = stage_join(&stage, "ana");
    stage_say(&stage, fresh, 4);
    stage_leave(&stage, old);
    stage_say(&stage, fresh, 4);
    assert_true(stat_now(&stage, 0, "talkSeconds") > 7.5);
    assert_true(stat_now(&stage, 0, "isMuted") == 0);
    stage_mute(&stage, fresh, true);
    stage_play(&stage, 1);
    assert_true(stat_now(&stage, 0, "isMuted") == 1);
    stage_close(&stage);
}

static void one_is_muted_when_all_tracks_are(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *one = stage_join(&stage, "ana"), *other = stage_join(&stage, "ana");
    stage_mute(&stage, other, true);
    stage_play(&stage, 1);
    assert_true(stat_now(&stage, 0, "isMuted") == 0);
    stage_mute(&stage, one, true);
    stage_play(&stage, 1);
    assert_true(stat_now(&stage, 0, "isMuted") == 1);
    stage_leave(&stage, one);
    stage_play(&stage, 1);
    assert_true(stat_now(&stage, 0, "isMuted") == 1);
    stage_mute(&stage, other, false);
    stage_say(&stage, other, 3);
    assert_true(stat_now(&stage, 0, "isMuted") == 0);
    assert_true(stat_now(&stage, 0, "talkSeconds") > 2.5);
    stage_close(&stage);
}

static void many_who_came_and_went_are_forgotten(void **state) {
    struct rules rules;
    rules_init(&rules);
    struct meeting *meeting = meeting_new(&rules, 0);
    struct participant *first = meeting_add(meeting, SLICE("first"));
    meeting_connect(meeting, first, 0);
    char name[16];
    for (int i = 0; i < 6000; i++) {
        snprintf(name, sizeof name, "p%d", i);
        meeting_add(meeting, slice_from(name));
    }
    assert_null(meeting_find(meeting, SLICE("p0")));
    assert_non_null(meeting_find(meeting, SLICE("p5999")));
    assert_ptr_equal(meeting_find(meeting, SLICE("first")), first);
    meeting_free(meeting);
}

static void names_are_cut_between_characters(void **state) {
    struct rules rules;
    rules_init(&rules);
    struct meeting *meeting = meeting_new(&rules, 0);
    struct participant *ana = meeting_add(meeting, SLICE("ana"));
    char name[301];
    for (int i = 0; i < 150; i++)
        memcpy(name + 2 * i, "\xC3\xA9", 2);
    meeting_set_name(ana, slice_of(name + 1, 299)); /* an odd byte first: 256 is within a letter */
    struct buf out = {0};
    meeting_write_stats(&out, meeting);
    json_t *json = json_loadb(out.data, out.len, 0, NULL);
    assert_non_null(json);
    json_decref(json);
    buf_free(&out);
    meeting_free(meeting);
}

static void statistics_tell_who_talked(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    meeting_set_name(ana->participant, SLICE("Ana"));
    stage_join(&stage, "eva");
    for (int i = 0; i < 3; i++) {
        stage_say(&stage, ana, 6);
        stage_play(&stage, 0.5);
        actor_speak(bob, -21);
        stage_play(&stage, 3);
        actor_speak(ana, -21); /* cuts in */
        stage_play(&stage, 0.8);
        actor_listen(bob);
        stage_play(&stage, 1);
        actor_listen(ana);
        stage_play(&stage, 1);
    }
    struct buf out = {0};
    meeting_write_stats(&out, stage.meeting);
    json_t *people = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_array_size(people), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(people, 0), "name")),
                        "Ana");
    assert_true(fabs(stat_of(people, 0, "talkSeconds") - 23.4) < 1.5);
    assert_true(fabs(stat_of(people, 1, "talkSeconds") - 11.4) < 1);
    assert_true(fabs(stat_of(people, 0, "talkShare") + stat_of(people, 1, "talkShare") - 1) < 0.01);
    assert_true(fabs(stat_of(people, 0, "longestTurnSeconds") - 6) < 0.3);
    assert_int_equal(stat_of(people, 0, "interruptionsGiven"), 3);
    assert_int_equal(stat_of(people, 1, "interruptionsTaken"), 3);
    assert_true(fabs(stat_of(people, 0, "overlapSeconds") - 2.4) < 1);
    assert_true(fabs(stat_of(people, 1, "responseGapSeconds") - 0.5) < 0.2);
    assert_true(fabs(stat_of(people, 0, "rmsMean3s") + 21) < 1.5);
    assert_true(fabs(stat_of(people, 0, "emaRms") + 21) < 1.5);
    assert_true(fabs(stat_of(people, 0, "noiseDbfs") + 65) < 2);
    assert_true(stat_of(people, 2, "talkSeconds") < 0.1);
    json_decref(people);
    buf_free(&out);
    stage_close(&stage);
}

RUN_TESTS(TEST(a_step_is_judged_when_all_were_heard),
          TEST(a_late_track_is_waited_for_200_ms_and_no_longer),
          TEST(the_muted_the_missing_and_the_gone_hold_nobody_up),
          TEST(a_track_that_died_holds_nobody_up_after_a_second),
          TEST(a_track_that_is_back_is_waited_for_again), TEST(a_leap_in_time_is_no_silence),
          TEST(a_pause_of_the_analysis_is_no_silence_and_no_dead_microphone),
          TEST(who_comes_back_is_the_same), TEST(two_tracks_are_one_participant),
          TEST(a_mute_belongs_to_its_track_alone), TEST(one_is_muted_when_all_tracks_are),
          TEST(many_who_came_and_went_are_forgotten), TEST(names_are_cut_between_characters),
          TEST(statistics_tell_who_talked))
