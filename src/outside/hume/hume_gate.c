#include "outside/hume/hume_gate.h"

#include "base/backoff.h"
#include "base/log.h"
#include "base/rand.h"

#include <stdio.h>
#include <string.h>

enum {
    /* In a row, until the breaker opens. */
    FAILURES_TO_OPEN = 5,
    /* Tracks that dial while no connection is open yet. */
    PIONEERS = 5,
    /* With them, until the others keep no more audio: 48 KB for each track. */
    PATIENCE_MS = 1500,
    REFUSED_MS = 10 * 60 * 1000,
};

void hume_gate_init(struct hume_gate *gate, struct hume_limiter *limiter,
                    unsigned handshakes_per_second) {
    unsigned rate = handshakes_per_second ? handshakes_per_second : HUME_HANDSHAKES_PER_SECOND;
    *gate = (struct hume_gate){.limiter = limiter, .step_us = 1000 * 1000 / rate};
}

static bool may_try(const struct hume_gate *gate, int64_t now_ms) {
    if (now_ms < gate->refused_until_ms)
        return false;
    return gate->probe_ms == 0 || (!gate->probe && now_ms >= gate->probe_ms);
}

static bool is_doubtful(const struct hume_gate *gate, int64_t now_ms) {
    return !gate->is_reached && gate->tried_ms && now_ms - gate->tried_ms > PATIENCE_MS;
}

bool hume_gate_may_wait(const struct hume_gate *gate, int64_t now_ms) {
    return may_try(gate, now_ms) && (gate->dialling < PIONEERS || !is_doubtful(gate, now_ms));
}

bool hume_gate_has_room(const struct hume_gate *gate, int64_t now_ms) {
    if (!may_try(gate, now_ms) || !hume_limiter_has_room(gate->limiter))
        return false;
    return gate->dialling + gate->wanting < PIONEERS || !is_doubtful(gate, now_ms);
}

bool hume_gate_take(struct hume_gate *gate, const struct hume_track *track, int64_t now_ms) {
    if (!may_try(gate, now_ms) || (!gate->is_reached && gate->dialling >= PIONEERS) ||
        !hume_limiter_take(gate->limiter, gate->step_us, now_ms * 1000))
        return false;
    if (gate->probe_ms)
        gate->probe = track;
    if (!gate->is_reached && gate->tried_ms == 0)
        gate->tried_ms = now_ms;
    return true;
}

void hume_gate_reached(struct hume_gate *gate) {
    gate->is_reached = true;
    gate->tried_ms = 0;
}

void hume_gate_succeeded(struct hume_gate *gate) {
    if (gate->probe_ms)
        log_info("hume", "the service answers again");
    gate->failures = gate->openings = 0;
    gate->probe_ms = gate->refused_until_ms = 0;
    gate->refusal[0] = 0;
    gate->probe = NULL;
}

static void open_breaker(struct hume_gate *gate, int64_t now_ms) {
    gate->is_reached = false;
    gate->tried_ms = 0;
    gate->probe_ms =
        now_ms + backoff_ms(++gate->openings, HUME_BACKOFF_MS, HUME_BACKOFF_MAX_MS, rand_u64());
}

void hume_gate_failed(struct hume_gate *gate, const struct hume_track *track, const char *why,
                      int64_t now_ms) {
    gate->failures++;
    if (gate->probe == track) {
        gate->probe = NULL;
        open_breaker(gate, now_ms);
    } else if (!gate->probe_ms && gate->failures >= FAILURES_TO_OPEN) {
        log_warn("hume", "the service does not answer; trying one connection at a time",
                 log_text("why", why));
        open_breaker(gate, now_ms);
    }
}

void hume_gate_refused(struct hume_gate *gate, const struct hume_track *track, const char *code,
                       int64_t now_ms) {
    if (strcmp(gate->refusal, code) != 0)
        log_error(
            "hume",
            strncmp(code, "proxy", 5) == 0
                ? "the proxy refuses the way to the service; analysis continues without prosody"
                : "the service refuses us; analysis continues without prosody",
            log_text("code", code));
    snprintf(gate->refusal, sizeof gate->refusal, "%s", code);
    gate->refused_until_ms = now_ms + REFUSED_MS;
    gate->probe_ms = gate->refused_until_ms;
    hume_gate_forget(gate, track);
}

void hume_gate_forget(struct hume_gate *gate, const struct hume_track *track) {
    if (gate->probe == track)
        gate->probe = NULL;
}
