#include "base/backoff.h"

#include <assert.h>

int64_t backoff_full_ms(unsigned failures, int64_t first_ms, int64_t max_ms) {
    assert(first_ms > 0 && max_ms > 0);
    int64_t ms = first_ms;
    for (; failures > 1 && ms < max_ms; failures--)
        ms = ms > max_ms / 2 ? max_ms : ms * 2;
    return ms < max_ms ? ms : max_ms;
}

int64_t backoff_ms(unsigned failures, int64_t first_ms, int64_t max_ms, uint64_t random) {
    int64_t half_ms = backoff_full_ms(failures, first_ms, max_ms) / 2;
    return half_ms + (int64_t)(random % (uint64_t)(half_ms + 1));
}
