#include "app/shard/audio_track_private.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/ws/media_conn.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_AGE_MIN_MS = 500,
    MUTE_SILENCE_MS = 200, /* zeros for so long after `muted`: nothing is in flight any more */
};

static struct audio_track *audio_of(struct track *track) {
    return (struct audio_track *)track;
}

bool audio_track_parse_mute(struct slice text, bool *is_muted) {
    json_t *value = json_loadb(text.ptr, text.len, 0, NULL);
    json_t *muted = json_object_get(value, "muted"); /* NULL unless an object */
    bool found = json_is_boolean(muted);
    if (found)
        *is_muted = json_is_true(muted);
    json_decref(value);
    return found;
}

/* --- how many channels --- */

/* From here on the stream is what it is; what was kept back is taken as such. */
static void probe_end(struct audio_track *t, enum channels_verdict verdict) {
    static const uint8_t zeros[4096];
    struct channels kept = t->channels;

    t->is_probing = false;
    channels_init(&t->channels, t->rate_hz);
    if (verdict == CHANNELS_STEREO) {
        t->channels_count = 2;
        prosody_set_channels(t->prosody, 2);
        t->block_bytes = 4;
        voice_init(&t->voice, t->rate_hz, 2);
        log_warn("egress",
                 "the URL says mono, but the audio is stereo and is taken as such; channels=2 in "
                 "the URL is right",
                 log_text("track", t->log_track));
    }
    while (kept.zeros > 0) {
        size_t part = kept.zeros < sizeof zeros ? (size_t)kept.zeros : sizeof zeros;
        audio_path_hear(t, zeros, part);
        kept.zeros -= part;
    }
    if (kept.sound.len > 0)
        audio_path_hear(t, (const uint8_t *)kept.sound.data, kept.sound.len);
    channels_free(&kept);
}

static void probe_finish(struct audio_track *t) {
    if (t->is_probing)
        probe_end(t, channels_judge(&t->channels));
}

/* --- mute --- */

static void mute_drop(struct audio_track *t, size_t len) {
    t->core->stats.mute_dropped_bytes += len;
}

static void mute_begin(struct audio_track *t) {
    t->is_muting = false;
    probe_finish(t);
    audio_path_pause(t);
    t->carry_bytes = 0;
    t->is_muted = true;
    t->muted_ms = t->core->now_ms;
    int64_t at_ms = live_meeting_time_ms(t->base.meeting, t->core->now_ms);
    if (t->recorder && !t->core->config->silence_on_mute)
        recorder_pause(t->recorder, at_ms);
    if (t->participant && t->feeds_analysis)
        meeting_mute(t->base.meeting->engine, t->participant, true, at_ms);
    audio_track_log(t, "muted");
}

static void mute_end(struct audio_track *t) {
    t->is_muted = false;
    int64_t at_ms = live_meeting_time_ms(t->base.meeting, t->core->now_ms);
    uint64_t muted_ms = (uint64_t)(t->core->now_ms - t->muted_ms);
    if (t->recorder && t->core->config->silence_on_mute)
        recorder_silence(t->recorder, muted_ms * t->rate_hz / 1000);
    else if (t->recorder)
        recorder_resume(t->recorder, at_ms);
    voice_skip(&t->voice, muted_ms < VOICE_KEEP_MS ? (unsigned)muted_ms : VOICE_KEEP_MS);
    if (t->participant && t->feeds_analysis)
        meeting_mute(t->base.meeting->engine, t->participant, false, at_ms);
    audio_track_log(t, "unmuted");
}

/* Whether what is in flight has come to its end: zeros long enough. */
static bool is_in_silence(struct audio_track *t, const uint8_t *bytes, size_t len) {
    size_t tail = 0;
    while (tail < len && !bytes[len - 1 - tail])
        tail++;
    t->zero_bytes = tail == len ? t->zero_bytes + len : tail;
    return t->zero_bytes >= (uint64_t)t->rate_hz * t->block_bytes * MUTE_SILENCE_MS / 1000;
}

static void mute_told(struct audio_track *t, bool is_muted) {
    if (!is_muted) {
        t->is_muting = false;
        if (t->is_muted)
            mute_end(t);
    } else if (t->is_muted || t->is_muting) {
        return;
    } else if (t->runs_ahead && t->core->config->mute_tail_ms) {
        t->is_muting = true;
        t->muted_ms = t->core->now_ms;
        t->zero_bytes = 0;
    } else {
        mute_begin(t);
    }
}

