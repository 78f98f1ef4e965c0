#include "base/bucket.h"

#include <assert.h>

int64_t bucket_take(struct bucket *bucket, int64_t step_us, unsigned burst, int64_t now_us) {
    assert(step_us > 0 && burst > 0);
    int64_t wait_us = bucket->due_us - now_us - (burst - 1) * step_us;
    if (wait_us > 0)
        return wait_us;
    bucket->due_us = (bucket->due_us > now_us ? bucket->due_us : now_us) + step_us;
    return 0;
}
