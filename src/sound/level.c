#include "sound/level.h"

#include <math.h>

float level_dbfs(float power) {
    return power > 1e-12f ? 10 * log10f(power) : -120;
}

void level_noise_hear(struct level_noise *noise, float power) {
    float dbfs = level_dbfs(power), apart = dbfs - noise->dbfs;
    if (noise->frames < LEVEL_NOISE_LEAST_FRAMES)
        noise->dbfs += apart / ++noise->frames; /* the mean so far */
    else
        noise->dbfs += (apart < 0 ? 0.05f : 0.02f) * apart;
    noise->known = noise->frames == LEVEL_NOISE_LEAST_FRAMES;
}

/* The oldest frame makes room, and becomes part of what is usual. */
static void usual_learn(struct level *level) {
    unsigned second = (level->next + 1u) % LEVEL_FRAMES;
    double power = level->before[second] - level->before[level->next];
    if (level->usual_frames < LEVEL_USUAL_FRAMES)
        level->usual_frames++;
    level->usual += (power - level->usual) / level->usual_frames;
}

void level_hear(struct level *level, float power, float noise_power, int64_t at_ms) {
    float speech = power - noise_power;
    if (level->count == LEVEL_FRAMES)
        usual_learn(level);
    level->before[level->next] = level->sum;
    level->sum += speech > 1e-12f ? (double)speech : 1e-12;
    level->at_ms[level->next] = (uint32_t)at_ms;
    level->next = (uint16_t)((level->next + 1) % LEVEL_FRAMES);
    if (level->count < LEVEL_FRAMES)
        level->count++;
}

/* The place of the n-th newest. */
static unsigned place_of(const struct level *level, unsigned n) {
    return (level->next + LEVEL_FRAMES - n) % LEVEL_FRAMES;
}

unsigned level_active(const struct level *level, unsigned want_ms, unsigned age_ms, int64_t now_ms,
                      float *dbfs) {
    unsigned used = want_ms / LEVEL_FRAME_MS;
    used = used < level->count ? used : level->count;
    while (used > 0 && (uint32_t)now_ms - level->at_ms[place_of(level, used)] > age_ms)
        used--;
    if (used)
        *dbfs = level_dbfs((float)((level->sum - level->before[place_of(level, used)]) / used));
    return used * LEVEL_FRAME_MS;
}

bool level_usual(const struct level *level, float *dbfs) {
    if (level->usual_frames < LEVEL_USUAL_LEAST_FRAMES)
        return false;
    *dbfs = level_dbfs((float)level->usual);
    return true;
}
