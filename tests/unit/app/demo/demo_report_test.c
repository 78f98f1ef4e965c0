/* The report of the demo's meeting, against its script: who spoke how much is measured here a second time, in another way, from the
 * same sound; what was told is what the report says. */
#include "app/demo/demo_script.h"

#include "app/commands/replay.h"
#include "base/mem.h"
#include "meeting/feedback.h"
#include "wire/media/wav.h"
#include "wire/web/json_read.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FRAME = DEMO_RATE_HZ / 50, BRIDGE_FRAMES = 10 };

/* The room is at -75 dBFS, and the softest voice at -38. */
#define SPEECH_DBFS (-58.0)
/* Of a share, as docs/report.md would have it read: two points. */
#define TOLERANCE 0.02

struct told {
    unsigned of_type[FEEDBACK_TYPES];
    unsigned count;
};

static bool is_loud(const int16_t *pcm) {
    double sum = 0;
    for (size_t i = 0; i < FRAME; i++)
        sum += (double)pcm[i] * pcm[i];
    return 10 * log10(sum / FRAME / (32768.0 * 32768.0) + 1e-12) > SPEECH_DBFS;
}

/* Seconds of sound, pauses up to a fifth of a second included. */
static double spoken_seconds(const int16_t *pcm, size_t samples) {
    size_t frames = 0, quiet = BRIDGE_FRAMES + 1;
    for (size_t at = 0; at + FRAME <= samples; at += FRAME) {
        if (is_loud(pcm + at)) {
            frames += 1 + (quiet <= BRIDGE_FRAMES ? quiet : 0);
            quiet = 0;
        } else {
            quiet++;
        }
    }
    return (double)frames / 50;
}

static void save_wav(const char *path, const int16_t *pcm, size_t samples) {
    uint8_t head[WAV_HEADER_MAX];
    const struct wav_format format = wav_format_s16(DEMO_RATE_HZ, 1);
    size_t len = wav_write_header(head, WAV_CANONICAL, &format, samples * sizeof *pcm);
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, len, file), len);
    assert_int_equal(fwrite(pcm, sizeof *pcm, samples, file), samples);
    assert_int_equal(fclose(file), 0);
}

static void demo_on_feedback(const struct feedback *feedback, void *user) {
    struct told *told = user;
    told->of_type[feedback->type]++;
    told->count++;
}

static void test_the_figures_are_those_of_the_script(void **state) {
    (void)state;
    char folder[] = "/tmp/prosa-demo-XXXXXX", path[DEMO_PEOPLE][64];
    assert_non_null(mkdtemp(folder));
    struct scene scene;
    scene_init(&scene);
    double seconds[DEMO_PEOPLE], sum = 0;
    for (unsigned i = 0; i < DEMO_PEOPLE; i++) {
        int16_t *pcm;
        const char *missing;
        assert_int_equal(demo_script_render(i, DEMO_SECONDS, &pcm, &missing), 0);
        snprintf(path[i], sizeof path[i], "%s/%u.wav", folder, i);
        save_wav(path[i], pcm, (size_t)DEMO_SECONDS * DEMO_RATE_HZ);
        sum += seconds[i] = spoken_seconds(pcm, (size_t)DEMO_SECONDS * DEMO_RATE_HZ);
        scene_add_file(&scene, slice_from(demo_people[i].identity), mem_copy_text(path[i]));
        mem_free(pcm);
    }
    struct told told = {.count = 0};
    struct buf core = {0}, json = {0};
    struct rules rules;
    rules_init(&rules);
    scene.started_ms = INT64_C(1764543600000);
    assert_true(replay_report(&scene, &rules, demo_on_feedback, &told, &core));
    buf_printf(&json, "{%.*s}", SLICE_ARG(buf_slice(&core)));
    json_t *report = json_loadb((const char *)json.data, json.len, 0, NULL);
    assert_non_null(report);

    const json_t *people = json_object_get(report, "people");
    assert_int_equal(json_array_size(people), DEMO_PEOPLE);
    for (unsigned i = 0; i < DEMO_PEOPLE; i++) {
        const json_t *person = json_array_get(people, i);
        assert_string_equal(json_string_value(json_object_get(person, "participantId")),
                            demo_people[i].identity);
        double share = json_number_value(json_object_get(person, "talkShare"));
        print_message("%s: %.3f of all speech, %.3f by the script (%.1f s)\n",
                      demo_people[i].identity, share, seconds[i] / sum, seconds[i]);
        assert_true(fabs(share - seconds[i] / sum) <= TOLERANCE);
    }
    /* Bruno talks over Diego, who then holds the floor for long. */
    const json_t *matrix = json_object_get(report, "matrix");
    assert_true(json_array_size(matrix) >= 1);
    const json_t *diego = json_array_get(people, 3);
    assert_true(json_number_value(json_object_get(diego, "longestTurnSeconds")) > 10);

    const json_t *counts = json_object_get(report, "eventCounts");
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        const json_t *count = json_object_get(counts, feedback_type_name(type));
        assert_int_equal(json_integer_value(count), told.of_type[type]);
    }
    assert_true(told.count >= 4);

    json_decref(report);
    buf_free(&core);
    buf_free(&json);
    scene_free(&scene);
    for (unsigned i = 0; i < DEMO_PEOPLE; i++)
        unlink(path[i]);
    rmdir(folder);
}

RUN_TESTS(TEST(test_the_figures_are_those_of_the_script))
