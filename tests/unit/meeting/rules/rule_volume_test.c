#include "stage.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>

static void a_quiet_voice_is_told_once_and_again_after_a_minute(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    meeting_set_name(ana->participant, SLICE("Ana"));
    stage_play(&stage, 1);
    actor_speak(ana, -32.5);
    stage_play(&stage, 9);
    const struct feedback *first = stage_told(&stage, FEEDBACK_VOLUME_BAIXO, 0);
    assert_non_null(first);
    assert_int_equal(first->severity, SEVERITY_WARNING);
    assert_in_range(first->ts_ms, 5900, 6300);
    assert_int_equal(first->window_end_ms - first->window_start_ms, 5000);
    assert_string_equal(first->participant, "ana");
    assert_string_equal(first->name, "Ana");
    assert_true(fabs(told_fact(first, FACT_RMS_DBFS) + 32.5) < 1.2);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, NULL), 1);
    stage_play(&stage, 55);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "ana"), 1);
    stage_play(&stage, 3);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "ana"), 2);
    stage_close(&stage);
}

static void a_voice_that_fades_to_nothing_is_critical_at_once(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    actor_speak(ana, -31);
    stage_play(&stage, 4);
    actor_speak(ana, -40);
    stage_play(&stage, 4);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "ana"), 2);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_BAIXO, 1)->severity, SEVERITY_CRITICAL);
    stage_close(&stage);
}

/* A phrase that trails off: over three seconds it looks like a quiet voice. */
static void a_voice_that_swings_is_not_quiet(void **state) {
    for (unsigned version = 1; version <= 2; version++) {
        struct rules rules;
        struct stage stage;
        rules_init_version(&rules, version);
        stage_open(&stage, &rules);
        struct actor *ana = stage_join(&stage, "ana");
        for (int i = 0; i < 6; i++) {
            actor_speak(ana, -20);
            stage_play(&stage, 6);
            actor_speak(ana, -30.5);
            stage_play(&stage, 4);
        }
        assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, NULL) > 0, version == 1);
        stage_close(&stage);
    }
}

static void a_true_drop_is_told_within_seconds_and_says_by_how_much(void **state) {
    static const double drops_db[] = {14, 20};
    for (int i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage, NULL);
        struct actor *ana = stage_join(&stage, "ana");
        actor_speak(ana, -20);
        stage_play(&stage, 20);
        actor_speak(ana, -20 - drops_db[i]);
        stage_play(&stage, 8);
        const struct feedback *told = stage_told(&stage, FEEDBACK_VOLUME_BAIXO, 0);
        assert_non_null(told);
        assert_in_range(told->ts_ms, 21500, i == 0 ? 26000 : 24000);
        assert_true(fabs(told_fact(told, FACT_USUAL_DBFS) + 20) < 1);
        double below_db = told_fact(told, FACT_USUAL_DBFS) - told_fact(told, FACT_RMS_DBFS);
        assert_true(fabs(told_fact(told, FACT_BELOW_USUAL_DB) - below_db) < 0.01);
        assert_true(below_db > 8 && told_fact(told, FACT_RMS_DBFS) <= told_fact(told, FACT_LIMIT));
        assert_true(isnan(told_fact(told, FACT_ABOVE_USUAL_DB)));
        double span_s = (double)(told->window_end_ms - told->window_start_ms) / 1000;
        assert_true(told_fact(told, FACT_WINDOW_S) == span_s);
        stage_close(&stage);
    }
}

