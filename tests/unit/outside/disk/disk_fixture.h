/* A storage folder with a disk thread on it. */
#ifndef TESTS_UNIT_OUTSIDE_DISK_FIXTURE_H
#define TESTS_UNIT_OUTSIDE_DISK_FIXTURE_H

#include "outside/disk/disk.h"

#include "outside/files/format.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"
#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 2026-11-22T12:00:00.000Z */
#define STARTED_MS INT64_C(1795348800000)

struct disk_fixture {
    char folder[64];
    struct storage *storage;
    struct disk *disk; /* NULL: closed */
    struct disk_port *port;
    struct disk_settings settings;
};

/* A new folder. In memory (where there is room for it) for what is synced hundreds of times. */
static inline void make_folder(char folder[64], bool in_memory) {
    bool is_there = in_memory && access("/dev/shm", W_OK) == 0;
    snprintf(folder, 64, "%s/disk-test-XXXXXX", is_there ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(folder));
}

static inline int remove_entry(const char *path, const struct stat *stat_of, int kind,
                               struct FTW *at) {
    return remove(path);
}

static inline void remove_folder(const char *folder) {
    assert_int_equal(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void open_disk(struct disk_fixture *f) {
    char why[256];
    const struct storage_settings settings = {.root = f->folder};
    assert_int_equal(storage_open(&f->storage, &settings, why, sizeof why), 0);
    f->settings.storage = f->storage;
    assert_int_equal(disk_open(&f->disk, &f->settings), 0);
    f->port = disk_new_port(f->disk);
}

static inline void close_disk(struct disk_fixture *f) {
    disk_close(f->disk);
    disk_port_free(f->port);
    storage_close(f->storage);
    f->disk = NULL;
}

static inline char *path_of(const struct disk_fixture *f, const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/egress/audio/RM_1/%s", f->folder, name);
    return path;
}

static inline struct sidecar load_sidecar(const struct disk_fixture *f, const char *file) {
    struct sidecar sidecar;
    int fd = open(path_of(f, ""), O_RDONLY | O_DIRECTORY);
    assert_int_equal(sidecar_load(fd, file, &sidecar), 0);
    close(fd);
    return sidecar;
}

/* Of one channel; its files are called STEM and an ending. */
#define STEM "2026-11-22T12-00-00.000Z_room_bob_TR"
static inline struct recording_info info_of(enum record_format format, uint32_t rate_hz) {
    return (struct recording_info){.meeting = SLICE("RM_1"),
                                   .room = SLICE("room"),
                                   .participant = SLICE("bob"),
                                   .name = SLICE("Bob"),
                                   .track = SLICE("TR"),
                                   .format = format_name(format),
                                   .rate_hz = rate_hz,
                                   .channels = 1,
                                   .started_ms = STARTED_MS};
}

#endif
