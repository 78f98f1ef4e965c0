#include "app/tracks/way.h"

#include <stdlib.h>
#include <string.h>

enum { SOUND = 128 }; /* comfort noise after a mute reaches 75 */

void way_init(struct way *way, unsigned setting_ms, int64_t now_ms) {
    *way = (struct way){.delay_ms = setting_ms, .connected_ms = now_ms, .opened_ms = now_ms};
}

void way_open(struct way *way, int64_t now_ms) {
    way->opened_ms = now_ms;
}

void way_close(struct way *way) {
    way->opened_ms = 0;
}

static bool has_sound(const uint8_t *bytes, size_t len) {
    int16_t sample;
    for (size_t i = 0; i + sizeof sample <= len; i += sizeof sample) {
        memcpy(&sample, bytes + i, sizeof sample);
        if (abs(sample) >= SOUND)
            return true;
    }
    return false;
}

static bool way_measure(struct way *way, int64_t took_ms) {
    if (took_ms > WAY_MAX_MS || (way->is_measured && took_ms >= way->delay_ms))
        return false;
    way->is_measured = true;
    way->delay_ms = (unsigned)took_ms;
    return true;
}

bool way_hear(struct way *way, const uint8_t *bytes, size_t len, int64_t now_ms) {
    bool is_new = false;
    if (way->connected_ms && len > 0) {
        int64_t silent_ms = now_ms - way->connected_ms;
        way->connected_ms = 0;
        is_new = silent_ms >= WAY_SILENT_MS && way_measure(way, silent_ms);
    }
    if (way->opened_ms && has_sound(bytes, len)) {
        is_new |= way_measure(way, now_ms - way->opened_ms);
        way->opened_ms = 0;
    }
    return is_new;
}
