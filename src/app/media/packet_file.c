#include "app/media/packet_file.h"

#include "base/rand.h"
#include "outside/disk/recorder.h"
#include "wire/media/opus_packet.h"

#define MS INT64_C(1000000)

enum {
    WAIT_MS = 1000,        /* for a packet that is missing: so long it is asked for */
    FLUSH_MS = 1000,       /* a page that is not full is written after that */
    FILL_AFTER_MS = 15000, /* later than that nothing comes any more: silence is written */
    FILL_MAX_MS = 600000,  /* a longer gap is a pause */
    NEAR_MS = 10,          /* less is no gap: a sender steps oddly, and it adds up to one later */
    GAP_MS = 100,          /* shorter ones are not noted in the sidecar */
    CONCEAL_MS = 100,      /* players are asked to conceal no more */
    ANEW_MS = 1000,        /* between a file that the disk gave up and the next one */
    LONGEST_HOURS = 11,    /* of a stream: browsers fail at 2^31 samples */
};

/* ---- Times ---- */

static int64_t ticks_of(const struct packet_file *file, int64_t ms) {
    return ms * file->place->align.rate_hz / 1000;
}

/* Meeting time of a position. */
static int64_t time_ms_of(const struct packet_file *file, int64_t at) {
    return live_meeting_time_ms(file->track->meeting, align_time_ns(&file->place->align, at) / MS);
}

/* The first packets, or the first after a pause, may all have been late. Once that is settled, and when
 * it turns out later, the time of the first sample is told again. */
static void file_place(struct packet_file *file) {
    const struct align *align = &file->place->align;
    bool is_corrected = file->corrections != align->corrections;
    if (!file->has_begun || (file->is_placed && !is_corrected))
        return;
    file->is_placed = true;
    file->corrections = align->corrections;
    int64_t by_ms = (align_time_ns(align, file->first_at) - file->said_ns) / MS;
    file->said_ns += by_ms * MS;
    if (by_ms != 0)
        recorder_place(file->track->recorder, by_ms);
}

/* How often a sender stood still, or began anew: what lies before that is a gap. */
static uint64_t breaks_of(const struct place *place) {
    return place->steps + place->epochs;
}

/* ---- Bytes ---- */

static void out_write(struct packet_file *file) {
    if (file->out.len == 0)
        return;
    recorder_append(file->track->recorder, file->out.data, file->out.len);
    buf_free(&file->out); /* a page a second; most of the time it is empty */
    file->is_told = false;
}

static void frames_tell(struct packet_file *file) {
    uint64_t ticks = file->pages.ticks;
    if (file->is_stream && !file->is_told)
        recorder_frames(file->track->recorder,
                        ticks > OPUS_LEAD_TICKS ? ticks - OPUS_LEAD_TICKS : 0);
    file->is_told = true;
}

/* Of the silence that is written next. */
static void gap_note(struct packet_file *file, int64_t ticks) {
    ticks -= ticks % OPUS_TICKS_MIN; /* as it can be written */
    if (ticks < ticks_of(file, GAP_MS))
        return;
    out_write(file);
    file->is_told = false;
    frames_tell(file);
    recorder_gap(file->track->recorder, (uint64_t)ticks);
    file->track->core->stats.gaps++;
    file->track->core->stats.gap_ms += (uint64_t)(ticks * 1000 / file->place->align.rate_hz);
}

static void samples_give(const int16_t *pcm, size_t frames, int64_t at, enum samples_kind kind,
                         void *user) {
    static const int16_t zeros[4096];
    struct packet_file *file = user;
    struct recorder *recorder = file->track->recorder;
    size_t frame_bytes = decoder_channels(file->samples.decoder) * sizeof *zeros;
    if (pcm) {
        recorder_append(recorder, pcm, frames * frame_bytes);
        return;
    }
    if (kind == SAMPLES_MISSING) {
        recorder_silence(recorder, frames);
        return;
    }
    while (frames > 0) {
        size_t part = frames < sizeof zeros / frame_bytes ? frames : sizeof zeros / frame_bytes;
        recorder_append(recorder, zeros, part * frame_bytes);
        frames -= part;
    }
}

/* ---- Files ---- */

static void file_begin(struct packet_file *file, int64_t at, int64_t now_ns) {
    struct track *track = file->track;
    file->said_ns = align_time_ns(&file->place->align, at);
    struct recording_info info = track_recording(track, file->format->id, file->said_ns / MS);
    info.channels = file->is_stream ? file->channels : decoder_channels(file->samples.decoder);
    info.rate_hz = file->is_stream ? OPUS_RATE_HZ : decoder_rate_hz(file->samples.decoder);
    track->recorder = file->is_stream ? recorder_open_stream(track->core->disk, &info)
                                      : recorder_open(track->core->disk, &info);
    if (file->is_stream)
        opus_pages_open(&file->pages, (uint32_t)rand_u64(), file->channels, &file->out);
    file->has_begun = true;
    file->is_placed = false;
    file->corrections = file->place->align.corrections;
    file->first_at = file->end = file->silent_end = at;
    file->last_time = INT64_MIN;
    file->breaks = breaks_of(file->place);
    file->flushed_ns = now_ns;
}

