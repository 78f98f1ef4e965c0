/* Files of packets that last for half a day, whose process is killed, or whose disk stands still. */
#include "packet_world.h"

#include "outside/files/repair.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

static const struct packet_track_about microphone = {
    .codec = SDP_OPUS, .is_voice = true, .has_dtx = true};

/* ---- A disk that stands still, or is full ---- */

static atomic_bool is_stalled, is_full;

ssize_t __real_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);

ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset) {
    while (atomic_load(&is_stalled))
        usleep(1000);
    if (atomic_load(&is_full)) {
        errno = ENOSPC;
        return -1;
    }
    return __real_pwritev64(fd, iov, count, offset);
}

/* Every file is whole, and there are so many at least; returns how many samples they have together. */
static uint64_t all_judged(struct packet_world *w, unsigned least) {
    static char names[128][256];
    uint64_t sum = 0;
    unsigned count = world_files(w, ".opus", names, 128);
    assert_true(count >= least);
    for (unsigned i = 0; i < count; i++) {
        struct sidecar sidecar = load_sidecar(&w->disk, names[i]);
        judge_opus_length(path_of(&w->disk, names[i]), (int64_t)sidecar.frames);
        sum += sidecar.frames;
        sidecar_free(&sidecar);
    }
    return sum;
}

static void a_disk_that_stands_still_costs_its_time_only(void **state) {
    struct packet_world *w = packet_world_open("opus");
    close_disk(&w->disk);
    w->disk.settings.queue_bytes = 64 * 1024;
    open_disk(&w->disk);
    w->settings.disk = w->disk.disk;
    w->core.disk = w->disk.port;
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 5000);
    atomic_store(&is_stalled, true);
    mic_talk(&m, 60000); /* more than the queue holds; nothing waits for it */
    atomic_store(&is_stalled, false);
    for (int i = 0; i < 20000 && atomic_load(&disk_stats(w->disk.disk)->queued_bytes) > 0; i++)
        usleep(1000);
    mic_talk(&m, 5000);
    mic_close(&m, TRACK_END_CLOSED);
    close_disk(&w->disk);
    uint64_t samples = all_judged(w, 2);
    assert_true(samples > 48000 * 14 && samples < 48000 * 70);
    packet_world_close(w);
}

static void a_full_disk_is_followed_by_a_new_file(void **state) {
    struct packet_world *w = packet_world_open("opus");
    close_disk(&w->disk);
    w->disk.settings.retry_ms = 1;
    open_disk(&w->disk);
    w->settings.disk = w->disk.disk;
    w->core.disk = w->disk.port;
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 5000);
    for (int i = 0; i < 20000 && atomic_load(&disk_stats(w->disk.disk)->queued_bytes) > 0; i++)
        usleep(1000);
    atomic_store(&is_full, true);
    mic_talk(&m, 5000);
    for (int i = 0; i < 20000 && atomic_load(&disk_stats(w->disk.disk)->queued_bytes) > 0; i++)
        usleep(1000);
    atomic_store(&is_full, false);
    usleep(5000); /* the retry's time */
    mic_talk(&m, 5000);
    mic_close(&m, TRACK_END_CLOSED);
    close_disk(&w->disk);
    static char names[128][256];
    unsigned count = world_files(w, ".opus", names, 128);
    assert_true(count >= 2);
    packet_world_close(w);
}

/* ---- Half a day ---- */

/* Thirteen hours with a word now and then: two files, neither too long for a player, and all of the
 * time is in them. */
static void half_a_day_has_its_length(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    int64_t until_ms = w->started_ms + INT64_C(13) * 3600 * 1000;
    for (int i = 0; w->core.now_ms < until_ms; i++) {
        w->core.now_ms += 420;
        m.timestamp += 420 * 48;
        if (i % 1000 == 0)
            mic_speak(&m), m.timestamp -= 960;
        bool is_word = i % 1000 == 0;
        mic_send_as(&m, is_word ? m.seq : ++m.seq, m.timestamp,
                    is_word ? m.payload : SLICE("\xf8\xff\xfe"));
        track_drain(m.track, NULL);
        track_flush(m.track);
        if (i % 64 == 0) /* the disk is as fast as it is */
            for (int k = 0; k < 20000 && disk_depth(w->disk.disk) > 100; k++)
                usleep(1000);
    }
    mic_close(&m, TRACK_END_CLOSED);
    close_disk(&w->disk);
    uint64_t samples = all_judged(w, 2);
    int64_t off_ms = (int64_t)(samples / 48) - INT64_C(13) * 3600 * 1000;
    assert_in_range(off_ms + 1000, 0, 2000);
    packet_world_close(w);
}

/* ---- Packets of every length, and a loop that stood still ---- */

