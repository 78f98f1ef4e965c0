#include "app/media/packet_track.h"

#include "app/media/packet_ears.h"
#include "app/media/packet_file.h"
#include "app/packets/losses.h"
#include "app/packets/place.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/rtc/rtc_peer.h"
#include "wire/media/opus_packet.h"
#include "wire/web/json_write.h"

#include <stdlib.h>

#define MS INT64_C(1000000)

enum {
    TELEPHONE_HZ = 8000,
    MUTE_TAIL_MS = 300, /* so much later than its news a mute reaches the recording */
};

struct packet_track {
    struct track base;
    void (*on_missing)(uint32_t ssrc, const uint16_t *seqs, size_t count, void *user);
    void *user;
    enum sdp_codec sent_as;
    enum packet_codec codec;
    unsigned channels;
    bool is_judged, is_dtx, is_muted, is_encrypted;
    /* When it was muted; 0: the recording knows. */
    int64_t muted_ns;
    struct place place;
    struct losses losses;
    /* The payloads of packets that may begin an epoch; NULL: none has been held. */
    struct buf *held; /* PLACE_HELD_MAX, by slot */
    struct packet_file file;
    struct packet_ears *ears; /* NULL: nothing has come, or nothing is to be heard */
    struct meeting_track *heard;
    /* What the counters of the shard know of its losses and places. */
    struct {
        uint64_t recovered, dropped, epochs, steps, step_ticks;
    } counted;
    uint64_t received, bad;
};

static struct packet_track *packets_of(struct track *track) {
    return (struct packet_track *)track;
}

static int64_t now_ns_of(const struct packet_track *t) {
    return t->base.core->now_ms * MS;
}

/* ---- Packets ---- */

static void ears_open(struct packet_track *t) {
    const struct packet_ears_settings settings = {
        .track = &t->base,
        .place = &t->place,
        .heard = t->heard,
        .codec = t->codec,
        .channels = t->channels,
        .group_ms = t->base.core->settings->group_ms,
        .is_dtx = t->is_dtx,
    };
    t->ears = packet_ears_new(&settings);
}

static void packet_deliver(struct packet_track *t, struct placed placed, unsigned ticks,
                           struct slice payload, int64_t now_ns) {
    const struct queued packet = {.placed = placed, .ticks = ticks, .payload = payload};
    if (losses_hear(&t->losses, placed.seq, now_ns) != LOSSES_NEW) {
        t->base.core->stats.packets.repeated++;
        return;
    }
    if (t->heard && !t->ears)
        ears_open(t);
    if (t->ears)
        packet_ears_put(t->ears, &packet, now_ns);
    packet_file_put(&t->file, &packet, now_ns);
}

/* How long a packet is; 0: it only takes a number. So does what LiveKit's server sends of itself for a
 * track that is muted: it tells nothing of the sender's time, and timestamps behind it are moved by
 * some tens of milliseconds. */
static unsigned ticks_of(struct packet_track *t, const struct rtc_packet *packet) {
    struct opus_packet opus;
    if (packet->payload.len == 0)
        return 0;
    bool is_known = packet->codec == t->sent_as;
    if (is_known && t->codec != CODEC_OPUS && packet->payload.len <= DECODER_FRAMES_MAX)
        return (unsigned)packet->payload.len;
    if (is_known && t->codec == CODEC_OPUS && opus_packet_read(packet->payload, &opus)) {
        if (opus.is_filler)
            align_begin_anew(&t->place.align);
        return opus.is_filler ? 0 : opus.ticks;
    }
    t->bad++;
    t->base.core->stats.packets.bad++;
    return 0;
}

static void payload_hold(struct packet_track *t, unsigned slot, struct slice payload) {
    if (!t->held)
        t->held = mem_alloc_array(PLACE_HELD_MAX, sizeof *t->held);
    buf_clear(&t->held[slot]);
    buf_add_slice(&t->held[slot], payload);
}

static void payloads_free(struct packet_track *t) {
    for (unsigned i = 0; t->held && i < PLACE_HELD_MAX; i++)
        buf_free(&t->held[i]);
    mem_free(t->held);
}

