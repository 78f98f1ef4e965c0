#include "stage.h"
#include "unit.h"

static void zeros_since_joining_are_a_dead_microphone(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *bob = stage_join(&stage, "bob");
    actor_do(bob, SENDS_ZEROS);
    stage_play(&stage, 12);
    const struct feedback *told = stage_told(&stage, FEEDBACK_SILENCIO_PROLONGADO, 0);
    assert_non_null(told);
    assert_in_range(told->ts_ms, 10000, 10300);
    assert_int_equal(told->reason, REASON_DEAD_MIC);
    assert_string_equal(told->participant, "bob");
    actor_listen(bob);
    stage_play(&stage, 60);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 1);
    stage_close(&stage);
}

static void a_live_room_that_turns_to_zeros_is_a_dead_microphone(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *bob = stage_join(&stage, "bob");
    stage_play(&stage, 5);
    actor_do(bob, SENDS_ZEROS);
    stage_play(&stage, 9.8);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 0);
    stage_play(&stage, 0.6);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 1);
    stage_close(&stage);
}

/* Opus leaves single samples of +-1 where there were zeros; a silent room is never so still. */
static void near_zeros_are_a_dead_microphone_and_faint_noise_is_not(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    struct actor *eva = stage_join(&stage, "eva");
    actor_do(bob, SENDS_NEAR_ZEROS);
    stage_say(&stage, ana, 5);
    actor_do(eva, SENDS_FAINT_NOISE);
    stage_say(&stage, ana, 30);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "eva"), 0);
    const struct feedback *told = stage_told(&stage, FEEDBACK_SILENCIO_PROLONGADO, 0);
    assert_non_null(told);
    assert_string_equal(told->participant, "bob");
    assert_int_equal(told->reason, REASON_DEAD_MIC);
    assert_in_range(told->ts_ms, 10000, 10300);
    stage_close(&stage);
}

static void a_codec_that_saves_silence_is_no_dead_microphone(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *bob = stage_join(&stage, "bob");
    bob->noise_dbfs = -120;
    for (int i = 0; i < 5; i++) {
        stage_say(&stage, bob, 3);
        stage_play(&stage, 30);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 0);
    stage_close(&stage);
}

static void four_silent_listeners_on_livekit_are_no_news(void **state) {
    static const char *const names[] = {"a", "b", "c", "d"};
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *actors[4];
    for (int i = 0; i < 4; i++) {
        actors[i] = stage_join(&stage, names[i]);
        meeting_set_dtx(actors[i]->track, true);
        actor_do(actors[i], SENDS_ZEROS);
    }
    for (int minute = 0; minute < 10; minute++) {
        for (int i = 0; i < 4; i++)
            actor_listen(actors[i]);
        stage_play(&stage, 2);
        for (int i = 0; i < 4; i++)
            actor_do(actors[i], SENDS_ZEROS);
        stage_play(&stage, 58);
    }
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static void an_open_microphone_without_frames_is_told(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *bob = stage_join(&stage, "bob");
    meeting_set_dtx(bob->track, true);
    stage_play(&stage, 3);
    actor_do(bob, SENDS_NOTHING);
    stage_play(&stage, 11);
    const struct feedback *told = stage_told(&stage, FEEDBACK_SILENCIO_PROLONGADO, 0);
    assert_non_null(told);
    assert_in_range(told->ts_ms, 13000, 13300);
    assert_int_equal(told->reason, REASON_NO_FRAMES);
    stage_close(&stage);
}

static void a_muted_microphone_is_nobodys_business(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *bob = stage_join(&stage, "bob");
    stage_play(&stage, 3);
    for (int i = 0; i < 3; i++) {
        actor_do(bob, i == 0 ? SENDS_NOTHING : SENDS_ZEROS);
        stage_mute(&stage, bob, true);
        stage_play(&stage, 40);
        stage_mute(&stage, bob, false);
        actor_do(bob, SENDS_ZEROS);
        stage_play(&stage, 8);
    }
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static void ten_seconds_without_a_word_are_told(void **state) {
    struct stage stage;
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[0], 5);
    stage_play(&stage, 69);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    stage_play(&stage, 2);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 2);
    const struct feedback *told = stage_told(&stage, FEEDBACK_SILENCIO_PROLONGADO, 0);
    assert_in_range(told->ts_ms, 15000, 15200);
    assert_true(told->is_group);
    assert_int_equal(told->reason, REASON_GROUP);
    stage_close(&stage);
}

