/* Ten minutes of small meetings, spoken by the recorded people of the demo, heard by analyze: what the
 * host must be told, when, and nothing else. */
#include "app/commands/commands.h"
#include "base/mem.h"
#include "recorded.h"
#include "unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/prosa-analyze-XXXXXX";
static int open_folder(void **state) {
    if (!voices_load())
        fail_msg("the packages are missing: %s", DEMO_VOICE_PACKAGES);
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int remove_folder(void **state) {
    char command[128];
    voices_free();
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

/* The command with its output in a file. */
static int run(int argc, char **argv, const char *out_path) {
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int out = open(out_path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    assert_true(saved >= 0 && out >= 0);
    dup2(out, STDOUT_FILENO);
    close(out);
    int code = analyze_main(argc, argv);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return code;
}

static int run_meeting(const char *json_path, const char *out_path) {
    char word[] = "analyze", copy[128];
    snprintf(copy, sizeof copy, "%s", json_path);
    char *argv[] = {word, copy, NULL};
    return run(2, argv, out_path);
}

static bool is_met(const struct expected *expected, const json_t *event) {
    double at = json_number_value(json_object_get(event, "ts")) / 1000;
    const char *severity = json_string_value(json_object_get(event, "severity"));
    return at >= expected->from_s && at <= expected->to_s &&
           strcmp(expected->type, json_string_value(json_object_get(event, "type"))) == 0 &&
           strcmp(expected->who, json_string_value(json_object_get(event, "participantId"))) == 0 &&
           (!expected->severity || strcmp(expected->severity, severity) == 0);
}

static unsigned compare(const struct recorded *meeting, const char *out_path) {
    char text[4096];
    bool met[EXPECTED] = {false};
    unsigned wrong = 0;
    FILE *out = fopen(out_path, "r");
    assert_non_null(out);
    while (fgets(text, sizeof text, out)) {
        json_t *event = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(event);
        bool is_expected = false;
        for (int i = 0; i < EXPECTED && meeting->expected[i].type; i++)
            if (is_met(&meeting->expected[i], event))
                met[i] = is_expected = true;
        if (!is_expected) {
            print_message("%s: not expected: %s", meeting->name, text);
            wrong++;
        }
        json_decref(event);
    }
    fclose(out);
    for (int i = 0; i < EXPECTED && meeting->expected[i].type; i++)
        if (!met[i]) {
            print_message("%s: missing: %s about %s\n", meeting->name, meeting->expected[i].type,
                          meeting->expected[i].who);
            wrong++;
        }
    return wrong;
}

static void the_host_is_told_what_happens_and_nothing_else(void **state) {
    char json_path[64], out_path[64], again_path[64];
    unsigned wrong = 0;
    snprintf(json_path, sizeof json_path, "%s/meeting.json", folder);
    snprintf(out_path, sizeof out_path, "%s/out", folder);
    snprintf(again_path, sizeof again_path, "%s/again", folder);
    size_t count;
    const struct recorded *meetings = recorded_meetings(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(recorded_write(&meetings[i], folder));
        assert_int_equal(run_meeting(json_path, out_path), 0);
        wrong += compare(&meetings[i], out_path);
    }
    assert_int_equal(run_meeting(json_path, again_path), 0);
    char command[256];
    snprintf(command, sizeof command, "cmp %s %s", out_path, again_path);
    assert_int_equal(system(command), 0);
    assert_int_equal(wrong, 0);
}

static void wrong_usage_is_answered_with_2(void **state) {
    static const char *const wrong[][3] = {{NULL},
                                           {"--format", "xml", NULL},
                                           {"--nothing", NULL},
                                           {"a=/dev/null", "a=/dev/null", NULL},
                                           {"x.wav", NULL},
                                           {"=x.wav", NULL}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char words[4][64] = {"analyze"};
        char *argv[5] = {words[0]};
        int argc = 1;
        for (; argc < 4 && wrong[i][argc - 1]; argc++) {
            snprintf(words[argc], sizeof words[argc], "%s", wrong[i][argc - 1]);
            argv[argc] = words[argc];
        }
        assert_int_equal(run(argc, argv, "/dev/null"), 2);
    }
}

static void files_that_cannot_be_heard_are_answered_with_1(void **state) {
    static const char *const wrong[] = {"ana=/etc/hostname", "ana=/nonexistent.wav",
                                        "/nonexistent/meeting.json"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char words[2][64] = {"analyze"};
        snprintf(words[1], sizeof words[1], "%s", wrong[i]);
        char *argv[] = {words[0], words[1], NULL};
        assert_int_equal(run(2, argv, "/dev/null"), 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(the_host_is_told_what_happens_and_nothing_else),
                                       TEST(wrong_usage_is_answered_with_2),
                                       TEST(files_that_cannot_be_heard_are_answered_with_1)};
    return cmocka_run_group_tests(tests, open_folder, remove_folder);
}
