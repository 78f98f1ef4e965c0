#include "outside/hume/hume_fate.h"

const char *hume_fate_name(enum hume_fate fate) {
    static const char *const names[HUME_FATES] = {
        [HUME_SENT] = "sent",     [HUME_SILENT] = "silent", [HUME_DROPPED] = "dropped",
        [HUME_NO_KEY] = "no_key", [HUME_ERROR] = "error",
    };
    return names[fate];
}
