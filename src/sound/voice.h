/* One track's way from PCM to 20 ms frames of numbers: speech, level, pitch, syllables, noise.
 *
 *   pcm -> [resample to 16 kHz] -> [vad: bands, floors, periodicity, network] -> frame, 40 ms later
 *     \--> [level: power, peak, clipping] ------------------------------------/
 *
 * Pure and plain: `struct voice` holds no pointer and may be copied; nothing is allocated. */
#pragma once

#include "sound/resample.h"
#include "sound/vad.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VOICE_FRAME_MS = 20,
    VOICE_DELAY_MS = 40, /* the detector hears 40 ms of what follows before it decides */
    VOICE_RATE_MIN_HZ = 8000,
    VOICE_RATE_MAX_HZ = 192000,
    VOICE_CHANNELS_MAX = 2,
    VOICE_KEEP_MS = 3000, /* a gap up to here keeps the detector's state */
};

/* 20 ms of one track; every field describes the same 20 ms. */
struct voice_frame {
    float power;          /* mean square of the mono mix, full scale 1.0 */
    float peak;           /* largest |x| of any channel, full scale 1.0; 0 = digital silence */
    float clip;           /* share of samples with |x| >= 32440/32768 */
    float speech;         /* probability of speech, 0..1 */
    float f0_hz;          /* 60..400, 0 when unvoiced */
    float periodicity;    /* best normalised autocorrelation, 0..1 */
    float syllable_db[2]; /* 300-3000 Hz envelope (10 Hz low-pass) of both 10 ms, dBFS */
    float floor_db;       /* noise floors of all bands together, dBFS */
};

struct voice {
    uint32_t rate_hz;
    uint8_t channels;
    uint8_t kernels; /* which of them run */
    bool asleep;     /* digital silence went on for so long that nothing is computed */
    uint8_t waiting; /* frames in `ahead` */
    uint32_t zero_frames;
    uint32_t missing_ms; /* skipped since the last sample */
    uint32_t filled;     /* 16 kHz samples of the unfinished frame */
    uint32_t heard;      /* its sample frames */
    uint32_t clipped;
    int32_t peak;
    float squares;
    struct resample resample;
    struct vad vad;
    struct voice_frame ahead[2]; /* frames whose speech is not known yet, oldest first */
};

/* rate_hz 8000..192000, channels 1..2 (asserted: whoever speaks to strangers checks before). */
void voice_init(struct voice *voice, unsigned rate_hz, unsigned channels);

/* Hears up to `frames` sample frames of interleaved s16 (host order, no alignment needed beyond
 * int16_t) and returns how many it took: all of them, or fewer when a 20 ms frame is complete.
 * *done tells that *out was set. The frame set is the one that ended VOICE_DELAY_MS before the
 * samples taken so far; the first two 20 ms after init, a reset or a long gap set none. */
size_t voice_hear(struct voice *voice, const int16_t *pcm, size_t frames, struct voice_frame *out,
                  bool *done);

/* `ms` of audio are missing, in one piece or several. Up to VOICE_KEEP_MS levels, floors and the detector stay as they
 * are; above, the detector starts anew. Frames still waiting for their 40 ms are given up, and so is
 * the unfinished 20 ms: the next sample begins a new frame. */
void voice_skip(struct voice *voice, unsigned ms);

/* Other kernels than the fastest, below kernels_count(): for tests and benchmarks. */
void voice_use_kernels(struct voice *voice, unsigned i);
