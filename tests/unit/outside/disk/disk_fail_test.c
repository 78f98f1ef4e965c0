/*
 * Fail the n-th: every call that can fail while a recording is made does so, the first, the second,
 * ... of each kind, once or from there on, with every errno that matters. Afterwards, and after the
 * repair that a next start makes, each file is whole, has its sidecar, and each sample that is
 * there lies where it belongs.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "disk_fixture.h"
#include "outside/disk/recorder.h"
#include "outside/files/repair.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum call {
    CALL_OPEN,
    CALL_PWRITE,
    CALL_PWRITEV,
    CALL_TRUNCATE,
    CALL_SYNC,
    CALL_RENAME,
    CALL_WRITE,
    CALL_CLOSE,
    CALLS
};

/* Which call fails. Set while no thread of the disk runs. */
static struct {
    bool is_armed;
    enum call call;
    int nth;
    bool from_there_on;
    int err;        /* 0: a short write */
    int stall_ms;   /* the first write of blocks takes so long */
    int64_t fed_ms; /* when the recorder had been given everything; monotonic */
    bool is_one_part;
    int writes, torn_writes; /* of blocks; torn: begun within a page */
    atomic_int count[CALLS + 1];
} plan;

static bool fails(enum call call) {
    if (!plan.is_armed)
        return false;
    int n = atomic_fetch_add(&plan.count[call], 1) + 1;
    if (call != plan.call || n < plan.nth || (n > plan.nth && !plan.from_there_on))
        return false;
    errno = plan.err;
    return true;
}

int __real_openat64(int dir, const char *path, int flags, ...);
int __wrap_openat64(int dir, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_ftruncate64(int fd, off_t length);
int __wrap_ftruncate64(int fd, off_t length);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __real_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);
ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset);

int __wrap_openat64(int dir, const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    int mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    return fails(CALL_OPEN) ? -1 : __real_openat64(dir, path, flags, mode);
}

int __wrap_close(int fd) {
    bool is_bad = fails(CALL_CLOSE);
    int result = __real_close(fd); /* Linux frees the descriptor even when it reports an error */
    if (is_bad)
        errno = plan.err;
    return is_bad ? -1 : result;
}

int __wrap_ftruncate64(int fd, off_t length) {
    return fails(CALL_TRUNCATE) ? -1 : __real_ftruncate64(fd, length);
}

int __wrap_fsync(int fd) {
    return fails(CALL_SYNC) ? -1 : __real_fsync(fd);
}

int __wrap_fdatasync(int fd) {
    return fails(CALL_SYNC) ? -1 : __real_fdatasync(fd);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return fails(CALL_RENAME) ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len) {
    if (!fails(CALL_WRITE))
        return __real_write(fd, bytes, len);
    return plan.err ? -1 : __real_write(fd, bytes, len / 2);
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t offset) {
    if (!fails(CALL_PWRITE))
        return __real_pwrite64(fd, bytes, len, offset);
    return plan.err ? -1 : __real_pwrite64(fd, bytes, len / 2, offset);
}

ssize_t __wrap_pwritev64(int fd, const struct iovec *iov, int count, off_t offset) {
    if (plan.is_armed && plan.stall_ms > 0 && atomic_fetch_add(&plan.count[CALL_PWRITEV], 1) == 0)
        usleep((useconds_t)plan.stall_ms * 1000);
    plan.writes++;
    plan.torn_writes += offset % 4096 != 0;
    if (!fails(CALL_PWRITEV))
        return __real_pwritev64(fd, iov, count, offset);
    return plan.err ? -1 : __real_pwrite64(fd, iov->iov_base, iov->iov_len / 2 + 1, offset);
}

enum { RATE = 16000, ROW = RATE * 4, GAP_AT = RATE * 2, GAP = 3000 };
enum { ZEROS_AT = RATE, ZEROS = 12000 }; /* over the seam of two parts */

static int16_t row[ROW]; /* what is sent, with its gap as zeros */

