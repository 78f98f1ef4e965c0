#include "sound/pcm.h"

#include <string.h>

bool pcm_is_zero(const int16_t *pcm, size_t n) {
    enum { CHUNK = 64 };
    size_t i = 0;
    for (; i + CHUNK <= n; i += CHUNK) {
        int16_t any = 0;
        for (size_t j = 0; j < CHUNK; j++)
            any |= pcm[i + j];
        if (any)
            return false;
    }
    for (; i < n; i++)
        if (pcm[i])
            return false;
    return true;
}

size_t pcm_nonzero(const int16_t *pcm, size_t n) {
    size_t nonzero = 0;
    for (size_t i = 0; i < n; i++)
        nonzero += pcm[i] != 0;
    return nonzero;
}

size_t pcm_clipped(const int16_t *pcm, size_t n) {
    size_t clipped = 0;
    for (size_t i = 0; i < n; i++)
        clipped += (pcm[i] >= PCM_CLIP) | (pcm[i] <= -PCM_CLIP);
    return clipped;
}
