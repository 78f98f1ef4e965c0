#include "outside/hume/hume_names.h"

#include <string.h>

const char *hume_fate_name(enum hume_fate fate) {
    static const char *const names[HUME_FATES] = {
        [HUME_SENT] = "sent",     [HUME_SILENT] = "silent", [HUME_DROPPED] = "dropped",
        [HUME_NO_KEY] = "no_key", [HUME_ERROR] = "error",
    };
    return names[fate];
}

/* Codes of v0, of v1, and of handshakes. The last stands for all others. */
static const char *const codes[HUME_CODES] = {
    "E0100",          "E0101",           "E0102",
    "E0200",          "E0201",           "E0202",
    "E0203",          "E03xx",           "I0100",
    "W0105",          "rate_limited",    "invalid_audio_frame",
    "config_invalid", "message_invalid", "message_too_large",
    "internal_error", "http_401",        "http_403",
    "http_404",       "http_410",        "http_429",
    "http_502",       "http_503",        "proxy",
    "other",
};

const char *hume_code_name(unsigned index) {
    return codes[index];
}

unsigned hume_code_index(const char *code) {
    if (strncmp(code, "E03", 3) == 0)
        code = "E03xx";
    else if (strncmp(code, "proxy", 5) == 0)
        code = "proxy";
    unsigned i = 0;
    while (i < HUME_CODES - 1 && strcmp(codes[i], code) != 0)
        i++;
    return i;
}
