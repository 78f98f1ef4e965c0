#include "app/media/packet_ears.h"

#include "app/tracks/prosody.h"
#include "base/mem.h"
#include "outside/hume/hume.h"
#include "sound/voice.h"
#include "wire/media/opus_packet.h"

#define MS     INT64_C(1000000)
#define SPEECH 0.5f /* probability from which a frame counts as speech for the prosody service */

enum {
    RATE_HZ = 16000,
    ZERO_FRAMES = 1024,
    PASS_MIN_MS = 20,       /* silence is told by so much at a time */
    LEFT_OUT_MAX_MS = 5000, /* a sender that leaves silence out says so every 0.4 s */
    FLUSH_AGE_MIN_MS = 500,
    GROUP_LATE_MS = 200, /* so much later than due a group is flushed without its rest */
};

struct packet_ears {
    struct packet_ears_settings set;
    struct packet_queue queue;
    struct samples samples;
    struct prosody *prosody;
    /* The position behind the last packet. */
    int64_t last_end;
    /* The engine was paused since the last samples. */
    bool has_missed;
    struct packet_ears_facts facts;
    struct voice voice;
};

static int64_t time_ms_of(const struct packet_ears *ears, int64_t at) {
    return live_meeting_time_ms(ears->set.track->meeting,
                                align_time_ns(&ears->set.place->align, at) / MS);
}

static int64_t ticks_of(const struct packet_ears *ears, int64_t ms) {
    return ms * ears->set.place->align.rate_hz / 1000;
}

/* ---- Samples ---- */

static void voice_feed(struct packet_ears *ears, const int16_t *pcm, size_t frames, int64_t at) {
    struct live_meeting *live = ears->set.track->meeting;
    unsigned rate_hz = decoder_rate_hz(ears->samples.decoder);
    int64_t from_ms = time_ms_of(ears, at);
    size_t done = 0;
    while (done < frames) {
        struct voice_frame frame;
        bool is_done;
        done += voice_hear(&ears->voice, pcm + done * decoder_channels(ears->samples.decoder),
                           frames - done, &frame, &is_done);
        if (!is_done)
            continue;
        int64_t at_ms = from_ms + (int64_t)(done * 1000 / rate_hz) - VOICE_DELAY_MS;
        if (frame.speech >= SPEECH)
            prosody_spoke(ears->prosody, at_ms);
        meeting_hear(live->engine, ears->set.heard, &frame, at_ms);
    }
}

/* The time is known to hold nothing that could be heard. */
static void voice_miss(struct packet_ears *ears, size_t frames, int64_t at) {
    unsigned ms = (unsigned)(frames * 1000 / decoder_rate_hz(ears->samples.decoder));
    int64_t from_ms = time_ms_of(ears, at);
    voice_skip(&ears->voice, ms);
    meeting_miss(ears->set.track->meeting->engine, ears->set.heard, from_ms, from_ms + ms);
}

static void samples_hear(struct packet_ears *ears, const int16_t *pcm, size_t frames, int64_t at) {
    bool is_paused = meeting_is_paused(ears->set.track->meeting->engine);
    if (!is_paused && ears->has_missed) /* what was missed says nothing about what follows */
        voice_skip(&ears->voice, VOICE_KEEP_MS + 1);
    ears->has_missed = is_paused;
    if (!is_paused)
        voice_feed(ears, pcm, frames, at);
    prosody_trust_level(ears->prosody, is_paused);
    prosody_hear(ears->prosody, (const uint8_t *)pcm, frames, time_ms_of(ears, at));
}

static void ears_on_samples(const int16_t *pcm, size_t frames, int64_t at, enum samples_kind kind,
                            void *user) {
    static const int16_t zeros[ZERO_FRAMES * 2];
    struct packet_ears *ears = user;
    unsigned rate_hz = decoder_rate_hz(ears->samples.decoder);
    if (kind == SAMPLES_CONCEALED) {
        uint64_t ms = frames * 1000 / rate_hz;
        ears->facts.concealed_ms += ms;
        ears->set.track->core->stats.packets.concealed_ms += ms;
    }
    if (pcm) {
        samples_hear(ears, pcm, frames, at);
        return;
    }
    if (kind == SAMPLES_MISSING || frames > (size_t)rate_hz * LEFT_OUT_MAX_MS / 1000) {
        voice_miss(ears, frames, at);
        return;
    }
    int64_t ticks = ears->set.place->align.rate_hz / rate_hz;
    while (frames > 0) {
        size_t part = frames < ZERO_FRAMES ? frames : ZERO_FRAMES;
        samples_hear(ears, zeros, part, at);
        frames -= part;
        at += (int64_t)part * ticks;
    }
}

/* ---- Packets ---- */

/* While the engine is paused for want of time, only the prosody service needs samples. */
static bool is_needed(const struct packet_ears *ears) {
    return !meeting_is_paused(ears->set.track->meeting->engine) ||
           hume_is_on(ears->set.track->core->hume);
}

