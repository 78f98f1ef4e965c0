/*
 * Whether a track is muted. The sender says so in a text message, but LiveKit's `muted` may arrive
 * up to three seconds before audio that was spoken earlier. Such a track has a tail: its audio is
 * still taken until zeros show that no earlier audio is on its way, or until the tail is over.
 *
 *     MUTE_OFF --muted--> MUTE_TAIL --zeros, time--> MUTE_ON --unmuted--> MUTE_OFF
 *
 * Without a tail MUTE_OFF becomes MUTE_ON at once; unmuted during the tail, the audio goes on.
 * Pure: time is an argument.
 */
#ifndef APP_MUTE_H
#define APP_MUTE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MUTE_SILENCE_MS = 200, /* zeros for so long end the tail */
    MUTE_SENT_MS = 200,    /* by so much what is sent while muted may differ from time */
};

enum mute_state { MUTE_OFF, MUTE_TAIL, MUTE_ON };

/* What a call has changed. MUTE_SKIPPED: a mute was over before its tail was. */
enum mute_change { MUTE_SAME, MUTE_BEGAN, MUTE_ENDED, MUTE_SKIPPED };

struct mute {
    enum mute_state state;
    /* How long the tail lasts at most; 0: there is none. */
    unsigned tail_ms;
    /* When the tail or, after it, the mute began. */
    int64_t began_ms;
    /* The bytes of zeros at the end of what was heard in the tail. */
    uint64_t zero_bytes;
    /* What came since the mute began, and was left out. */
    uint64_t dropped_bytes;
};

void mute_init(struct mute *, unsigned tail_ms);

/* The sender's message: {"muted":true} or {"muted":false}, whatever else the object holds. False:
 * it is something else. */
bool mute_parse(struct slice text, bool *is_muted);

/* The sender says that the track is muted, or that it is not. */
enum mute_change mute_tell(struct mute *, bool is_muted, int64_t now_ms);

/* Samples that were taken, of so many bytes a second. MUTE_BEGAN: the zeros have lasted. */
enum mute_change mute_hear(struct mute *, const uint8_t *bytes, size_t len,
                           unsigned bytes_per_second, int64_t now_ms);

/* On a tick. MUTE_BEGAN: the tail is over. */
enum mute_change mute_tick(struct mute *, int64_t now_ms);

/* Muted: so much came, and is left out. */
void mute_drop(struct mute *, size_t len);

/*
 * Sample frames of silence that a mute was, right after MUTE_ENDED. LiveKit Egress sends zeros all
 * along: they say it exactly. Of a sender that stops, time does.
 */
uint64_t mute_silence(const struct mute *, unsigned rate_hz, unsigned block_bytes, int64_t now_ms);

/* How long the track has been muted; right after MUTE_ENDED: how long it was. */
uint64_t mute_length_ms(const struct mute *, int64_t now_ms);

#endif
