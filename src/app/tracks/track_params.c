#include "app/tracks/track_params.h"

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "outside/files/format.h"
#include "wire/web/url.h"

#include <errno.h>
#include <string.h>

/* The value of a parameter, decoded into an empty buffer. `alias`: an older name that is accepted
 * as well, or NULL. ENOENT: not given, or empty. */
static int value_get(struct buf *out, struct slice query, const char *name, const char *alias) {
    struct slice rest = query, key, value;
    struct buf decoded = {0};
    bool found = false;
    int err = 0;
    while (!err && query_next(&rest, &key, &value)) {
        if (!query_name_is(key, name) && !(alias && query_name_is(key, alias)))
            continue;
        buf_clear(&decoded);
        err = url_decode(&decoded, value, true);
        if (!err && found && !slice_is_equal(buf_slice(&decoded), buf_slice(out)))
            err = EEXIST;
        if (!err && !found)
            buf_add_slice(out, buf_slice(&decoded));
        found = true;
    }
    buf_free(&decoded);
    if (!err && out->len == 0)
        err = ENOENT;
    return err;
}

/* A text of fewer than `size` bytes. Where none is given: ENOENT, and `out` stays as it is. */
static int text_get(char *out, size_t size, struct slice query, const char *name,
                    const char *alias) {
    struct buf value = {0};
    int err = value_get(&value, query, name, alias);
    if (!err && !text_is_identity(buf_slice(&value), size - 1))
        err = EINVAL;
    if (!err) {
        memcpy(out, value.data, value.len);
        out[value.len] = 0;
    }
    buf_free(&value);
    return err;
}

/* The same for a parameter that need not be given: 0 then. */
static int word_get(char *out, size_t size, struct slice query, const char *name,
                    const char *alias) {
    int err = text_get(out, size, query, name, alias);
    return err == ENOENT ? 0 : err;
}

/* Digits with at most one point, as thousandths: "2", "0.5", "1.25". */
static bool decimal_to_milli(struct slice text, uint64_t *out) {
    struct slice whole = text, fraction = SLICE_NONE;
    size_t point = slice_find_byte(text, '.');
    if (point < text.len) {
        whole = slice_take(text, point);
        fraction = slice_skip(text, point + 1);
        if (fraction.len == 0)
            return false;
    }
    uint64_t value, milli = 0, unit = 100;
    if (!slice_to_uint(whole, 1000000, &value))
        return false;
    for (size_t i = 0; i < fraction.len; i++, unit /= 10) {
        if (fraction.ptr[i] < '0' || fraction.ptr[i] > '9')
            return false;
        milli += (uint64_t)(fraction.ptr[i] - '0') * unit;
    }
    *out = value * 1000 + milli;
    return true;
}

/* A number in thousandths within bounds. Where none is given: 0, and *milli stays as it is. */
static int number_get(uint64_t *milli, struct slice query, const char *name, uint64_t min,
                      uint64_t max) {
    struct buf text = {0};
    uint64_t value = 0;
    int err = value_get(&text, query, name, NULL);
    if (!err && (!decimal_to_milli(buf_slice(&text), &value) || value < min || value > max))
        err = EINVAL;
    buf_free(&text);
    if (!err)
        *milli = value;
    return err == ENOENT ? 0 : err;
}

static int stereo_get(enum track_stereo *out, struct slice query) {
    char word[9] = "";
    if (word_get(word, sizeof word, query, "stereo", NULL))
        return EINVAL;
    *out = !strcmp(word, "on") ? STEREO_ON : !strcmp(word, "off") ? STEREO_OFF : STEREO_UNSAID;
    return word[0] && *out == STEREO_UNSAID ? EINVAL : 0;
}

