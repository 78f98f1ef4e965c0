/* A recorder on a disk of its own, and a row of samples that tells each from its neighbours. */
#ifndef TESTS_UNIT_OUTSIDE_RECORDER_FIXTURE_H
#define TESTS_UNIT_OUTSIDE_RECORDER_FIXTURE_H

#include "outside/disk/recorder.h"

#include "base/clock.h"
#include "base/mem.h"
#include "outside/disk/disk.h"
#include "outside/disk/disk_private.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"
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

static inline void open_disk(struct fixture *f) {
    char why[256];
    assert_int_equal(
        storage_open(&f->storage, &(struct storage_config){.root = f->folder}, why, sizeof why), 0);
    f->config.storage = f->storage;
    assert_int_equal(disk_open(&f->disk, &f->config), 0);
    f->port = disk_port_open(f->disk);
}

static inline void close_disk(struct fixture *f) {
    disk_close(f->disk);
    disk_port_close(f->port);
    storage_close(f->storage);
    f->disk = NULL;
}

static inline int setup(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/recorder-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    disk_config_init(&f->config);
    f->config.header_ms = 50;
    open_disk(f);
    *state = f;
    return 0;
}

static inline int teardown(void **state) {
    struct fixture *f = *state;
    if (f->disk)
        close_disk(f);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int status = system(command);
    mem_free(f);
    return status;
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

static inline char *path_of(struct fixture *f, const char *name) {
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

static inline struct sidecar load_sidecar(struct fixture *f, const char *file) {
    struct sidecar sidecar;
    char folder[256];
    snprintf(folder, sizeof folder, "%s/egress/audio/RM_1", f->folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(sidecar_load(fd, file, &sidecar), 0);
    close(fd);
    return sidecar;
}

static inline void wait_until(const atomic_uint_fast64_t *count, uint64_t value) {
    for (int i = 0; i < 60000 && atomic_load(count) != value; i++)
        usleep(1000);
    assert_int_equal(atomic_load(count), value);
}

#define RECORDER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
