/* One track's way from PCM to 20 ms frames of numbers: speech, level, pitch, syllables, noise.
 *
 *   pcm -> [louder side] -> [resample to 16 kHz] -> [vad: bands, floors, periodicity, network]
 *       -> frame, 40 ms later
 *     \--> [level: power, peak, clipping] ------------------------------------/
 *
 * Pure and plain: `struct voice` holds no pointer and may be copied; nothing is allocated. */
#ifndef SOUND_VOICE_H
#define SOUND_VOICE_H

#include "sound/resample.h"
#include "sound/sides.h"
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
    float power;          /* mean square of all channels, full scale 1.0 */
    float peak;           /* largest |x| of any channel, full scale 1.0; 0 = digital silence */
    float nonzero;        /* share of samples that are not 0; 1 when any is beyond +-2 */
    float clip;           /* share of samples with |x| >= 32440/32768 */
    float speech;         /* probability of speech, 0..1 */
    float f0_hz;          /* 60..400, 0 when unvoiced */
    float periodicity;    /* best normalised autocorrelation, 0..1 */
    float syllable_db[2]; /* 300-3000 Hz envelope (25 Hz low-pass) of both 10 ms, dBFS */
    float floor_db;       /* noise floors of all bands together, dBFS */
};

struct voice {
    uint32_t rate_hz;
    uint8_t channels;
    uint8_t kernels; /* index of the kernels in use */
    bool asleep;     /* digital silence has lasted so long that nothing is computed */
    uint8_t waiting; /* frames in `ahead` */
    uint32_t zero_frames;
    uint32_t missing_ms; /* skipped since the last sample */
    uint32_t filled;     /* 16 kHz samples of the unfinished frame */
    uint32_t heard;      /* its sample frames */
    uint32_t clipped;
    uint32_t nonzero; /* counted while the peak is faint */
    int32_t peak;
    float squares;
    struct sides sides;
    struct resample resample;
    struct vad vad;
    struct voice_frame ahead[2]; /* frames whose speech is not known yet, oldest first */
};

/* rate_hz 8000..192000, channels 1..2. Asserted: the caller checks what comes from outside. */
void voice_init(struct voice *voice, unsigned rate_hz, unsigned channels);

/* Takes up to `frames` sample frames of interleaved s16 (host order) and returns how many it took:
 * all of them, or fewer when a 20 ms frame is complete. *done: *out was set, to the frame that
 * ended VOICE_DELAY_MS before the samples taken so far. The first two frames after init, a reset or
 * a long gap set nothing. */
size_t voice_hear(struct voice *voice, const int16_t *pcm, size_t frames, struct voice_frame *out,
                  bool *done);

/* `ms` of audio are missing; several calls in a row add up. Up to VOICE_KEEP_MS the noise floors
 * and the detector keep their state; above, the detector starts anew. Frames that still wait for
 * their 40 ms are dropped, and so is the unfinished frame: the next sample begins a new one. */
void voice_skip(struct voice *voice, unsigned ms);

/* Uses other kernels than the fastest; i < kernels_count(). For tests and benchmarks. */
void voice_use_kernels(struct voice *voice, unsigned i);

#endif
