#include "app/packets/samples.h"

bool samples_init(struct samples *samples, enum packet_codec codec, unsigned rate_hz,
                  unsigned channels, bool conceals, samples_fn *give, void *user) {
    *samples = (struct samples){.conceals = conceals, .give = give, .user = user};
    samples->decoder = decoder_new(codec, rate_hz, channels);
    return samples->decoder != NULL;
}

void samples_free(struct samples *samples) {
    decoder_free(samples->decoder);
    samples->decoder = NULL;
}

static void zeros_give(struct samples *samples, int64_t ticks, enum samples_kind kind) {
    if (ticks <= 0)
        return;
    size_t frames = decoder_frames_of(samples->decoder, (uint64_t)ticks);
    if (frames == 0)
        return;
    samples->give(NULL, frames, samples->end, kind, samples->user);
    samples->end += ticks;
}

void samples_pass(struct samples *samples, int64_t until, enum samples_kind kind) {
    if (samples->has_begun)
        zeros_give(samples, until - samples->end, kind);
}

void samples_leap(struct samples *samples) {
    samples->has_begun = false;
    samples->was_silent = true;
    if (samples->decoder)
        decoder_reset(samples->decoder);
}

static void concealed_give(struct samples *samples, const int16_t *pcm, size_t frames,
                           int64_t ticks) {
    if (frames == 0) {
        zeros_give(samples, ticks, SAMPLES_MISSING);
        return;
    }
    samples->give(pcm, frames, samples->end, SAMPLES_CONCEALED, samples->user);
    samples->end += ticks;
}

/* The time of packets that were lost: guessed, but for the last of them, which this packet may hold
 * as well. */
static void lost_give(struct samples *samples, const struct queued *packet, int64_t at) {
    int16_t pcm[DECODER_FRAMES_MAX * 2];
    const struct decoder *decoder = samples->decoder;
    int64_t last = packet->ticks < at - samples->end ? packet->ticks : at - samples->end;
    while (at - samples->end > last) {
        int64_t left = at - last - samples->end;
        int64_t part =
            samples->last_ticks > 0 && samples->last_ticks < left ? samples->last_ticks : left;
        size_t frames = decoder_frames_of(decoder, (uint64_t)part);
        concealed_give(samples, pcm, decoder_conceal(samples->decoder, frames, pcm), part);
    }
    size_t frames = decoder_frames_of(decoder, (uint64_t)last);
    concealed_give(samples, pcm, decoder_read_lost(samples->decoder, packet->payload, frames, pcm),
                   last);
}

/* A gap is as long as what was lost, or silence was left out in it. */
static bool is_all_lost(const struct samples *samples, const struct queued *packet, int64_t gap) {
    unsigned longest = packet->ticks > samples->last_ticks ? packet->ticks : samples->last_ticks;
    return packet->lost > 0 && !samples->was_silent && gap <= (int64_t)packet->lost * longest;
}

static void gap_give(struct samples *samples, const struct queued *packet, int64_t at) {
    int64_t gap = at - samples->end;
    bool is_lost = is_all_lost(samples, packet, gap);
    if (is_lost && samples->conceals && gap <= SAMPLES_CONCEAL_MAX_TICKS)
        lost_give(samples, packet, at);
    else
        zeros_give(samples, gap, packet->lost > 0 ? SAMPLES_MISSING : SAMPLES_LEFT_OUT);
}

void samples_take(struct samples *samples, const struct queued *packet, int64_t at,
                  bool is_silent) {
    if (packet->ticks == 0)
        return;
    if (!samples->has_begun) {
        samples->has_begun = true;
        samples->end = at;
    }
    if (at > samples->end)
        gap_give(samples, packet, at);
    int64_t over = samples->end - at; /* given already */
    if (over >= packet->ticks)
        return;
    samples->was_silent = is_silent;
    samples->last_ticks = packet->ticks;
    if (is_silent) {
        zeros_give(samples, packet->ticks - over, SAMPLES_LEFT_OUT);
        return;
    }
    int16_t pcm[DECODER_FRAMES_MAX * 2];
    size_t frames = decoder_read(samples->decoder, packet->payload, pcm);
    size_t skip = over > 0 ? decoder_frames_of(samples->decoder, (uint64_t)over) : 0;
    if (frames <= skip) {
        samples->bad += frames == 0;
        zeros_give(samples, packet->ticks - over, SAMPLES_MISSING);
        return;
    }
    int64_t from = samples->end;
    samples->end = at + packet->ticks;
    samples->give(pcm + skip * decoder_channels(samples->decoder), frames - skip, from,
                  SAMPLES_HEARD, samples->user);
}
