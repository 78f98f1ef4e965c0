#include "outside/recorder.h"

#include "base/clock.h"
#include "base/mem.h"
#include "outside/disk.h"
#include "outside/disk_thread.h"
#include "outside/sidecar.h"
#include "outside/storage.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RATE = 16000 };

/* 2026-11-22T12:00:00.000Z */
#define STARTED_MS INT64_C(1795348800000)

struct fixture {
    char folder[64];
    struct storage *storage;
    struct disk *disk;
    struct disk_port *port;
    struct disk_config config;
};

static void open_disk(struct fixture *f) {
    char why[256];
    assert_int_equal(
        storage_open(&f->storage, &(struct storage_config){.root = f->folder}, why, sizeof why), 0);
    f->config.storage = f->storage;
    assert_int_equal(disk_open(&f->disk, &f->config), 0);
    f->port = disk_port_open(f->disk);
}

static void close_disk(struct fixture *f) {
    disk_close(f->disk);
    disk_port_close(f->port);
    storage_close(f->storage);
    f->disk = NULL;
}

static int setup(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/recorder-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    disk_config_init(&f->config);
    f->config.header_ms = 50;
    open_disk(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    if (f->disk)
        close_disk(f);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int status = system(command);
    mem_free(f);
    return status;
}

static const struct recording recording = {
    .meeting = {"RM_1", 4},
    .room = {"sala 1", 6},
    .participant = {"bob:x", 5},
    .name = {"Bob", 3},
    .track = {"TR_ab.c", 7},
    .format = RECORD_WAV,
    .rate_hz = RATE,
    .channels = 1,
    .started_ms = STARTED_MS,
};

#define FILE_NAME "2026-11-22T12-00-00.000Z_sala_1_bob_x_TR_ab.c"

static char *path_of(struct fixture *f, const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/egress/audio/RM_1/%s", f->folder, name);
    return path;
}

struct content {
    struct wav_info info;
    int16_t *samples;
    size_t count;
};

/* Fails unless the header agrees with the file to the byte. */
static struct content read_wav(const char *path) {
    struct content content;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    struct stat stat;
    fstat(fd, &stat);
    uint8_t head[WAV_HEADER_MAX];
    ssize_t n = pread(fd, head, sizeof head, 0);
    struct wav_parser parser = {0};
    enum wav_result result;
    wav_parse(&parser, head, (size_t)n, &result);
    assert_int_equal(result, WAV_DONE);
    content.info = parser.info;
    assert_int_equal(parser.info.data_bytes + parser.info.data_offset, stat.st_size);
    assert_int_equal(parser.info.riff_bytes + 8, stat.st_size);
    content.count = (size_t)parser.info.data_bytes / 2;
    content.samples = malloc(content.count * 2 + 1);
    assert_int_equal(pread(fd, content.samples, content.count * 2, (off_t)parser.info.data_offset),
                     content.count * 2);
    close(fd);
    return content;
}

static int16_t sample_at(size_t i) {
    return (int16_t)(i * 7 + 3);
}

/* Samples first, first + 1, ... of one long row, by pieces of a frame as a socket brings them. */
static void append_row(struct recorder *recorder, size_t first, size_t count) {
    int16_t frame[RATE / 50];
    while (count > 0) {
        size_t n = count < RATE / 50 ? count : RATE / 50;
        for (size_t i = 0; i < n; i++)
            frame[i] = sample_at(first + i);
        recorder_append(recorder, frame, n * 2);
        first += n;
        count -= n;
    }
}

static void assert_row(const int16_t *samples, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_int_equal(samples[i], sample_at(first + i));
}

static struct sidecar load_sidecar(struct fixture *f, const char *file) {
    struct sidecar sidecar;
    char folder[256];
    snprintf(folder, sizeof folder, "%s/egress/audio/RM_1", f->folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(sidecar_load(fd, file, &sidecar), 0);
    close(fd);
    return sidecar;
}

static void what_is_appended_is_what_is_recorded(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 3 * RATE + 77);
    assert_int_equal(recorder_bytes(recorder), (3 * RATE + 77) * 2);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 3004);
    close_disk(f);

    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.info.format.rate_hz, RATE);
    assert_int_equal(content.info.data_offset, 44);
    assert_int_equal(content.count, 3 * RATE + 77);
    assert_row(content.samples, 0, content.count);
    free(content.samples);

    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_string_equal(sidecar.meeting, "RM_1");
    assert_string_equal(sidecar.participant, "bob:x"); /* as it is, not reduced */
    assert_string_equal(sidecar.end, "closed");
    assert_int_equal(sidecar.frames, 3 * RATE + 77);
    assert_int_equal(sidecar.started_ms, STARTED_MS);
    assert_int_equal(sidecar.ended_ms, STARTED_MS + 3004);
    assert_int_equal(strlen(sidecar.sha256), 64);
    sidecar_free(&sidecar);
}

