#include "app/media/audio_track_private.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/ws/media_conn.h"

#include <stdlib.h>
#include <string.h>

enum {
    FLUSH_AGE_MIN_MS = 500,
    GROUP_LATE_MS =
        200,          /* so much later than due a group is flushed without waiting for its rest */
    BUDGET_MS = 300,  /* of audio a tick: what was held up goes to the disk by small pieces */
    BURST_S = 5,      /* so much that comes together is one read to the clock */
    BEHIND_MS = 3000, /* so long rules wait for what was held up */
    EGRESS_RATE_HZ = 48000,
    EGRESS_CHANNELS = 2,
};

static struct audio_track *audio_of(struct track *track) {
    return (struct audio_track *)track;
}

static void channel_count_set(struct audio_track *t, unsigned count) {
    t->channel_count = count;
    t->block_bytes = count * (unsigned)sizeof(int16_t);
    media_conn_set_budget(t->base.conn, t->rate_hz * t->block_bytes * (size_t)BUDGET_MS / 1000);
    voice_init(&t->voice, t->rate_hz, count);
}

/* ---- How many channels ---- */

/* What was kept back is now heard, as mono or stereo. */
static void probe_end(struct audio_track *t, enum channels_verdict verdict) {
    static const uint8_t zeros[4096];
    struct channels kept = t->channels;
    t->channels = (struct channels){0};
    speed_pause(&t->speed);
    if (verdict == CHANNELS_STEREO) {
        channel_count_set(t, 2);
        prosody_set_channels(t->prosody, 2);
        track_doubt(&t->base, DOUBT_STEREO_AT_MONO_ADDRESS, log_int("channels", 2));
    }
    while (kept.zeros > 0) {
        size_t part = kept.zeros < sizeof zeros ? (size_t)kept.zeros : sizeof zeros;
        audio_path_hear(t, zeros, part);
        kept.zeros -= part;
    }
    if (kept.sound.len > 0)
        audio_path_hear(t, (const uint8_t *)kept.sound.data, kept.sound.len);
    buf_free(&kept.sound);
}

static void probe_finish(struct audio_track *t) {
    if (t->channels.is_probing)
        probe_end(t, channels_judge(&t->channels));
}

static void samples_hear(struct audio_track *t, const uint8_t *bytes, size_t len) {
    if (!t->channels.is_probing) {
        audio_path_hear(t, bytes, len);
        return;
    }
    enum channels_verdict verdict = channels_hear(&t->channels, bytes, len, t->base.core->now_ms);
    if (verdict != CHANNELS_OPEN)
        probe_end(t, verdict);
}

/* ---- A header in front of the samples ---- */

/* What was kept was no header. */
static void head_finish(struct audio_track *t) {
    struct buf kept = t->head.kept;
    t->head.is_done = true;
    t->head.kept = (struct buf){0};
    if (kept.len > 0)
        samples_hear(t, (const uint8_t *)kept.data, kept.len);
    buf_free(&kept);
}

/* Returns how many of the first bytes are no samples, or wait. */
static size_t head_take(struct audio_track *t, const uint8_t *bytes, size_t len) {
    size_t used;
    enum head_verdict verdict = head_hear(&t->head, bytes, len, &used);
    if (verdict == HEAD_NONE)
        head_finish(t);
    if (verdict == HEAD_WAV) {
        buf_free(&t->head.kept);
        track_doubt(&t->base, DOUBT_WAV_HEADER,
                    log_int("headerRateHz", t->head.parser.info.format.rate_hz));
    }
    return used;
}

/* ---- Mute ---- */

static enum mic mic_of(const struct audio_track *t) {
    if (t->mute.state != MUTE_ON)
        return MIC_OPEN;
    if (t->asks_mutes && t->choice != TRACK_MUTED)
        return t->choice == TRACK_UNMUTED ? MIC_CUT : MIC_UNKNOWN;
    return MIC_MUTED;
}

static void mic_tell(struct audio_track *t, enum mic mic) {
    if (t->heard)
        meeting_set_mic(t->base.meeting->engine, t->heard, mic, track_now_ms(&t->base));
}

