#include "outside/hume/hume_limiter.h"

#include "base/bucket.h"

enum {
    WAITING_ROOM = HUME_WAIT_MS * HUME_HANDSHAKES_PER_SECOND / 1000,
    BURST = 2, /* a late handshake may be followed by the next at once */
    KEPT_MIN_BYTES = 1024 * 1024,
    CATCH_UP_MS = 500,
};

/* The bucket is shared by compare-and-swap. */
bool hume_limiter_take(struct hume_limiter *limiter, int64_t step_us, int64_t now_us) {
    int64_t seen_us = atomic_load(&limiter->due_us);
    struct bucket bucket;
    do {
        bucket.due_us = seen_us;
        if (bucket_take(&bucket, step_us, BURST, now_us) > 0)
            return false;
    } while (!atomic_compare_exchange_weak(&limiter->due_us, &seen_us, bucket.due_us));
    return true;
}

bool hume_limiter_has_room(const struct hume_limiter *limiter) {
    return atomic_load(&limiter->waiting) < WAITING_ROOM;
}

size_t hume_limiter_room_bytes(unsigned tracks) {
    uint64_t n = tracks < WAITING_ROOM ? tracks : WAITING_ROOM;
    uint64_t turn_ms = n * 1000 / HUME_HANDSHAKES_PER_SECOND;
    uint64_t behind_ms = turn_ms > CATCH_UP_MS ? turn_ms - CATCH_UP_MS : 0;
    return KEPT_MIN_BYTES + behind_ms * behind_ms * HUME_HANDSHAKES_PER_SECOND / 2 *
                                (HUME_RATE_HZ / 1000 * sizeof(int16_t)) / 1000;
}

bool hume_limiter_is_full(const struct hume_limiter *limiter) {
    return atomic_load(&limiter->kept_bytes) >=
           hume_limiter_room_bytes(atomic_load(&limiter->tracks));
}
