#include "app/demo/demo_voice.h"

#include "app/demo/g722.h"
#include "base/mem.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SOUNDS "/usr/share/asterisk/sounds/"

enum {
    TAPS = 32,    /* of the interpolation filter */
    PHASES = 256, /* positions between two samples */
    LEVEL_FRAME = DEMO_RATE_HZ / 50,
    FILE_MAX_BYTES = 4 * 1024 * 1024,
};

static int recording_read(struct buf *out, const char *folder, const char *name) {
    char path[256];
    snprintf(path, sizeof path, SOUNDS "%s/%s.g722", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int err = file_read_all(fd, FILE_MAX_BYTES, out);
    close(fd);
    return !err && out->len == 0 ? ENODATA : err;
}

/* A windowed sinc for each phase: Hann, cut at nine tenths of the recording's band. */
static void filter_make(float filter[PHASES][TAPS]) {
    for (int p = 0; p < PHASES; p++) {
        double sum = 0;
        for (int k = 0; k < TAPS; k++) {
            double x = k - TAPS / 2 + 1 - (double)p / PHASES;
            double sinc = fabs(x) < 1e-9 ? 1 : sin(M_PI * x * 0.9) / (M_PI * x * 0.9);
            double window = 0.5 + 0.5 * cos(M_PI * x / (TAPS / 2));
            filter[p][k] = (float)(fabs(x) < TAPS / 2 ? sinc * window : 0);
            sum += filter[p][k];
        }
        for (int k = 0; k < TAPS; k++)
            filter[p][k] /= (float)sum;
    }
}

/* `in` has TAPS zeros before and after its `count` samples. */
static size_t resample(const int16_t *in, size_t count, double step, float *out) {
    static const size_t before = TAPS / 2 - 1;
    float(*filter)[TAPS] = mem_alloc_array(PHASES, sizeof *filter);
    filter_make(filter);
    size_t n = 0;
    for (double at = 0; at < (double)count; at += step, n++) {
        size_t whole = (size_t)at;
        const float *taps = filter[(size_t)((at - (double)whole) * PHASES)];
        const int16_t *from = in + TAPS + whole - before;
        float sum = 0;
        for (int k = 0; k < TAPS; k++)
            sum += taps[k] * from[k];
        out[n] = sum;
    }
    mem_free(filter);
    return n;
}

/* Mean power of the frames that are not a pause: within 30 dB of the loudest. Full scale is 1. */
static double active_power(const float *pcm, size_t samples) {
    double loudest = 0, sum = 0;
    size_t frames = samples / LEVEL_FRAME, active = 0;
    double *power = mem_alloc_array(frames + 1, sizeof *power);
    for (size_t f = 0; f < frames; f++) {
        for (size_t i = 0; i < LEVEL_FRAME; i++) {
            double x = pcm[f * LEVEL_FRAME + i] / 32768.0;
            power[f] += x * x / LEVEL_FRAME;
        }
        loudest = fmax(loudest, power[f]);
    }
    for (size_t f = 0; f < frames; f++) {
        if (power[f] >= loudest / 1000) {
            sum += power[f];
            active++;
        }
    }
    mem_free(power);
    return active > 0 && sum > 0 ? sum / (double)active : 1;
}

static void level_set(const float *in, size_t samples, double level_dbfs, int16_t *out) {
    double gain = sqrt(pow(10, level_dbfs / 10) / active_power(in, samples));
    for (size_t i = 0; i < samples; i++)
        out[i] = (int16_t)lrint(fmin(fmax(in[i] * gain, -32768), 32767));
}

int demo_voice_load(const struct demo_voice *voice, const char *name, double level_dbfs,
                    int16_t **pcm, size_t *samples) {
    struct buf file = {0};
    int err = recording_read(&file, voice->folder, name);
    if (err) {
        buf_free(&file);
        return err;
    }
    size_t count = file.len * G722_SAMPLES_PER_BYTE;
    int16_t *recorded = mem_alloc_array(count + 2 * TAPS, sizeof *recorded);
    struct g722 decoder;
    g722_init(&decoder);
    g722_decode(&decoder, (const uint8_t *)file.data, file.len, recorded + TAPS);
    buf_free(&file);
    double step = voice->speed * G722_RATE_HZ / DEMO_RATE_HZ;
    float *wide = mem_alloc_array((size_t)((double)count / step) + 2, sizeof *wide);
    *samples = resample(recorded, count, step, wide);
    *pcm = mem_alloc_array(*samples, sizeof **pcm);
    level_set(wide, *samples, level_dbfs, *pcm);
    mem_free(wide);
    mem_free(recorded);
    return 0;
}

int demo_voice_fill(int16_t *pcm, size_t samples) {
    static const char *const names[] = {"demo-congrats", "demo-abouttotry", "vm-options",
                                        "demo-moreinfo"};
    static const struct demo_voice voice = {"en_US_f_Allison", 1};
    size_t at = 0;
    for (unsigned i = 0; at < samples; i++) {
        int16_t *clip;
        size_t count;
        int err = demo_voice_load(&voice, names[i % ARRAY_LEN(names)], -20, &clip, &count);
        if (err)
            return err;
        count = count < samples - at ? count : samples - at;
        memcpy(pcm + at, clip, count * sizeof *pcm);
        at += count;
        mem_free(clip);
    }
    return 0;
}