static void two_tracks_of_one_millisecond_get_two_files(void **state) {
    struct fixture *f = *state;
    struct recorder *one = recorder_open(f->port, &recording);
    struct recorder *other = recorder_open(f->port, &recording);
    append_row(one, 0, 100);
    append_row(other, 5000, 200);
    recorder_close(one, RECORDER_CLOSED, STARTED_MS);
    recorder_close(other, RECORDER_LOST, STARTED_MS);
    close_disk(f);
    struct content first = read_wav(path_of(f, FILE_NAME ".wav"));
    struct content second =
        read_wav(path_of(f, "2026-11-22T12-00-00.001Z_sala_1_bob_x_TR_ab.c.wav"));
    assert_int_equal(first.count, 100);
    assert_int_equal(second.count, 200);
    assert_row(second.samples, 5000, 200);
    free(first.samples);
    free(second.samples);
}

static void silence_lies_where_it_was_put(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 1000);
    recorder_silence(recorder, 4000);
    append_row(recorder, 5000, 1000);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 375);
    close_disk(f);
    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.count, 6000);
    assert_row(content.samples, 0, 1000);
    for (size_t i = 1000; i < 5000; i++)
        assert_int_equal(content.samples[i], 0);
    assert_row(content.samples + 5000, 5000, 1000);
    free(content.samples);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_int_equal(sidecar.gap_count, 1);
    assert_int_equal(sidecar.gaps[0].at, 1000);
    assert_int_equal(sidecar.gaps[0].frames, 4000);
    assert_int_equal(sidecar.gaps[0].cause, GAP_NETWORK);
    sidecar_free(&sidecar);
}

static void append_zeros(struct recorder *recorder, size_t count) {
    static const int16_t zeros[RATE / 50];
    for (; count > 0; count -= count < RATE / 50 ? count : RATE / 50)
        recorder_append(recorder, zeros, (count < RATE / 50 ? count : RATE / 50) * 2);
}

static void digital_silence_takes_no_room(void **state) {
    struct fixture *f = *state;
    enum { LONG = 60 * RATE, SHORT = 500, ROW = 3000 };
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_zeros(recorder, LONG); /* before, between and behind */
    append_row(recorder, LONG, ROW);
    append_zeros(recorder, SHORT);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    append_zeros(recorder, SHORT);
    append_row(recorder, LONG + ROW + 2 * SHORT, ROW);
    recorder_tick(recorder, 1003);
    recorder_tick(recorder, 2004);
    append_zeros(recorder, LONG);
    recorder_pause(recorder, STARTED_MS);
    recorder_resume(recorder, STARTED_MS);
    append_zeros(recorder, LONG);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 180437);
    close_disk(f);

    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.count, 3 * LONG + 2 * ROW + 2 * SHORT);
    for (size_t i = 0; i < content.count; i++) {
        bool is_row = (i >= LONG && i < LONG + ROW) ||
                      (i >= LONG + ROW + 2 * SHORT && i < LONG + 2 * ROW + 2 * SHORT);
        assert_int_equal(content.samples[i], is_row ? sample_at(i) : 0);
    }
    free(content.samples);
    struct stat stat_of;
    assert_int_equal(stat(path_of(f, FILE_NAME ".wav"), &stat_of), 0);
    assert_true(stat_of.st_blocks * 512 < stat_of.st_size / 10);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_int_equal(sidecar.gap_count, 0);
    assert_int_equal(sidecar.pauses[0].at, 2 * LONG + 2 * ROW + 2 * SHORT);
    assert_int_equal(sidecar.frames, content.count);
    sidecar_free(&sidecar);
}

struct standstill {
    struct mail mail;
    sem_t begun, over;
};

static void deliver_standstill(struct mail *mail, void *owner) {
    struct standstill *standstill = (struct standstill *)mail;
    sem_post(&standstill->begun);
    sem_wait(&standstill->over);
}

