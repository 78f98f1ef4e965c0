/* A meeting on a shard that is driven by hand: packets are made, time passes as it is told, and what is
 * recorded lies on a real disk. */
#ifndef TESTS_UNIT_PACKET_WORLD_H
#define TESTS_UNIT_PACKET_WORLD_H

#include "app/media/packet_track.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk_fixture.h"
#include "meeting/rules.h"
#include "net/loop.h"
#include "net/rtc/rtc_peer.h"
#include "opus_judges.h"
#include "wire/media/opus_packet.h"

#include <dirent.h>
#include <math.h>
#include <opus.h>

#define MS INT64_C(1000000)

struct packet_world {
    struct disk_fixture disk;
    struct loop *loop;
    struct rules rules;
    struct shard_settings settings;
    struct shard_core core;
    struct live_meeting *live;
    int64_t started_ms;
    /* Numbers that were asked for again. */
    unsigned asked;
    uint16_t last_asked;
    unsigned told;
    char reason[64];
};

static inline struct packet_world *packet_world_open(const char *format) {
    struct packet_world *w = mem_alloc(sizeof *w);
    char why[128];
    log_setup(LOG_ERROR, LOG_TEXT);
    make_folder(w->disk.folder, false);
    disk_settings_init(&w->disk.settings);
    w->disk.settings.fsync = DISK_FSYNC_NONE; /* nothing is torn out here */
    open_disk(&w->disk);
    assert_int_equal(loop_open(&w->loop), 0);
    rules_init(&w->rules);
    w->settings = (struct shard_settings){
        .rules = &w->rules, .disk = w->disk.disk, .join_record_format = format, .group_ms = 500};
    w->core.settings = &w->settings;
    w->core.disk = w->disk.port;
    w->core.now_ms = w->started_ms = clock_mono_ms();
    list_init(&w->core.tracks);
    assert_int_equal(hume_open(&w->core.hume, w->loop, &w->settings.hume, why, sizeof why), 0);
    w->live = live_meeting_new(&w->core, 1, SLICE("RM_1"));
    return w;
}

static inline void packet_world_close(struct packet_world *w) {
    live_meeting_free(w->live);
    hume_close(w->core.hume);
    if (w->disk.disk)
        close_disk(&w->disk);
    loop_close(w->loop);
    remove_folder(w->disk.folder);
    mem_free(w);
}

static inline void world_on_missing(uint32_t ssrc, const uint16_t *seqs, size_t count, void *user) {
    struct packet_world *w = user;
    w->asked += (unsigned)count;
    w->last_asked = seqs[count - 1];
}

static inline void world_on_feedback(const struct feedback *feedback, void *user) {
    struct packet_world *w = user;
    w->told++;
}

/* Time goes on in ticks, as the shard has it. */
static inline void world_pass(struct packet_world *w, int64_t ms) {
    for (int64_t done = 0; done < ms; done += 20) {
        w->core.now_ms += ms - done < 20 ? ms - done : 20;
        LIST_EACH(&w->core.tracks, node) {
            struct track *track = CONTAINER_OF(node, struct track, in_shard);
            track_drain(track, NULL);
            track_flush(track);
        }
        meeting_judge(w->live->engine, live_meeting_time_ms(w->live, w->core.now_ms),
                      world_on_feedback, w);
    }
}

/* A microphone behind an encoder, and the way of its packets. */
struct mic_world {
    struct packet_world *world;
    struct track *track;
    OpusEncoder *encoder;
    uint32_t ssrc, timestamp, seed;
    uint16_t seq;
    int channels;
    double phase, tone_hz, volume;
    uint8_t bytes[1500];
    struct slice payload;
};

static inline struct mic_world mic_open(struct packet_world *w, const char *identity,
                                        struct packet_track_about about) {
    struct mic_world m = {.world = w, .ssrc = 77, .timestamp = 123456, .seq = 900, .seed = 3};
    about.room = SLICE("sala");
    about.identity = slice_from(identity);
    about.sid = SLICE("TR_1");
    m.tone_hz = 150;
    m.volume = 0.2;
    const struct packet_track_settings settings = {
        .live = w->live, .about = about, .on_missing = world_on_missing, .user = w};
    m.track = packet_track_open(&settings);
    m.channels = about.is_stereo ? 2 : 1;
    m.encoder = opus_encoder_create(48000, m.channels, OPUS_APPLICATION_VOIP, NULL);
    opus_encoder_ctl(m.encoder, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(m.encoder, OPUS_SET_PACKET_LOSS_PERC(10));
    return m;
}

static inline void mic_close(struct mic_world *m, enum track_end end) {
    track_close(m->track, end);
    opus_encoder_destroy(m->encoder);
}

/* Speaks 20 ms; the packet takes its number and its time. */
static inline void mic_speak(struct mic_world *m) {
    float pcm[960 * 2];
    for (unsigned i = 0; i < 960; i++) {
        m->phase += 2 * M_PI * m->tone_hz / 48000;
        pcm[2 * i] = pcm[2 * i + 1] =
            (float)(m->volume * (sin(m->phase) + 0.5 * sin(3 * m->phase)));
    }
    float mono[960];
    for (unsigned i = 0; i < 960; i++)
        mono[i] = pcm[2 * i];
    int len = opus_encode_float(m->encoder, m->channels == 1 ? mono : pcm, 960, m->bytes,
                                sizeof m->bytes);
    assert_true(len > 3);
    m->payload = slice_of(m->bytes, (size_t)len);
    m->seq++;
    m->timestamp += 960;
}

static inline void mic_send_as(struct mic_world *m, uint16_t seq, uint32_t timestamp,
                               struct slice payload) {
    const struct rtc_packet packet = {.ssrc = m->ssrc,
                                      .seq = seq,
                                      .timestamp = timestamp,
                                      .codec = SDP_OPUS,
                                      .payload = payload,
                                      .arrived_ns = m->world->core.now_ms * MS};
    packet_track_take(m->track, &packet);
}

/* Speaks, sends, and lets the time pass. */
static inline void mic_talk(struct mic_world *m, int64_t ms) {
    for (int64_t done = 0; done < ms; done += 20) {
        mic_speak(m);
        mic_send_as(m, m->seq, m->timestamp, m->payload);
        world_pass(m->world, 20);
    }
}

static inline void mic_news(struct mic_world *m, enum track_news news) {
    m->track->type->hear_news(m->track, news);
}

/* The names of the files of the meeting, sorted, with this ending. */
static inline unsigned world_files(const struct packet_world *w, const char *ending,
                                   char names[][256], unsigned most) {
    unsigned count = 0;
    DIR *dir = opendir(path_of(&w->disk, ""));
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        if (len > strlen(ending) && !strcmp(entry->d_name + len - strlen(ending), ending)) {
            assert_true(count < most);
            snprintf(names[count++], 256, "%s", entry->d_name);
        }
    }
    if (dir)
        closedir(dir);
    qsort(names, count, sizeof *names, (int (*)(const void *, const void *))strcmp);
    return count;
}

/* The only recording, which all judges accept; *pcm as judge_opus_file. */
static inline struct sidecar world_recording(struct packet_world *w, float **pcm) {
    char names[4][256];
    close_disk(&w->disk);
    assert_int_equal(world_files(w, ".opus", names, 4), 1);
    struct sidecar sidecar = load_sidecar(&w->disk, names[0]);
    *pcm = judge_opus_file(path_of(&w->disk, names[0]), (int64_t)sidecar.frames);
    return sidecar;
}

#endif
