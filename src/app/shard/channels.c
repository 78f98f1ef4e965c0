#include "app/shard/channels.h"

#include <string.h>

enum {
    PAIRS_EQUAL_PERCENT = 99,
    NEIGHBOURS_EQUAL_PERCENT = 90, /* more would be a slow square wave, in mono as well */
    PAIRS_MIN = 480,
    SPEED_TOLERANCE_PERCENT = 3,
};

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
    double seconds = (double)(c->last_ms - c->began_ms) / 1000;
    double speed = (double)(c->zeros + c->sound.len) / (2.0 * c->rate_hz);
    return seconds >= CHANNELS_WAIT_MS / 1000.0 * 0.9 &&
           speed > seconds * 2 * (100 - SPEED_TOLERANCE_PERCENT) / 100 &&
           speed < seconds * 2 * (100 + SPEED_TOLERANCE_PERCENT) / 100;
}

enum channels_verdict channels_judge(const struct channels *c) {
    bool is_stereo = c->sound.len ? sounds_stereo(&c->sound) : is_twice_as_fast(c);
    return is_stereo ? CHANNELS_STEREO : CHANNELS_MONO;
}

enum channels_verdict channels_hear(struct channels *c, const uint8_t *bytes, size_t len,
                                    int64_t now_ms) {
    if (!c->began_ms)
        c->began_ms = now_ms;
    c->last_ms = now_ms;

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
    bool is_enough = c->sound.len >= (size_t)c->rate_hz * 2 * CHANNELS_SOUND_MS / 1000;
    return is_enough ? channels_judge(c) : CHANNELS_OPEN;
}

enum channels_verdict channels_tick(const struct channels *c, int64_t now_ms) {
    bool is_late = c->began_ms && now_ms - c->began_ms >= CHANNELS_WAIT_MS;
    return is_late ? channels_judge(c) : CHANNELS_OPEN;
}