/* What the present rules say by other settings. */
static void the_former_windows_can_be_had_by_settings(void **state) {
    for (int by_settings = 0; by_settings < 2; by_settings++) {
        static const char *const names[] = {
            "WINDOW_S",         "SHORT_WINDOW_S",     "FULL_SHARE",        "AGE_S",
            "SHORT_BELOW_DBFS", "FALL_CRITICAL_DBFS", "DROP_CRITICAL_DBFS"};
        static const char *const values[] = {"3", "3", "0.4", "15", "-80", "-80", "-80"};
        struct rules rules;
        rules_init_version(&rules, by_settings ? 2 : 1);
        for (int i = 0; by_settings && i < 7; i++) {
            char name[64];
            snprintf(name, sizeof name, "VOLUME_BAIXO_%s", names[i]);
            assert_int_equal(rules_set(&rules, slice_from(name), slice_from(values[i]), NULL), 0);
        }
        struct stage stage;
        stage_open(&stage, &rules);
        struct actor *ana = stage_join(&stage, "ana");
        stage_play(&stage, 1);
        actor_speak(ana, -31);
        stage_play(&stage, 9);
        const struct feedback *first = stage_told(&stage, FEEDBACK_VOLUME_BAIXO, 0);
        assert_non_null(first);
        assert_in_range(first->ts_ms, 3000, 3400);
        assert_int_equal(first->window_end_ms - first->window_start_ms, 3000);
        stage_close(&stage);
    }
}

/* The detector needs some frames to hear it: they are no noise to be taken from the level. */
static void who_joins_in_the_middle_of_a_word_is_not_quiet(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    ana->noise_dbfs = -17; /* the loud beginning of the word */
    stage_play(&stage, 0.1);
    ana->noise_dbfs = -65;
    actor_speak(ana, -21);
    stage_play(&stage, 20);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, NULL), 0);
    stage_close(&stage);
}

/* The old backend's mean over blocks said "low volume" of all who think before they speak. */
static void pauses_make_no_voice_quiet(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    ana->level_dbfs = -24;
    for (int i = 0; i < 40; i++) {
        stage_say(&stage, ana, 0.9);
        stage_play(&stage, 1.4);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, NULL), 0);
    stage_close(&stage);
}

static void a_television_that_talks_along_is_no_quiet_voice(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    actor_speak(ana, -28);
    stage_play(&stage, 3);
    actor_speak(bob, -37); /* only while she speaks, and never for long */
    stage_play(&stage, 4);
    actor_listen(bob);
    stage_play(&stage, 20);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "bob"), 0);
    actor_speak(bob, -37); /* a person would go on */
    stage_play(&stage, 8);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "bob"), 1);
    stage_close(&stage);
}

static void a_radio_beside_a_listener_is_no_quiet_voice(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    ana->noise_dbfs = -42; /* the detector takes it for speech, the floor knows better */
    actor_speak(ana, -36);
    stage_play(&stage, 20);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, NULL), 0);
    stage_close(&stage);
}

static void a_loud_voice_is_told_after_a_second_and_worse_as_critical(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    actor_speak(ana, -8);
    stage_play(&stage, 5);
    const struct feedback *first = stage_told(&stage, FEEDBACK_VOLUME_ALTO, 0);
    assert_non_null(first);
    assert_in_range(first->ts_ms, 1400, 1900);
    assert_int_equal(first->severity, SEVERITY_WARNING);
    assert_int_equal(first->reason, REASON_NONE);
    actor_speak(ana, -3);
    stage_play(&stage, 3);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_ALTO, 1)->severity, SEVERITY_CRITICAL);
    stage_close(&stage);
}

/* What becomes critical within half a second is told as that, and only once. */
static void a_warning_waits_for_what_may_become_critical(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
    actor_speak(ana, -3);
    stage_play(&stage, 0.2);
    actor_speak(bob, -9);
    stage_play(&stage, 6);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_ALTO, "ana"), 1);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_ALTO, 0)->severity, SEVERITY_CRITICAL);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_ALTO, "bob"), 1);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_ALTO, 1)->severity, SEVERITY_WARNING);
    stage_close(&stage);
}

static void clipping_that_grows_is_told_once(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    actor_speak(ana, -14);
    ana->clip = 0.06;
    actor_do(ana, CLIPS);
    stage_play(&stage, 4);
    assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_ALTO, "ana"), 1);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_ALTO, 0)->severity, SEVERITY_CRITICAL);
    stage_close(&stage);
}

