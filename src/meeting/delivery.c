#include "meeting/meeting_private.h"

#include <string.h>

enum {
    PAUSE_MS = 1000,     /* shorter ones are for breath */
    PAUSE_MAX_MS = 3000, /* longer ones end the turn */
};

static void delivery_pause(struct delivery *delivery, int64_t from_ms, int64_t to_ms) {
    if (delivery->pause_count == PAUSES) {
        delivery->pause_count--;
        memmove(&delivery->pauses[0], &delivery->pauses[1],
                delivery->pause_count * sizeof delivery->pauses[0]);
    }
    delivery->pauses[delivery->pause_count++] = (struct pause){from_ms, to_ms};
}

static void delivery_speak(struct delivery *delivery, int64_t start_ms, int64_t end_ms) {
    int64_t pause_ms = start_ms - delivery->last_ms;
    bool may_be_mute = pause_ms >= PAUSE_MS && delivery->last_ms <= delivery->muted_ms;
    if (!delivery->is_open || pause_ms > PAUSE_MAX_MS || may_be_mute) {
        delivery->is_open = true;
        delivery->start_ms = start_ms;
        delivery->pause_count = 0;
    } else if (pause_ms >= PAUSE_MS) {
        delivery_pause(delivery, delivery->last_ms, start_ms);
    }
    delivery->last_ms = end_ms;
}

static bool has_a_say(const struct hearing *hearing) {
    return hearing->speech_slots > 0 && hearing->turn.is_open && hearing->turn.is_counted;
}

void delivery_hear_step(struct meeting *meeting, int64_t end_ms) {
    unsigned saying = 0;
    for (size_t i = 0; i < meeting->actives; i++)
        saying += has_a_say(meeting->active[i]->hearing);
    for (size_t i = 0; i < meeting->actives; i++) {
        struct hearing *hearing = meeting->active[i]->hearing;
        if (saying > has_a_say(hearing))
            hearing->delivery.is_open = false; /* another's turn: these pauses are listening */
        else if (hearing->speech_slots > 0)
            delivery_speak(&hearing->delivery, end_ms - MEETING_STEP_MS, end_ms);
    }
}
