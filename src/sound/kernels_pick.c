#include "sound/kernels.h"

#include <assert.h>

extern const struct kernels kernels_portable;

#if defined(__x86_64__)
extern const struct kernels kernels_wide, kernels_vnni;

static const struct kernels *const tables[] = {&kernels_portable, &kernels_wide, &kernels_vnni};

unsigned kernels_count(void) {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi2"))
        return 1;
    bool has_vnni = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vnni");
    return has_vnni ? 3 : 2;
}
#else
static const struct kernels *const tables[] = {&kernels_portable};

unsigned kernels_count(void) {
    return 1;
}
#endif

const struct kernels *kernels_at(unsigned i) {
    assert(i < sizeof tables / sizeof *tables);
    return tables[i];
}
