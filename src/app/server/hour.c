#include "app/server/hour.h"

#include "base/buf.h"
#include "wire/web/json_write.h"

static const char *const line_names[HOUR_LINES] = {
    [HOUR_TRACKS] = "tracks",
    [HOUR_LATE_TICKS] = "lateTicks",
    [HOUR_QUEUE_BYTES] = "queueBytes",
    [HOUR_DROPS] = "drops",
};

void hour_add(struct hour *hour, const uint64_t values[HOUR_LINES]) {
    for (int line = 0; line < HOUR_LINES; line++)
        hour->samples[line][hour->next] = values[line];
    hour->next = (hour->next + 1) % HOUR_SAMPLES;
    if (hour->count < HOUR_SAMPLES)
        hour->count++;
}

void hour_write(const struct hour *hour, struct buf *json) {
    unsigned oldest = (hour->next + HOUR_SAMPLES - hour->count) % HOUR_SAMPLES;
    for (int line = 0; line < HOUR_LINES; line++) {
        json_open_array(json, line_names[line]);
        for (unsigned i = 0; i < hour->count; i++)
            json_add_uint(json, NULL, hour->samples[line][(oldest + i) % HOUR_SAMPLES]);
        json_close_array(json);
    }
}
