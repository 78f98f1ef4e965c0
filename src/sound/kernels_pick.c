#include "sound/kernels.h"

extern const struct kernels kernels_portable;

#if defined(__x86_64__)
extern const struct kernels kernels_wide;

bool kernels_have_wide(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi2");
}

const struct kernels *kernels_pick(bool wide) {
    return wide ? &kernels_wide : &kernels_portable;
}
#else
bool kernels_have_wide(void) {
    return false;
}

const struct kernels *kernels_pick(bool wide) {
    (void)wide;
    return &kernels_portable;
}
#endif
