/*
 * What recording costs: CPU of a second of one track (48 kHz mono in messages of 20 ms) and MB/s on the way to the disk, for each
 * format, beside the plainest writer there is, that of the bare sink (a 64 KiB buffer a track, one pwrite when it is full, the
 * header at the end). And what a thousand recorders hold in memory.
 *
 * Figures of writers are medians of rounds that alternate with the reference. Both write the same bytes to the same file system,
 * without fsync, at the same pace: as a tick brings audio and then sleeps, so does this. CPU counts every thread, the kernel's
 * work for our calls included.
 */
#include "base/mem.h"
#include "outside/disk/disk.h"
#include "outside/disk/recorder.h"
#include "outside/files/storage.h"
#include "wire/media/wav.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RATE = 48000, MESSAGE = RATE / 50 * 2, TRACKS = 50, SECONDS = 40, ROUNDS = 5 };
enum {
    PLAIN_BUFFER = 65536,
    QUEUE_CALM = TRACKS * PLAIN_BUFFER, /* as much in flight as the reference holds */
    TURN = 5,                           /* messages of each track: what a tick of 100 ms brings */
    TURN_US = 10000,                    /* ten times as fast as people talk */
    MANY = 1000
};

static int16_t voice[RATE * 4]; /* four seconds, played again and again */

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double wall_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Tones that come and go over noise: something a codec has to work for. */
static void fill_voice(void) {
    unsigned state = 1;
    for (size_t i = 0; i < RATE * 4; i++) {
        double t = (double)i / RATE, loud = fmax(0, sin(2 * M_PI * 2 * t));
        state = state * 1664525u + 1013904223u;
        voice[i] = (int16_t)(6000 * loud * sin(2 * M_PI * 140 * t) +
                             2500 * loud * sin(2 * M_PI * 1120 * t) + (double)(state >> 26));
    }
}

static const uint8_t *message_at(size_t i) {
    return (const uint8_t *)voice + i % (sizeof voice / MESSAGE) * MESSAGE;
}

/* Every 100 ms of audio the producer sleeps until it is time for the next. */
static void keep_pace(size_t message, double from_s) {
    if (message % TURN != TURN - 1)
        return;
    double ahead_us = (double)(message / TURN + 1) * TURN_US - (wall_s() - from_s) * 1e6;
    if (ahead_us > 0)
        usleep((useconds_t)ahead_us);
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *at) {
    return remove(path);
}

static char *make_folder(void) {
    static char folder[64];
    snprintf(folder, sizeof folder, "/tmp/record-bench-XXXXXX");
    if (!mkdtemp(folder)) {
        perror(folder);
        exit(1);
    }
    return folder;
}

struct cost {
    double write_us; /* of CPU for a second of a track, until its bytes are written */
    double total_us; /* ... and the file is finished */
    double mb_s;
};

static struct cost cost_of(double start_us, double written_us, double end_us, double took_s) {
    double seconds = (double)TRACKS * SECONDS;
    return (struct cost){(written_us - start_us) / seconds, (end_us - start_us) / seconds,
                         seconds * RATE * 2 / 1e6 / took_s};
}

/* ---- the reference ---- */

struct plain {
    int fd;
    size_t used;
    uint64_t bytes;
    uint8_t *buffer;
};

static void plain_flush(struct plain *p) {
    if (pwrite(p->fd, p->buffer, p->used, (off_t)(44 + p->bytes)) != (ssize_t)p->used)
        exit(1);
    p->bytes += p->used;
    p->used = 0;
}

static void plain_append(struct plain *p, const uint8_t *bytes) {
    if (p->used + MESSAGE > PLAIN_BUFFER)
        plain_flush(p);
    memcpy(p->buffer + p->used, bytes, MESSAGE);
    p->used += MESSAGE;
}

static struct cost run_plain(void) {
    char *folder = make_folder(), path[128];
    static struct plain plain[TRACKS];
    double start = cpu_us(), from = wall_s();
    for (int i = 0; i < TRACKS; i++) {
        snprintf(path, sizeof path, "%s/%d.wav", folder, i);
        plain[i] = (struct plain){.fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0640),
                                  .buffer = malloc(PLAIN_BUFFER)};
    }
    for (size_t m = 0; m < SECONDS * 50; m++) {
        for (int i = 0; i < TRACKS; i++)
            plain_append(&plain[i], message_at(m));
        keep_pace(m, from);
    }
    for (int i = 0; i < TRACKS; i++) {
        uint8_t head[WAV_HEADER_MAX];
        struct wav_format format = wav_format_s16(RATE, 1);
        plain_flush(&plain[i]);
        size_t len = wav_write_header(head, WAV_CANONICAL, &format, plain[i].bytes);
        if (pwrite(plain[i].fd, head, len, 0) != (ssize_t)len)
            exit(1);
        close(plain[i].fd);
        free(plain[i].buffer);
    }
    double end = cpu_us();
    struct cost cost = cost_of(start, end, end, wall_s() - from);
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return cost;
}

/* ---- ours ---- */

struct server {
    char *folder;
    struct storage *storage;
    struct disk *disk;
    struct disk_port *port;
};

