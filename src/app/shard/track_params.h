/* What the query of /egress-audio and /egress-video says about one track. Pure: no socket, no
 * clock. */
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
enum track_codec { TRACK_PCM, TRACK_H264, TRACK_VP8, TRACK_VP9 };

/* Names are kept as they were sent (valid UTF-8, no control characters), NUL-terminated. */
struct track_params {
    enum track_kind kind;
    char room[TRACK_NAME_BYTES + 1];
    char participant[TRACK_NAME_BYTES + 1];
    char track[TRACK_NAME_BYTES + 1];
    char meeting_id[TRACK_NAME_BYTES + 1]; /* empty: to be found by the room */
    char source[33];                       /* LiveKit's track source, empty when unknown */
    char dtx[9];                           /* "off": TF_NO_DTX, zeros mean silence */
    char record_format[9];                 /* wav, flac, opus, off; empty: the configured one */
    unsigned rate_hz, channels, group_ms;  /* group_ms 0: the configured one */
    enum track_codec codec;
    bool from_egress; /* the handshake was LiveKit Egress's: set by the caller from its headers */
    bool is_signed;   /* the address was signed by us: set by the caller */
};

/*
 * Reads a query ("a=b&c=d", still percent-encoded, without '?'). 0, or EINVAL with *error set to a
 * sentence (static text) for the 400 answer; *out is only set on success. Unknown parameters are
 * ignored; a parameter given twice must say the same both times.
 */
int track_params_parse(struct track_params *out, enum track_kind kind, struct slice query,
                       const char **error);

#endif