static void silence_write(struct packet_file *file, int64_t ticks) {
    unsigned rest = opus_pages_add_silence(&file->pages, (uint64_t)ticks, &file->out);
    file->end += ticks - rest;
}

static void silence_fill(struct packet_file *file, int64_t until) {
    if (!file->is_stream)
        samples_pass(&file->samples, until, SAMPLES_LEFT_OUT);
    else if (until - file->end >= OPUS_TICKS_MIN)
        silence_write(file, until - file->end);
}

/* The stream ends with the packet that is there. */
static void stream_end(struct packet_file *file) {
    opus_pages_close(&file->pages, &file->out);
    out_write(file);
    frames_tell(file);
}

static void file_give_up(struct packet_file *file, enum recorder_end end, int64_t at,
                         int64_t now_ns) {
    if (file->is_stream)
        stream_end(file);
    recorder_close(file->track->recorder, end, time_ms_of(file, at));
    file->track->recorder = NULL;
    file->has_begun = false;
    file->is_paused = false;
    file->broken_ns = now_ns;
    samples_leap(&file->samples);
}

/* A stream that lost bytes, or grew too long for players, goes on in a new file. */
static bool is_writable(struct packet_file *file, int64_t at, int64_t now_ns) {
    bool is_broken = file->has_begun && recorder_is_broken(file->track->recorder);
    if (is_broken)
        file_give_up(file, RECORDER_LOST, at, now_ns);
    else if (file->has_begun && file->is_stream &&
             file->pages.ticks >= (uint64_t)LONGEST_HOURS * 3600 * OPUS_RATE_HZ) {
        silence_fill(file, at);
        file_give_up(file, RECORDER_CLOSED, at, now_ns);
        file->broken_ns = 0;
    }
    if (!file->has_begun && (file->broken_ns == 0 || now_ns - file->broken_ns >= ANEW_MS * MS))
        file_begin(file, at, now_ns);
    return file->has_begun;
}

/* ---- A stream of packets ---- */

/* Packets that were lost, as ones that ask to be concealed. */
static void lost_write(struct packet_file *file, int64_t ticks) {
    unsigned frame;
    uint8_t packet = opus_packet_lost(file->last_toc, &frame);
    for (; ticks >= frame; ticks -= frame, file->end += frame)
        opus_pages_add(&file->pages, slice_of(&packet, 1), frame, &file->out);
}

static void gap_write(struct packet_file *file, const struct queued *packet, int64_t at) {
    bool is_broken =
        breaks_of(file->place) != file->breaks && place_limit(file->place) == INT64_MAX;
    if (packet->lost > 0 && file->last_toc && at - file->end <= ticks_of(file, CONCEAL_MS))
        lost_write(file, at - file->end);
    int64_t left = at - file->end;
    if (packet->lost > 0 || is_broken)
        gap_note(file, left);
    if (left >= ticks_of(file, NEAR_MS))
        silence_write(file, left);
    file->breaks = breaks_of(file->place);
}

static void packet_write(struct packet_file *file, const struct queued *packet, int64_t at) {
    if (at - file->end >= ticks_of(file, NEAR_MS))
        gap_write(file, packet, at);
    opus_pages_add(&file->pages, packet->payload, packet->ticks, &file->out);
    file->end += packet->ticks;
    file->last_toc = (uint8_t)packet->payload.ptr[0];
}

/* ---- Packets ---- */

/* Sound after a pause: the time between is not in the file. */
static void file_resume(struct packet_file *file, int64_t at) {
    file->is_paused = false;
    file->is_placed = false;
    file->first_at = at;
    file->said_ns = align_time_ns(&file->place->align, at);
    file->corrections = file->place->align.corrections;
    recorder_resume(file->track->recorder, time_ms_of(file, at));
    file->end = file->silent_end = at;
    file->last_toc = 0;
    samples_leap(&file->samples);
}

/* Nothing of the time from now on is in the file. The pause lies behind all that was written. */
static void file_pause(struct packet_file *file) {
    int64_t end = file->is_stream ? file->end : file->samples.end;
    file_place(file);
    if (file->is_stream)
        opus_pages_flush(&file->pages, &file->out);
    out_write(file);
    file->is_told = false;
    frames_tell(file);
    recorder_pause(file->track->recorder, time_ms_of(file, end));
}

/* So long a gap is not written out. */
static void gap_leap(struct packet_file *file, int64_t at) {
    int64_t end = file->is_stream ? file->end : file->samples.end;
    bool has_end = file->is_stream || file->samples.has_begun;
    if (file->is_paused || !has_end || at - end < ticks_of(file, FILL_MAX_MS))
        return;
    file_pause(file);
    file_resume(file, at);
}

