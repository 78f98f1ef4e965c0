/*
 * A recording process does random things (frames, gaps, pauses, recordings that end and begin) and
 * is killed at a random moment. After the repair of the next start every file opens, holds at least
 * what its header said when the kill came, and each sample lies at its time. Twenty kills; two
 * hundred with PROSA_TEST_LONG.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk_fixture.h"
#include "outside/disk/recorder.h"
#include "outside/files/repair.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sndfile.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { RATE = 16000, FRAME = RATE / 50, TRACKS = 6, KILLS = 20, KILLS_LONG = 200, FILES_MAX = 512 };

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* What a track's recordings hold at this place, unless there is a gap; never 0. */
static int16_t sample_at(int number, uint64_t at) {
    uint64_t mixed = (at + (uint64_t)number * 1000003) * UINT64_C(0x9e3779b97f4a7c15);
    return (int16_t)((mixed >> 49) | 1);
}

/* ---- the process that is killed ---- */

struct track {
    struct recorder *recorder;
    int number;
    uint64_t at; /* sample frames so far, gaps included */
    bool is_paused;
};

static void begin(struct track *track, struct disk_port *port, int64_t started_ms, int number) {
    static const enum record_format formats[] = {RECORD_WAV, RECORD_WAV,  RECORD_WAV,
                                                 RECORD_WAV, RECORD_FLAC, RECORD_OPUS};
    char name[16];
    snprintf(name, sizeof name, "TR-%d", number);
    struct recording_info info = info_of(formats[number], RATE);
    info.track = slice_from(name);
    info.started_ms = started_ms;
    *track = (struct track){.recorder = recorder_open(port, &info), .number = number};
}

static void append(struct track *track, unsigned frames) {
    int16_t pcm[FRAME];
    for (; frames > 0; frames--) {
        for (size_t i = 0; i < FRAME; i++)
            pcm[i] = sample_at(track->number, track->at + i);
        recorder_append(track->recorder, pcm, sizeof pcm);
        track->at += FRAME;
    }
}

/* Digital silence, mostly long enough for a hole. */
static void append_zeros(struct track *track, unsigned frames) {
    static const int16_t zeros[FRAME];
    for (; frames > 0; frames--) {
        recorder_append(track->recorder, zeros, sizeof zeros);
        track->at += FRAME;
    }
}

static void act(struct track *track, struct disk_port *port, int number, int64_t turn,
                uint32_t *state) {
    uint32_t dice = next_random(state) % 100;
    if (track->is_paused && dice < 50) {
        recorder_resume(track->recorder, STARTED_MS + turn);
        track->is_paused = false;
    } else if (track->is_paused) {
        return;
    } else if (dice < 3) {
        recorder_close(track->recorder, RECORDER_LOST, STARTED_MS + turn);
        begin(track, port, STARTED_MS + turn, number);
    } else if (dice < 8) {
        recorder_pause(track->recorder, STARTED_MS + turn);
        track->is_paused = true;
    } else if (dice < 13) {
        uint64_t gap = next_random(state) % (RATE * 2) + 1;
        recorder_silence(track->recorder, gap);
        track->at += gap;
    } else if (dice < 23) {
        append_zeros(track, next_random(state) % 100);
    } else {
        append(track, dice % 40);
    }
    recorder_tick(track->recorder, turn * 100); /* ten times faster than it is */
}

static void record_for_ever(const char *folder, uint32_t state) {
    struct disk_fixture f = {0};
    log_setup(LOG_OFF, LOG_TEXT);
    snprintf(f.folder, sizeof f.folder, "%s", folder);
    disk_settings_init(&f.settings);
    f.settings.header_ms = 5;
    f.settings.fsync = DISK_FSYNC_NONE; /* the kernel lives on */
    f.settings.min_free_bytes = f.settings.warn_free_bytes = 0;
    open_disk(&f);
    struct track tracks[TRACKS];
    for (int i = 0; i < TRACKS; i++)
        begin(&tracks[i], f.port, STARTED_MS, i);
    for (int64_t turn = 1;; turn++) {
        for (int i = 0; i < TRACKS; i++)
            act(&tracks[i], f.port, i, turn, &state);
        usleep(2000);
    }
}

/* ---- the one that comes after ---- */

