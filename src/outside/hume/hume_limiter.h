/*
 * What all tracks of a server have in common, whatever their shard: the handshakes of a second, and
 * a bound for the audio that waits. Its numbers are atomic; begins zeroed.
 *
 * The bound is what n tracks keep that begin at once, connect in their turn and, with v1, stay
 * behind until there is a pause. The last of them is n / rate seconds behind, the first not at all,
 * and v1 lets each catch up with one second. Half a second is counted here, to be safe:
 *
 *     1 MiB + (n / rate - 0.5 s)^2 * rate / 2 * 32000 bytes/s
 *
 *     tracks       last one waits   bound
 *     100                5 s        7.5 MB
 *     200               10 s         30 MB
 *     240 or more       12 s         43 MB     (HUME_WAIT_MS: those after them keep no audio yet)
 */
#ifndef OUTSIDE_HUME_LIMITER_H
#define OUTSIDE_HUME_LIMITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    /* Of all audio that goes to the service. */
    HUME_RATE_HZ = 16000,
    /* Of the whole server; Hume allows 50. */
    HUME_HANDSHAKES_PER_SECOND = 20,
    /* Audio that a track keeps while it has no connection: 384 KB. The last of 200 tracks that
     * begin at once gets its handshake after ten seconds. */
    HUME_WAIT_MS = 12000,
};

struct hume_limiter {
    _Atomic int64_t due_us;    /* of the token bucket of handshakes (base/bucket) */
    _Atomic unsigned waiting;  /* tracks that wait for their handshake */
    _Atomic unsigned tracks;   /* all */
    _Atomic size_t kept_bytes; /* of audio that waits, with or without a connection */
};

/* Takes a handshake if one is due; step_us: from one to the next. */
bool hume_limiter_take(struct hume_limiter *limiter, int64_t step_us, int64_t now_us);
/* Another track may begin to wait: its handshake would come within HUME_WAIT_MS. */
bool hume_limiter_has_room(const struct hume_limiter *limiter);

/* The bound for so many tracks, in bytes. */
size_t hume_limiter_room_bytes(unsigned tracks);
/* The audio that waits has reached it. */
bool hume_limiter_is_full(const struct hume_limiter *limiter);

#endif
