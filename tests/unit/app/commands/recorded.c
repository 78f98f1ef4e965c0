#include "recorded.h"

#include "base/mem.h"
#include "wire/media/wav.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[PEOPLE] = {"ana", "bob", "eva"};
static const struct demo_voice voices[PEOPLE] = {
    {"en_US_f_Allison", 1}, {"it_IT_m_Carlo", 1}, {"en_US_f_Allison", 0.9}};

/* One person's voice at -20 dBFS, as long as needed. */
static int16_t *speech[PEOPLE];
static size_t speech_len[PEOPLE];

/* clang-format off */
#define TURNS                                                                                      \
    {1, 4.5, 0, 0}, {6, 4.5, 1, 0}, {11, 4.5, 2, 0}, {16, 4.5, 0, 0}, {21, 4.5, 1, 0},             \
        {26, 4.5, 2, 0}, {31, 4.5, 0, 0}, {36, 4.5, 1, 0}, {41, 4.5, 2, 0}, {46, 4.5, 0, 0},       \
        {51, 4.5, 1, 0}, {                                                                         \
        56, 3.5, 2, 0                                                                              \
    }

static const struct recorded meetings[] = {
    {.name = "polite turns are no news", .lines = {TURNS}},
    {.name = "somebody almost inaudible",
     .lines = {{1, 5, 0, 0},
               {7, 8, 1, -40},
               {16, 8, 2, 0},
               {25, 8, 1, -40},
               {34, 8, 0, 0},
               {43, 8, 2, 0},
               {52, 7, 0, 0}},
     .expected = {{"volume_baixo", "bob", 9, 12.5, "critical"}}},
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
     .expected = {{"volume_alto", "bob", 7, 10, NULL}}},
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
     .expected = {{"silencio_prolongado", "bob", 37.5, 38.8, NULL}},
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
/* clang-format on */

const struct recorded *recorded_meetings(size_t *count) {
    *count = ARRAY_LEN(meetings);
    return meetings;
}

bool voices_load(void) {
    for (int i = 0; i < PEOPLE; i++)
        if (demo_voice_load(&voices[i], "demo-instruct", -20, &speech[i], &speech_len[i]) != 0)
            return false;
    return true;
}

void voices_free(void) {
    for (int i = 0; i < PEOPLE; i++)
        mem_free(speech[i]);
}

static void add(int16_t *pcm, size_t at, const int16_t *from, size_t count, double gain) {
    for (size_t i = 0; i < count && at + i < SAMPLES; i++)
        pcm[at + i] =
            (int16_t)lrint(fmin(fmax(pcm[at + i] + gain * from[i], INT16_MIN), INT16_MAX));
}

/* Everybody's lines follow one another in the recording; echoes come 120 ms late and 24 dB softer. */
static void render(const struct recorded *meeting, int who, int16_t *pcm) {
    uint32_t noise = 2463534242u + (uint32_t)who;
    size_t spoken[PEOPLE] = {0};
    for (size_t i = 0; i < SAMPLES; i++) {
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        pcm[i] = (int16_t)(noise % 41) - 20;
    }
    for (const struct line *line = meeting->lines; line < meeting->lines + LINES && line->for_s > 0;
         line++) {
        size_t at = (size_t)(line->at_s * DEMO_RATE_HZ);
        size_t count = (size_t)(line->for_s * DEMO_RATE_HZ);
        double level_db = line->level_dbfs < 0 || line->level_dbfs > 0 ? line->level_dbfs + 20 : 0;
        assert(spoken[line->who] + count <= speech_len[line->who]);
        const int16_t *from = speech[line->who] + spoken[line->who];
        if (line->who == who)
            add(pcm, at, from, count, pow(10, level_db / 20));
        else if (meeting->echo_of[who] == line->who + 1)
            add(pcm, at + DEMO_RATE_HZ * 12 / 100, from, count, pow(10, (level_db - 24) / 20));
        spoken[line->who] += count;
    }
    size_t from = (size_t)(meeting->zeros[who][0] * DEMO_RATE_HZ);
    size_t to = (size_t)(meeting->zeros[who][1] * DEMO_RATE_HZ);
    if (to > from)
        memset(pcm + from, 0, (to - from) * sizeof *pcm);
}

static bool wav_write(const char *path, const int16_t *pcm) {
    uint8_t header[WAV_HEADER_MAX];
    struct wav_format format = wav_format_s16(DEMO_RATE_HZ, 1);
    FILE *wav = fopen(path, "wb");
    if (!wav)
        return false;
    size_t len = wav_write_header(header, WAV_CANONICAL, &format, SAMPLES * 2);
    bool is_good = fwrite(header, 1, len, wav) == len && fwrite(pcm, 2, SAMPLES, wav) == SAMPLES;
    return fclose(wav) == 0 && is_good;
}

bool recorded_write(const struct recorded *meeting, const char *folder) {
    char path[256];
    snprintf(path, sizeof path, "%s/meeting.json", folder);
    FILE *json = fopen(path, "w");
    if (!json)
        return false;
    int16_t *pcm = mem_alloc_array(SAMPLES, sizeof *pcm);
    bool is_good = true;
    fprintf(json, "{\"name\":\"%s\",\"participants\":[", meeting->name);
    for (int who = 0; who < PEOPLE && is_good; who++) {
        render(meeting, who, pcm);
        snprintf(path, sizeof path, "%s/%s.wav", folder, names[who]);
        is_good = wav_write(path, pcm);
        fprintf(json, "%s{\"id\":\"%s\",\"wav\":\"%s.wav\",%s}", who ? "," : "", names[who],
                names[who], meeting->json[who] ? meeting->json[who] : "\"role\":\"guest\"");
    }
    fputs("]}\n", json);
    mem_free(pcm);
    return fclose(json) == 0 && is_good;
}
