/* The report's figures for meetings whose script is known. */
#include "meeting/report.h"

#include "base/mem.h"
#include "stage.h"
#include "unit.h"
#include "wire/web/json.h"

#include <jansson.h>
#include <string.h>

static struct stage stage;

static json_t *report_of(struct stage *story) {
    struct buf json = {0};
    buf_add_byte(&json, '{');
    meeting_write_report(&json, story->meeting, (int64_t)(stage_now_s(story) * 1000));
    buf_add_byte(&json, '}');
    assert_true(json_check(buf_slice(&json)));
    json_t *report = json_loadb(json.data, json.len, 0, NULL);
    assert_non_null(report);
    buf_free(&json);
    return report;
}

static json_t *person_of(json_t *report, const char *identity) {
    json_t *person;
    size_t i;
    json_array_foreach(json_object_get(report, "people"), i, person) {
        if (!strcmp(json_string_value(json_object_get(person, "participantId")), identity))
            return person;
    }
    fail();
    return NULL;
}

static double number(json_t *object, const char *first, const char *second) {
    json_t *value = json_object_get(object, first);
    return json_number_value(second ? json_object_get(value, second) : value);
}

static void assert_near(double got, double want, double by) {
    if (got < want - by || got > want + by)
        fail_msg("%g is not within %g of %g", got, by, want);
}

static void talk_is_counted_as_in_the_script(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 20; i++) {
        stage_say(&stage, actors[0], 4);
        stage_play(&stage, 1);
        stage_say(&stage, actors[1], 2);
        stage_play(&stage, 1);
    }
    stage_play(&stage, 12);
    json_t *report = report_of(&stage);
    json_t *ana = person_of(report, "ana"), *bob = person_of(report, "bob");
    assert_near(number(report, "lengthSeconds", NULL), 172, 0.3);
    assert_near(number(ana, "talkShare", NULL), 2.0 / 3, 0.02);
    assert_near(number(bob, "talkShare", NULL), 1.0 / 3, 0.02);
    assert_near(number(person_of(report, "eva"), "talkShare", NULL), 0, 0);
    assert_int_equal(number(ana, "turns", NULL), 20);
    assert_int_equal(number(bob, "turns", NULL), 20);
    assert_near(number(ana, "longestTurnSeconds", NULL), 4, 0.3);
    assert_near(number(report, "group", "spokenSeconds"), 120, 6);
    assert_near(number(report, "group", "overlapSeconds"), 0, 0);
    json_t *silences = json_object_get(json_object_get(report, "group"), "silences");
    assert_near(number(bob, "responseGaps", "medianSeconds"), 0.9, 0.21);
    assert_int_equal(number(ana, "responseGaps", "count"), 19);
    /* The silence still lasts: it counts when it is over. */
    assert_int_equal(number(silences, "count", NULL), 0);
    stage_say(&stage, actors[2], 2);
    json_decref(report);
    report = report_of(&stage);
    silences = json_object_get(json_object_get(report, "group"), "silences");
    assert_int_equal(number(silences, "count", NULL), 1);
    assert_near(number(silences, "longestSeconds", NULL), 13, 0.5);
    json_decref(report);
    stage_close(&stage);
}

static void measures_are_those_of_the_live_rules(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 12; i++) {
        stage_say(&stage, actors[0], 8);
        stage_play(&stage, 2);
    }
    json_t *report = report_of(&stage);
    json_t *ana = person_of(report, "ana");
    assert_near(number(ana, "pace", "syllablesPerSecond"), 4.5, 0.4);
    assert_near(number(ana, "loudness", "dbfs"), -21.5, 1.5);
    assert_true(number(ana, "melody", "semitones") > 1);
    assert_int_equal(json_array_size(json_object_get(json_object_get(ana, "pace"), "minutes")), 2);
    assert_true(json_is_null(
        json_object_get(json_object_get(person_of(report, "bob"), "pace"), "syllablesPerSecond")));
    json_decref(report);
    stage_close(&stage);
}

/* Ten backchannels, five who speak along, four who take the floor: 0, 5 and 4. */
static void speaking_along_takes_no_floor(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 19; i++) {
        double interjection = i < 10 ? 0.5 : i < 15 ? 1.6 : 6;
        actor_speak(actors[0], -21);
        stage_play(&stage, 4);
        actor_speak(actors[1], -21);
        if (i < 15) {
            stage_play(&stage, interjection);
            actor_listen(actors[1]);
            stage_play(&stage, 3);
        } else {
            stage_play(&stage, 0.9);
            actor_listen(actors[0]);
            stage_play(&stage, interjection);
        }
        actor_listen(actors[0]);
        actor_listen(actors[1]);
        stage_play(&stage, 12);
    }
    json_t *report = report_of(&stage);
    json_t *bob = json_object_get(person_of(report, "bob"), "interruptions");
    json_t *ana = json_object_get(person_of(report, "ana"), "interruptions");
    assert_int_equal(number(bob, "spokeAlong", NULL), 5);
    assert_int_equal(number(bob, "tookFloor", NULL), 4);
    assert_int_equal(number(ana, "joinedBy", NULL), 5);
    assert_int_equal(number(ana, "lostFloor", NULL), 4);
    assert_int_equal(number(ana, "tookFloor", NULL) + number(ana, "spokeAlong", NULL), 0);
    json_t *matrix = json_object_get(report, "matrix");
    assert_int_equal(json_array_size(matrix), 1);
    json_t *pair = json_array_get(matrix, 0);
    assert_int_equal(number(pair, "by", NULL), 1);
    assert_int_equal(number(pair, "of", NULL), 0);
    assert_int_equal(json_array_size(json_object_get(pair, "moments")), 8);
    json_decref(report);
    stage_close(&stage);
}