/* No sample is like another, so that each says where it belongs. */
static void fill_row(void) {
    _Static_assert(ROW <= INT16_MAX * 2, "the row is longer than there are numbers");
    for (int i = 0; i < ROW; i++)
        row[i] = (int16_t)(i < INT16_MAX ? i + 1 : INT16_MAX - 1 - i);
    memset(row + ZEROS_AT, 0, ZEROS * sizeof *row);
    memset(row + GAP_AT, 0, GAP * sizeof *row);
}

static struct recorder *open_recorder(struct disk_port *port, enum record_format format) {
    const struct recording_info info = info_of(format, RATE);
    return recorder_open(port, &info);
}

static void record(struct disk_port *port, enum record_format format) {
    struct recorder *recorder = open_recorder(port, format);
    recorder_append(recorder, row, ZEROS_AT * 2);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002); /* so that the silence is not copied behind the sound */
    recorder_append(recorder, row + ZEROS_AT, ZEROS * 2);
    recorder_append(recorder, row + ZEROS_AT + ZEROS, (GAP_AT - ZEROS_AT - ZEROS) * 2);
    recorder_silence(recorder, GAP);
    recorder_append(recorder, row + GAP_AT + GAP, (ROW - GAP_AT - GAP) * 2);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + ROW * 1000 / RATE);
}

/* A disk whose free space is not watched. */
static struct disk_fixture fixture_of(const char *folder) {
    struct disk_fixture f = {0};
    snprintf(f.folder, sizeof f.folder, "%s", folder);
    disk_settings_init(&f.settings);
    f.settings.min_free_bytes = f.settings.warn_free_bytes = 0;
    return f;
}

static void run_server(const char *folder, enum record_format format) {
    struct disk_fixture f = fixture_of(folder);
    f.settings.header_ms = 0;
    f.settings.retry_ms = 0;
    if (!plan.is_one_part)
        f.settings.part_bytes = 50000; /* two and a bit parts, so that rolling over fails too */
    f.settings.fsync = DISK_FSYNC_CLOSE;
    open_disk(&f);
    plan.is_armed = true;
    for (int i = 0; i < CALLS; i++)
        atomic_store(&plan.count[i], 0);
    record(f.port, format);
    plan.fed_ms = clock_mono_ms();
    disk_close(f.disk);
    plan.is_armed = false;
    disk_port_free(f.port);
    storage_close(f.storage);
}

/*
 * Time is true: what lies at a moment is what was sent then, or silence. Returns where the file
 * ends in the row.
 */
static size_t check_wav(int folder_fd, const char *name, const struct sidecar *sidecar) {
    struct wav_parser parser = {0};
    enum wav_result result;
    uint8_t *bytes = mem_alloc(ROW * 2 + 4096);
    int fd = openat(folder_fd, name, O_RDONLY);
    ssize_t len = read(fd, bytes, ROW * 2 + 4096);
    close(fd);
    wav_parse(&parser, bytes, (size_t)len, &result);
    assert_int_equal(result, WAV_DONE);
    assert_int_equal(parser.info.data_offset + parser.info.data_bytes, len);
    assert_int_equal(parser.info.riff_bytes + 8, len);
    assert_int_equal(sidecar->info.bytes, parser.info.data_bytes);
    /* Starts are known to the millisecond: 16 samples. */
    size_t about = (size_t)(sidecar->info.started_ms - STARTED_MS) * RATE / 1000;
    /* When not one sidecar could be written, a later part does not know when it began. */
    bool is_lost = slice_is_equal(sidecar->info.end, SLICE("crash")) && strstr(name, "_p");
    size_t count = (size_t)parser.info.data_bytes / 2, first = ROW;
    int16_t *samples = (int16_t *)(void *)(bytes + parser.info.data_offset);
    for (size_t i = 0; i < count; i++) {
        if (samples[i] == 0)
            continue;
        if (first == ROW)
            for (first = about; first + i < ROW && row[first + i] != samples[i];)
                first++;
        if ((first > about + RATE / 1000 && !is_lost) || first + i >= ROW)
            fail_msg("%s: sample %zu is not from about %zu", name, i, about);
        if (samples[i] != row[first + i])
            fail_msg(
                "%s: sample %zu of %zu is %d, not %d; it begins at %zu, about %zu, and ends by %s",
                name, i, count, samples[i], row[first + i], first, about, sidecar->info.end.ptr);
    }
    mem_free(bytes);
    return (first == ROW ? about : first) + count;
}