static void mute_begin(struct audio_track *t) {
    head_finish(t);
    probe_finish(t);
    int64_t at_ms = live_meeting_time_ms(t->base.meeting, audio_path_pause(t));
    audio_path_drop(t, 0);
    speed_pause(&t->speed);
    way_close(&t->way);
    t->read_bytes = 0;
    if (!t->base.core->settings->silence_on_mute)
        audio_file_pause(t, at_ms);
    mic_tell(t, mic_of(t));
    audio_track_log(t, "muted");
}

static void mute_end(struct audio_track *t) {
    int64_t at_ms = track_now_ms(&t->base);
    uint64_t muted_ms = mute_length_ms(&t->mute, t->base.core->now_ms);
    if (t->base.core->settings->silence_on_mute)
        audio_file_silence(
            t, mute_silence(&t->mute, t->rate_hz, t->block_bytes, t->base.core->now_ms));
    else
        audio_file_resume(t, at_ms);
    voice_skip(&t->voice, muted_ms < VOICE_KEEP_MS ? (unsigned)muted_ms : VOICE_KEEP_MS);
    way_open(&t->way, t->base.core->now_ms);
    mic_tell(t, MIC_OPEN);
    audio_track_log(t, "unmuted");
}

static void mute_apply(struct audio_track *t, enum mute_change change) {
    if (change == MUTE_BEGAN)
        mute_begin(t);
    else if (change == MUTE_ENDED)
        mute_end(t);
    if (change == MUTE_SKIPPED) { /* what was said before it is still on its way */
        mic_tell(t, MIC_MUTED);
        mic_tell(t, MIC_OPEN);
    }
}

/* The sender's word for it. Packets that stop are a mute, or a network that was cut. */
static void mute_hear_word(struct audio_track *t, bool is_muted) {
    struct shard_core *core = t->base.core;
    bool is_new = is_muted == (t->mute.state == MUTE_OFF);
    if (is_new)
        t->choice = TRACK_UNSAID;
    if (is_new && is_muted && t->asks_mutes)
        core->on_silent(t->base.meeting->key, slice_from(t->base.participant_name),
                        slice_from(t->base.track_name), core->user);
    mute_apply(t, mute_tell(&t->mute, is_muted, core->now_ms));
}

static void audio_hear_news(struct track *track, enum track_news news) {
    struct audio_track *t = audio_of(track);
    if (news != TRACK_MUTED && news != TRACK_UNMUTED)
        return;
    t->choice = news;
    if (t->mute.state == MUTE_ON)
        mic_tell(t, mic_of(t));
}

/* ---- The way's delay ---- */

static void way_follow(struct audio_track *t, const uint8_t *bytes, size_t len) {
    if (!t->has_way || !way_hear(&t->way, bytes, len, t->base.core->now_ms))
        return;
    if (t->heard)
        meeting_set_delay(t->heard, t->way.delay_ms);
    if (t->base.recorder)
        recorder_delay(t->base.recorder, t->way.delay_ms);
}

/* ---- What the connection brings ---- */

static void audio_on_binary(const uint8_t *bytes, size_t len, bool last, void *arg) {
    struct audio_track *t = arg;
    struct shard_core *core = t->base.core;
    t->base.received_bytes += len;
    core->stats.audio_bytes += len;
    core->stats.audio_messages += last;
    if (t->mute.state == MUTE_ON) {
        core->stats.mute_dropped_bytes += len;
        mute_drop(&t->mute, len);
        audio_path_drop(t, len);
        return;
    }
    t->read_bytes += len;
    way_follow(t, bytes, len);
    size_t other = t->head.is_done ? 0 : head_take(t, bytes, len);
    samples_hear(t, bytes + other, len - other);
    mute_apply(t, mute_hear(&t->mute, bytes, len, t->rate_hz * t->block_bytes, core->now_ms));
}

static void audio_on_text(struct slice text, void *arg) {
    struct audio_track *t = arg;
    struct shard_core *core = t->base.core;
    core->stats.text_frames++;
    bool is_muted;
    if (!t->base.is_gone && mute_parse(text, &is_muted))
        mute_hear_word(t, is_muted);
    else
        core->stats.text_ignored++;
}

