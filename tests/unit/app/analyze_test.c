/* Ten minutes of small meetings, spoken by the recorded people of the demo, heard by analyze: what the
 * host must be told, when, and nothing else. */
#include "app/analyze.h"
#include "app/demo_voice.h"
#include "base/mem.h"
#include "unit.h"
#include "wire/wav.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PEOPLE = 3, SECONDS = 60, SAMPLES = SECONDS * DEMO_RATE_HZ, LINES = 24, EXPECTED = 4 };

static const char *const names[PEOPLE] = {"ana", "bob", "eva"};
static const struct demo_voice voices[PEOPLE] = {
    {"en_US_f_Allison", 1}, {"it_IT_m_Carlo", 1}, {"en_US_f_Allison", 0.9}};

/* One person's voice at -20 dBFS, as long as needed. */
static int16_t *speech[PEOPLE];
static size_t speech_len[PEOPLE];
static char folder[] = "/tmp/prosa-analyze-XXXXXX";

struct line {
    double at_s, for_s; /* for_s 0: the end of the lines */
    int who;
    double level_dbfs; /* 0: -20 */
};

struct expected {
    const char *type; /* NULL: the end */
    const char *who;
    double from_s, to_s;
    const char *severity; /* NULL: any */
};

struct scene {
    const char *name;
    struct line lines[LINES];
    struct expected expected[EXPECTED];
    const char *json[PEOPLE]; /* further fields of the participant */
    double zeros[PEOPLE][2];  /* digital silence */
    int echo_of[PEOPLE];      /* 1 + who is heard in this microphone */
};

#define TURNS                                                                                      \
    {1, 4.5, 0, 0}, {6, 4.5, 1, 0}, {11, 4.5, 2, 0}, {16, 4.5, 0, 0}, {21, 4.5, 1, 0},             \
        {26, 4.5, 2, 0}, {31, 4.5, 0, 0}, {36, 4.5, 1, 0}, {41, 4.5, 2, 0}, {46, 4.5, 0, 0},       \
        {51, 4.5, 1, 0}, {                                                                         \
        56, 3.5, 2, 0                                                                              \
    }