struct seen {
    size_t end; /* of the latest sample in time */
    unsigned files;
};

static struct seen check_folder(const char *folder, const char *ending) {
    struct seen seen = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/egress/audio/RM_1", folder);
    DIR *dir = opendir(path);
    if (!dir)
        return seen;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strstr(entry->d_name, ending))
            continue;
        struct sidecar sidecar;
        assert_int_equal(sidecar_load(dirfd(dir), entry->d_name, &sidecar), 0);
        assert_true(sidecar.info.end.len > 0);
        assert_int_equal(sidecar.info.sha256.len, 64);
        size_t end = strcmp(ending, ".wav") == 0 ? check_wav(dirfd(dir), entry->d_name, &sidecar)
                                                 : (size_t)sidecar.frames;
        if (end > seen.end)
            seen.end = end;
        seen.files++;
        sidecar_free(&sidecar);
    }
    closedir(dir);
    return seen;
}

/* One run with its failure. Returns false when there was no n-th call to fail. */
static bool run_once(enum record_format format, const char *ending) {
    char folder[64];
    make_folder(folder, true);
    if (getenv("DISK_FAIL_VERBOSE"))
        print_message("%s call %d errno %d nth %d%s\n", ending, plan.call, plan.err, plan.nth,
                      plan.from_there_on ? "..." : "");
    run_server(folder, format);
    bool happened = atomic_load(&plan.count[plan.call]) >= plan.nth;

    struct repair_result result = {0};
    const struct repair_settings config = {.before_ms = clock_wall_ms() + 1000};
    assert_int_equal(repair_folder(folder, &config, &result), 0);
    assert_int_equal(result.failed, 0);
    struct seen seen = check_folder(folder, ending);
    /*
     * One failure costs no more than silence; nothing is there only when nothing could be written
     * to the last.
     */
    if (!plan.from_there_on && format == RECORD_WAV)
        assert_int_equal(seen.end, ROW);
    result = (struct repair_result){0};
    assert_int_equal(repair_folder(folder, &config, &result), 0);
    assert_int_equal(result.repaired + result.removed + result.failed, 0);
    remove_folder(folder);
    return happened;
}

static const struct {
    enum call call;
    int errs[6];
    size_t count;
} cases[] = {
    {CALL_OPEN, {ENOSPC, EMFILE, EACCES, EROFS, EIO}, 5},
    {CALL_PWRITE, {EIO, ENOSPC, EDQUOT, 0}, 4},
    {CALL_PWRITEV, {EIO, ENOSPC, EDQUOT, 0}, 4},
    {CALL_TRUNCATE, {EIO, ENOSPC, EFBIG}, 3},
    {CALL_SYNC, {EIO, ENOSPC}, 2},
    {CALL_RENAME, {EIO, ENOSPC, EACCES}, 3},
    {CALL_WRITE, {EIO, ENOSPC, 0}, 3},
    {CALL_CLOSE, {EIO, ENOSPC}, 2},
};

static unsigned fail_nth(enum record_format format, const char *ending) {
    unsigned runs = 0;
    bool happened = true;
    for (plan.nth = 1; happened; plan.nth++, runs++)
        happened = run_once(format, ending);
    return runs;
}

/* With PROSA_TEST_LONG every errno; else each call has one, another one when it goes on failing. */
static void fail_each(enum record_format format, const char *ending) {
    bool is_long = getenv("PROSA_TEST_LONG") != NULL;
    unsigned runs = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        plan.call = cases[i].call;
        for (size_t e = 0; e < (is_long ? cases[i].count : 2); e++) {
            plan.err = cases[i].errs[e];
            plan.from_there_on = e % 2 == 1;
            runs += fail_nth(format, ending);
            if (!is_long)
                continue;
            plan.from_there_on = !plan.from_there_on;
            runs += fail_nth(format, ending);
        }
    }
    print_message("%u runs\n", runs);
    assert_true(runs > 50);
}