static void packet_place(struct packet_track *t, const struct rtc_packet *packet) {
    const struct place_packet sent = {packet->ssrc, packet->timestamp, packet->seq,
                                      ticks_of(t, packet), packet->arrived_ns};
    if (sent.ticks == 0 && !t->place.is_started)
        return;
    struct place_answer answer = place_hear(&t->place, &sent);
    struct slice payload = sent.ticks > 0 ? packet->payload : SLICE_NONE;
    if (answer.verdict == PLACE_HELD)
        payload_hold(t, answer.slot, payload);
    if (answer.verdict != PLACE_TAKEN)
        return;
    if (answer.is_anew)
        losses_forget(&t->losses);
    for (unsigned i = 0; i < answer.held_count; i++) {
        const struct place_held *held = &t->place.held[i];
        packet_deliver(t, held->placed, held->packet.ticks, buf_slice(&t->held[held->slot]),
                       packet->arrived_ns);
    }
    packet_deliver(t, answer.packet, sent.ticks, payload, packet->arrived_ns);
}

void packet_track_take(struct track *track, const struct rtc_packet *packet) {
    struct packet_track *t = packets_of(track);
    struct packet_stats *stats = &track->core->stats.packets;
    track->heard_ms = track->core->now_ms;
    track->received_bytes += packet->payload.len;
    track->core->stats.audio_bytes += packet->payload.len;
    t->received++;
    if (t->is_encrypted) {
        stats->encrypted++;
        return;
    }
    packet_place(t, packet);
    histogram_add(&stats->lateness, &packet_lateness_bounds, t->place.align.last_lag_ns / MS);
}

/* ---- On a tick ---- */

static void missing_ask(struct packet_track *t, int64_t now_ns) {
    int64_t seqs[LOSSES_MISSING_MAX];
    uint16_t sent[LOSSES_MISSING_MAX];
    size_t count = losses_due(&t->losses, now_ns, seqs), n = 0;
    for (size_t i = 0; i < count; i++)
        if (place_is_present(&t->place, seqs[i]))
            sent[n++] = place_sent_seq(&t->place, seqs[i]);
    if (n > 0 && t->on_missing)
        t->on_missing(t->place.ssrc, sent, n, t->user);
}

static void add_new(uint64_t *sum, uint64_t now, uint64_t *counted) {
    *sum += now - *counted;
    *counted = now;
}

static void numbers_count(struct packet_track *t) {
    struct packet_stats *stats = &t->base.core->stats.packets;
    uint64_t ticks_before = t->counted.step_ticks;
    add_new(&stats->recovered, t->losses.recovered, &t->counted.recovered);
    add_new(&stats->dropped, t->place.dropped, &t->counted.dropped);
    add_new(&stats->epochs, t->place.epochs, &t->counted.epochs);
    add_new(&stats->steps, t->place.steps, &t->counted.steps);
    t->counted.step_ticks = t->place.step_ticks;
    stats->step_ms += (t->place.step_ticks - ticks_before) * 1000 / t->place.align.rate_hz;
}

static void packets_collected(struct track *track, int64_t now_ms, bool is_behind) {
    struct packet_track *t = packets_of(track);
    int64_t now_ns = now_ms * MS;
    if (!t->place.is_started)
        return;
    place_tick(&t->place, now_ns);
    if (t->ears)
        packet_ears_tick(t->ears, now_ns, t->is_muted);
    packet_file_tick(&t->file, now_ns, t->is_muted);
    if (t->muted_ns && now_ns - t->muted_ns >= MUTE_TAIL_MS * MS) {
        t->muted_ns = 0;
        packet_file_pause(&t->file, now_ns);
    }
    missing_ask(t, now_ns);
    numbers_count(t);
}

/* ---- What LiveKit says ---- */

static void mic_tell(struct packet_track *t) {
    if (t->heard)
        meeting_set_mic(t->base.meeting->engine, t->heard, t->is_muted ? MIC_MUTED : MIC_OPEN,
                        track_now_ms(&t->base));
}

static void packets_hear_news(struct track *track, enum track_news news) {
    struct packet_track *t = packets_of(track);
    bool is_muted = news == TRACK_MUTED;
    if ((news != TRACK_MUTED && news != TRACK_UNMUTED) || is_muted == t->is_muted)
        return;
    t->is_muted = is_muted;
    t->muted_ns = is_muted ? now_ns_of(t) : 0;
    mic_tell(t);
    track_log_at(track, track_now_ms(track), is_muted ? "muted" : "unmuted");
}

static void analysis_begin(struct packet_track *t) {
    t->heard = live_meeting_connect(t->base.meeting, slice_from(t->base.participant_name));
    meeting_set_dtx(t->heard, t->is_dtx);
    mic_tell(t);
}

static void analysis_end(struct packet_track *t) {
    packet_ears_free(t->ears);
    t->ears = NULL;
    if (t->heard)
        meeting_disconnect(t->base.meeting->engine, t->heard, track_now_ms(&t->base));
    t->heard = NULL;
}

