#include "app/tracks/channels.h"

#include <string.h>

enum {
    PAIRS_EQUAL_PERCENT = 99,
    NEIGHBOURS_EQUAL_PERCENT = 90, /* more would be a slow square wave, in mono as well */
    PAIRS_MIN = 480,
    BURST_MS = 300,
    MEASURED_MIN_MS = 400,
};

#define SPEED_TOLERANCE 0.15

void channels_init(struct channels *c, unsigned rate_hz) {
    *c = (struct channels){.is_probing = true, .rate_hz = rate_hz};
}

static int16_t sample_at(const struct buf *sound, size_t i) {
    int16_t value;
    memcpy(&value, sound->data + i * 2, sizeof value);
    return value;
}

static bool sounds_stereo(const struct buf *sound) {
    size_t pairs = sound->len / 4, equal = 0, neighbours = 0;
    for (size_t i = 0; i < pairs; i++) {
        equal += sample_at(sound, 2 * i) == sample_at(sound, 2 * i + 1);
        if (i > 0)
            neighbours += sample_at(sound, 2 * i - 1) == sample_at(sound, 2 * i);
    }
    return pairs >= PAIRS_MIN && equal * 100 >= pairs * PAIRS_EQUAL_PERCENT &&
           neighbours * 100 < pairs * NEIGHBOURS_EQUAL_PERCENT;
}

static bool is_twice_as_fast(const struct channels *c) {
    int64_t measured_ms = c->mark_ms ? c->last_ms - c->mark_ms : 0;
    if (measured_ms < MEASURED_MIN_MS)
        return false;
    uint64_t bytes = c->zeros + c->sound.len - c->mark_bytes;
    double speed = (double)bytes * 1000 / (2.0 * c->rate_hz * (double)measured_ms);
    return speed > 2 * (1 - SPEED_TOLERANCE) && speed < 2 * (1 + SPEED_TOLERANCE);
}

/* Zeros are equal, too. */
static bool has_equal_pairs(const struct channels *c) {
    return c->sound.len == 0 || sounds_stereo(&c->sound);
}

enum channels_verdict channels_judge(const struct channels *c) {
    return has_equal_pairs(c) && is_twice_as_fast(c) ? CHANNELS_STEREO : CHANNELS_MONO;
}

/* Sound is judged at once where its samples are not equal, and else by its speed, too. */
static enum channels_verdict judge_sound(struct channels *c) {
    bool is_enough = c->sound.len >= (size_t)c->rate_hz * 2 * CHANNELS_SOUND_MS / 1000;
    if (is_enough && !c->has_pairs) {
        c->has_pairs = sounds_stereo(&c->sound);
        if (!c->has_pairs)
            return CHANNELS_MONO;
    }
    bool is_time = c->has_pairs && c->last_ms - c->began_ms >= CHANNELS_SPEED_MS;
    return is_time ? channels_judge(c) : CHANNELS_OPEN;
}

enum channels_verdict channels_hear(struct channels *c, const uint8_t *bytes, size_t len,
                                    int64_t now_ms) {
    if (!c->began_ms)
        c->began_ms = now_ms;
    c->last_ms = now_ms;
    if (!c->mark_ms && now_ms - c->began_ms >= BURST_MS) {
        c->mark_ms = now_ms;
        c->mark_bytes = c->zeros + c->sound.len + len;
    }

    size_t skip = 0;
    if (!c->sound.len) {
        while (skip < len && !bytes[skip])
            skip++;
        c->zeros += skip;
        if (skip == len)
            return CHANNELS_OPEN;
        /* Sound begins on the border of a pair, so that its pairs are the stream's. */
        static const uint8_t none[4];
        size_t back = c->zeros % 4;
        c->zeros -= back;
        buf_add(&c->sound, none, back);
    }
    buf_add(&c->sound, bytes + skip, len - skip);
    return judge_sound(c);
}

enum channels_verdict channels_tick(const struct channels *c, int64_t now_ms) {
    bool is_late = c->began_ms && now_ms - c->began_ms >= CHANNELS_WAIT_MS;
    return is_late ? channels_judge(c) : CHANNELS_OPEN;
}
