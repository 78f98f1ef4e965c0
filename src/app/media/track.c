#include "app/media/track.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "outside/disk/disk.h"
#include "wire/web/json_write.h"

#include <limits.h>

enum {
    UNSIGNED_LOG_BURST = 100, /* of tracks that any stranger can open */
    GONE_QUIET_MS = 5000,     /* longer than what was spoken is on its way through an egress */
};

static uint64_t *gauge_of(const struct track *track) {
    struct shard_stats *stats = &track->core->stats;
    return track->type->kind == TRACK_AUDIO ? &stats->audio_tracks : &stats->video_tracks;
}

void track_begin(struct track *track, const struct track_type *type, struct live_meeting *live,
                 struct slice room, struct slice participant, struct slice name) {
    struct shard_core *core = live->core;
    track->type = type;
    track->core = core;
    track->meeting = live;
    track->room = slice_copy_text(room);
    track->participant_name = slice_copy_text(participant);
    track->track_name = slice_copy_text(name);
    text_reduce(participant, track->log_participant);
    text_reduce(name, track->log_track);
    track->log_burst = UINT_MAX;
    track->heard_ms = core->now_ms;
    list_add(&core->tracks, &track->in_shard);
    list_add(&live->tracks, &track->in_meeting);
    live->audio_tracks += type->kind == TRACK_AUDIO;
    ++*gauge_of(track);
}

void track_open(struct track *track, const struct track_type *type, struct live_meeting *live,
                const struct track_params *params, struct stream *stream, const char *accept) {
    struct shard_core *core = live->core;
    track_begin(track, type, live, slice_from(params->room), slice_from(params->participant),
                slice_from(params->track));
    track->log_burst = params->is_signed ? UINT_MAX : UNSIGNED_LOG_BURST;
    track->conn = media_conn_new(stream, accept, core->settings->max_message_bytes, &type->handlers,
                                 track, &core->stats.media, core->now_ms);
}

void track_on_closed(uint16_t code, struct slice reason, void *arg) {
    struct track *track = arg;
    track->is_over = true;
    track->close_code = code;
}

void track_drain(struct track *track, uint8_t *buffer) {
    int64_t now_ms = track->core->now_ms;
    track->looked_ms = now_ms;
    if (!track->conn)
        track->type->collected(track, now_ms, track->core->is_late);
    else if (media_conn_drain(track->conn, buffer, now_ms) > 0) {
        track->heard_ms = now_ms;
        track->type->collected(track, now_ms,
                               track->core->is_late || media_conn_has_more(track->conn));
    }
}

bool track_is_behind(const struct track *track) {
    return track->core->now_ms < track->behind_until_ms;
}

/* The sender of a track that is gone ends its connection, as a rule. One that died with LiveKit, or
 * does not know of it, does not. */
static void gone_look(struct track *track) {
    int64_t now_ms = track->core->now_ms;
    if (!track->is_gone || !track->conn || track->is_over)
        return;
    if (track->received_bytes != track->gone_bytes) {
        track->gone_bytes = track->received_bytes;
        track->gone_ms = now_ms;
    } else if (now_ms - track->gone_ms >= GONE_QUIET_MS) {
        media_conn_close(track->conn, WS_CLOSE_NORMAL, "the track is gone", now_ms);
    }
}

void track_flush(struct track *track) {
    gone_look(track);
    if (track->type->look)
        track->type->look(track, track->core->now_ms);
    if (track->recorder)
        recorder_tick(track->recorder, track->core->now_ms);
}

void track_close(struct track *track, enum track_end end) {
    static const enum recorder_end ends[] = {
        [TRACK_END_CLOSED] = RECORDER_CLOSED,    [TRACK_END_LOST] = RECORDER_LOST,
        [TRACK_END_BAD] = RECORDER_LOST,         [TRACK_END_IDLE] = RECORDER_TIMEOUT,
        [TRACK_END_DRAINED] = RECORDER_SHUTDOWN,
    };
    bool is_audio = track->type->kind == TRACK_AUDIO;
    track->type->end(track);
    recorder_close(track->recorder, ends[end], track_now_ms(track));
    log_limited(
        LOG_INFO, track->log_burst, NULL, "egress",
        is_audio ? "audio track ended" : "video track ended",
        log_text("meetingId", track->meeting->id), log_text("participant", track->log_participant),
        log_text("track", track->log_track), log_int("bytes", (int64_t)track->received_bytes),
        log_int("code", track->close_code));
    --*gauge_of(track);
    track->meeting->audio_tracks -= is_audio;
    list_remove(&track->in_shard);
    list_remove(&track->in_meeting);
    if (track->conn)
        media_conn_free(track->conn);
    mem_free(track->room);
    mem_free(track->participant_name);
    mem_free(track->track_name);
    mem_free(track);
}