static void silence_waits_for_a_disk_that_stands_still(void **state) {
    struct fixture *f = *state;
    enum { JOBS = 10000, ZEROS = 20 * RATE };
    struct standstill standstill = {.mail.deliver = deliver_standstill};
    sem_init(&standstill.begun, 0, 0);
    sem_init(&standstill.over, 0, 0);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    disk_send(f->disk, &standstill.mail);
    sem_wait(&standstill.begun);
    for (int i = 0; i < JOBS; i++)
        disk_log(f->port, SLICE("RM_1"), SLICE("line"));
    append_zeros(recorder, ZEROS);
    for (size_t i = 0, depth = disk_depth(f->disk); i < 10; i++) {
        recorder_tick(recorder, 2000 + 1000 * (int64_t)i);
        assert_int_equal(disk_depth(f->disk), depth);
    }
    append_row(recorder, RATE + ZEROS, RATE);
    sem_post(&standstill.over);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 22000);
    close_disk(f);
    sem_destroy(&standstill.begun);
    sem_destroy(&standstill.over);
    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.count, 2 * RATE + ZEROS);
    assert_row(content.samples, 0, RATE);
    for (size_t i = RATE; i < RATE + ZEROS; i++)
        assert_int_equal(content.samples[i], 0);
    assert_row(content.samples + RATE + ZEROS, RATE + ZEROS, RATE);
    free(content.samples);
}

static void silence_at_the_end_is_recorded_too(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 1000);
    recorder_silence(recorder, 500);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 93);
    close_disk(f);
    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.count, 1500);
    free(content.samples);
}

static void time_and_pauses_add_up_to_the_wall(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_pause(recorder, STARTED_MS + 1000);
    recorder_resume(recorder, STARTED_MS + 4500);
    append_row(recorder, RATE, RATE / 2);
    recorder_pause(recorder, STARTED_MS + 5000);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 6000);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_int_equal(sidecar.pause_count, 2);
    assert_int_equal(sidecar.pauses[0].at, RATE);
    assert_int_equal(sidecar.pauses[0].to_ms, STARTED_MS + 4500);
    assert_int_equal(sidecar.pauses[1].at, RATE * 3 / 2);
    assert_int_equal(sidecar_duration_ms(&sidecar) + sidecar.paused_ms,
                     sidecar.ended_ms - sidecar.started_ms);
    sidecar_free(&sidecar);
}

static void a_long_recording_rolls_over_without_a_seam(void **state) {
    struct fixture *f = *state;
    close_disk(f);
    f->config.part_bytes = 100001; /* cut down to whole frames */
    open_disk(f);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 2 * RATE);
    recorder_silence(recorder, 120000); /* longer than a part */
    append_row(recorder, 2 * RATE + 120000, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 10500);
    close_disk(f);

    size_t at = 0;
    int64_t started_ms = STARTED_MS;
    const char *end = "part";
    for (unsigned part = 1; strcmp(end, "part") == 0; part++) {
        char name[128];
        snprintf(name, sizeof name, part > 1 ? FILE_NAME "_p%u.wav" : FILE_NAME ".wav", part);
        struct content content = read_wav(path_of(f, name));
        assert_true(content.count * 2 <= 100000);
        for (size_t i = 0; i < content.count; i++, at++) {
            bool is_silent = at >= 2 * RATE && at < 2 * RATE + 120000;
            assert_int_equal(content.samples[i], is_silent ? 0 : sample_at(at));
        }
        free(content.samples);
        struct sidecar sidecar = load_sidecar(f, name);
        assert_int_equal(sidecar.part, part);
        assert_true(llabs(sidecar.started_ms - started_ms) <= 1);
        started_ms += sidecar_duration_ms(&sidecar);
        end = strcmp(sidecar.end, "part") == 0 ? "part" : "closed";
        sidecar_free(&sidecar);
    }
    assert_int_equal(at, 3 * RATE + 120000);
}

static void headers_are_true_while_it_grows(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1000);
    recorder_tick(recorder, 2000); /* hands the rest over */
    struct stat stat_now = {0};
    for (int i = 0; i < 3000 && stat_now.st_size != 44 + RATE * 2; i++) {
        usleep(10000);
        if (stat(path_of(f, FILE_NAME ".wav"), &stat_now))
            continue;
    }
    for (int i = 0; i < 3000; i++) { /* the header follows within its interval and a beat */
        int fd = open(path_of(f, FILE_NAME ".wav"), O_RDONLY);
        uint8_t head[44];
        assert_int_equal(pread(fd, head, 44, 0), 44);
        close(fd);
        if ((head[40] | head[41] << 8) == ((RATE * 2) & 0xffff))
            break;
        usleep(10000);
    }
    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_row(content.samples, 0, RATE);
    free(content.samples);
    struct sidecar sidecar;
    for (int i = 0; i < 3000 && access(path_of(f, FILE_NAME ".json"), F_OK); i++)
        usleep(10000);
    sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_null(sidecar.end);
    sidecar_free(&sidecar);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 1000);
}