static void a_cough_does_not_end_the_silence_and_a_word_does(void **state) {
    struct stage stage;
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[0], 5);
    stage_play(&stage, 6);
    stage_say(&stage, actors[1], 0.08);
    stage_play(&stage, 5);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    stage_say(&stage, actors[1], 0.6);
    stage_play(&stage, 9.5);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    stage_close(&stage);
}

static void alone_one_may_be_silent(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    stage_say(&stage, ana, 3);
    stage_play(&stage, 60);
    assert_int_equal(stage.tolds, 0);
    struct actor *bob = stage_join(&stage, "bob");
    stage_play(&stage, 9.8);
    assert_int_equal(stage.tolds, 0);
    stage_play(&stage, 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    stage_leave(&stage, bob);
    stage_play(&stage, 60);
    assert_int_equal(stage.tolds, 1);
    stage_close(&stage);
}

static void everybody_muted_is_no_silence_and_an_unmute_begins_anew(void **state) {
    struct stage stage;
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[0], 5);
    for (int i = 0; i < 3; i++) {
        meeting_set_delay(actors[i]->track, 2500);
        stage_mute(&stage, actors[i], true);
    }
    stage_play(&stage, 25);
    stage_mute(&stage, actors[1], false);
    stage_play(&stage, 12.2);
    assert_int_equal(stage.tolds, 0);
    stage_play(&stage, 0.6);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    stage_close(&stage);
}

static void who_leaves_when_all_are_muted_ends_no_silence(void **state) {
    struct stage stage;
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[0], 5);
    for (int i = 0; i < 3; i++)
        stage_mute(&stage, actors[i], true);
    stage_play(&stage, 25);
    stage_mute(&stage, actors[2], false); /* as LiveKit Egress says when a track ends */
    stage_play(&stage, 2.8);
    stage_leave(&stage, actors[2]);
    stage_play(&stage, 20);
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static void a_microphone_is_given_the_time_that_its_sound_needs(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *bob = stage_join(&stage, "bob");
    meeting_set_delay(bob->track, 2500);
    stage_play(&stage, 5);
    stage_mute(&stage, bob, true);
    stage_play(&stage, 5);
    stage_mute(&stage, bob, false);
    actor_do(bob, SENDS_ZEROS);
    stage_play(&stage, 12.2);
    assert_int_equal(stage.tolds, 0);
    stage_play(&stage, 0.6);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 1);
    stage_close(&stage);
}

/* Two have joined with their microphones off: they are in the meeting all the same. */
static void people_without_a_track_are_in_the_meeting(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    stage_say(&stage, ana, 3);
    stage_play(&stage, 15);
    assert_int_equal(stage.tolds, 0);
    meeting_set_guests(stage.meeting, 1);
    stage_play(&stage, 12);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    meeting_set_guests(stage.meeting, 0);
    stage_say(&stage, ana, 1);
    stage_play(&stage, 30);
    assert_int_equal(stage.tolds, 1);
    stage_close(&stage);
}

static void who_has_closed_their_microphone_stays_and_a_recorder_is_nobody(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    struct participant *participant = bob->participant;
    meeting_set_presence(participant, PRESENCE_HERE);
    stage_say(&stage, ana, 3);
    stage_leave(&stage, bob);
    stage_play(&stage, 12);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    meeting_set_presence(participant, PRESENCE_AWAY);
    stage_join(&stage, "bob"); /* a track that is still there says nothing */
    stage_say(&stage, ana, 3);
    stage_play(&stage, 30);
    assert_int_equal(stage.tolds, 1);
    stage_close(&stage);
}

/* No packets come. Until the room's server says why, that is neither a mute nor a fault. */
static void a_microphone_that_was_cut_off_is_told_when_it_is_known(void **state) {
    struct stage stage;
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    struct actor *bob = actors[1];
    stage_play(&stage, 5);
    stage_set_mic(&stage, bob, MIC_UNKNOWN);
    actor_do(bob, SENDS_NOTHING);
    stage_say(&stage, actors[0], 15);
    assert_int_equal(stage.tolds, 0);
    stage_set_mic(&stage, bob, MIC_CUT);
    stage_say(&stage, actors[0], 0.4);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 1);
    assert_int_equal(stage_told(&stage, FEEDBACK_SILENCIO_PROLONGADO, 0)->reason, REASON_NO_FRAMES);
    stage_close(&stage);
}

