/*
 * A load generator: N tracks over /egress-audio, paced as LiveKit Egress paces them, one masked frame a
 * message, spread evenly over the frame's length. It watches the server's processor time and memory, and
 * knows afterwards what every recording must hold.
 */
#ifndef BENCH_INGEST_LOAD_H
#define BENCH_INGEST_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One endless signal for all tracks; each starts at another place of it. */
struct load_signal {
    uint8_t *frames; /* masked WebSocket frames, one behind the other */
    uint8_t *pcm;    /* the same, bare */
    size_t count;    /* frames in the ring */
    size_t frame_bytes, pcm_bytes;
};

void load_signal_make(struct load_signal *, const int16_t *mono, size_t samples, unsigned frame_ms,
                      unsigned rate_hz, unsigned channels);
void load_signal_free(struct load_signal *);

struct load {
    const struct load_signal *signal;
    const char *label; /* part of the meetings' names, so that runs do not meet */
    int port;
    pid_t server;
    unsigned tracks;
    unsigned meeting_size; /* tracks a meeting */
    unsigned frame_ms, rate_hz, channels;
    unsigned warm_seconds, seconds; /* before and while it is measured */
};

struct load_result {
    double cpu_us;        /* of the server, per track and second, while measured */
    double bytes_a_track; /* memory: (RSS at the end - RSS before) / tracks */
    double late_ms;       /* the worst lateness of our own sending, from the first frame on */
    uint64_t frames_each; /* what every track sent */
};

/* 0, or a positive errno with a line on standard error. */
int load_run(const struct load *, struct load_result *);

/* Compares every WAV beneath dir with what its track sent. 0, or EIO with a line on standard error. */
int load_verify(const struct load *, const struct load_result *, const char *dir);

#endif