static void on_binary(const uint8_t *bytes, size_t len, bool last, void *arg) {
    struct audio_track *t = arg;
    t->received_bytes += len;
    t->core->stats.audio_bytes += len;
    t->core->stats.audio_messages += last;
    if (t->is_muted) {
        mute_drop(t, len);
        return;
    }
    if (t->is_probing) {
        enum channels_verdict verdict = channels_hear(&t->channels, bytes, len, t->core->now_ms);
        if (verdict != CHANNELS_OPEN)
            probe_end(t, verdict);
    } else {
        audio_path_hear(t, bytes, len);
    }
    if (t->is_muting && is_in_silence(t, bytes, len))
        mute_begin(t);
}

static void on_text(struct slice text, void *arg) {
    struct audio_track *t = arg;
    bool is_muted;
    t->core->stats.text_frames++;
    if (!audio_track_parse_mute(text, &is_muted)) {
        t->core->stats.text_ignored++;
        return;
    }
    mute_told(t, is_muted);
}

static void on_closed(uint16_t code, struct slice reason, void *arg) {
    struct audio_track *t = arg;
    (void)reason;
    t->base.is_over = true;
    t->base.close_code = code;
}

static const struct media_handlers handlers = {
    .on_binary = on_binary, .on_text = on_text, .on_closed = on_closed};

/* --- which connection is listened to --- */

static bool is_same_track(const struct audio_track *a, const struct audio_track *b) {
    return a->is_judged && b->is_judged &&
           !strcmp(a->base.participant_name, b->base.participant_name) &&
           !strcmp(a->base.track_name, b->base.track_name);
}

static struct audio_track *rival_find(struct audio_track *t) {
    LIST_EACH(&t->base.meeting->tracks, node) {
        struct track *other = CONTAINER_OF(node, struct track, in_meeting);
        if (other != &t->base && other->kind == TRACK_AUDIO && !other->is_over &&
            is_same_track(t, audio_of(other)))
            return audio_of(other);
    }
    return NULL;
}

static void analysis_begin(struct audio_track *t) {
    t->feeds_analysis = true;
    t->participant = live_meeting_connect(t->base.meeting, slice_from(t->base.participant_name),
                                          t->core->now_ms);
    meeting_set_dtx(t->participant, t->is_dtx);
    if (t->is_muted)
        meeting_mute(t->base.meeting->engine, t->participant, true,
                     live_meeting_time_ms(t->base.meeting, t->core->now_ms));
}

static void analysis_end(struct audio_track *t) {
    if (!t->participant)
        return;
    live_meeting_disconnect(t->base.meeting, t->participant, t->core->now_ms);
    t->participant = NULL;
    t->feeds_analysis = false;
    struct audio_track *heir = rival_find(t);
    if (heir)
        analysis_begin(heir);
}

/* --- life --- */

static void collected(struct track *track, int64_t now_ms) {
    struct audio_track *t = audio_of(track);
    if (t->is_probing && channels_tick(&t->channels, now_ms) != CHANNELS_OPEN)
        probe_finish(t);
    audio_path_tell_clock(t);
    if (t->is_muting && now_ms - t->muted_ms >= t->core->config->mute_tail_ms)
        mute_begin(t);
    int64_t age_ms = t->group_ms > FLUSH_AGE_MIN_MS ? t->group_ms : FLUSH_AGE_MIN_MS;
    int64_t at_ms = live_meeting_time_ms(track->meeting, now_ms);
    if (prosody_has_open_group(t->prosody) &&
        at_ms - prosody_flushed_ms(t->prosody) > age_ms + AUDIO_CLOCK_STALL_MS)
        prosody_flush(t->prosody, at_ms);
}

static void flush(struct track *track, int64_t now_ms) {
    struct audio_track *t = audio_of(track);
    audio_path_tick(t, now_ms);
    if (t->recorder)
        recorder_tick(t->recorder, now_ms);
}

static void note_drift(struct shard_stats *stats, uint64_t drift_ms) {
    stats->drift_ms += drift_ms;
    if (drift_ms > stats->drift_ms_max)
        stats->drift_ms_max = drift_ms;
}

