/*
 * What a packet of a joined room costs behind the network: placed, put in order, and recorded as it is;
 * and the same with its decoding and analysis. Beside it, in the same run, what the decoder alone
 * takes. Prints one line of each, in ns a packet.
 */
#include "app/shard/packet_track.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "meeting/rules.h"
#include "net/loop.h"
#include "net/rtc/rtc_peer.h"
#include "outside/disk/disk.h"
#include "outside/files/storage.h"

#include <assert.h>
#include <math.h>
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PACKETS = 500, TRACKS = 50, ROUNDS = 20, FRAME = 960 };

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
    strcpy(b->folder, "/tmp/packet-bench-XXXXXX");
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

/* CPU time of this thread a packet, ns. */
static double tracks_run(const struct sent *sent, bool is_heard) {
    struct bench b = {0};
    struct track *tracks[TRACKS];
    bench_open(&b);
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
        opus_decode(decoder, sent[i % PACKETS].bytes, (opus_int32)sent[i % PACKETS].len, pcm, 1920,
                    0);
    uint64_t took = clock_thread_ns() - began;
    opus_decoder_destroy(decoder);
    return (double)took / (PACKETS * ROUNDS);
}

int main(void) {
    log_setup(LOG_ERROR, LOG_TEXT);
    struct sent *sent = speech_make();
    double recorded = tracks_run(sent, false), decoder = decoder_run(sent);
    double heard = tracks_run(sent, true);
    printf("recorded %8.0f ns a packet\n", recorded);
    printf("decoder  %8.0f ns a packet\n", decoder);
    printf("all      %8.0f ns a packet, %.2f of the decoder alone\n", heard, heard / decoder);
    free(sent);
    return 0;
}