static void packet_hear(struct packet_ears *ears, const struct queued *packet) {
    int64_t at = place_at(ears->set.place, packet->placed);
    struct opus_packet opus = {0};
    if (!is_needed(ears)) {
        ears->has_missed = true;
        samples_leap(&ears->samples);
        return;
    }
    if (ears->set.codec == CODEC_OPUS && packet->ticks > 0)
        opus_packet_read(packet->payload, &opus);
    if (at + packet->ticks > ears->last_end)
        ears->last_end = at + packet->ticks;
    samples_take(&ears->samples, packet, at, opus.is_silent);
}

void packet_ears_put(struct packet_ears *ears, const struct queued *packet, int64_t now_ns) {
    struct queued waiting;
    uint64_t late = ears->queue.late;
    while (packet_queue_is_full(&ears->queue, packet) &&
           packet_queue_take(&ears->queue, now_ns, 0, INT64_MAX, &waiting))
        packet_hear(ears, &waiting);
    if (packet_queue_put(&ears->queue, packet, now_ns, place_limit(ears->set.place)))
        packet_hear(ears, packet);
    ears->facts.late += ears->queue.late - late;
    ears->set.track->core->stats.packets.late += ears->queue.late - late;
}

/* Nothing has come for as long as anything was ever late: it is silent there. */
static void silence_pass(struct packet_ears *ears, int64_t now_ns, unsigned wait_ms) {
    const struct place *place = ears->set.place;
    bool is_waiting = ears->queue.count > 0 && place_limit(place) == INT64_MAX;
    int64_t until = align_at(&place->align, now_ns - (int64_t)wait_ms * MS);
    if (!ears->samples.has_begun || is_waiting ||
        until - ears->samples.end < ticks_of(ears, PASS_MIN_MS))
        return;
    bool is_left_out = ears->set.is_dtx && place_limit(place) == INT64_MAX &&
                       until - ears->last_end < ticks_of(ears, LEFT_OUT_MAX_MS);
    samples_pass(&ears->samples, until, is_left_out ? SAMPLES_LEFT_OUT : SAMPLES_MISSING);
}

void packet_ears_tick(struct packet_ears *ears, int64_t now_ns, bool is_muted) {
    unsigned wait_ms = align_wait_ms(&ears->set.place->align);
    int64_t limit = place_limit(ears->set.place);
    struct queued packet;
    while (packet_queue_take(&ears->queue, now_ns, wait_ms, limit, &packet))
        packet_hear(ears, &packet);
    if (!is_muted && is_needed(ears))
        silence_pass(ears, now_ns, wait_ms);
    int64_t age_ms = ears->set.group_ms > FLUSH_AGE_MIN_MS ? ears->set.group_ms : FLUSH_AGE_MIN_MS;
    prosody_flush_older(ears->prosody, live_meeting_time_ms(ears->set.track->meeting, now_ns / MS),
                        age_ms + GROUP_LATE_MS);
}

/* ---- Life ---- */

static void prosody_on_line(int64_t flushed_ms, const char *what, void *user) {
    const struct packet_ears *ears = user;
    track_log_at(ears->set.track, flushed_ms, what);
}

static void prosody_on_feeling(const struct feeling *feeling, int64_t from_ms, int64_t to_ms,
                               void *user) {
    const struct packet_ears *ears = user;
    meeting_feel(ears->set.track->meeting->engine, meeting_track_owner(ears->set.heard), feeling,
                 from_ms, to_ms);
}

struct packet_ears *packet_ears_new(const struct packet_ears_settings *set) {
    struct packet_ears *ears = mem_alloc(sizeof *ears);
    ears->set = *set;
    if (!samples_init(&ears->samples, set->codec, RATE_HZ, set->channels, true, ears_on_samples,
                      ears)) {
        mem_free(ears);
        return NULL;
    }
    unsigned rate_hz = decoder_rate_hz(ears->samples.decoder);
    unsigned channels = decoder_channels(ears->samples.decoder);
    voice_init(&ears->voice, rate_hz, channels);
    const struct prosody_settings prosody = {
        .hume = set->track->core->hume,
        .name = set->track->log_track,
        .rate_hz = rate_hz,
        .channels = channels,
        .group_ms = set->group_ms,
        .now_ms = track_now_ms(set->track),
        .on_feeling = prosody_on_feeling,
        .on_line = prosody_on_line,
        .user = ears,
    };
    ears->prosody = prosody_new(&prosody);
    return ears;
}

void packet_ears_free(struct packet_ears *ears) {
    if (!ears)
        return;
    prosody_close(ears->prosody, track_now_ms(ears->set.track));
    packet_queue_free(&ears->queue);
    samples_free(&ears->samples);
    mem_free(ears);
}

struct packet_ears_facts packet_ears_facts(const struct packet_ears *ears) {
    return ears ? ears->facts : (struct packet_ears_facts){0};
}
