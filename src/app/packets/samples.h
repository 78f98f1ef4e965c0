/*
 * Packets in order become samples without holes. Where a packet is missing, a listener is given what
 * the codec makes of it; where silence was left out, zeros, and never the codec's guess: libopus goes
 * on with what it heard last, sometimes loudly. Positions are those of place.h.
 */
#ifndef APP_SAMPLES_H
#define APP_SAMPLES_H

#include "app/packets/decoder.h"
#include "app/packets/packet_queue.h"

enum { SAMPLES_CONCEAL_MAX_TICKS = 4800 }; /* 100 ms at 48 kHz; longer is silence */

enum samples_kind {
    SAMPLES_HEARD,
    SAMPLES_CONCEALED, /* in place of what was lost */
    SAMPLES_LEFT_OUT,  /* zeros: silence that was not sent; pcm is NULL */
    SAMPLES_MISSING,   /* the same: it was lost, or nobody knows */
};

/* at: the position of the first one. */
typedef void samples_fn(const int16_t *pcm, size_t frames, int64_t at, enum samples_kind kind,
                        void *user);

struct samples {
    struct decoder *decoder; /* owned */
    bool conceals;
    bool has_begun;
    int64_t end; /* the position up to which samples were given */
    unsigned last_ticks;
    bool was_silent; /* the last packet */
    uint64_t bad;    /* packets that could not be decoded */
    samples_fn *give;
    void *user;
};

/* False: no memory for a decoder. */
bool samples_init(struct samples *samples, enum packet_codec codec, unsigned rate_hz,
                  unsigned channels, bool conceals, samples_fn *give, void *user);
void samples_free(struct samples *samples);

/* The next packet, at its position. is_silent: nothing is in it. */
void samples_take(struct samples *samples, const struct queued *packet, int64_t at, bool is_silent);
/* Nothing came until this position: zeros of that kind. */
void samples_pass(struct samples *samples, int64_t until, enum samples_kind kind);
/* What comes next begins where it begins: the time between is not given. */
void samples_leap(struct samples *samples);

#endif