static const struct scene scenes[] = {
    {.name = "polite turns are no news", .lines = {TURNS}},
    {.name = "somebody almost inaudible",
     .lines = {{1, 5, 0, 0},
               {7, 8, 1, -40},
               {16, 8, 2, 0},
               {25, 8, 1, -40},
               {34, 8, 0, 0},
               {43, 8, 2, 0},
               {52, 7, 0, 0}},
     .expected = {{"volume_baixo", "bob", 9, 12.5, "critical"},
                  {"volume_baixo", "bob", 25, 34, "critical"}}},
    {.name = "somebody quiet, and a host whom nobody corrects",
     .lines = {{1, 8, 0, -40},
               {10, 9, 1, -32},
               {20, 8, 2, 0},
               {29, 8, 0, -40},
               {38, 8, 2, 0},
               {47, 8, 0, -40},
               {56, 3.5, 2, 0}},
     .expected = {{"volume_baixo", "bob", 12, 15.5, NULL}},
     .json = {"\"role\":\"host\""}},
    {.name = "too loud, then distorted",
     .lines = {{1, 5, 0, 0},
               {7, 8, 1, -6},
               {16, 8, 2, 0},
               {25, 8, 1, 0},
               {34, 8, 0, 0},
               {43, 8, 1, 6},
               {52, 7, 0, 0}},
     .expected = {{"volume_alto", "bob", 7, 10, NULL}, {"volume_alto", "bob", 43, 47, NULL}}},
    {.name = "two at once",
     .lines = {{1, 6, 0, 0},
               {8, 6, 2, 0},
               {15, 6, 1, 0},
               {22, 8, 0, 0},
               {23, 7, 1, 0},
               {31, 7, 2, 0},
               {39, 6, 0, 0},
               {46, 6, 1, 0},
               {53, 6, 2, 0}},
     .expected = {{"overlap_fala", "bob", 25, 29, NULL}}},
    {.name = "one who does not stop",
     .lines = {{1, 4, 1, 0}, {6, 54, 0, 0}},
     .expected = {{"monologo_prolongado", "ana", 46, 58, NULL}}},
    {.name = "nobody knows what to say",
     .lines = {{1, 6, 0, 0},
               {8, 6, 1, 0},
               {28, 6, 2, 0},
               {35, 6, 0, 0},
               {42, 6, 1, 0},
               {49, 6, 2, 0},
               {56, 3.5, 0, 0}},
     .expected = {{"silencio_prolongado", "group", 23, 25, NULL}}},
    {.name = "a dead microphone beside a muted one",
     .lines = {{1, 5, 0, 0},
               {7, 5, 1, 0},
               {13, 6, 0, 0},
               {20, 5, 1, 0},
               {27, 6, 0, 0},
               {37, 5, 0, 0},
               {46, 6, 0, 0},
               {55, 4, 2, 0}},
     .expected = {{"silencio_prolongado", "bob", 37.5, 38.8, NULL},
                  {"silencio_prolongado", "bob", 52.5, 53.8, NULL}},
     .json = {"\"name\":\"Ana\"", "\"role\":\"guest\"", "\"muted\":[[12,54]]"},
     .zeros = {{0}, {28, 60}, {12, 54}}},
    {.name = "a loudspeaker is heard in another room",
     .lines = {{1, 8, 0, 0},
               {10, 5, 1, 0},
               {16, 8, 0, 0},
               {25, 5, 1, 0},
               {31, 8, 0, 0},
               {40, 5, 1, 0},
               {46, 8, 0, 0},
               {55, 4, 1, 0}},
     .echo_of = {0, 1, 1}},
    {.name = "packets are lost",
     .lines = {TURNS},
     .json = {"\"networkGaps\":[[3,3.3],[5,5.5],[18,18.2],[31.5,31.9],[47,47.5],[50.1,50.16]]",
              "\"networkGaps\":[[7,7.5],[22.5,22.9],[38,38.4]]"}},
};

static int load_voices(void **state) {
    for (int i = 0; i < PEOPLE; i++)
        if (demo_voice_load(&voices[i], "demo-instruct", -20, &speech[i], &speech_len[i]) != 0) {
            print_message("skipped: needs the packages %s\n", DEMO_VOICE_PACKAGES);
            return 0;
        }
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int free_voices(void **state) {
    for (int i = 0; i < PEOPLE; i++)
        mem_free(speech[i]);
    return 0;
}

static void add(int16_t *pcm, size_t at, const int16_t *from, size_t count, double gain) {
    for (size_t i = 0; i < count && at + i < SAMPLES; i++)
        pcm[at + i] =
            (int16_t)lrint(fmin(fmax(pcm[at + i] + gain * from[i], INT16_MIN), INT16_MAX));
}

/* Everybody's lines follow one another in the recording; echoes come 120 ms late and 24 dB softer. */
static void render(const struct scene *scene, int who, int16_t *pcm) {
    uint32_t noise = 2463534242u + (uint32_t)who;
    size_t spoken[PEOPLE] = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        pcm[i] = (int16_t)(noise % 41) - 20;
    }
    for (const struct line *line = scene->lines; line < scene->lines + LINES && line->for_s > 0;
         line++) {
        size_t at = (size_t)(line->at_s * DEMO_RATE_HZ);
        size_t count = (size_t)(line->for_s * DEMO_RATE_HZ);
        double level_db = line->level_dbfs < 0 || line->level_dbfs > 0 ? line->level_dbfs + 20 : 0;
        assert_true(spoken[line->who] + count <= speech_len[line->who]);
        const int16_t *from = speech[line->who] + spoken[line->who];
        if (line->who == who)
            add(pcm, at, from, count, pow(10, level_db / 20));
        else if (scene->echo_of[who] == line->who + 1)
            add(pcm, at + DEMO_RATE_HZ * 12 / 100, from, count, pow(10, (level_db - 24) / 20));
        spoken[line->who] += count;
    }
    size_t from = (size_t)(scene->zeros[who][0] * DEMO_RATE_HZ);
    size_t to = (size_t)(scene->zeros[who][1] * DEMO_RATE_HZ);
    if (to > from)
        memset(pcm + from, 0, (to - from) * sizeof *pcm);
}