struct promise { /* what a header said before the kill */
    char name[256];
    uint64_t bytes;
};

static size_t list(const char *folder, struct promise *out) {
    size_t count = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) && count < FILES_MAX;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' || !dot || strcmp(dot, ".json") == 0)
            continue;
        struct promise *p = &out[count++];
        snprintf(p->name, sizeof p->name, "%s", entry->d_name);
        p->bytes = 0;
        uint8_t head[WAV_CANONICAL_BYTES];
        int fd = openat(dirfd(dir), entry->d_name, O_RDONLY);
        if (strcmp(dot, ".wav") == 0 && pread(fd, head, sizeof head, 0) == sizeof head)
            p->bytes = (uint64_t)head[40] | (uint64_t)head[41] << 8 | (uint64_t)head[42] << 16 |
                       (uint64_t)head[43] << 24;
        close(fd);
    }
    closedir(dir);
    return count;
}

static void check_samples(const int16_t *samples, size_t count, const struct sidecar *sidecar) {
    int number = strstr(sidecar->file, "TR-")[3] - '0';
    size_t silent = 0;
    for (size_t i = 0; i < count; i++) {
        if (samples[i] == 0)
            silent++;
        else if (samples[i] != sample_at(number, i))
            fail_msg("%s: sample %zu of %zu is not of its time", sidecar->file, i, count);
    }
    /* Gaps that came after the last look at the sidecar are silence without a note. */
    assert_true(silent >= sidecar->gap_frames || count < sidecar->frames + sidecar->gap_frames);
}

static void check_file(const char *folder, const char *name) {
    char path[512];
    struct sidecar sidecar;
    int folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(sidecar_load(folder_fd, name, &sidecar), 0);
    close(folder_fd);
    assert_true(sidecar.info.end.len > 0);
    assert_int_equal(sidecar.info.sha256.len, 64);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    SF_INFO sound = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &sound);
    if (!file)
        fail_msg("%s: %s", name, sf_strerror(NULL));
    if (sound.frames == SF_COUNT_MAX) { /* how a FLAC file of nothing is read: 0 means unknown */
        int16_t sample;
        assert_int_equal(sf_readf_short(file, &sample, 1), 0);
        sound.frames = 0;
    }
    int16_t *samples = malloc((size_t)sound.frames * 2 + 2);
    assert_int_equal(sf_readf_short(file, samples, sound.frames), sound.frames);
    if (!strstr(name, ".opus")) {
        assert_int_equal(sidecar.frames, sound.frames);
        check_samples(samples, (size_t)sound.frames, &sidecar);
    }
    sf_close(file);
    free(samples);
    sidecar_free(&sidecar);
}

static size_t kill_once(uint32_t seed) {
    static struct promise before[FILES_MAX], after[FILES_MAX];
    char folder[64], recorded[128];
    make_folder(folder, true);
    snprintf(recorded, sizeof recorded, "%s/egress/audio/RM_1", folder);
    uint32_t state = seed;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        record_for_ever(folder, state);
    for (int i = 0; i < 30000 && list(recorded, before) == 0; i++)
        usleep(1000);
    usleep(next_random(&state) % 250000);
    size_t count = list(recorded, before);
    kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));

    struct repair_result result = {0};
    const struct repair_settings config = {.before_ms = clock_wall_ms() + 1000};
    assert_int_equal(repair_folder(folder, &config, &result), 0);
    assert_int_equal(result.failed + result.locked, 0);
    size_t left = list(recorded, after);
    for (size_t i = 0; i < left; i++) {
        check_file(recorded, after[i].name);
        for (size_t k = 0; k < count; k++)
            if (strcmp(before[k].name, after[i].name) == 0)
                assert_true(after[i].bytes >= before[k].bytes);
    }
    remove_folder(folder);
    return left;
}

static void a_kill_costs_nothing_that_a_header_had_said(void **state) {
    size_t files = 0;
    int kills = getenv("PROSA_TEST_LONG") ? KILLS_LONG : KILLS;
    for (int i = 0; i < kills; i++)
        files += kill_once((uint32_t)i * 2654435761u + 1);
    print_message("%d kills, %zu files\n", kills, files);
    assert_true(files > (size_t)kills);
}

RUN_TESTS(TEST(a_kill_costs_nothing_that_a_header_had_said))
