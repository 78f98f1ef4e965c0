#include "app/tracks/speed.h"

#include "base/macros.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SAME_PERMILLE = 40,  /* spans of one speed differ by less, a tick of 50 ms included */
    USUAL_PERMILLE = 20, /* and lie as near to a usual rate */
    HOLE_READS = 3,      /* as long as so many reads usually are */
};

static const unsigned usual_hz[] = {8000,  11025, 12000, 16000, 22050, 24000,
                                    32000, 44100, 48000, 88200, 96000, 192000};

void speed_pause(struct speed *speed) {
    *speed = (struct speed){0};
}

static void span_begin(struct speed *speed, int64_t now_ms) {
    speed->began_ms = speed->last_ms = now_ms;
    speed->longest_ms = 0;
    speed->frames = 0;
    speed->reads = 0;
}

static void span_end(struct speed *speed, unsigned rate_hz, int64_t now_ms) {
    int64_t took_ms = now_ms - speed->began_ms;
    bool has_hole = speed->longest_ms * speed->reads > HOLE_READS * took_ms;
    if (speed->spans == SPEED_SPANS)
        memmove(speed->permille, speed->permille + 1, --speed->spans * sizeof *speed->permille);
    speed->permille[speed->spans++] =
        (uint32_t)(speed->frames * 1000 * 1000 / ((uint64_t)rate_hz * (uint64_t)took_ms));
    if (has_hole)
        speed->spans = 0;
    span_begin(speed, now_ms);
}

static unsigned mean_hz(const struct speed *speed, unsigned rate_hz) {
    uint64_t total = 0;
    for (unsigned i = 0; i < speed->spans; i++)
        total += speed->permille[i];
    uint64_t mean = total / speed->spans;
    for (unsigned i = 0; i < speed->spans; i++)
        if (llabs((int64_t)speed->permille[i] - (int64_t)mean) * 1000 >
            (int64_t)mean * SAME_PERMILLE)
            return 0;
    return (unsigned)(mean * rate_hz / 1000);
}

static unsigned usual_near(unsigned hz) {
    for (size_t i = 0; i < ARRAY_LEN(usual_hz); i++)
        if (llabs((int64_t)hz - usual_hz[i]) * 1000 <= (int64_t)usual_hz[i] * USUAL_PERMILLE)
            return usual_hz[i];
    return 0;
}

unsigned speed_hear(struct speed *speed, unsigned rate_hz, uint64_t frames, int64_t now_ms) {
    if (speed->last_ms == 0) {
        span_begin(speed, now_ms);
        return 0;
    }
    if (now_ms - speed->last_ms > speed->longest_ms)
        speed->longest_ms = now_ms - speed->last_ms;
    speed->last_ms = now_ms;
    speed->frames += frames;
    speed->reads++;
    if (now_ms - speed->began_ms < SPEED_SPAN_MS)
        return 0;
    span_end(speed, rate_hz, now_ms);
    if (speed->spans < SPEED_SPANS)
        return 0;
    unsigned hz = mean_hz(speed, rate_hz);
    bool is_declared = llabs((int64_t)hz - rate_hz) * 1000 <= (int64_t)rate_hz * SAME_PERMILLE;
    return is_declared ? 0 : usual_near(hz);
}
