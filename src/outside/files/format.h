/* The formats of recordings: their names and how their files are repaired. */
#ifndef OUTSIDE_FORMAT_H
#define OUTSIDE_FORMAT_H

#include "base/slice.h"
#include "outside/files/repair_media.h"

enum record_format {
    RECORD_WAV,
    RECORD_FLAC,
    RECORD_OPUS,
    RECORD_H264,
    RECORD_IVF,
    RECORD_FORMATS
};

struct format {
    enum record_format id;
    /* In settings, sidecars and rows of the database; also the ending of its files. */
    const char *name;
    const char *mime;
    bool is_video;
    repair_fn *repair;
};

const struct format *format_of(enum record_format id);
struct slice format_name(enum record_format id);

/* NULL: no format of ours. */
const struct format *format_find(struct slice name);

/* By the file's ending; NULL: not a recording. */
const struct format *format_of_file(const char *file);

bool format_is_video(struct slice name);

#endif