static int codec_get(enum track_codec *out, struct slice query) {
    static const struct {
        const char *name;
        enum track_codec codec;
    } codecs[] = {
        {"h264", TRACK_H264}, {"avc", TRACK_H264}, {"vp8", TRACK_VP8}, {"vp9", TRACK_VP9}};
    char name[9] = "";
    int err = word_get(name, sizeof name, query, "codec", NULL);
    if (err)
        return err;
    for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
        if (slice_is_equal_nocase(slice_from(name), slice_from(codecs[i].name))) {
            *out = codecs[i].codec;
            return 0;
        }
    }
    return EINVAL;
}

static int names_parse(struct track_params *p, struct slice query, const char **error) {
    int err = text_get(p->room, sizeof p->room, query, "roomName", "room");
    if (err)
        *error = err == ENOENT   ? "roomName is required"
                 : err == EEXIST ? "roomName is given twice and differs"
                                 : "roomName must be UTF-8 without control characters, "
                                   "at most 256 bytes";
    else if (word_get(p->participant, sizeof p->participant, query, "participant", NULL))
        *error = "participant must be given once: UTF-8 without control characters, "
                 "at most 256 bytes";
    else if (word_get(p->track, sizeof p->track, query, "trackId", "track"))
        *error = "trackId must be given once: UTF-8 without control characters, at most 256 bytes";
    else if (word_get(p->meeting_id, sizeof p->meeting_id, query, "meetingId", NULL))
        *error = "meetingId must be given once: UTF-8 without control characters, "
                 "at most 256 bytes";
    return *error ? EINVAL : 0;
}

static bool is_record_format(const char *name) {
    const struct format *format = format_find(slice_from(name));
    return !*name || !strcmp(name, "off") || (format && !format->is_video);
}

static int format_parse(struct track_params *p, struct slice query, const char **error) {
    uint64_t rate = (uint64_t)p->rate_hz * 1000, channels = (uint64_t)p->channels * 1000, group = 0;
    if (number_get(&rate, query, "sampleRate", TRACK_RATE_MIN_HZ * 1000ull,
                   TRACK_RATE_MAX_HZ * 1000ull))
        *error = "sampleRate must be a number from 8000 to 192000";
    else if (number_get(&channels, query, "channels", 1000, 2000) || channels % 1000)
        *error = "channels must be 1 or 2";
    else if (number_get(&group, query, "groupSeconds", TRACK_GROUP_MIN_MS, TRACK_GROUP_MAX_MS))
        *error = "groupSeconds must be a number from 0.5 to 5";
    else if (word_get(p->record_format, sizeof p->record_format, query, "recordFormat", NULL))
        *error = "recordFormat must be wav, flac, opus or off";
    else if (word_get(p->source, sizeof p->source, query, "source", NULL))
        *error = "source must be a track source of LiveKit";
    else if (word_get(p->dtx, sizeof p->dtx, query, "dtx", NULL) ||
             (p->dtx[0] && strcmp(p->dtx, "on") != 0 && strcmp(p->dtx, "off") != 0))
        *error = "dtx must be on or off";
    else if (stereo_get(&p->stereo, query))
        *error = "stereo must be on or off";
    else if (p->kind == TRACK_VIDEO && codec_get(&p->codec, query))
        *error = "codec must be h264, avc, vp8 or vp9";
    else if (!is_record_format(p->record_format))
        *error = "recordFormat must be wav, flac, opus or off";
    if (*error)
        return EINVAL;
    p->rate_hz = (unsigned)(rate / 1000);
    p->channels = (unsigned)(channels / 1000);
    p->group_ms = (unsigned)group;
    return 0;
}

int track_params_parse(struct track_params *out, enum track_kind kind, struct slice query,
                       const char **error) {
    struct track_params p = {.kind = kind,
                             .participant = "participant",
                             .track = "track",
                             .rate_hz = 48000,
                             .channels = 1};
    *error = NULL;
    if (names_parse(&p, query, error) || format_parse(&p, query, error))
        return EINVAL;
    *out = p;
    return 0;
}
