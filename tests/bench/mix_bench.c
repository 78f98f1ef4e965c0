/*
 * What it costs to hear a meeting again: eight microphones of ten minutes are mixed, in each format that recordings have, at the pace
 * recorded and half as fast again. Prints seconds of the meeting a CPU second, and the memory that a mix takes; what a player asks for
 * at once (ten seconds from anywhere) beside it.
 *
 *     mix_bench
 */
#include "outside/mix/mix.h"

#include "base/macros.h"
#include "outside/disk/codec.h"
#include "outside/files/storage.h"
#include "wire/media/wav.h"

#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    TRACKS = 8,
    RATE_HZ = 48000,
    SECONDS = 600,
    SEEKS = 20,
    SEEK_MS = 10000,
    OPUS_BPS = 32000,
    LEAST_SPEED = 60, /* an hour within a minute of one core */
    MOST_MIB = 16
};

#define STARTED_MS INT64_C(1764543600000)

static const char *const formats[] = {"wav", "flac", "opus"};

struct bench {
    struct storage *storage;
    char root[32];
    int16_t *pcm;
};

static double cpu_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t heap_bytes(void) {
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

/* Something like a voice: a tone that comes and goes, and noise. */
static void voice_make(int16_t *pcm, unsigned track) {
    uint32_t noise = 1 + track;
    for (size_t i = 0; i < (size_t)SECONDS * RATE_HZ; i++) {
        noise = noise * 1664525u + 1013904223u;
        double loud = (i / RATE_HZ / 7 + track) % TRACKS == 0 ? 6000 : 20;
        pcm[i] = (int16_t)(loud * sin((double)i * (120 + 30 * track) * 6.2831853 / RATE_HZ) +
                           (double)(int32_t)noise / (double)INT32_MAX * 60);
    }
}

static void on_bytes(uint64_t offset, const void *bytes, size_t len, void *user) {
    if (pwrite(*(int *)user, bytes, len, (off_t)offset) != (ssize_t)len)
        abort();
}

static void file_write(int fd, const char *format, const int16_t *pcm) {
    const size_t samples = (size_t)SECONDS * RATE_HZ;
    if (strcmp(format, "wav") == 0) {
        uint8_t head[WAV_HEADER_MAX];
        const struct wav_format shape = wav_format_s16(RATE_HZ, 1);
        size_t len = wav_write_header(head, WAV_CANONICAL, &shape, samples * sizeof *pcm);
        on_bytes(0, head, len, &fd);
        on_bytes(len, pcm, samples * sizeof *pcm, &fd);
        return;
    }
    const struct codec_type *type = strcmp(format, "flac") == 0 ? &codec_flac : &codec_opus;
    struct codec *codec;
    if (type->open(&codec, RATE_HZ, 1, OPUS_BPS, on_bytes, &fd))
        abort();
    for (size_t at = 0; at < samples; at += RATE_HZ)
        type->feed(codec, pcm + at, RATE_HZ);
    type->close(codec);
}

static void path_of(char path[64], unsigned track, const char *format) {
    snprintf(path, 64, "room/%u.%s", track, format);
}

static void recordings_make(const struct bench *bench) {
    int audio = storage_dir(bench->storage, STORAGE_AUDIO);
    mkdirat(audio, "room", 0750);
    for (unsigned track = 0; track < TRACKS; track++) {
        voice_make(bench->pcm, track);
        for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
            char path[64];
            path_of(path, track, formats[i]);
            int fd = openat(audio, path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
            if (fd < 0)
                abort();
            file_write(fd, formats[i], bench->pcm);
            close(fd);
        }
    }
}

static struct mix *mix_open(const struct bench *bench, const char *format, int64_t from_ms,
                            int64_t to_ms, double rate) {
    struct mix *mix = mix_new(STARTED_MS + from_ms, STARTED_MS + to_ms, rate);
    for (unsigned track = 0; track < TRACKS; track++) {
        char path[64];
        struct mix_track *opened;
        path_of(path, track, format);
        if (mix_track_open(&opened, bench->storage, slice_from(path), STARTED_MS))
            abort();
        mix_add(mix, opened);
    }
    return mix;
}

static void mix_run(struct mix *mix) {
    static int16_t out[MIX_RATE_HZ];
    while (mix_make(mix, out, ARRAY_LEN(out)) > 0)
        ;
}

static double seek_ms(const struct bench *bench, const char *format) {
    double from = cpu_seconds();
    for (int i = 0; i < SEEKS; i++) {
        int64_t at_ms = (int64_t)i * 7919 * 37 % ((SECONDS - 10) * 1000);
        struct mix *mix = mix_open(bench, format, at_ms, at_ms + SEEK_MS, 1);
        mix_run(mix);
        mix_free(mix);
    }
    return (cpu_seconds() - from) * 1000 / SEEKS;
}

static bool measure(const struct bench *bench, const char *format) {
    double speeds[2], memory = 0;
    for (int fast = 0; fast < 2; fast++) {
        size_t before = heap_bytes();
        double from = cpu_seconds();
        struct mix *mix = mix_open(bench, format, 0, SECONDS * 1000, fast ? 1.5 : 1);
        mix_run(mix);
        speeds[fast] = SECONDS / (cpu_seconds() - from);
        memory = (double)(heap_bytes() - before) / (1 << 20);
        mix_free(mix);
    }
    bool is_good = speeds[0] >= LEAST_SPEED && memory <= MOST_MIB;
    printf("mix format=%s tracks=%d seconds_per_cpu_second=%.0f at_1.5x=%.0f memory_mib=%.1f "
           "ten_seconds_cpu_ms=%.1f limits=%d,%d %s\n",
           format, TRACKS, speeds[0], speeds[1], memory, seek_ms(bench, format), LEAST_SPEED,
           MOST_MIB, is_good ? "ok" : "OVER");
    return is_good;
}

static void recordings_remove(const struct bench *bench) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", bench->root);
    if (system(command))
        fprintf(stderr, "mix_bench: %s is left over\n", bench->root);
}

int main(void) {
    struct bench bench = {.root = "/tmp/prosa-mix-XXXXXX"};
    char why[256];
    bool is_good = mkdtemp(bench.root);
    const struct storage_settings settings = {.root = bench.root};
    if (!is_good || storage_open(&bench.storage, &settings, why, sizeof why))
        return 1;
    bench.pcm = malloc((size_t)SECONDS * RATE_HZ * sizeof *bench.pcm);
    recordings_make(&bench);
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        is_good = measure(&bench, formats[i]) && is_good;
    free(bench.pcm);
    storage_close(bench.storage);
    recordings_remove(&bench);
    return is_good ? 0 : 1;
}