static void server_open(struct server *s, enum disk_fsync fsync) {
    char why[256];
    struct disk_settings config;
    s->folder = make_folder();
    disk_settings_init(&config);
    config.fsync = fsync;
    config.encode_max = TRACKS;
    config.encode_threads = 2;
    config.min_free_bytes = config.warn_free_bytes = 0;
    if (storage_open(&s->storage, &(struct storage_settings){.root = s->folder}, why, sizeof why)) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
    config.storage = s->storage;
    if (disk_open(&s->disk, &config))
        exit(1);
    s->port = disk_new_port(s->disk);
}

static void server_close(struct server *s) {
    disk_close(s->disk);
    disk_port_free(s->port);
    storage_close(s->storage);
    nftw(s->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void wait_for_queue(struct server *s, uint64_t bytes) {
    while (atomic_load(&disk_stats(s->disk)->queued_bytes) > bytes)
        usleep(1000);
}

static struct recorder *open_one(struct server *s, enum record_format format, int i) {
    char track[16];
    snprintf(track, sizeof track, "TR_%d", i);
    const struct recording_info recording = {.meeting = SLICE("RM_1"),
                                        .room = SLICE("room"),
                                        .participant = SLICE("p"),
                                        .track = slice_from(track),
                                        .format = format_name(format),
                                        .rate_hz = RATE,
                                        .channels = 1,
                                        .started_ms = INT64_C(1795348800000) + i};
    return recorder_open(s->port, &recording);
}

static struct cost run_ours(enum record_format format, enum disk_fsync fsync, bool is_paced) {
    struct server s;
    struct recorder *recorders[TRACKS];
    server_open(&s, fsync);
    double start = cpu_us(), from = wall_s();
    for (int i = 0; i < TRACKS; i++)
        recorders[i] = open_one(&s, format, i);
    for (size_t m = 0; m < SECONDS * 50; m++) {
        for (int i = 0; i < TRACKS; i++) {
            recorder_append(recorders[i], message_at(m), MESSAGE);
            if (m % 5 == 0)
                recorder_tick(recorders[i], (int64_t)m * 20);
        }
        wait_for_queue(&s, QUEUE_CALM);
        if (is_paced)
            keep_pace(m, from);
    }
    wait_for_queue(&s, 0);
    double written = cpu_us(), took = wall_s() - from;
    for (int i = 0; i < TRACKS; i++)
        recorder_close(recorders[i], RECORDER_CLOSED, 0);
    disk_close(s.disk);
    double end = cpu_us();
    s.disk = NULL;
    server_close(&s);
    return cost_of(start, written, end, took);
}

/* ---- memory ---- */

static long rss_kb(void) {
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static double memory_of_track(void) {
    static struct recorder *recorders[MANY];
    struct server s;
    server_open(&s, DISK_FSYNC_NONE);
    long before = rss_kb(), most = 0;
    for (int i = 0; i < MANY; i++)
        recorders[i] = open_one(&s, RECORD_WAV, i);
    for (size_t m = 0; m < 3 * 50; m++) {
        for (int i = 0; i < MANY; i++)
            recorder_append(recorders[i], message_at(m), MESSAGE);
        wait_for_queue(&s, 2 << 20); /* in real time the disk keeps up */
        if (m % 50 == 49)
            disk_port_trim(s.port);
        long now = rss_kb();
        most = now > most ? now : most;
    }
    for (int i = 0; i < MANY; i++)
        recorder_close(recorders[i], RECORDER_CLOSED, 0);
    server_close(&s);
    return (double)(most - before) / MANY;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, ascending);
    return values[ROUNDS / 2];
}

static double compare_wav(void) {
    double plain[ROUNDS], ours[ROUNDS], total[ROUNDS], ratio[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct cost reference = run_plain(), cost = run_ours(RECORD_WAV, DISK_FSYNC_NONE, true);
        plain[i] = reference.write_us;
        ours[i] = cost.write_us;
        total[i] = cost.total_us;
        ratio[i] = cost.write_us / reference.write_us;
    }
    double middle = median(ratio);
    printf("plain writer            %8.1f us CPU a track-second\n", median(plain));
    printf("wav, written            %8.1f us CPU a track-second\n", median(ours));
    printf("wav, with its SHA-256   %8.1f us CPU a track-second\n", median(total));
    printf("wav to plain writer     %8.2f, of %d pairs %.2f to %.2f (promised: at most 1.3)\n",
           middle, ROUNDS, ratio[0], ratio[ROUNDS - 1]);
    return middle;
}

/* As fast as it goes: how much a second, and of what is encoded also what it costs. */
static void print_speed(const char *name, enum record_format format) {
    struct cost cost = run_ours(format, DISK_FSYNC_NONE, false);
    printf("%-24s%8.0f MB/s of PCM, %.1f us CPU a track-second\n", name, cost.mb_s, cost.total_us);
}

int main(void) {
    fill_voice();
    double memory = memory_of_track();
    double ratio = compare_wav();
    struct cost synced = run_ours(RECORD_WAV, DISK_FSYNC_INTERVAL, true);
    printf("wav, fsync each 5 s     %8.1f us CPU a track-second\n", synced.write_us);
    print_speed("wav, in a hurry", RECORD_WAV);
    print_speed("flac", RECORD_FLAC);
    print_speed("opus, 32 kbit/s", RECORD_OPUS);
    printf("memory of a recorder    %8.1f KB at %d tracks\n", memory, MANY);
    return ratio > 1.3;
}
