#include "outside/files/doubt.h"

#include "wire/web/json_write.h"

#include <string.h>

const char *doubt_word(enum doubt doubt) {
    static const char *const words[DOUBTS] = {
        [DOUBT_STEREO_AT_MONO_ADDRESS] = "stereo-at-mono-address",
        [DOUBT_STEREO_AS_MONO] = "stereo-as-mono",
        [DOUBT_WRONG_RATE] = "wrong-rate",
        [DOUBT_WAV_HEADER] = "wav-header",
        [DOUBT_H264_LENGTHS] = "h264-lengths",
        [DOUBT_H264_UNKNOWN] = "h264-unknown",
    };
    return words[doubt];
}

void doubts_write_json(struct buf *out, uint32_t doubts) {
    if (!doubts)
        return;
    json_open_array(out, "doubts");
    for (enum doubt doubt = 0; doubt < DOUBTS; doubt++)
        if (doubts & doubt_bit(doubt))
            json_add_text(out, NULL, slice_from(doubt_word(doubt)));
    json_close_array(out);
}

uint32_t doubts_read_json(const json_t *words) {
    uint32_t doubts = 0;
    size_t i;
    json_t *word;
    json_array_foreach(words, i, word) {
        for (enum doubt doubt = 0; doubt < DOUBTS; doubt++)
            if (json_is_string(word) && !strcmp(json_string_value(word), doubt_word(doubt)))
                doubts |= doubt_bit(doubt);
    }
    return doubts;
}