static void a_mute_that_is_known_late_is_a_mute(void **state) {
    struct stage stage;
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_play(&stage, 5);
    stage_set_mic(&stage, actors[1], MIC_UNKNOWN);
    actor_do(actors[1], SENDS_NOTHING);
    stage_say(&stage, actors[0], 8);
    stage_set_mic(&stage, actors[1], MIC_MUTED);
    stage_say(&stage, actors[0], 20);
    stage_set_mic(&stage, actors[1], MIC_CUT); /* opened, and their network is gone */
    stage_say(&stage, actors[0], 9.5);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, NULL), 0);
    stage_say(&stage, actors[0], 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "bob"), 1);
    stage_close(&stage);
}

/* Ana says something, and 6 s later lets out `seconds` of sound at `dbfs`. When the silence is
 * told, in seconds since her last word; 0: not within 12 s. */
static double silence_after(unsigned version, double dbfs, double seconds) {
    struct rules rules;
    struct stage stage;
    rules_init_version(&rules, version);
    stage_open(&stage, &rules);
    struct actor *ana = stage_join(&stage, "ana");
    stage_join(&stage, "bob");
    stage_say(&stage, ana, 5);
    double last_s = stage_now_s(&stage);
    stage_play(&stage, 6);
    actor_speak(ana, dbfs);
    stage_play(&stage, seconds);
    actor_listen(ana);
    stage_play(&stage, 6 - seconds);
    const struct feedback *told = stage_told(&stage, FEEDBACK_SILENCIO_PROLONGADO, 0);
    double at_s = told ? told_s(told) - last_s : 0;
    stage_close(&stage);
    return at_s;
}

static void a_breath_or_a_click_does_not_end_a_silence(void **state) {
    const double own_dbfs = -21;
    assert_true(silence_after(2, own_dbfs - 24, 1) > 9.8);  /* a breath */
    assert_true(silence_after(2, own_dbfs, 0.2) > 9.8);     /* a click */
    assert_true(silence_after(2, own_dbfs, 0.5) == 0);      /* a word */
    assert_true(silence_after(2, own_dbfs - 12, 0.5) == 0); /* a soft one */
    assert_true(silence_after(1, own_dbfs - 24, 1) == 0);   /* the former rules */
}

/* Of somebody who has not spoken yet a little more is asked. */
static void a_strangers_first_word_ends_a_silence(void **state) {
    for (int i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage, NULL);
        struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
        stage_say(&stage, ana, 5);
        stage_play(&stage, 6);
        bob->level_dbfs = -48;
        stage_say(&stage, bob, i == 0 ? 0.44 : 0.9);
        stage_play(&stage, 5);
        assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), i == 0);
        stage_close(&stage);
    }
}

RUN_TESTS(TEST(zeros_since_joining_are_a_dead_microphone),
          TEST(a_live_room_that_turns_to_zeros_is_a_dead_microphone),
          TEST(near_zeros_are_a_dead_microphone_and_faint_noise_is_not),
          TEST(a_codec_that_saves_silence_is_no_dead_microphone),
          TEST(four_silent_listeners_on_livekit_are_no_news),
          TEST(an_open_microphone_without_frames_is_told),
          TEST(a_muted_microphone_is_nobodys_business), TEST(ten_seconds_without_a_word_are_told),
          TEST(a_cough_does_not_end_the_silence_and_a_word_does), TEST(alone_one_may_be_silent),
          TEST(everybody_muted_is_no_silence_and_an_unmute_begins_anew),
          TEST(who_leaves_when_all_are_muted_ends_no_silence),
          TEST(a_microphone_is_given_the_time_that_its_sound_needs),
          TEST(people_without_a_track_are_in_the_meeting),
          TEST(who_has_closed_their_microphone_stays_and_a_recorder_is_nobody),
          TEST(a_microphone_that_was_cut_off_is_told_when_it_is_known),
          TEST(a_mute_that_is_known_late_is_a_mute),
          TEST(a_breath_or_a_click_does_not_end_a_silence),
          TEST(a_strangers_first_word_ends_a_silence))
