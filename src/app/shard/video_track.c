#include "app/shard/video_track.h"

#include "app/shard/live_meeting.h"
#include "base/little.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/ws/media_conn.h"
#include "outside/disk/recorder.h"
#include "wire/media/h264.h"
#include "wire/media/ivf.h"

#include <string.h>

enum {
    START_BYTES = 32,   /* of a message: enough to tell IVF and to read a key frame's size */
    IVF_RATE_HZ = 1000, /* times in ms of arrival */
    COUNT_EVERY_MS = 2000,
    ANEW_MS = 1000, /* after the disk took a file away: the next one not before */
};

struct video_track {
    struct track base;
    struct shard_core *core;
    enum track_codec codec;
    enum { WRAP_UNKNOWN, WRAP_NONE, WRAP_IVF } wrap;
    char log_participant[TEXT_NAME_SIZE], log_track[TEXT_NAME_SIZE];
    char *room;
    struct recorder *recorder; /* NULL: the disk took it away, a key frame begins another */
    int64_t lost_ms;           /* when it did */
    uint64_t received_bytes;
    int64_t started_ms, counted_ms;
    /* the message that is arriving */
    uint8_t start[START_BYTES];
    unsigned start_bytes;
    bool is_begun; /* its start is written, pieces follow at once */
    uint64_t message_bytes;
    /* the IVF file */
    uint64_t offset; /* bytes appended */
    uint64_t frame_offset;
    uint32_t frames;
    bool has_size; /* width and height are in the header */
};

static struct video_track *video_of(struct track *track) {
    return (struct video_track *)track;
}

static void append(struct video_track *t, const uint8_t *bytes, size_t len) {
    recorder_append(t->recorder, bytes, len);
    t->offset += len;
}

static void recorder_begin(struct video_track *t) {
    struct live_meeting *live = t->base.meeting;
    struct slice participant = slice_from(t->base.participant_name);
    struct recording recording = {
        .meeting = slice_from(live->id),
        .room = slice_from(t->room),
        .participant = participant,
        .name = live_meeting_name_of(live, participant),
        .track = slice_from(t->base.track_name),
        .format = t->codec == TRACK_H264 ? RECORD_H264 : RECORD_IVF,
        .started_ms = live_meeting_time_ms(live, t->core->now_ms),
    };
    t->recorder = recorder_open(t->core->disk, &recording);
    t->offset = t->frames = 0;
    t->has_size = false;
}

/* From here on a decoder needs nothing that came before. */
static bool is_key_frame(const struct video_track *t) {
    uint16_t width, height;
    return t->codec == TRACK_VP8   ? ivf_is_vp8_key(t->start, t->start_bytes, &width, &height)
           : t->codec == TRACK_VP9 ? ivf_is_vp9_key(t->start, t->start_bytes, &width, &height)
                                   : h264_is_key(t->start, t->start_bytes);
}

/* A stream with its own IVF around it cannot be picked up in the middle. */
static void recorder_renew(struct video_track *t) {
    int64_t now_ms = t->core->now_ms;
    if (t->recorder && recorder_is_broken(t->recorder) &&
        (t->wrap == WRAP_IVF || t->codec == TRACK_H264)) {
        recorder_close(t->recorder, RECORDER_LOST, live_meeting_time_ms(t->base.meeting, now_ms));
        t->recorder = NULL;
        t->lost_ms = now_ms;
    }
    if (!t->recorder && now_ms - t->lost_ms >= ANEW_MS && is_key_frame(t)) {
        recorder_begin(t);
        t->started_ms = now_ms;
    }
}

static void ivf_begin(struct video_track *t) {
    struct ivf_header header = {
        .codec = t->codec == TRACK_VP8 ? IVF_VP8 : IVF_VP9, .rate = IVF_RATE_HZ, .scale = 1};
    uint8_t bytes[IVF_HEADER_BYTES];
    ivf_write_header(bytes, &header);
    append(t, bytes, sizeof bytes);
}

static void ivf_count(struct video_track *t) {
    uint8_t count[4];
    little_put_u32(count, t->frames);
    recorder_patch(t->recorder, IVF_COUNT_OFFSET, count, sizeof count);
    t->counted_ms = t->core->now_ms;
}

/* The true size stands in the first key frame. */
static void ivf_size(struct video_track *t) {
    uint16_t width, height;
    bool is_key = t->codec == TRACK_VP8 ? ivf_is_vp8_key(t->start, t->start_bytes, &width, &height)
                                        : ivf_is_vp9_key(t->start, t->start_bytes, &width, &height);
    if (!is_key)
        return;
    uint8_t size[4];
    little_put_u16(little_put_u16(size, width), height);
    recorder_patch(t->recorder, IVF_SIZE_OFFSET, size, sizeof size);
    t->has_size = true;
}

