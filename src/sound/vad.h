/* Voice activity: the probability that each 20 ms holds speech of the near speaker.
 *
 *   16 kHz -> 512-point spectrum -> 20 mel bands -> noise floors --> 68 inputs -> dense -> GRU -> p
 *        \--> 4 kHz -> autocorrelation (periodicity, F0) -------/
 *
 * There are two floors. The quick one, of the last 0.8 to 1.6 s, follows a fan that is switched on,
 * and climbs into talk that does not pause. The calm one is the lowest level of the last ten
 * seconds: somewhere in them even talk without pauses holds its breath.
 *
 * The network hears 40 ms more than it judges. Weights: vad_weights.c, made by tools/vad. */
#ifndef SOUND_VAD_H
#define SOUND_VAD_H

#include "sound/pace.h"
#include "sound/pitch.h"
#include "sound/vad_weights.h"

enum {
    VAD_RATE_HZ = 16000,
    VAD_FRAME = 320,
    VAD_KEEP = SPECTRUM_WINDOW - VAD_FRAME,
    VAD_INPUTS = 68,
    VAD_INPUTS_PADDED = 80,
    VAD_DELAY_FRAMES = 2,
    VAD_FLOOR_FRAMES = 40, /* 0.8 s */
    VAD_CALM_WINDOWS = 12, /* of 0.8 s, and the one that is not over */
    VAD_CALM_ONE = 128,    /* of these are a decibel */
};

/* Zeroed at the start. */
struct vad {
    struct pitch_tracker pitch;
    float h[VAD_HIDDEN];
    float floors[MEL_PADDED];
    float lowest[2][MEL_PADDED];
    int16_t calm[VAD_CALM_WINDOWS][MEL_BANDS]; /* each window's lowest, in VAD_CALM_ONE */
    float calm_before[MEL_BANDS];              /* the lowest of all of them */
    float loudest_db;                          /* falls by 2 dB a second */
    uint32_t floor_frames;                     /* into the window of 0.8 s */
    uint32_t calm_next;
    bool floor_known;
    struct pace_envelope envelope;
    int16_t line[SPECTRUM_WINDOW]; /* 192 samples kept, then the 320 being filled */
};

/* What the last 20 ms sounded like. Only `speech` is about an earlier frame: the one that ended 40
 * ms ago. */
struct vad_frame {
    float speech;
    struct pitch pitch;
    float syllable_db[2];
    float floor_db;
};

/* Forgets the audio, keeps the noise floors. */
void vad_clear(struct vad *v);

/* Where the next VAD_FRAME samples of 16 kHz go. */
static inline int16_t *vad_input(struct vad *v) {
    return v->line + VAD_KEEP;
}

/* Judges the samples at vad_input(). is_zero: digital silence, which must not move the floors. */
void vad_hear(struct vad *v, const struct kernels *k, bool is_zero, struct vad_frame *out);

/* Only the network's inputs for these samples; the weights are fitted to them (tools/vad). */
void vad_inputs(struct vad *v, const struct kernels *k, bool is_zero,
                float inputs[VAD_INPUTS_PADDED], struct vad_frame *out);

#endif
