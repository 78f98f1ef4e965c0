/* The network's inputs as the server computes them, for fit.py and evaluate.py (a shared object
 * read through ctypes): what is fitted is what runs. */
#include "base/slice.h"
#include "sound/voice.h"

/* n samples of mono at rate_hz -> rows of VAD_INPUTS_PADDED floats, one per 20 ms; returns the
 * rows. A frame that the server would sleep through gets a row of zeros. */
size_t inputs_of(const int16_t *pcm, size_t n, unsigned rate_hz, float *rows);

/* The same samples -> probability of speech per 20 ms, already moved back by the delay. */
size_t speech_of(const int16_t *pcm, size_t n, unsigned rate_hz, float *speech);

size_t inputs_of(const int16_t *pcm, size_t n, unsigned rate_hz, float *rows) {
    const struct kernels *k = kernels_best();
    static _Thread_local struct voice v;
    size_t used = 0, count = 0, zero_frames = 0;

    voice_init(&v, rate_hz, 1);
    while (used < n) {
        size_t filled = 0, start = used;
        while (filled < VAD_FRAME && used < n) {
            int16_t line[RESAMPLE_TAPS_MAX + RESAMPLE_BLOCK], *mono = line + RESAMPLE_TAPS_MAX;
            size_t room = resample_room(&v.resample, VAD_FRAME - filled);
            room = room < n - used ? room : n - used;
            room = room < RESAMPLE_BLOCK ? room : RESAMPLE_BLOCK;
            float squares[2];
            k->take(pcm + used, room, 1, 0, mono, squares);
            filled += resample_run(&v.resample, k, mono, room, vad_input(&v.vad) + filled,
                                   VAD_FRAME - filled);
            used += room;
        }
        if (filled < VAD_FRAME)
            break;
        bool is_zero = slice_is_zero(slice_of(pcm + start, (used - start) * sizeof *pcm));
        zero_frames = is_zero ? zero_frames + 1 : 0;
        float *row = rows + VAD_INPUTS_PADDED * count++;
        struct vad_frame heard;
        vad_inputs(&v.vad, k, is_zero, row, &heard);
        if (zero_frames > 4) {
            vad_clear(&v.vad);
            for (int i = 0; i < VAD_INPUTS_PADDED; i++)
                row[i] = 0;
        }
    }
    return count;
}

size_t speech_of(const int16_t *pcm, size_t n, unsigned rate_hz, float *speech) {
    static _Thread_local struct voice v;
    size_t used = 0, count = 0;

    voice_init(&v, rate_hz, 1);
    while (used < n) {
        struct voice_frame f;
        bool done;
        used += voice_hear(&v, pcm + used, n - used, &f, &done);
        if (done)
            speech[count++] = f.speech;
    }
    return count;
}