/* The head of a frame says its length, which is only known when the message ends: patched then. */
static void frame_begin(struct video_track *t) {
    if (t->frames == 0)
        ivf_begin(t);
    t->frame_offset = t->offset;
    uint8_t head[IVF_FRAME_HEADER_BYTES];
    ivf_write_frame_header(head, 0, (uint64_t)(t->core->now_ms - t->started_ms));
    append(t, head, sizeof head);
    t->frames++;
    if (!t->has_size)
        ivf_size(t);
}

static void frame_end(struct video_track *t) {
    uint8_t len[4];
    little_put_u32(len, (uint32_t)t->message_bytes);
    recorder_patch(t->recorder, t->frame_offset, len, sizeof len);
}

static void message_begin(struct video_track *t) {
    if (t->wrap == WRAP_UNKNOWN)
        t->wrap =
            t->codec == TRACK_H264 || ivf_is_magic(t->start, t->start_bytes) ? WRAP_NONE : WRAP_IVF;
    t->is_begun = true;
    recorder_renew(t);
    if (!t->recorder)
        return;
    if (t->wrap == WRAP_IVF)
        frame_begin(t);
    append(t, t->start, t->start_bytes);
}

static void message_end(struct video_track *t) {
    if (!t->is_begun && t->message_bytes > 0)
        message_begin(t);
    if (t->is_begun && t->wrap == WRAP_IVF && t->recorder)
        frame_end(t);
    t->is_begun = false;
    t->start_bytes = 0;
    t->message_bytes = 0;
}

static void on_binary(const uint8_t *bytes, size_t len, bool last, void *arg) {
    struct video_track *t = arg;
    t->received_bytes += len;
    t->core->stats.video_bytes += len;
    if (t->started_ms == 0)
        t->started_ms = t->core->now_ms;
    t->message_bytes += len;
    if (!t->is_begun) {
        while (len > 0 && t->start_bytes < START_BYTES) {
            t->start[t->start_bytes++] = *bytes++;
            len--;
        }
        if (t->start_bytes == START_BYTES)
            message_begin(t);
    }
    if (t->is_begun && len > 0 && t->recorder)
        append(t, bytes, len);
    if (last)
        message_end(t);
}

static void on_text(struct slice text, void *arg) {
    struct video_track *t = arg;
    (void)text;
    t->core->stats.text_frames++;
    t->core->stats.text_ignored++;
}

static void on_closed(uint16_t code, struct slice reason, void *arg) {
    struct video_track *t = arg;
    (void)reason;
    t->base.is_over = true;
    t->base.close_code = code;
}

static const struct media_handlers handlers = {
    .on_binary = on_binary, .on_text = on_text, .on_closed = on_closed};

static void collected(struct track *track, int64_t now_ms) {
    struct video_track *t = video_of(track);
    if (t->wrap == WRAP_IVF && t->recorder && !t->is_begun &&
        now_ms - t->counted_ms >= COUNT_EVERY_MS)
        ivf_count(t);
}

static void flush(struct track *track, int64_t now_ms) {
    struct video_track *t = video_of(track);
    if (t->recorder)
        recorder_tick(t->recorder, now_ms);
}

static void renamed(struct track *track) {
    struct video_track *t = video_of(track);
    if (t->recorder)
        recorder_rename(t->recorder, slice_from(track->meeting->id),
                        live_meeting_name_of(track->meeting, slice_from(track->participant_name)));
}

static void end(struct track *track, enum track_end how) {
    struct video_track *t = video_of(track);
    message_end(t);
    if (t->wrap == WRAP_IVF && t->recorder)
        ivf_count(t);
    recorder_close(t->recorder, track_recorder_end(how),
                   live_meeting_time_ms(track->meeting, t->core->now_ms));
    log_info("egress", "video track ended", log_text("participant", t->log_participant),
             log_text("track", t->log_track), log_int("bytes", (int64_t)t->received_bytes),
             log_int("code", track->close_code));
    t->core->stats.video_tracks--;
    track_remove(track);
    mem_free(t->room);
    mem_free(t);
}

static const struct track_type type = {
    .collected = collected, .flush = flush, .renamed = renamed, .end = end};

struct track *video_track_open(struct shard_core *core, struct live_meeting *live,
                               const struct track_params *p, struct stream *stream,
                               const char *accept) {
    struct video_track *t = mem_alloc(sizeof *t);
    t->base = (struct track){.type = &type, .kind = TRACK_VIDEO, .meeting = live};
    t->core = core;
    t->codec = p->codec;
    text_reduce(slice_from(p->participant), t->log_participant);
    text_reduce(slice_from(p->track), t->log_track);
    t->room = mem_copy_text(p->room);
    core->stats.video_tracks++;
    t->base.conn = media_conn_new(stream, accept, core->config->max_message_bytes, &handlers, t,
                                  &core->media, core->now_ms);
    track_add(core, &t->base, p);
    recorder_begin(t);
    log_info("egress", "video track connected", log_text("participant", t->log_participant),
             log_text("track", t->log_track));
    return &t->base;
}
