/*
 * The load generator by itself: plays N speaking tracks at a server that somebody else started.
 *
 *     ingest_play PORT PID TRACKS SECONDS LABEL
 *
 * Meetings are called LABEL-0, LABEL-1, ... with four tracks each, their rooms LABEL-room0, ...
 */
#include "ingest_load.h"

#include "app/demo/demo_voice.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING_SECONDS = 30 };

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: ingest_play PORT PID TRACKS SECONDS LABEL\n");
        return 2;
    }
    size_t samples = (size_t)DEMO_RATE_HZ * RING_SECONDS;
    int16_t *speech = mem_alloc_array(samples, sizeof *speech);
    int err = demo_voice_fill(speech, samples);
    if (err) {
        fprintf(stderr, "ingest_play: no speech (%s): install " DEMO_VOICE_PACKAGES "\n",
                strerror(err));
        return 1;
    }
    struct load_signal signal;
    load_signal_make(&signal, speech, samples, 20, DEMO_RATE_HZ, 1);
    struct load load = {.signal = &signal,
                        .label = argv[5],
                        .port = atoi(argv[1]),
                        .server = (pid_t)atoi(argv[2]),
                        .tracks = (unsigned)atoi(argv[3]),
                        .meeting_size = 4,
                        .frame_ms = 20,
                        .rate_hz = DEMO_RATE_HZ,
                        .channels = 1,
                        .warm_seconds = 1,
                        .seconds = (unsigned)atoi(argv[4])};
    struct load_result result;
    err = load_run(&load, &result);
    if (!err)
        printf("tracks=%u cpu_us=%.0f memory_kb=%.1f late_ms=%.0f\n", load.tracks, result.cpu_us,
               result.bytes_a_track / 1000, result.late_ms);
    load_signal_free(&signal);
    mem_free(speech);
    return err ? 1 : 0;
}