/* ---- Which of several connections is listened to ---- */

static bool is_same_track(const struct audio_track *a, const struct audio_track *b) {
    return a->is_judged && b->is_judged &&
           !strcmp(a->base.participant_name, b->base.participant_name) &&
           !strcmp(a->base.track_name, b->base.track_name);
}

static struct audio_track *rival_find(struct audio_track *t) {
    LIST_EACH(&t->base.meeting->tracks, node) {
        struct track *other = CONTAINER_OF(node, struct track, in_meeting);
        if (other != &t->base && other->type == t->base.type && !other->is_over &&
            is_same_track(t, audio_of(other)))
            return audio_of(other);
    }
    return NULL;
}

static void analysis_begin(struct audio_track *t) {
    t->heard = live_meeting_connect(t->base.meeting, slice_from(t->base.participant_name));
    meeting_set_dtx(t->heard, t->is_dtx);
    meeting_set_delay(t->heard, t->way.delay_ms);
    mic_tell(t, mic_of(t));
}

static void analysis_end(struct audio_track *t) {
    if (!t->heard)
        return;
    meeting_disconnect(t->base.meeting->engine, t->heard, track_now_ms(&t->base));
    t->heard = NULL;
    struct audio_track *heir = rival_find(t);
    if (heir)
        analysis_begin(heir);
}

/* ---- Life ---- */

/* Audio that is faster or slower than its rate is taken as it is, but somebody should know. */
static void speed_check(struct audio_track *t, int64_t now_ms) {
    unsigned fits_hz = speed_hear(&t->speed, t->rate_hz, t->read_bytes / t->block_bytes, now_ms);
    t->read_bytes = 0;
    if (fits_hz)
        track_doubt(&t->base, DOUBT_WRONG_RATE, log_int("fitsHz", fits_hz));
}

static bool is_amid_burst(const struct audio_track *t) {
    return t->clock.is_started && media_conn_has_more(t->base.conn) &&
           t->pending < (uint64_t)t->rate_hz * BURST_S;
}

/* After a standstill of the shard everything is collected before the rules judge that time. What
 * the clock still doubts may be on its way. */
static void behind_follow(struct audio_track *t, int64_t now_ms, bool is_behind) {
    struct track *track = &t->base;
    track->heard_to_ms = audio_clock_end_ms(&t->clock) + (int64_t)(t->pending * 1000 / t->rate_hz);
    if (!t->heard || !t->clock.is_started)
        track->behind_until_ms = 0;
    else if (is_behind)
        track->behind_until_ms = now_ms + BEHIND_MS;
    else if (!audio_clock_doubts(&t->clock))
        track->behind_until_ms = 0;
}

static void audio_collected(struct track *track, int64_t now_ms, bool is_behind) {
    struct audio_track *t = audio_of(track);
    if (t->read_bytes > 0)
        speed_check(t, now_ms);
    if (t->channels.is_probing && channels_tick(&t->channels, now_ms) != CHANNELS_OPEN)
        probe_finish(t);
    if (!is_amid_burst(t))
        audio_path_tell_clock(t, is_behind);
    behind_follow(t, now_ms, is_behind);
    mute_apply(t, mute_tick(&t->mute, now_ms));
    int64_t age_ms = t->group_ms > FLUSH_AGE_MIN_MS ? t->group_ms : FLUSH_AGE_MIN_MS;
    int64_t at_ms = live_meeting_time_ms(track->meeting, now_ms);
    prosody_flush_older(t->prosody, at_ms, age_ms + GROUP_LATE_MS);
}

static void audio_look(struct track *track, int64_t now_ms) {
    audio_file_tick(audio_of(track), now_ms);
}

static void drift_count(struct shard_stats *stats, uint64_t drift_ms) {
    stats->drift_ms += drift_ms;
    if (drift_ms > stats->drift_ms_max)
        stats->drift_ms_max = drift_ms;
}