static void write_scene(const struct scene *scene, const char *json_path) {
    int16_t *pcm = mem_alloc_array(SAMPLES, sizeof *pcm);
    FILE *json = fopen(json_path, "w");
    assert_non_null(json);
    fprintf(json, "{\"name\":\"%s\",\"participants\":[", scene->name);
    for (int who = 0; who < PEOPLE; who++) {
        char path[128];
        uint8_t header[WAV_HEADER_MAX];
        struct wav_format format = wav_format_s16(DEMO_RATE_HZ, 1);
        render(scene, who, pcm);
        snprintf(path, sizeof path, "%s/%s.wav", folder, names[who]);
        FILE *wav = fopen(path, "wb");
        assert_non_null(wav);
        fwrite(header, 1, wav_write_header(header, WAV_CANONICAL, &format, SAMPLES * 2), wav);
        assert_int_equal(fwrite(pcm, 2, SAMPLES, wav), SAMPLES);
        assert_int_equal(fclose(wav), 0);
        fprintf(json, "%s{\"id\":\"%s\",\"wav\":\"%s.wav\",%s}", who ? "," : "", names[who],
                names[who], scene->json[who] ? scene->json[who] : "\"role\":\"guest\"");
    }
    fputs("]}", json);
    assert_int_equal(fclose(json), 0);
    mem_free(pcm);
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

static int run_scene(const char *json_path, const char *out_path) {
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

static unsigned compare(const struct scene *scene, const char *out_path) {
    char text[4096];
    bool met[EXPECTED] = {false};
    unsigned wrong = 0;
    FILE *out = fopen(out_path, "r");
    assert_non_null(out);
    while (fgets(text, sizeof text, out)) {
        json_t *event = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(event);
        bool is_expected = false;
        for (int i = 0; i < EXPECTED && scene->expected[i].type; i++)
            if (is_met(&scene->expected[i], event))
                met[i] = is_expected = true;
        if (!is_expected) {
            print_message("%s: not expected: %s", scene->name, text);
            wrong++;
        }
        json_decref(event);
    }
    fclose(out);
    for (int i = 0; i < EXPECTED && scene->expected[i].type; i++)
        if (!met[i]) {
            print_message("%s: missing: %s about %s\n", scene->name, scene->expected[i].type,
                          scene->expected[i].who);
            wrong++;
        }
    return wrong;
}

static void the_host_is_told_what_happens_and_nothing_else(void **state) {
    if (!speech[PEOPLE - 1])
        skip();
    char json_path[64], out_path[64], again_path[64];
    unsigned wrong = 0;
    snprintf(json_path, sizeof json_path, "%s/meeting.json", folder);
    snprintf(out_path, sizeof out_path, "%s/out", folder);
    snprintf(again_path, sizeof again_path, "%s/again", folder);
    for (size_t i = 0; i < ARRAY_LEN(scenes); i++) {
        write_scene(&scenes[i], json_path);
        assert_int_equal(run_scene(json_path, out_path), 0);
        wrong += compare(&scenes[i], out_path);
    }
    assert_int_equal(run_scene(json_path, again_path), 0);
    char command[256];
    snprintf(command, sizeof command, "cmp %s %s && rm -r %s", out_path, again_path, folder);
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
    return cmocka_run_group_tests(tests, load_voices, free_voices);
}