void packet_track_set_encrypted(struct track *track, bool is_encrypted) {
    struct packet_track *t = packets_of(track);
    if (is_encrypted == t->is_encrypted)
        return;
    t->is_encrypted = is_encrypted;
    if (is_encrypted)
        analysis_end(t);
    else if (t->is_judged)
        analysis_begin(t);
}

/* ---- Life ---- */

static void drift_count(struct shard_stats *stats, uint64_t drift_ms) {
    stats->drift_ms += drift_ms;
    if (drift_ms > stats->drift_ms_max)
        stats->drift_ms_max = drift_ms;
}

static void packets_end(struct track *track) {
    struct packet_track *t = packets_of(track);
    if (t->place.is_started)
        packets_collected(track, track->core->now_ms, false);
    packet_file_end(&t->file, now_ns_of(t));
    analysis_end(t);
    payloads_free(t);
    drift_count(&track->core->stats, (uint64_t)llabs(t->place.align.moved_ns / MS));
}

static const struct track_type packets_type = {
    .kind = TRACK_AUDIO,
    .collected = packets_collected,
    .hear_news = packets_hear_news,
    .end = packets_end,
};

struct track *packet_track_open(const struct packet_track_settings *settings) {
    const struct packet_track_about *about = &settings->about;
    const struct shard_settings *shard = settings->live->core->settings;
    struct packet_track *t = mem_alloc(sizeof *t);
    track_begin(&t->base, &packets_type, settings->live, about->room, about->identity, about->sid);
    t->on_missing = settings->on_missing;
    t->user = settings->user;
    t->sent_as = about->codec;
    t->codec = about->codec == SDP_PCMU   ? CODEC_PCMU
               : about->codec == SDP_PCMA ? CODEC_PCMA
                                          : CODEC_OPUS;
    t->channels = about->is_stereo ? 2 : 1;
    t->is_dtx = about->has_dtx;
    t->is_muted = about->is_muted;
    t->is_encrypted = about->is_encrypted;
    t->is_judged = about->is_voice;
    place_init(&t->place, t->codec == CODEC_OPUS ? OPUS_RATE_HZ : TELEPHONE_HZ);
    const char *format = settings->live->is_unrecorded ? "off" : shard->join_record_format;
    packet_file_init(&t->file, &t->base, &t->place, format_find(slice_from(format)), t->codec,
                     t->channels);
    if (t->is_judged && !t->is_encrypted)
        analysis_begin(t);
    log_info("join", "audio track subscribed", log_text("meetingId", t->base.meeting->id),
             log_text("participant", t->base.log_participant), log_text("track", t->base.log_track),
             log_int("channels", t->channels));
    return &t->base;
}

void packet_track_close(struct track *track, enum track_end end) {
    track->core->stats.ended[end]++;
    track_close(track, end);
}

void packet_tracks_close(const struct live_meeting *live, enum track_end end) {
    LIST_EACH(&live->tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_meeting);
        if (track->type == &packets_type)
            packet_track_close(track, end);
    }
}

static void track_describe(const struct packet_track *t, struct buf *out) {
    const struct align *align = &t->place.align;
    struct packet_ears_facts facts = packet_ears_facts(t->ears);
    json_open(out, NULL);
    json_add_text(out, "participantId", slice_from(t->base.participant_name));
    json_add_text(out, "trackId", slice_from(t->base.track_name));
    json_add_uint(out, "received", t->received);
    json_add_uint(out, "lost", t->losses.lost);
    json_add_uint(out, "recovered", t->losses.recovered);
    json_add_uint(out, "bad", t->bad);
    json_add_uint(out, "late", facts.late);
    json_add_uint(out, "concealedMs", facts.concealed_ms);
    json_add_uint(out, "jitterMs", (uint64_t)(align->jitter_ns / MS));
    json_add_uint(out, "waitMs", align_wait_ms(align));
    json_add_int(out, "driftMs", align->moved_ns / MS);
    json_add_bool(out, "muted", t->is_muted);
    json_add_bool(out, "encrypted", t->is_encrypted);
    json_close(out);
}

void packet_tracks_describe(const struct live_meeting *live, struct buf *out) {
    bool is_any = false;
    LIST_EACH(&live->tracks, node) {
        struct track *track = CONTAINER_OF(node, struct track, in_meeting);
        if (track->type != &packets_type)
            continue;
        if (!is_any)
            json_open_array(out, "packets");
        is_any = true;
        track_describe(packets_of(track), out);
    }
    if (is_any)
        json_close_array(out);
}