static void a_full_queue_becomes_a_gap_of_the_same_length(void **state) {
    struct fixture *f = *state;
    close_disk(f);
    f->config.queue_bytes = 20000; /* takes one block of this track, not two */
    open_disk(f);
    atomic_fetch_add(&disk_stats(f->disk)->queued_bytes, 20000); /* as if the disk stood still */
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    atomic_fetch_sub(&disk_stats(f->disk)->queued_bytes, 20000);
    append_row(recorder, RATE, RATE / 4);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 1250);
    assert_int_equal(atomic_load(&disk_stats(f->disk)->gap_bytes), RATE * 2);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    free(read_wav(path_of(f, FILE_NAME ".wav")).samples);
    /* Nothing was on disk yet, so nothing is missing in the file: it begins where the sound does. */
    assert_int_equal(sidecar.frames, RATE / 4);
    assert_int_equal(sidecar.started_ms, STARTED_MS + 1000);
    sidecar_free(&sidecar);
}

static void wait_until(const atomic_uint_fast64_t *count, uint64_t value) {
    for (int i = 0; i < 60000 && atomic_load(count) != value; i++)
        usleep(1000);
    assert_int_equal(atomic_load(count), value);
}

static void a_gap_over_a_seam_counts_once(void **state) {
    struct fixture *f = *state;
    close_disk(f);
    f->config.part_bytes = 50000;
    open_disk(f);
    struct disk_stats *stats = disk_stats(f->disk);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE / 2);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    wait_until(&stats->written_bytes, RATE);
    wait_until(&stats->queued_bytes, 0);
    atomic_fetch_add(&stats->queued_bytes, f->config.queue_bytes); /* two seconds do not fit in */
    append_row(recorder, RATE / 2, 2 * RATE);
    recorder_tick(recorder, 2001);
    recorder_tick(recorder, 3002);
    atomic_fetch_sub(&stats->queued_bytes, f->config.queue_bytes);
    append_row(recorder, 2 * RATE + RATE / 2, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 3500);
    close_disk(f);
    static const char *const parts[] = {FILE_NAME ".wav", FILE_NAME "_p2.wav", FILE_NAME "_p3.wav"};
    uint64_t frames = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct sidecar sidecar = load_sidecar(f, parts[i]);
        assert_int_equal(sidecar.started_ms, STARTED_MS + (int64_t)(frames * 1000 / RATE));
        frames += sidecar.frames;
        sidecar_free(&sidecar);
    }
    assert_int_equal(frames, 3 * RATE + RATE / 2);
}

static void time_before_the_first_byte_outlives_other_channels(void **state) {
    struct fixture *f = *state;
    close_disk(f);
    f->config.retry_ms = 0;
    f->config.min_free_bytes = f->config.warn_free_bytes = 0;
    open_disk(f);
    struct disk_stats *stats = disk_stats(f->disk);
    atomic_store(&stats->space, DISK_SPACE_FULL);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_set_channels(recorder, 2);
    wait_until(&stats->gap_bytes, RATE * 2);
    wait_until(&stats->queued_bytes, 0);
    atomic_store(&stats->space, DISK_SPACE_OK);
    append_row(recorder, RATE, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 1500);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_int_equal(sidecar.channels, 2);
    assert_int_equal(sidecar.frames, RATE / 2);
    assert_int_equal(sidecar.started_ms, STARTED_MS + 1000);
    sidecar_free(&sidecar);
}

static void a_renamed_meeting_is_in_the_sidecar(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 1000);
    recorder_rename(recorder, SLICE("RM_true"), SLICE("Robert"));
    recorder_close(recorder, RECORDER_TIMEOUT, STARTED_MS + 62);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_string_equal(sidecar.meeting, "RM_true");
    assert_string_equal(sidecar.name, "Robert");
    assert_string_equal(sidecar.room, "sala 1");
    assert_string_equal(sidecar.end, "timeout");
    sidecar_free(&sidecar);
}

static void a_recorder_without_a_byte_leaves_nothing(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS);
    close_disk(f);
    assert_int_not_equal(access(path_of(f, FILE_NAME ".wav"), F_OK), 0);
}