/* Clips for half a second and then no more. */
static const struct feedback *told_of_a_clip(struct stage *stage, const char *window_s) {
    struct rules rules;
    rules_init(&rules);
    rules_set(&rules, SLICE("volume_alto_clip_share"), SLICE("0.02"), NULL);
    rules_set(&rules, SLICE("volume_alto_clip_critical_share"), SLICE("1"), NULL);
    rules_set(&rules, SLICE("volume_alto_clip_window_s"), slice_from(window_s), NULL);
    rules_set(&rules, SLICE("volume_alto_wait_s"), SLICE("0"), NULL);
    stage_open(stage, &rules);
    struct actor *ana = stage_join(stage, "ana");
    actor_speak(ana, -14);
    stage_play(stage, 3);
    ana->clip = 0.06;
    actor_do(ana, CLIPS);
    stage_play(stage, 0.5);
    return stage_told(stage, FEEDBACK_VOLUME_ALTO, 0);
}

static void a_short_window_finds_short_clipping(void **state) {
    static const char *const windows_s[] = {"0.5", "2", "5"};
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        assert_int_equal(told_of_a_clip(&stage, windows_s[i]) != NULL, i == 0);
        stage_close(&stage);
    }
}

/* At -9 dBFS, and 1.2 s later at -3. */
static unsigned loud_then_louder(const char *wait_s, enum severity first) {
    struct rules rules;
    struct stage stage;
    rules_init(&rules);
    rules_set(&rules, SLICE("volume_alto_wait_s"), slice_from(wait_s), NULL);
    stage_open(&stage, &rules);
    struct actor *ana = stage_join(&stage, "ana");
    actor_speak(ana, -9);
    stage_play(&stage, 2.2);
    actor_speak(ana, -3);
    stage_play(&stage, 3);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_ALTO, 0)->severity, first);
    unsigned count = (unsigned)stage_count(&stage, FEEDBACK_VOLUME_ALTO, "ana");
    stage_close(&stage);
    return count;
}

static void how_long_a_warning_waits_is_a_setting(void **state) {
    assert_int_equal(loud_then_louder("0", SEVERITY_WARNING), 2);
    assert_int_equal(loud_then_louder("0.5", SEVERITY_WARNING), 2);
    assert_int_equal(loud_then_louder("4", SEVERITY_CRITICAL), 1);
}

static void clipping_needs_no_level(void **state) {
    struct stage stage;
    stage_open(&stage, NULL);
    struct actor *ana = stage_join(&stage, "ana");
    actor_speak(ana, -14);
    actor_do(ana, CLIPS);
    stage_play(&stage, 0.8);
    const struct feedback *first = stage_told(&stage, FEEDBACK_VOLUME_ALTO, 0);
    assert_non_null(first);
    assert_int_equal(first->reason, REASON_CLIPPING);
    assert_true(told_fact(first, FACT_CLIP_FRACTION) >= 0.001);
    stage_close(&stage);
}

static void hosts_are_judged_only_when_asked(void **state) {
    struct rules rules;
    for (int asked = 0; asked < 2; asked++) {
        struct stage stage;
        rules_init(&rules);
        rules.include_host = asked;
        stage_open(&stage, &rules);
        struct actor *host = stage_join(&stage, "host");
        meeting_set_host(host->participant, true);
        actor_speak(host, -38);
        stage_play(&stage, 6);
        assert_int_equal(stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "host") > 0, asked);
        stage_close(&stage);
    }
}

RUN_TESTS(TEST(a_quiet_voice_is_told_once_and_again_after_a_minute),
          TEST(a_voice_that_fades_to_nothing_is_critical_at_once),
          TEST(a_voice_that_swings_is_not_quiet),
          TEST(a_true_drop_is_told_within_seconds_and_says_by_how_much),
          TEST(the_former_windows_can_be_had_by_settings),
          TEST(who_joins_in_the_middle_of_a_word_is_not_quiet), TEST(pauses_make_no_voice_quiet),
          TEST(a_television_that_talks_along_is_no_quiet_voice),
          TEST(a_radio_beside_a_listener_is_no_quiet_voice),
          TEST(a_loud_voice_is_told_after_a_second_and_worse_as_critical),
          TEST(a_warning_waits_for_what_may_become_critical),
          TEST(clipping_that_grows_is_told_once), TEST(a_short_window_finds_short_clipping),
          TEST(how_long_a_warning_waits_is_a_setting), TEST(clipping_needs_no_level),
          TEST(hosts_are_judged_only_when_asked))