void track_log_at(const struct track *track, int64_t at_ms, const char *what) {
    char time[TEXT_ISO_SIZE];
    text_iso_time(at_ms, time);
    struct buf line = {0};
    char meeting[TEXT_NAME_SIZE];
    text_reduce(slice_from(track->meeting->id), meeting);
    buf_printf(&line, "%s meetingId=%s participant=%s track=%s %s", time, meeting,
               track->log_participant, track->log_track, what);
    disk_log(track->core->disk, slice_from(track->meeting->id), buf_slice(&line));
    buf_free(&line);
}

void track_doubt(struct track *track, enum doubt doubt, struct log_field about) {
    static const char *const sentences[DOUBTS] = {
        [DOUBT_STEREO_AT_MONO_ADDRESS] =
            "the URL says mono, but two channels arrive and are taken as such (set channels=2 in "
            "the URL)",
        [DOUBT_STEREO_AS_MONO] = "the track became stereo after its recording had begun as mono; "
                                 "recording the mean (set stereo=on in the URL)",
        [DOUBT_H264_LENGTHS] = "the H.264 comes as in an MP4, with lengths (AVCC); recording it "
                               "with start codes (annex B)",
        [DOUBT_H264_UNKNOWN] = "the H.264 has neither start codes (annex B) nor lengths (AVCC); "
                               "recording it as it comes, which players may refuse",
        [DOUBT_WAV_HEADER] = "the stream begins with the header of a WAV, which is left out; the "
                             "samples are taken as the URL says",
        [DOUBT_WRONG_RATE] = "the audio does not come as fast as the URL's sampleRate says, but at "
                             "the speed of another rate; it is taken as the URL says",
    };
    if (track->doubts & doubt_bit(doubt))
        return;
    track->doubts |= doubt_bit(doubt);
    log_limited(LOG_WARN, track->log_burst, NULL, "egress", sentences[doubt],
                log_text("meetingId", track->meeting->id),
                log_text("participant", track->log_participant),
                log_text("track", track->log_track), about);
    if (track->recorder)
        recorder_doubt(track->recorder, doubt);
}

void tracks_write_doubts(const struct live_meeting *live, struct buf *out) {
    bool is_any = false;
    LIST_EACH(&live->tracks, node) {
        const struct track *track = CONTAINER_OF(node, struct track, in_meeting);
        if (!track->doubts)
            continue;
        if (!is_any)
            json_open_array(out, "formatDoubts");
        is_any = true;
        json_open(out, NULL);
        json_add_text(out, "participantId", slice_from(track->participant_name));
        json_add_text(out, "trackId", slice_from(track->track_name));
        doubts_write_json(out, track->doubts);
        json_close(out);
    }
    if (is_any)
        json_close_array(out);
}

struct recording_info track_recording(const struct track *track, enum record_format format,
                                      int64_t mono_ms) {
    struct slice participant = slice_from(track->participant_name);
    return (struct recording_info){
        .meeting = slice_from(track->meeting->id),
        .room = slice_from(track->room),
        .participant = participant,
        .name = live_meeting_name_of(track->meeting, participant),
        .track = slice_from(track->track_name),
        .format = format_name(format),
        .started_ms = live_meeting_time_ms(track->meeting, mono_ms),
        .doubts = track->doubts,
    };
}

void tracks_rename(const struct live_meeting *live) {
    LIST_EACH(&live->tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_meeting);
        struct slice participant = slice_from(track->participant_name);
        if (track->recorder)
            recorder_rename(track->recorder, slice_from(live->id),
                            live_meeting_name_of(live, participant));
    }
}

static void news_take(struct track *track, enum track_news news) {
    if (news == TRACK_GONE && !track->is_gone) {
        track->gone_ms = track->core->now_ms;
        track->gone_bytes = track->received_bytes;
    }
    track->is_gone = news == TRACK_GONE;
    if (track->type->hear_news)
        track->type->hear_news(track, news);
}

void tracks_hear_news(const struct live_meeting *live, const struct person_news *news) {
    bool has_left = news->presence == PRESENCE_AWAY && !news->track.len;
    if (!has_left && news->track_news == TRACK_UNSAID)
        return;
    LIST_EACH(&live->tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_meeting);
        bool is_meant = slice_is_equal(slice_from(track->participant_name), news->identity) &&
                        (has_left || slice_is_equal(slice_from(track->track_name), news->track));
        if (is_meant)
            news_take(track, has_left ? TRACK_GONE : news->track_news);
    }
}
