#include "app/demo/demo_script.h"

#include "base/mem.h"

#include <string.h>

enum { ANA, BRUNO, CARLA, DIEGO };

const struct demo_person demo_people[DEMO_PEOPLE] = {
    [ANA] = {"ana", "Ana", true, {"en_US_f_Allison", 1.00}},
    [BRUNO] = {"bruno", "Bruno", false, {"it_IT_m_Carlo", 1.00}},
    [CARLA] = {"carla", "Carla", false, {"en_US_f_Allison", 1.06}},
    [DIEGO] = {"diego", "Diego", false, {"it_IT_m_Carlo", 0.95}},
};

/* When each person speaks: a part of a recording, at a level. */
static const struct demo_line {
    unsigned person;
    double at_s;
    const char *recording;
    double from_s, to_s;
    double level_dbfs;
} lines[] = {
    {ANA, 0.5, "demo-congrats", 0.0, 4.2, -20},
    {BRUNO, 5.0, "priv-callee-options", 0.0, 9.0, -38},
    {BRUNO, 15.0, "screen-callee-options", 0.0, 6.0, -21},
    {CARLA, 22.0, "demo-abouttotry", 0.0, 6.5, -5},
    {CARLA, 29.0, "demo-moreinfo", 0.0, 6.5, -19},
    {DIEGO, 36.5, "conf-adminmenu-162", 0.0, 12.0, -19},
    {BRUNO, 38.0, "demo-congrats", 0.0, 9.5, -20},
    {ANA, 62.0, "demo-echotest", 0.0, 3.0, -20},
    {DIEGO, 65.5, "demo-instruct", 0.0, 46.0, -20},
    {ANA, 113.0, "demo-thanks", 0.0, 5.5, -20},
};

static const struct demo_scene {
    unsigned second;
    const char *text;
} scenes[] = {
    {0, "Ana, the host, opens the meeting"},
    {5, "Bruno answers, far from his microphone"},
    {15, "Bruno has come closer"},
    {22, "Carla is much too loud"},
    {29, "Carla has turned her microphone down"},
    {37, "Diego speaks, Bruno talks over him"},
    {49, "nobody says anything"},
    {62, "Ana gives the floor to Diego"},
    {66, "Diego does not stop"},
    {113, "Ana says goodbye"},
};

const char *demo_script_scene(unsigned second) {
    for (size_t i = 0; i < ARRAY_LEN(scenes); i++)
        if (scenes[i].second == second)
            return scenes[i].text;
    return NULL;
}

/* About -75 dBFS: a room is never digitally silent. */
static void noise_fill(int16_t *pcm, size_t samples, unsigned person) {
    uint32_t state = 2463534242u + person;
    for (size_t i = 0; i < samples; i++) {
        state ^= state << 13; /* xorshift32, Marsaglia 2003 */
        state ^= state >> 17;
        state ^= state << 5;
        pcm[i] = (int16_t)(state % 21) - 10;
    }
}

static int line_add(const struct demo_line *line, int16_t *pcm, size_t samples) {
    int16_t *clip;
    size_t count;
    const struct demo_voice *voice = &demo_people[line->person].voice;
    int err = demo_voice_load(voice, line->recording, line->level_dbfs, &clip, &count);
    if (err)
        return err;
    size_t from = (size_t)(line->from_s * DEMO_RATE_HZ), to = (size_t)(line->to_s * DEMO_RATE_HZ);
    size_t at = (size_t)(line->at_s * DEMO_RATE_HZ);
    for (size_t i = from; i < to && i < count && at < samples; i++)
        pcm[at++] = clip[i];
    mem_free(clip);
    return 0;
}

int demo_script_render(unsigned person, unsigned seconds, int16_t **pcm, const char **missing) {
    size_t samples = (size_t)seconds * DEMO_RATE_HZ;
    int16_t *track = mem_alloc_array(samples, sizeof *track);
    noise_fill(track, samples, person);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (lines[i].person != person || lines[i].at_s >= seconds)
            continue;
        int err = line_add(&lines[i], track, samples);
        if (err) {
            *missing = lines[i].recording;
            mem_free(track);
            return err;
        }
    }
    *pcm = track;
    return 0;
}