static void packets_of_all_lengths_fit(void **state) {
    static const unsigned lengths[] = {120, 240, 480, 960, 1920, 2880};
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    OpusEncoder *encoder = opus_encoder_create(48000, 1, OPUS_APPLICATION_AUDIO, NULL);
    uint64_t ticks = 0;
    for (int i = 0; i < 1200; i++) {
        static float pcm[2880];
        unsigned length = lengths[(m.seed = m.seed * 1664525 + 1013904223) >> 8 & 7 ? i % 6 : 3];
        for (unsigned k = 0; k < length; k++)
            pcm[k] = (float)(0.3 * sin(m.phase += 0.02));
        int len = opus_encode_float(encoder, pcm, (int)length, m.bytes, sizeof m.bytes);
        w->core.now_ms = w->started_ms + (int64_t)(ticks + length) / 48;
        mic_send_as(&m, ++m.seq, (uint32_t)ticks, slice_of(m.bytes, (size_t)len));
        ticks += length;
        track_drain(m.track, NULL);
        track_flush(m.track);
    }
    opus_encoder_destroy(encoder);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    /* A gap of less than 10 ms is no gap: an encoder may call its first packet silence. */
    assert_in_range(sidecar.frames, ticks - OPUS_LEAD_TICKS - 480, ticks - OPUS_LEAD_TICKS);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* The kernel says when packets came; that they were read late is no silence. */
static void a_loop_that_stood_still_is_no_silence(void **state) {
    struct packet_world *w = packet_world_open("opus");
    struct mic_world m = mic_open(w, "bob", microphone);
    mic_talk(&m, 3000);
    for (int i = 0; i < 100; i++) { /* two seconds in one turn, each with its time */
        w->core.now_ms += 20;
        mic_speak(&m);
        mic_send_as(&m, m.seq, m.timestamp, m.payload);
    }
    world_pass(w, 20);
    m.timestamp += 960;
    m.world->core.now_ms += 0;
    mic_talk(&m, 3000);
    mic_close(&m, TRACK_END_CLOSED);
    float *pcm;
    struct sidecar sidecar = world_recording(w, &pcm);
    int64_t length_ms = (int64_t)sidecar.frames / 48;
    assert_in_range(length_ms, 7990, 8040);
    assert_int_equal(sidecar.gaps_total, 0);
    assert_int_equal(w->core.stats.packets.steps, 0);
    free(pcm);
    sidecar_free(&sidecar);
    packet_world_close(w);
}

/* ---- Tracks that come and go ---- */

static void a_thousand_tracks_leave_nothing_behind(void **state) {
    struct packet_world *w = packet_world_open("opus");
    for (int i = 0; i < 1000; i++) {
        struct mic_world m = mic_open(w, i % 2 ? "ana" : "bob", microphone);
        if (i % 3 == 0)
            mic_talk(&m, 100);
        if (i % 7 == 0)
            mic_send_as(&m, (uint16_t)(m.seq + 9), m.timestamp + 9 * 960, SLICE("\xf8\xff\xfe"));
        mic_close(&m, i % 2 ? TRACK_END_CLOSED : TRACK_END_LOST);
        assert_int_equal(w->core.stats.audio_tracks, 0);
    }
    assert_true(list_is_empty(&w->core.tracks));
    packet_world_close(w);
}

/* ---- A process that is killed ---- */

static void record_for_ever(const char *folder) {
    struct packet_world *w = packet_world_open("opus");
    close_disk(&w->disk);
    remove_folder(w->disk.folder);
    snprintf(w->disk.folder, sizeof w->disk.folder, "%s", folder);
    w->disk.settings.fsync = DISK_FSYNC_NONE; /* the kernel lives on */
    w->disk.settings.header_ms = 20;
    open_disk(&w->disk);
    w->core.disk = w->disk.port;
    struct mic_world m = mic_open(w, "bob", microphone);
    for (;;) {
        mic_talk(&m, 200);
        if ((m.seed = m.seed * 1664525 + 1013904223) >> 28 == 0) {
            int64_t silent_ms = 20 * (m.seed >> 8 & 63);
            m.timestamp += (uint32_t)silent_ms * 48;
            world_pass(w, silent_ms);
        }
        usleep(500);
    }
}

/* A recorder is killed when its file has so many bytes; returns the file's name. */
static void record_and_kill(struct packet_world *w, int64_t bytes, char name[256]) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        record_for_ever(w->disk.folder);
    char names[4][256] = {0};
    struct stat stat = {0};
    for (int i = 0; i < 60000 && stat.st_size < bytes; i++) {
        usleep(1000);
        if (world_files(w, ".opus", names, 4) == 1)
            lstat(path_of(&w->disk, names[0]), &stat);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(stat.st_size >= bytes);
    snprintf(name, 256, "%s", names[0]);
}

static void what_a_kill_leaves_is_made_whole(void **state) {
    for (int round = 0; round < 6; round++) {
        struct packet_world w = {0};
        char name[256], audio[128];
        make_folder(w.disk.folder, false);
        record_and_kill(&w, 20000 * (round + 1), name);
        const struct repair_settings settings = {.before_ms = clock_wall_ms() + 1000};
        struct repair_result result = {0};
        snprintf(audio, sizeof audio, "%s/egress/audio", w.disk.folder);
        assert_int_equal(repair_folder(audio, &settings, &result), 0);
        assert_int_equal(result.failed, 0);
        assert_true(result.repaired > 0);
        struct sidecar sidecar = load_sidecar(&w.disk, name);
        free(judge_opus_file(path_of(&w.disk, name), (int64_t)sidecar.frames));
        assert_true(sidecar.frames > 48000);
        sidecar_free(&sidecar);
        remove_folder(w.disk.folder);
    }
}

RUN_TESTS(TEST(what_a_kill_leaves_is_made_whole),
          TEST(a_disk_that_stands_still_costs_its_time_only),
          TEST(a_full_disk_is_followed_by_a_new_file), TEST(half_a_day_has_its_length),
          TEST(packets_of_all_lengths_fit), TEST(a_loop_that_stood_still_is_no_silence),
          TEST(a_thousand_tracks_leave_nothing_behind))
