/*
 * What a packet of a joined room costs behind the network: placed, put in order, and recorded as it is;
 * and the same with its decoding and analysis. Beside it, in the same run, what the decoder alone
 * takes. Prints one line of each, in ns a packet.
 */
#include "app/media/packet_track.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "meeting/rules.h"
#include "net/loop.h"
#include "net/rtc/rtc_peer.h"
#include "outside/disk/disk.h"
#include "outside/files/storage.h"

#include <assert.h>
#include <malloc.h>
#include <math.h>
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PACKETS = 500, TRACKS = 400, ROUNDS = 2, FRAME = 960 };

/* Promises: of the decoder's own time, and of memory. */
#define RECORDED_MOST 0.1
#define ALL_MOST      1.6
#define TRACK_KB_MOST 70.0

struct sent {
    uint8_t bytes[200];
    size_t len;
};

static struct sent *speech_make(void) {
    struct sent *sent = calloc(PACKETS, sizeof *sent);
    OpusEncoder *encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, NULL);
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(32000));
    opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(10));
    double phase = 0;
    for (int i = 0; i < PACKETS; i++) {
        float pcm[FRAME];
        for (int k = 0; k < FRAME; k++) {
            phase += 2 * M_PI * (120 + 30 * sin(i * 0.05)) / 48000;
            pcm[k] = (float)(0.2 * (0.6 + 0.4 * sin(i * 0.3)) *
                             (sin(phase) + 0.5 * sin(2 * phase) + 0.4 * sin(7 * phase)));
        }
        int len = opus_encode_float(encoder, pcm, FRAME, sent[i].bytes, sizeof sent[i].bytes);
        assert(len > 0);
        sent[i].len = (size_t)len;
    }
    opus_encoder_destroy(encoder);
    return sent;
}

struct bench {
    char folder[64];
    struct storage *storage;
    struct disk *disk;
    struct loop *loop;
    struct rules rules;
    struct shard_settings settings;
    struct shard_core core;
    struct live_meeting *live;
};

static void bench_open(struct bench *b) {
    char why[256];
    snprintf(b->folder, sizeof b->folder, "/tmp/packet-bench-XXXXXX");
    if (!mkdtemp(b->folder))
        abort();
    const struct storage_settings storage = {.root = b->folder};
    struct disk_settings disk;
    disk_settings_init(&disk);
    int err = storage_open(&b->storage, &storage, why, sizeof why);
    disk.storage = b->storage;
    err = err ? err : disk_open(&b->disk, &disk);
    err = err ? err : loop_open(&b->loop);
    rules_init(&b->rules);
    b->settings = (struct shard_settings){
        .rules = &b->rules, .disk = b->disk, .join_record_format = "opus", .group_ms = 2000};
    b->core.settings = &b->settings;
    b->core.disk = disk_new_port(b->disk);
    b->core.now_ms = clock_mono_ms();
    list_init(&b->core.tracks);
    list_init(&b->core.rooms);
    err = err ? err : hume_open(&b->core.hume, b->loop, &b->settings.hume, why, sizeof why);
    if (err)
        abort();
    b->live = live_meeting_new(&b->core, 1, SLICE("RM_bench"));
}

static void bench_close(struct bench *b) {
    char command[128];
    live_meeting_free(b->live);
    hume_close(b->core.hume);
    disk_close(b->disk);
    disk_port_free(b->core.disk);
    storage_close(b->storage);
    loop_close(b->loop);
    snprintf(command, sizeof command, "rm -rf %s", b->folder);
    if (system(command) != 0)
        abort();
}

static void packets_send(struct track *const *tracks, const struct sent *sent, uint32_t number,
                         int64_t now_ms) {
    for (uint32_t t = 0; t < TRACKS; t++) {
        const struct sent *one = &sent[(number + t * 17) % PACKETS];
        const struct rtc_packet packet = {.ssrc = t,
                                          .seq = (uint16_t)number,
                                          .timestamp = number * FRAME,
                                          .codec = SDP_OPUS,
                                          .payload = slice_of(one->bytes, one->len),
                                          .arrived_ns = now_ms * 1000000};
        packet_track_take(tracks[t], &packet);
    }
}

/* In use; what a bench that is faster than its disk leaves free is not counted. */
static double memory_kb(void) {
    struct mallinfo2 info = mallinfo2();
    return (double)(info.uordblks + info.hblkhd) / 1024;
}

/* CPU time of this thread a packet, ns; *track_kb is the memory that a track has come to. */
static double tracks_run(const struct sent *sent, bool is_heard, double *track_kb) {
    struct bench b = {0};
    struct track *tracks[TRACKS];
    bench_open(&b);
    double before_kb = memory_kb();
    for (uint32_t t = 0; t < TRACKS; t++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", t);
        const struct packet_track_settings settings = {.live = b.live,
                                                       .about = {.room = SLICE("bench"),
                                                                 .identity = slice_from(name),
                                                                 .sid = slice_from(name),
                                                                 .codec = SDP_OPUS,
                                                                 .is_voice = is_heard,
                                                                 .has_dtx = true}};
        tracks[t] = packet_track_open(&settings);
    }
    uint64_t began = clock_thread_ns();
    for (uint32_t number = 0; number < PACKETS * ROUNDS; number++) {
        packets_send(tracks, sent, number, b.core.now_ms);
        b.core.now_ms += 20;
        for (uint32_t t = 0; t < TRACKS; t++) {
            track_drain(tracks[t], NULL);
            if (number % 12 == 0)
                track_flush(tracks[t]);
        }
        if (number % 100 == 0)
            while (disk_depth(b.disk) > 500)
                usleep(1000);
    }
    uint64_t took = clock_thread_ns() - began;
    while (disk_depth(b.disk) > 0) /* a bench is faster than time, and its disk behind */
        usleep(1000);
    for (int i = 0; i < 50; i++)
        disk_port_trim(b.core.disk);
    *track_kb = (memory_kb() - before_kb) / TRACKS;
    for (uint32_t t = 0; t < TRACKS; t++)
        track_close(tracks[t], TRACK_END_CLOSED);
    bench_close(&b);
    return (double)took / ((double)PACKETS * ROUNDS * TRACKS);
}

static double decoder_run(const struct sent *sent) {
    OpusDecoder *decoder = opus_decoder_create(16000, 1, NULL);
    int16_t pcm[1920];
    uint64_t began = clock_thread_ns();
    for (int i = 0; i < PACKETS * ROUNDS; i++)
        if (opus_decode(decoder, sent[i % PACKETS].bytes, (opus_int32)sent[i % PACKETS].len, pcm,
                        1920, 0) < 0)
            abort();
    uint64_t took = clock_thread_ns() - began;
    opus_decoder_destroy(decoder);
    return (double)took / (PACKETS * ROUNDS);
}

int main(void) {
    log_setup(LOG_ERROR, LOG_TEXT);
    struct sent *sent = speech_make();
    double all_kb, recorded_kb;
    double heard = tracks_run(sent, true, &all_kb); /* first: nothing was freed yet */
    double recorded = tracks_run(sent, false, &recorded_kb), decoder = decoder_run(sent);
    printf("recorded %8.0f ns a packet, %.3f of the decoder alone\n", recorded, recorded / decoder);
    printf("decoder  %8.0f ns a packet\n", decoder);
    printf("all      %8.0f ns a packet, %.2f of the decoder alone\n", heard, heard / decoder);
    printf("memory   %8.1f KB a track\n", all_kb);
    free(sent);
    return recorded > decoder * RECORDED_MOST || heard > decoder * ALL_MOST ||
           all_kb > TRACK_KB_MOST;
}
