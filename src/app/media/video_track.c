#include "app/media/video_track.h"

#include "base/little.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/media/h264.h"
#include "wire/media/ivf.h"

#include <string.h>

enum {
    START_BYTES = 32,   /* of a message: enough to tell IVF and to read a key frame's size */
    IVF_RATE_HZ = 1000, /* times in ms of arrival */
    MEASURE_EVERY_MS = 2000,
    KEPT_MAX_BYTES = 2 * 1024 * 1024, /* a longer message is no picture with lengths */
    AVCC_LENGTH_BYTES = 4,            /* where no record says otherwise */
    ANEW_MS = 1000,                   /* between a file that the disk gave up and the next one */
};

struct video_track {
    /* Its recorder is NULL after the disk gave the file up; a key frame begins another. */
    struct track base;
    /* When the disk gave it up. */
    int64_t lost_ms;
    enum track_codec codec;
    /* When the picture that is shown was taken; 0: it comes now. */
    int64_t shown_ms;
    enum { WRAP_UNKNOWN, WRAP_NONE, WRAP_IVF } wrap;
    /* When the file's first frame came, the latest one, and when the header was told its length. */
    int64_t started_ms, frame_ms, measured_ms;
    /* The message that is arriving; is_begun: its start is written, pieces follow as they come. */
    uint8_t start[START_BYTES];
    unsigned start_bytes;
    bool is_begun;
    uint64_t message_bytes;
    /* H.264 is kept until its message is whole, as long as it may have lengths. */
    bool is_as_sent, is_kept;
    struct buf kept;
    /* What its avcC record said: how long the lengths are, and the parameters of every file. */
    unsigned length_bytes;
    struct buf parameters;
    /* The IVF file: bytes appended, where the present frame's head is, frames, and whether the
     * header has width and height. */
    uint64_t offset, frame_offset;
    uint32_t frames;
    bool has_size;
};

static struct video_track *video_of(struct track *track) {
    return (struct video_track *)track;
}

static int64_t time_ms_of(const struct video_track *t) {
    return t->shown_ms ? t->shown_ms : t->base.core->now_ms;
}

static void video_append(struct video_track *t, const uint8_t *bytes, size_t len) {
    recorder_append(t->base.recorder, bytes, len);
    t->offset += len;
}

static void recorder_begin(struct video_track *t) {
    enum record_format format = t->codec == TRACK_H264 ? RECORD_H264 : RECORD_IVF;
    const struct recording_info info = track_recording(&t->base, format, time_ms_of(t));
    t->base.recorder = recorder_open(t->base.core->disk, &info);
    t->offset = t->frames = 0;
    t->has_size = false;
}

/* A decoder can begin with this message. That of VP8 or VP9 says how large the picture is. */
static bool is_key_frame(const struct video_track *t, uint16_t *width, uint16_t *height) {
    return t->codec == TRACK_VP8   ? ivf_is_vp8_key(t->start, t->start_bytes, width, height)
           : t->codec == TRACK_VP9 ? ivf_is_vp9_key(t->start, t->start_bytes, width, height)
                                   : h264_is_key(t->start, t->start_bytes);
}

/* Begins a new file after the disk gave one up. A stream that brings its own IVF container has no
 * point in the middle at which a file could begin. */
static void recorder_renew(struct video_track *t) {
    int64_t now_ms = time_ms_of(t);
    uint16_t width, height;
    if (t->base.recorder && recorder_is_broken(t->base.recorder) &&
        (t->wrap == WRAP_IVF || t->codec == TRACK_H264)) {
        recorder_close(t->base.recorder, RECORDER_LOST, track_now_ms(&t->base));
        t->base.recorder = NULL;
        t->lost_ms = now_ms;
    }
    if (!t->base.recorder && now_ms - t->lost_ms >= ANEW_MS && is_key_frame(t, &width, &height)) {
        recorder_begin(t);
        t->started_ms = now_ms;
    }
}

static void ivf_begin(struct video_track *t) {
    struct ivf_header header = {
        .codec = t->codec == TRACK_VP8 ? IVF_VP8 : IVF_VP9, .rate = IVF_RATE_HZ, .scale = 1};
    uint8_t bytes[IVF_HEADER_BYTES];
    ivf_write_header(bytes, &header);
    video_append(t, bytes, sizeof bytes);
}