static void end(struct track *track, enum track_end how) {
    struct audio_track *t = audio_of(track);
    probe_finish(t);
    audio_path_pause(t);
    prosody_close(t->prosody, audio_track_now_ms(t));
    t->prosody = NULL;
    analysis_end(t);
    int64_t drift_ms = audio_clock_drift_ms(&t->clock);
    note_drift(&t->core->stats, (uint64_t)llabs(drift_ms));
    if (t->recorder) {
        recorder_drift(t->recorder, drift_ms);
        recorder_close(t->recorder, track_recorder_end(how),
                       live_meeting_time_ms(track->meeting, t->core->now_ms));
    }
    log_info("egress", "audio track ended", log_text("participant", t->log_participant),
             log_text("track", t->log_track), log_int("bytes", (int64_t)t->received_bytes),
             log_int("code", track->close_code));
    t->core->stats.audio_tracks--;
    track_remove(track);
    mem_free(t->room);
    mem_free(t);
}

static void renamed(struct track *track) {
    struct audio_track *t = audio_of(track);
    if (t->recorder)
        recorder_rename(t->recorder, slice_from(track->meeting->id),
                        live_meeting_name_of(track->meeting, slice_from(t->base.participant_name)));
}

static const struct track_type type = {
    .collected = collected, .flush = flush, .renamed = renamed, .end = end};

static void recording_decide(struct audio_track *t, const struct track_params *p) {
    const char *format = p->record_format[0] ? p->record_format : t->core->config->record_format;
    t->recording = strcmp(format, "off") ? RECORDED_LATER : NOT_RECORDED;
    t->format = !strcmp(format, "flac")   ? RECORD_FLAC
                : !strcmp(format, "opus") ? RECORD_OPUS
                                          : RECORD_WAV;
}

/* LiveKit Egress always sends 48 kHz stereo, whatever the URL says. */
static void format_decide(struct audio_track *t, const struct track_params *p) {
    t->rate_hz = p->from_egress ? 48000 : p->rate_hz;
    t->channels_count = p->from_egress ? 2 : p->channels;
    if (p->from_egress && (p->rate_hz != 48000 || p->channels != 2))
        log_warn("egress",
                 "the URL does not say sampleRate=48000&channels=2, which is what "
                 "LiveKit Egress sends; taken as such",
                 log_text("track", t->log_track));
    t->block_bytes = t->channels_count * 2;
    t->runs_ahead = p->from_egress || p->is_signed;
    t->is_probing = t->channels_count == 1;
    channels_init(&t->channels, t->rate_hz);
}

static void on_line(void *arg, int64_t flushed_ms, const char *what) {
    audio_track_log_at(arg, flushed_ms, what);
}

static void on_feeling(void *arg, const struct feeling *feeling, int64_t from_ms, int64_t to_ms) {
    struct audio_track *t = arg;
    if (t->participant)
        meeting_feel(t->base.meeting->engine, t->participant, feeling, from_ms, to_ms);
}

/* A shared screen's sound is nobody's voice. */
static void prosody_begin(struct audio_track *t) {
    static const struct prosody_owner owner = {.on_feeling = on_feeling, .on_line = on_line};
    t->prosody = prosody_open(t->is_judged ? t->core->hume : NULL, t->log_track, t->rate_hz,
                              t->channels_count, t->group_ms, audio_track_now_ms(t), &owner, t);
}

struct track *audio_track_open(struct shard_core *core, struct live_meeting *live,
                               const struct track_params *p, struct stream *stream,
                               const char *accept) {
    struct audio_track *t = mem_alloc(sizeof *t);
    t->base = (struct track){.type = &type, .kind = TRACK_AUDIO, .meeting = live};
    t->core = core;
    text_reduce(slice_from(p->participant), t->log_participant);
    text_reduce(slice_from(p->track), t->log_track);
    t->room = mem_copy_text(p->room);
    format_decide(t, p);
    t->group_ms = p->group_ms ? p->group_ms : core->config->group_ms;
    t->is_judged = strcasecmp(p->source, "SCREEN_SHARE_AUDIO") != 0;
    t->is_dtx = (p->from_egress || p->source[0]) && strcmp(p->dtx, "off") != 0;
    audio_clock_init(&t->clock, t->rate_hz);
    voice_init(&t->voice, t->rate_hz, t->channels_count);
    recording_decide(t, p);
    prosody_begin(t);
    core->stats.audio_tracks++;
    t->base.conn = media_conn_new(stream, accept, core->config->max_message_bytes, &handlers, t,
                                  &core->media, core->now_ms);
    track_add(core, &t->base, p);
    if (t->is_judged && !rival_find(t))
        analysis_begin(t);
    log_info("egress", "audio track connected", log_text("participant", t->log_participant),
             log_text("track", t->log_track), log_int("rateHz", t->rate_hz),
             log_int("channels", t->channels_count));
    return &t->base;
}
