#include "app/tracks/mute.h"

#include "wire/web/json_read.h"

void mute_init(struct mute *mute, unsigned tail_ms) {
    *mute = (struct mute){.tail_ms = tail_ms};
}

bool mute_parse(struct slice text, bool *is_muted) {
    json_t *value = json_read(text);
    json_t *muted = json_object_get(value, "muted"); /* NULL unless an object */
    bool is_found = json_is_boolean(muted);
    if (is_found)
        *is_muted = json_is_true(muted);
    json_decref(value);
    return is_found;
}

static enum mute_change state_enter(struct mute *mute, enum mute_state state, int64_t now_ms) {
    mute->state = state;
    mute->began_ms = now_ms;
    mute->zero_bytes = mute->dropped_bytes = 0;
    return state == MUTE_ON ? MUTE_BEGAN : MUTE_SAME;
}

enum mute_change mute_tell(struct mute *mute, bool is_muted, int64_t now_ms) {
    if (is_muted && mute->state == MUTE_OFF)
        return state_enter(mute, mute->tail_ms > 0 ? MUTE_TAIL : MUTE_ON, now_ms);
    if (is_muted)
        return MUTE_SAME;
    enum mute_state before = mute->state;
    mute->state = MUTE_OFF;
    return before == MUTE_ON ? MUTE_ENDED : before == MUTE_TAIL ? MUTE_SKIPPED : MUTE_SAME;
}

enum mute_change mute_hear(struct mute *mute, const uint8_t *bytes, size_t len,
                           unsigned bytes_per_second, int64_t now_ms) {
    if (mute->state != MUTE_TAIL)
        return MUTE_SAME;
    size_t zeros = 0;
    while (zeros < len && !bytes[len - 1 - zeros])
        zeros++;
    mute->zero_bytes = zeros == len ? mute->zero_bytes + len : zeros;
    bool is_silent = mute->zero_bytes >= (uint64_t)bytes_per_second * MUTE_SILENCE_MS / 1000;
    return is_silent ? state_enter(mute, MUTE_ON, now_ms) : MUTE_SAME;
}

enum mute_change mute_tick(struct mute *mute, int64_t now_ms) {
    if (mute->state != MUTE_TAIL || now_ms - mute->began_ms < mute->tail_ms)
        return MUTE_SAME;
    return state_enter(mute, MUTE_ON, now_ms);
}

void mute_drop(struct mute *mute, size_t len) {
    mute->dropped_bytes += len;
}

uint64_t mute_silence(const struct mute *mute, unsigned rate_hz, unsigned block_bytes,
                      int64_t now_ms) {
    uint64_t sent = mute->dropped_bytes / block_bytes;
    uint64_t passed = mute_length_ms(mute, now_ms) * rate_hz / 1000;
    uint64_t apart = sent > passed ? sent - passed : passed - sent;
    return apart <= (uint64_t)MUTE_SENT_MS * rate_hz / 1000 ? sent : passed;
}

uint64_t mute_length_ms(const struct mute *mute, int64_t now_ms) {
    return (uint64_t)(now_ms - mute->began_ms);
}