static void audio_end(struct track *track) {
    struct audio_track *t = audio_of(track);
    head_finish(t);
    probe_finish(t);
    audio_path_pause(t);
    prosody_close(t->prosody, track_now_ms(track));
    analysis_end(t);
    int64_t drift_ms = audio_clock_drift_ms(&t->clock);
    drift_count(&track->core->stats, (uint64_t)llabs(drift_ms));
    audio_file_end(t, drift_ms);
}

static const struct track_type audio_type = {
    .kind = TRACK_AUDIO,
    .handlers = {.on_binary = audio_on_binary,
                 .on_text = audio_on_text,
                 .on_closed = track_on_closed},
    .collected = audio_collected,
    .look = audio_look,
    .hear_news = audio_hear_news,
    .end = audio_end,
};

static void samples_decide(struct audio_track *t, const struct track_params *p) {
    bool is_other = p->rate_hz != EGRESS_RATE_HZ || p->channels != EGRESS_CHANNELS;
    if (p->from_egress && is_other)
        log_limited(LOG_WARN, t->base.log_burst, NULL, "egress",
                    "the URL does not say sampleRate=48000&channels=2; assuming it, because "
                    "LiveKit Egress always sends that",
                    log_text("meetingId", t->base.meeting->id),
                    log_text("participant", t->base.log_participant),
                    log_text("track", t->base.log_track));
    t->rate_hz = p->from_egress ? EGRESS_RATE_HZ : p->rate_hz;
    channel_count_set(t, p->from_egress ? EGRESS_CHANNELS : p->channels);
    if (t->channel_count == 1)
        channels_init(&t->channels, t->rate_hz);
    audio_clock_init(&t->clock, t->rate_hz);
}

static void prosody_on_line(int64_t flushed_ms, const char *what, void *track) {
    track_log_at(track, flushed_ms, what);
}

static void prosody_on_feeling(const struct feeling *feeling, int64_t from_ms, int64_t to_ms,
                               void *track) {
    struct audio_track *t = track;
    if (t->heard)
        meeting_feel(t->base.meeting->engine, meeting_track_owner(t->heard), feeling, from_ms,
                     to_ms);
}

static struct prosody *prosody_begin(struct audio_track *t) {
    const struct prosody_settings settings = {
        /* A shared screen's sound is no voice. */
        .hume = t->is_judged ? t->base.core->hume : NULL,
        .name = t->base.log_track,
        .rate_hz = t->rate_hz,
        .channels = t->channel_count,
        .group_ms = t->group_ms,
        .now_ms = track_now_ms(&t->base),
        .on_feeling = prosody_on_feeling,
        .on_line = prosody_on_line,
        .user = t,
    };
    return prosody_new(&settings);
}

struct track *audio_track_open(struct live_meeting *live, const struct track_params *p,
                               struct stream *stream, const char *accept) {
    const struct shard_settings *settings = live->core->settings;
    struct audio_track *t = mem_alloc(sizeof *t);
    track_open(&t->base, &audio_type, live, p, stream, accept);
    samples_decide(t, p);
    bool is_livekit = p->from_egress || p->is_signed;
    mute_init(&t->mute, is_livekit ? settings->mute_tail_ms : 0);
    t->has_way = is_livekit;
    way_init(&t->way, is_livekit ? settings->egress_delay_ms : 0, live->core->now_ms);
    t->asks_mutes = is_livekit && settings->asks_mutes;
    t->group_ms = p->group_ms ? p->group_ms : settings->group_ms;
    t->is_judged = strcasecmp(p->source, "SCREEN_SHARE_AUDIO") != 0;
    t->is_dtx = (p->from_egress || p->source[0]) && strcmp(p->dtx, "off") != 0;
    t->file.word = p->stereo;
    t->format =
        format_find(slice_from(p->record_format[0] ? p->record_format : settings->record_format));
    t->prosody = prosody_begin(t);
    if (t->is_judged && !rival_find(t))
        analysis_begin(t);
    log_limited(LOG_INFO, t->base.log_burst, NULL, "egress", "audio track connected",
                log_text("meetingId", t->base.meeting->id),
                log_text("participant", t->base.log_participant),
                log_text("track", t->base.log_track), log_int("rateHz", t->rate_hz),
                log_int("channels", t->channel_count));
    return &t->base;
}