static void ivf_measure(struct video_track *t) {
    uint8_t length[4];
    little_put_u32(length, ivf_length(t->frames, 0, (uint64_t)(t->frame_ms - t->started_ms)));
    recorder_patch(t->base.recorder, IVF_LENGTH_OFFSET, length, sizeof length);
    t->measured_ms = t->base.core->now_ms;
}

/* Width and height are in the first key frame. */
static void ivf_size(struct video_track *t) {
    uint16_t width, height;
    if (!is_key_frame(t, &width, &height))
        return;
    uint8_t size[4];
    little_put_u16(little_put_u16(size, width), height);
    recorder_patch(t->base.recorder, IVF_SIZE_OFFSET, size, sizeof size);
    t->has_size = true;
}

/* A frame's head holds its length, which is known when the message ends; it is patched then. */
static void frame_begin(struct video_track *t) {
    if (t->frames == 0)
        ivf_begin(t);
    t->frame_offset = t->offset;
    uint8_t head[IVF_FRAME_HEADER_BYTES];
    t->frame_ms = time_ms_of(t);
    ivf_write_frame_header(head, 0, (uint64_t)(t->frame_ms - t->started_ms));
    video_append(t, head, sizeof head);
    t->frames++;
    if (!t->has_size)
        ivf_size(t);
}

static void frame_end(struct video_track *t) {
    uint8_t len[4];
    little_put_u32(len, (uint32_t)t->message_bytes);
    recorder_patch(t->base.recorder, t->frame_offset, len, sizeof len);
}

/* Whether a stream has lengths shows when a message is whole: three bytes of a start code may be a
 * length, too. */
static bool may_have_lengths(struct video_track *t) {
    static const uint8_t start_code[] = {0, 0, 0, 1};
    if (t->codec == TRACK_H264 && t->start_bytes >= sizeof start_code &&
        !memcmp(t->start, start_code, sizeof start_code))
        t->is_as_sent = true;
    return t->codec == TRACK_H264 && !t->is_as_sent;
}

/* What was kept, with start codes: a record, pictures, or both. False: it is neither. */
static bool kept_convert(struct video_track *t, struct buf *units) {
    const uint8_t *bytes = (const uint8_t *)t->kept.data;
    struct h264_record record = {0};
    struct buf parameters = {0};
    if (h264_read_record(&record, bytes, t->kept.len, &parameters)) {
        t->length_bytes = record.length_bytes;
        buf_free(&t->parameters);
        t->parameters = parameters;
        if (record.used == t->kept.len)
            return true;
        if (t->offset > 0)
            buf_add_slice(units, buf_slice(&t->parameters));
    }
    return h264_add_units(units, bytes + record.used, t->kept.len - record.used, t->length_bytes);
}

/* A record has nothing to show. Its parameters go in front of the pictures of every file. */
static void units_write(struct video_track *t, const struct buf *units) {
    if (units->len == 0 && t->base.recorder && t->offset > 0)
        video_append(t, (const uint8_t *)t->parameters.data, t->parameters.len);
    if (units->len == 0)
        return;
    t->start_bytes = units->len < START_BYTES ? (unsigned)units->len : START_BYTES;
    memcpy(t->start, units->data, t->start_bytes);
    recorder_renew(t);
    if (!t->base.recorder)
        return;
    if (t->offset == 0 && t->parameters.len > 0)
        video_append(t, (const uint8_t *)t->parameters.data, t->parameters.len);
    video_append(t, (const uint8_t *)units->data, units->len);
}

static void kept_end(struct video_track *t) {
    struct buf units = {0};
    if (kept_convert(t, &units)) {
        track_doubt(&t->base, DOUBT_H264_LENGTHS, log_int("lengthBytes", t->length_bytes));
    } else {
        buf_clear(&units);
        buf_add_slice(&units, buf_slice(&t->kept));
        t->is_as_sent = h264_has_start_code((const uint8_t *)t->kept.data, t->kept.len);
        if (!t->is_as_sent)
            track_doubt(&t->base, DOUBT_H264_UNKNOWN, log_int("messageBytes", (int64_t)units.len));
    }
    units_write(t, &units);
    buf_free(&units);
    buf_free(&t->kept);
    t->is_kept = false;
}