static void pipeline_log_lines_keep_their_order(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d\r\nforged", i);
        disk_log(f->port, SLICE("../../x"), slice_from(line));
    }
    close_disk(f);
    char name[TEXT_NAME_SIZE], path[256];
    storage_folder_name(name, SLICE("../../x"));
    snprintf(path, sizeof path, "%s/pipeline-logs/%s.log", f->folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char text[64], expected[64];
    for (int i = 0; i < 100; i++) {
        snprintf(expected, sizeof expected, "line %d  forged\n", i);
        assert_non_null(fgets(text, sizeof text, file));
        assert_string_equal(text, expected);
    }
    assert_null(fgets(text, sizeof text, file));
    fclose(file);
}

static void video_bytes_can_be_patched_before_and_after_they_left(void **state) {
    struct fixture *f = *state;
    struct recording video = recording;
    video.format = RECORD_IVF;
    struct recorder *recorder = recorder_open(f->port, &video);
    char *bytes = mem_alloc(300000);
    memset(bytes, 'a', 300000);
    recorder_append(recorder, bytes, 300000);
    recorder_patch(recorder, 10, "OLD", 3);
    recorder_patch(recorder, 299990, "NEW", 3);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 100);
    close_disk(f);
    char path[512];
    snprintf(path, sizeof path, "%s/egress/video/RM_1/" FILE_NAME ".ivf", f->folder);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, 300000), 300000);
    assert_memory_equal(bytes + 8, "aaOLDaa", 7);
    assert_memory_equal(bytes + 299988, "aaNEWaa", 7);
    close(fd);
    mem_free(bytes);
}

static void a_second_server_is_refused(void **state) {
    struct fixture *f = *state;
    struct storage *second;
    char why[256];
    assert_int_equal(
        storage_open(&second, &(struct storage_config){.root = f->folder}, why, sizeof why), EBUSY);
    assert_non_null(strstr(why, "another running server"));
}

static void a_deleted_folder_costs_what_was_in_it(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    for (int i = 0; i < 3000 && access(path_of(f, FILE_NAME ".json"), F_OK); i++)
        usleep(10000);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s/egress/audio", f->folder);
    assert_int_equal(system(command), 0);
    append_row(recorder, RATE, RATE);
    recorder_tick(recorder, 2000);
    recorder_tick(recorder, 3001);
    for (int i = 0; i < 3000 && atomic_load(&disk_stats(f->disk)->errors) == 0; i++)
        usleep(10000); /* the next header's time has come */
    append_row(recorder, 2 * RATE, RATE / 2);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 2500);
    close_disk(f);
    struct content content = read_wav(path_of(f, FILE_NAME "_p2.wav"));
    assert_int_equal(content.count, RATE / 2);
    assert_row(content.samples, 2 * RATE, RATE / 2);
    free(content.samples);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME "_p2.wav");
    assert_int_equal(sidecar.started_ms, STARTED_MS + 2000);
    sidecar_free(&sidecar);
}

#define RECORDER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

RUN_TESTS(RECORDER_TEST(what_is_appended_is_what_is_recorded),
          RECORDER_TEST(two_tracks_of_one_millisecond_get_two_files),
          RECORDER_TEST(silence_lies_where_it_was_put),
          RECORDER_TEST(digital_silence_takes_no_room),
          RECORDER_TEST(silence_waits_for_a_disk_that_stands_still),
          RECORDER_TEST(silence_at_the_end_is_recorded_too),
          RECORDER_TEST(time_and_pauses_add_up_to_the_wall),
          RECORDER_TEST(a_long_recording_rolls_over_without_a_seam),
          RECORDER_TEST(headers_are_true_while_it_grows),
          RECORDER_TEST(a_full_queue_becomes_a_gap_of_the_same_length),
          RECORDER_TEST(a_gap_over_a_seam_counts_once),
          RECORDER_TEST(time_before_the_first_byte_outlives_other_channels),
          RECORDER_TEST(a_renamed_meeting_is_in_the_sidecar),
          RECORDER_TEST(a_recorder_without_a_byte_leaves_nothing),
          RECORDER_TEST(pipeline_log_lines_keep_their_order),
          RECORDER_TEST(video_bytes_can_be_patched_before_and_after_they_left),
          RECORDER_TEST(a_second_server_is_refused),
          RECORDER_TEST(a_deleted_folder_costs_what_was_in_it))