static void a_ribbon_has_a_letter_for_each_second(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_play(&stage, 5);
    stage_say(&stage, actors[0], 5);
    stage_mute(&stage, actors[1], true);
    stage_play(&stage, 5);
    stage_leave(&stage, actors[2]);
    stage_play(&stage, 5);
    json_t *report = report_of(&stage);
    const char *ana = json_string_value(json_object_get(person_of(report, "ana"), "ribbon"));
    const char *bob = json_string_value(json_object_get(person_of(report, "bob"), "ribbon"));
    const char *eva = json_string_value(json_object_get(person_of(report, "eva"), "ribbon"));
    assert_string_equal(bob, "10.10m");
    assert_string_equal(eva, "15.");
    assert_true(!strcmp(ana, "5.5s10.") || !strcmp(ana, "5.6s9."));

    struct buf live = {0};
    buf_add_byte(&live, '{');
    report_write_ribbon(&live, meeting_report(stage.meeting), 8);
    buf_add_byte(&live, '}');
    char *text = buf_take_text(&live);
    assert_string_equal(text, "{\"ribbon\":{\"from\":12000,\"cellMs\":1000,"
                              "\"cells\":[\"8.\",\"8m\",\"3.\"]}}");
    mem_free(text);
    json_decref(report);
    stage_close(&stage);
}

static void stays_are_those_of_the_room(void **state) {
    stage_open(&stage, NULL);
    struct report *report = meeting_report(stage.meeting);
    struct report_person *ana = report_add(report, SLICE("ana"), 1000);
    struct report_person *second = report_add(report, SLICE("ana2"), 1000);
    report_describe(report, ana, SLICE("Ana"), true);
    report_describe(report, second, SLICE("Ana"), false);
    for (int i = 0; i < 4; i++) {
        report_set_present(report, ana, true, 1000 + i * 10000);
        report_set_present(report, ana, true, 2000 + i * 10000);
        report_set_present(report, ana, false, 6000 + i * 10000);
    }
    json_t *json = report_of(&stage);
    json_t *stays = json_object_get(person_of(json, "ana"), "attendance");
    assert_int_equal(number(stays, "reconnects", NULL), 3);
    assert_near(number(stays, "presentSeconds", NULL), 20, 0);
    assert_int_equal(number(stays, "leftAt", NULL), 36000);
    assert_int_equal(json_array_size(json_object_get(stays, "intervals")), 4);
    assert_int_equal(json_array_size(json_object_get(json, "people")), 2);
    json_decref(json);
    stage_close(&stage);
}

static void three_moments_are_worth_hearing(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[2], 30);
    stage_play(&stage, 15);
    for (int i = 0; i < 8; i++) {
        stage_say(&stage, actors[i % 2], 2);
        stage_play(&stage, 0.8);
    }
    stage_play(&stage, 60);
    struct feedback told = {.type = FEEDBACK_VOLUME_BAIXO,
                            .severity = SEVERITY_WARNING,
                            .ts_ms = 130000,
                            .window_start_ms = 125000,
                            .window_end_ms = 130000,
                            .participant = "bob"};
    report_event(meeting_report(stage.meeting), &told);
    json_t *report = report_of(&stage);
    json_t *moments = json_object_get(report, "moments");
    static const char *const kinds[] = {"turn", "exchange", "event"};
    assert_int_equal(json_array_size(moments), 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(moments, i), "kind")),
                            kinds[i]);
    assert_true(number(json_array_get(moments, 1), "turns", NULL) >= 6);
    assert_int_equal(number(report, "eventCounts", "volume_baixo"), 1);
    json_decref(report);
    stage_close(&stage);
}

static void levels_and_people_for_the_live_view(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    struct report *report = meeting_report(stage.meeting);
    unsigned revision = report_revision(report);
    stage_play(&stage, 2);
    struct buf json = {0};
    report_write_levels(&json, report);
    buf_clear(&json);
    actor_speak(actors[0], -21);
    actor_do(actors[1], CLIPS);
    stage_mute(&stage, actors[2], true);
    stage_play(&stage, 1);
    assert_true(report_revision(report) > revision);
    buf_add_byte(&json, '{');
    report_write_levels(&json, report);
    buf_add_byte(&json, '}');
    json_t *levels = json_loadb(json.data, json.len, 0, NULL);
    json_t *flags = json_object_get(levels, "flags");
    assert_int_equal(json_integer_value(json_array_get(flags, 0)), 1 + 2 + 4);
    assert_int_equal(json_integer_value(json_array_get(flags, 1)), 1 + 2 + 4 + 32);
    assert_int_equal(json_integer_value(json_array_get(flags, 2)), 1 + 8);
    assert_near((double)json_integer_value(json_array_get(json_object_get(levels, "dbfs"), 0)), -18,
                6);
    json_decref(levels);
    buf_free(&json);
    stage_close(&stage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talk_is_counted_as_in_the_script),
        cmocka_unit_test(measures_are_those_of_the_live_rules),
        cmocka_unit_test(speaking_along_takes_no_floor),
        cmocka_unit_test(a_ribbon_has_a_letter_for_each_second),
        cmocka_unit_test(stays_are_those_of_the_room),
        cmocka_unit_test(three_moments_are_worth_hearing),
        cmocka_unit_test(levels_and_people_for_the_live_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
