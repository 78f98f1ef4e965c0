/* A recorder on a disk of its own, and a row of samples that tells each from its neighbours. */
#ifndef TESTS_UNIT_OUTSIDE_RECORDER_FIXTURE_H
#define TESTS_UNIT_OUTSIDE_RECORDER_FIXTURE_H

#include "outside/disk/recorder.h"

#include "base/clock.h"
#include "base/mem.h"
#include "disk_fixture.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/stat.h>

enum { RATE = 16000 };

static inline int setup(void **state) {
    struct disk_fixture *f = mem_alloc(sizeof *f);
    make_folder(f->folder, false);
    disk_settings_init(&f->settings);
    f->settings.header_ms = 50;
    open_disk(f);
    *state = f;
    return 0;
}

static inline int teardown(void **state) {
    struct disk_fixture *f = *state;
    if (f->disk)
        close_disk(f);
    remove_folder(f->folder);
    mem_free(f);
    return 0;
}

static const struct recording_info recording = {
    .meeting = {"RM_1", 4},
    .room = {"sala 1", 6},
    .participant = {"bob:x", 5},
    .name = {"Bob", 3},
    .track = {"TR_ab.c", 7},
    .format = {"wav", 3},
    .rate_hz = RATE,
    .channels = 1,
    .started_ms = STARTED_MS,
};

#define FILE_NAME "2026-11-22T12-00-00.000Z_sala_1_bob_x_TR_ab.c"

struct content {
    struct wav_info info;
    int16_t *samples;
    size_t count;
};

/* Fails unless the header agrees with the file to the byte. */
static inline struct content read_wav(const char *path) {
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

static inline int16_t sample_at(size_t i) {
    return (int16_t)(i * 7 + 3);
}

/* Samples first, first + 1, ... of one long row, by pieces of a frame as a socket brings them. */
static inline void append_row(struct recorder *recorder, size_t first, size_t count) {
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

static inline void assert_row(const int16_t *samples, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++)
        assert_int_equal(samples[i], sample_at(first + i));
}

static inline void wait_until(const atomic_uint_fast64_t *count, uint64_t value) {
    for (int i = 0; i < 60000 && atomic_load(count) != value; i++)
        usleep(1000);
    assert_int_equal(atomic_load(count), value);
}

#define RECORDER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