static void message_begin(struct video_track *t) {
    if (may_have_lengths(t)) {
        t->is_begun = t->is_kept = true;
        buf_add(&t->kept, t->start, t->start_bytes);
        return;
    }
    if (t->wrap == WRAP_UNKNOWN)
        t->wrap =
            t->codec == TRACK_H264 || ivf_is_magic(t->start, t->start_bytes) ? WRAP_NONE : WRAP_IVF;
    t->is_begun = true;
    recorder_renew(t);
    if (!t->base.recorder)
        return;
    if (t->wrap == WRAP_IVF)
        frame_begin(t);
    video_append(t, t->start, t->start_bytes);
}

static void message_end(struct video_track *t) {
    if (!t->is_begun && t->message_bytes > 0)
        message_begin(t);
    if (t->is_kept)
        kept_end(t);
    else if (t->is_begun && t->wrap == WRAP_IVF && t->base.recorder)
        frame_end(t);
    t->is_begun = false;
    t->start_bytes = 0;
    t->message_bytes = 0;
}

static void video_on_binary(const uint8_t *bytes, size_t len, bool last, void *arg) {
    struct video_track *t = arg;
    t->base.received_bytes += len;
    t->base.core->stats.video_bytes += len;
    if (t->started_ms == 0)
        t->started_ms = time_ms_of(t);
    t->message_bytes += len;
    if (!t->is_begun) {
        while (len > 0 && t->start_bytes < START_BYTES) {
            t->start[t->start_bytes++] = *bytes++;
            len--;
        }
        if (t->start_bytes == START_BYTES)
            message_begin(t);
    }
    if (t->is_kept && t->kept.len + len > KEPT_MAX_BYTES)
        kept_end(t);
    if (t->is_kept)
        buf_add(&t->kept, bytes, len);
    else if (t->is_begun && len > 0 && t->base.recorder)
        video_append(t, bytes, len);
    if (last)
        message_end(t);
}

static void video_on_text(struct slice text, void *arg) {
    struct video_track *t = arg;
    t->base.core->stats.text_frames++;
    t->base.core->stats.text_ignored++;
}

static void video_collected(struct track *track, int64_t now_ms, bool is_behind) {
    struct video_track *t = video_of(track);
    if (t->wrap == WRAP_IVF && track->recorder && !t->is_begun &&
        now_ms - t->measured_ms >= MEASURE_EVERY_MS)
        ivf_measure(t);
}

static void video_end(struct track *track) {
    struct video_track *t = video_of(track);
    message_end(t);
    if (t->wrap == WRAP_IVF && track->recorder)
        ivf_measure(t);
    buf_free(&t->parameters);
}

static const struct track_type video_type = {
    .kind = TRACK_VIDEO,
    .handlers = {.on_binary = video_on_binary,
                 .on_text = video_on_text,
                 .on_closed = track_on_closed},
    .collected = video_collected,
    .end = video_end,
};

struct track *video_track_open(struct live_meeting *live, const struct track_params *p,
                               struct stream *stream, const char *accept) {
    struct video_track *t = mem_alloc(sizeof *t);
    track_open(&t->base, &video_type, live, p, stream, accept);
    t->codec = p->codec;
    t->length_bytes = AVCC_LENGTH_BYTES;
    recorder_begin(t);
    log_limited(LOG_INFO, t->base.log_burst, NULL, "egress", "video track connected",
                log_text("meetingId", t->base.meeting->id),
                log_text("participant", t->base.log_participant),
                log_text("track", t->base.log_track));
    return &t->base;
}

static const struct track_type shown_type = {
    .kind = TRACK_VIDEO,
    .collected = video_collected,
    .end = video_end,
};

struct track *video_track_begin(struct live_meeting *live, struct slice room, struct slice identity,
                                struct slice sid, enum track_codec codec) {
    struct video_track *t = mem_alloc(sizeof *t);
    track_begin(&t->base, &shown_type, live, room, identity, sid);
    t->codec = codec;
    t->lost_ms = INT64_MIN / 2;
    log_info("join", "video track subscribed", log_text("meetingId", t->base.meeting->id),
             log_text("participant", t->base.log_participant),
             log_text("track", t->base.log_track));
    return &t->base;
}

void video_track_show(struct track *track, struct slice picture, int64_t mono_ms) {
    struct video_track *t = video_of(track);
    if (mono_ms < t->frame_ms)
        mono_ms = t->frame_ms;
    track->heard_ms = track->core->now_ms;
    t->shown_ms = mono_ms;
    video_on_binary((const uint8_t *)picture.ptr, picture.len, true, t);
}