static void packet_take(struct packet_file *file, const struct queued *packet, int64_t now_ns) {
    struct opus_packet opus = {0};
    file->track->core->stats.packets.lost += packet->lost;
    if (packet->ticks == 0)
        return;
    if (file->codec == CODEC_OPUS && !opus_packet_read(packet->payload, &opus))
        return;
    int64_t at = place_at(file->place, packet->placed);
    if (opus.is_silent && (file->is_paused || !file->has_begun))
        return;
    if (!is_writable(file, at, now_ns))
        return;
    if (file->is_paused)
        file_resume(file, at);
    gap_leap(file, at);
    if (opus.is_silent && at + packet->ticks > file->silent_end)
        file->silent_end = at + packet->ticks;
    if (!file->is_stream) {
        samples_take(&file->samples, packet, at, opus.is_silent);
        return;
    }
    if (opus.is_silent) { /* it is written as a part of the silence around it */
        file->last_toc = 0;
        return;
    }
    if (packet->placed.time == file->last_time)
        return;
    file->last_time = packet->placed.time;
    packet_write(file, packet, at);
}

static void queue_drain(struct packet_file *file, int64_t now_ns, unsigned wait_ms, int64_t limit) {
    struct queued packet;
    while (packet_queue_take(&file->queue, now_ns, wait_ms, limit, &packet))
        packet_take(file, &packet, now_ns);
}

void packet_file_put(struct packet_file *file, const struct queued *packet, int64_t now_ns) {
    struct queued waiting;
    if (!file->format)
        return;
    while (packet_queue_is_full(&file->queue, packet) &&
           packet_queue_take(&file->queue, now_ns, 0, INT64_MAX, &waiting))
        packet_take(file, &waiting, now_ns);
    if (packet_queue_put(&file->queue, packet, now_ns, place_limit(file->place)))
        packet_take(file, packet, now_ns);
}

/* ---- Ticks ---- */

/* A file is never far behind the time: what is silent for long is written as silence. It is a gap,
 * as far as the sender did not say that it is silent. */
static void silence_follow(struct packet_file *file, int64_t now_ns, bool is_muted) {
    if (!file->has_begun || file->is_paused || file->queue.count > 0)
        return;
    int64_t until = align_at(&file->place->align, now_ns - FILL_AFTER_MS * MS);
    int64_t end = file->is_stream ? file->end : file->samples.end;
    if (until - end < ticks_of(file, FLUSH_MS))
        return;
    bool is_gap = !is_muted && file->silent_end < until;
    if (file->is_stream && is_gap)
        gap_note(file, until - end);
    if (file->is_stream)
        silence_fill(file, until);
    else
        samples_pass(&file->samples, until, is_gap ? SAMPLES_MISSING : SAMPLES_LEFT_OUT);
}

void packet_file_tick(struct packet_file *file, int64_t now_ns, bool is_muted) {
    if (!file->format)
        return;
    queue_drain(file, now_ns, WAIT_MS, place_limit(file->place));
    if (!align_is_settling(&file->place->align, now_ns))
        file_place(file);
    silence_follow(file, now_ns, is_muted);
    if (!file->is_stream || !file->has_begun || now_ns - file->flushed_ns < FLUSH_MS * MS)
        return;
    file->flushed_ns = now_ns;
    opus_pages_flush(&file->pages, &file->out);
    bool is_new = file->out.len > 0;
    out_write(file);
    if (is_new)
        frames_tell(file);
}

void packet_file_pause(struct packet_file *file, int64_t now_ns) {
    if (!file->format)
        return;
    queue_drain(file, now_ns, 0, place_limit(file->place));
    if (!file->has_begun || file->is_paused || file->track->core->settings->silence_on_mute)
        return;
    file->is_paused = true;
    file_pause(file);
}

void packet_file_end(struct packet_file *file, int64_t now_ns) {
    if (file->format) {
        queue_drain(file, now_ns, 0, INT64_MAX);
        if (file->has_begun && !file->is_paused)
            silence_fill(file, file->silent_end);
        if (file->has_begun) {
            recorder_drift(file->track->recorder, file->place->align.moved_ns / MS);
            if (file->is_stream)
                stream_end(file);
        }
    }
    packet_queue_free(&file->queue);
    samples_free(&file->samples);
    buf_free(&file->out);
}

void packet_file_init(struct packet_file *file, struct track *track, const struct place *place,
                      const struct format *format, enum packet_codec codec, unsigned channels) {
    *file = (struct packet_file){
        .track = track, .place = place, .format = format, .codec = codec, .channels = channels};
    file->is_stream = format && format->id == RECORD_OPUS && codec == CODEC_OPUS;
    if (format && !file->is_stream &&
        !samples_init(&file->samples, codec, OPUS_RATE_HZ, channels, false, samples_give, file))
        file->format = NULL;
}
