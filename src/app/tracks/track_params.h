/* What the query of /egress-audio and /egress-video says about one track. Pure. */
#ifndef APP_TRACK_PARAMS_H
#define APP_TRACK_PARAMS_H

#include "base/slice.h"

#include <stdbool.h>

enum {
    TRACK_NAME_BYTES = 256, /* longest identity, UTF-8 bytes */
    TRACK_RATE_MIN_HZ = 8000,
    TRACK_RATE_MAX_HZ = 192000,
    TRACK_GROUP_MIN_MS = 500,
    TRACK_GROUP_MAX_MS = 5000,
};

enum track_kind { TRACK_AUDIO, TRACK_VIDEO };
/* Whether LiveKit calls the track stereo. */
enum track_stereo { STEREO_UNSAID, STEREO_ON, STEREO_OFF };
enum track_codec { TRACK_PCM, TRACK_H264, TRACK_VP8, TRACK_VP9 };

/* Names are kept as they were sent (valid UTF-8, no control characters), NUL-terminated. */
struct track_params {
    enum track_kind kind;
    char room[TRACK_NAME_BYTES + 1];
    char participant[TRACK_NAME_BYTES + 1];
    char track[TRACK_NAME_BYTES + 1];
    /* Empty: to be found by the room. */
    char meeting_id[TRACK_NAME_BYTES + 1];
    /* LiveKit's track source, empty when unknown. */
    char source[33];
    /* "off": TF_NO_DTX, so zeros mean silence. */
    char dtx[9];
    enum track_stereo stereo;
    /* wav, flac, opus, off; empty: the configured one. */
    char record_format[9];
    /* group_ms 0: the configured one. */
    unsigned rate_hz, channels, group_ms;
    enum track_codec codec;
    /* Set by the caller: the handshake's headers are LiveKit Egress's; we signed the address. */
    bool from_egress, is_signed;
};

/*
 * Reads a query ("a=b&c=d", still percent-encoded, without '?'). 0, or EINVAL with *error set to a
 * sentence (static text) for the 400 answer; *out is only set on success. Unknown parameters are
 * ignored; a parameter given twice must say the same both times.
 */
int track_params_parse(struct track_params *out, enum track_kind kind, struct slice query,
                       const char **error);

#endif