static void a_wav_survives_every_failure(void **state) {
    fail_each(RECORD_WAV, ".wav");
}

static void a_flac_survives_every_failure(void **state) {
    fail_each(RECORD_FLAC, ".flac");
}

/* What a stalling disk costs the thread that feeds it: nothing. */
static void a_stall_holds_nobody_up_and_loses_nothing(void **state) {
    char folder[64];
    make_folder(folder, true);
    plan.call = CALLS; /* nothing fails */
    plan.stall_ms = 3000;
    int64_t before_ms = clock_mono_ms();
    plan.fed_ms = 0;
    run_server(folder, RECORD_WAV);
    plan.stall_ms = 0;
    assert_true(plan.fed_ms - before_ms < 3000);
    assert_true(clock_mono_ms() - before_ms >= 3000);
    assert_int_equal(check_folder(folder, ".wav").end, ROW);
    remove_folder(folder);
}

/*
 * The page cache is filled page by page. Torn are the first two writes, and what follows silence.
 */
static void blocks_are_written_in_whole_pages(void **state) {
    char folder[64];
    make_folder(folder, false);
    plan.call = CALLS; /* nothing fails */
    plan.is_one_part = true;
    plan.writes = plan.torn_writes = 0;
    run_server(folder, RECORD_WAV);
    plan.is_one_part = false;
    assert_true(plan.writes >= 6);
    assert_true(plan.torn_writes <= 4);
    assert_int_equal(check_folder(folder, ".wav").end, ROW);
    remove_folder(folder);
}

/*
 * A recording that goes on until so much was made durable, or for a while; how often it was before
 * the end, and in all.
 */
static void count_syncs(enum disk_fsync fsync, int patience_ms, int *before_end, int *all) {
    char folder[64];
    make_folder(folder, true);
    struct disk_fixture f = fixture_of(folder);
    f.settings.fsync = fsync;
    f.settings.fsync_ms = 1;
    open_disk(&f);
    plan.call = CALLS; /* nothing fails */
    plan.is_armed = true;
    atomic_store(&plan.count[CALL_SYNC], 0);
    struct recorder *recorder = open_recorder(f.port, RECORD_WAV);
    *before_end = 0;
    for (int ms = 0; ms < patience_ms && *before_end < 3; ms += 10) {
        recorder_append(recorder, row, RATE * 2);
        usleep(10000);
        *before_end = atomic_load(&plan.count[CALL_SYNC]);
    }
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS);
    /* A disk that is closed meanwhile hurries, and leaves it out. */
    int due = fsync == DISK_FSYNC_NONE ? 0 : *before_end + 3;
    for (int ms = 0; ms < 30000 && atomic_load(&plan.count[CALL_SYNC]) < due; ms += 10)
        usleep(10000);
    disk_close(f.disk);
    *all = atomic_load(&plan.count[CALL_SYNC]);
    plan.is_armed = false;
    disk_port_free(f.port);
    storage_close(f.storage);
    remove_folder(folder);
}

static void what_is_to_be_durable_is_made_durable(void **state) {
    int before_end, all;
    count_syncs(DISK_FSYNC_NONE, 1000, &before_end, &all);
    assert_int_equal(all, 0);
    count_syncs(DISK_FSYNC_CLOSE, 1000, &before_end, &all);
    assert_int_equal(before_end, 0);
    assert_int_equal(all, 3); /* the recording, its sidecar, their folder */
    count_syncs(DISK_FSYNC_INTERVAL, 30000, &before_end, &all);
    assert_true(before_end >= 3);
    assert_true(all >= before_end + 3);
}

static int quiet(void **state) {
    log_setup(LOG_OFF, LOG_TEXT);
    fill_row();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_wav_survives_every_failure), TEST(a_flac_survives_every_failure),
        TEST(a_stall_holds_nobody_up_and_loses_nothing), TEST(blocks_are_written_in_whole_pages),
        TEST(what_is_to_be_durable_is_made_durable)};
    return cmocka_run_group_tests(tests, quiet, NULL);
}
