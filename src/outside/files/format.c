#include "outside/files/format.h"

#include "base/macros.h"

#include <string.h>

static const struct format formats[RECORD_FORMATS] = {
    {RECORD_WAV, "wav", "audio/wav", false, repair_wav},
    {RECORD_FLAC, "flac", "audio/flac", false, repair_flac},
    {RECORD_OPUS, "opus", "audio/ogg; codecs=opus", false, repair_opus},
    {RECORD_H264, "h264", "video/h264", true, repair_h264},
    {RECORD_IVF, "ivf", "video/x-ivf", true, repair_ivf},
};

const struct format *format_of(enum record_format id) {
    return &formats[id];
}

struct slice format_name(enum record_format id) {
    return slice_from(formats[id].name);
}

const struct format *format_find(struct slice name) {
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (slice_is_equal(name, slice_from(formats[i].name)))
            return &formats[i];
    return NULL;
}

const struct format *format_of_file(const char *file) {
    const char *dot = strrchr(file, '.');
    return dot ? format_find(slice_from(dot + 1)) : NULL;
}

bool format_is_video(struct slice name) {
    const struct format *format = format_find(name);
    return format && format->is_video;
}
