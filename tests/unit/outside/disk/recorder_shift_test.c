/* Gaps that come to be known late: what was written since moves, or moves back. */
#include "recorder_fixture.h"

#include "base/macros.h"

/* ---- Calls that fail ---- */

enum call { CALL_NONE, CALL_PWRITE, CALL_TRUNCATE, CALL_HOLE };

/* Set by the test while the disk's thread reads it. `call` comes last, since it arms the rest. */
static struct {
    _Atomic enum call call;
    _Atomic int left; /* so many succeed before one fails */
    _Atomic bool forever;
} failure;

static bool fails(enum call call) {
    if (failure.call != call)
        return false;
    int left = atomic_fetch_sub(&failure.left, 1);
    return left == 0 || (failure.forever && left < 0);
}

ssize_t __real_pwrite64(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t len, off_t offset) {
    errno = EIO;
    return fails(CALL_PWRITE) ? -1 : __real_pwrite64(fd, bytes, len, offset);
}

int __real_ftruncate64(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len);
int __wrap_ftruncate64(int fd, off_t len) {
    errno = EIO;
    return fails(CALL_TRUNCATE) ? -1 : __real_ftruncate64(fd, len);
}

int __real_fallocate64(int fd, int mode, off_t offset, off_t len);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t len);
int __wrap_fallocate64(int fd, int mode, off_t offset, off_t len) {
    errno = EOPNOTSUPP;
    return fails(CALL_HOLE) ? -1 : __real_fallocate64(fd, mode, offset, len);
}

/* ---- A recording and what it should be ---- */

enum { MODEL_MAX = 120 * RATE };

struct model {
    struct recorder *recorder;
    int16_t *samples;
    size_t count, row; /* so many samples of the row have come */
    size_t gap_end, gap_left, gap_frames;
};

static struct model begin(struct disk_fixture *f) {
    return (struct model){.recorder = recorder_open(f->port, &recording),
                          .samples = mem_alloc(MODEL_MAX * sizeof(int16_t))};
}

static void speak(struct model *m, size_t count) {
    append_row(m->recorder, m->row, count);
    for (size_t i = 0; i < count; i++)
        m->samples[m->count++] = sample_at(m->row++);
}

static void be_quiet(struct model *m, size_t count) {
    static const int16_t zeros[RATE];
    for (size_t n; count > 0; count -= n, m->count += n) {
        n = count < RATE ? count : RATE;
        recorder_append(m->recorder, zeros, n * 2);
        memset(m->samples + m->count, 0, n * 2);
    }
}

static void put_in(struct model *m, size_t tail, size_t frames) {
    recorder_shift(m->recorder, tail, (int64_t)frames);
    int16_t *at = m->samples + m->count - tail;
    memmove(at + frames, at, tail * 2);
    memset(at, 0, frames * 2);
    m->count += frames;
    m->gap_end = m->count - tail;
    m->gap_left = frames;
    m->gap_frames += frames;
}

static void take_back(struct model *m, size_t frames) {
    size_t tail = m->count - m->gap_end;
    recorder_shift(m->recorder, tail, -(int64_t)frames);
    memmove(m->samples + m->gap_end - frames, m->samples + m->gap_end, tail * 2);
    m->count -= frames;
    m->gap_end -= frames;
    m->gap_left -= frames;
    m->gap_frames -= frames;
}

static struct sidecar finish(struct disk_fixture *f, struct model *m) {
    recorder_close(m->recorder, RECORDER_CLOSED, STARTED_MS + 60000);
    close_disk(f);
    return load_sidecar(f, FILE_NAME ".wav");
}

static void assert_as_it_should_be(struct disk_fixture *f, struct model *m) {
    struct sidecar sidecar = finish(f, m);
    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.count, m->count);
    for (size_t i = 0; i < m->count; i++)
        if (content.samples[i] != m->samples[i])
            fail_msg("sample %zu of %zu is %d, not %d", i, m->count, content.samples[i],
                     m->samples[i]);
    assert_int_equal(sidecar.frames, m->count);
    assert_int_equal(sidecar.gap_frames, m->gap_frames);
    assert_int_equal(sidecar.gaps_total, sidecar.gap_count);
    uint64_t end = 0, frames = 0;
    for (size_t i = 0; i < sidecar.gap_count; i++) {
        struct sidecar_gap gap = sidecar.gaps[i];
        assert_true(gap.at >= end && gap.frames > 0);
        for (uint64_t at = gap.at; at < gap.at + gap.frames; at++)
            assert_int_equal(m->samples[at], 0);
        end = gap.at + gap.frames;
        frames += gap.frames;
    }
    assert_int_equal(frames, m->gap_frames);
    free(content.samples);
    sidecar_free(&sidecar);
    mem_free(m->samples);
}

static void a_gap_moves_what_came_since(void **state) {
    struct disk_fixture *f = *state;
    struct model m = begin(f);
    speak(&m, 3 * RATE);
    put_in(&m, RATE / 5, RATE); /* longer than what moves, */
    speak(&m, 5 * RATE);
    put_in(&m, 4 * RATE, 700); /* shorter, */
    put_in(&m, 0, 500);        /* and behind all */
    speak(&m, RATE);
    assert_as_it_should_be(f, &m);
}

static void late_audio_takes_the_place_of_silence(void **state) {
    struct disk_fixture *f = *state;
    struct model m = begin(f);
    speak(&m, 2 * RATE);
    put_in(&m, RATE / 5, RATE);
    speak(&m, RATE);
    take_back(&m, RATE / 4);
    speak(&m, RATE);
    take_back(&m, RATE - RATE / 4); /* and there was no gap */
    speak(&m, RATE / 2);
    assert_as_it_should_be(f, &m);
}

static void what_lies_behind_a_gap_moves_in_the_sidecar_too(void **state) {
    struct disk_fixture *f = *state;
    struct model m = begin(f);
    speak(&m, RATE);
    recorder_silence(m.recorder, 400);
    memset(m.samples + m.count, 0, 800);
    m.count += 400;
    m.gap_frames += 400;
    speak(&m, RATE);
    put_in(&m, RATE + 900, 300); /* before that gap */
    put_in(&m, RATE + 100, 200); /* within it */
    put_in(&m, RATE, 200);       /* and at its end */
    struct sidecar sidecar = finish(f, &m);
    assert_int_equal(sidecar.gap_count, 2);
    assert_int_equal(sidecar.gaps[0].at, RATE - 500);
    assert_int_equal(sidecar.gaps[0].frames, 300);
    assert_int_equal(sidecar.gaps[1].at, RATE + 300);
    assert_int_equal(sidecar.gaps[1].frames, 800);
    assert_int_equal(sidecar.frames, m.count);
    sidecar_free(&sidecar);
    mem_free(m.samples);
}

static void any_order_ends_well(void **state) {
    struct disk_fixture *f = *state;
    srand(7);
    struct model m = begin(f);
    speak(&m, 100);
    for (int64_t i = 0; m.count < MODEL_MAX - 4 * RATE; i++) {
        size_t most = m.count < 8 * RATE ? m.count : 8 * RATE, some = (size_t)rand() % RATE;
        switch (rand() % 6) {
        case 0:
            be_quiet(&m, some);
            break;
        case 1:
            put_in(&m, (size_t)rand() % most, some + 1);
            break;
        case 2:
            if (m.gap_left > 0)
                take_back(&m, 1 + (size_t)rand() % m.gap_left);
            break;
        case 3:
            recorder_tick(m.recorder, i * 1100);
            break;
        default:
            speak(&m, some);
        }
    }
    assert_as_it_should_be(f, &m);
}

/* The row among silence: returns how much of it there was. */
static size_t find_row(const struct content *content, size_t row) {
    for (size_t i = 0; i < content->count; i++)
        if (content->samples[i] != 0 || sample_at(row) == 0)
            assert_int_equal(content->samples[i], sample_at(row++));
    return row;
}

/* A gap that is older than the part lies at the part's beginning. */
static void parts_that_are_finished_stay(void **state) {
    struct disk_fixture *f = *state;
    close_disk(f);
    f->settings.part_bytes = 4 * RATE * 2;
    open_disk(f);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 5 * RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    recorder_shift(recorder, 3 * RATE, RATE);
    append_row(recorder, 5 * RATE, RATE / 2);
    recorder_shift(recorder, RATE / 2, 3 * RATE); /* does not fit: it lies behind */
    append_row(recorder, 5 * RATE + RATE / 2, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 9500);
    close_disk(f);
    static const char *const names[] = {".wav", "_p2.wav", "_p3.wav"};
    size_t row = 0, count = 0;
    for (size_t part = 0; part < ARRAY_LEN(names); part++) {
        char name[128];
        snprintf(name, sizeof name, FILE_NAME "%s", names[part]);
        struct content content = read_wav(path_of(f, name));
        if (part == 1)
            assert_int_equal(content.samples[0], 0);
        row = find_row(&content, row);
        count += content.count;
        free(content.samples);
    }
    assert_int_equal(count, 10 * RATE + RATE / 2);
    assert_int_equal(row, 6 * RATE + RATE / 2);
}

/* What is encoded stays: silence comes late, and what was too much is left out the next time. */
static void what_is_encoded_stays_and_its_time_is_made_good(void **state) {
    struct disk_fixture *f = *state;
    const struct recording_info info = info_of(RECORD_FLAC, RATE);
    struct recorder *recorder = recorder_open(f->port, &info);
    append_row(recorder, 0, RATE);
    recorder_shift(recorder, 1000, RATE);
    append_row(recorder, RATE, RATE);
    recorder_shift(recorder, 2000, -600);
    append_row(recorder, 2 * RATE, RATE);
    recorder_shift(recorder, 1000, 200);
    append_row(recorder, 3 * RATE, RATE);
    recorder_shift(recorder, 1000, 1000);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, STEM ".flac");
    assert_int_equal(sidecar.frames, 5 * RATE + 600);
    assert_int_equal(sidecar.gap_count, 2);
    assert_int_equal(sidecar.gap_frames, RATE + 600);
    sidecar_free(&sidecar);
}

/* Whatever fails: the audio is all there, in order, and the time is right in the end. */
static void run_with_a_failure(struct disk_fixture *f, enum call call, int nth) {
    struct model m = begin(f);
    speak(&m, 9 * RATE);
    recorder_tick(m.recorder, 1);
    recorder_tick(m.recorder, 1002);
    wait_until(&disk_stats(f->disk)->queued_bytes, 0);
    failure.left = nth;
    failure.forever = call == CALL_HOLE;
    failure.call = call;
    put_in(&m, 8 * RATE, RATE);
    speak(&m, RATE);
    take_back(&m, RATE / 2);
    speak(&m, RATE);
    put_in(&m, RATE / 5, RATE);
    speak(&m, RATE / 10);
    struct sidecar sidecar = finish(f, &m);
    failure.call = CALL_NONE;
    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(find_row(&content, 0), m.row);
    assert_int_equal(content.count, m.count);
    assert_int_equal(sidecar.frames, m.count);
    free(content.samples);
    sidecar_free(&sidecar);
    mem_free(m.samples);
}

static void a_failing_disk_loses_no_audio_and_no_time(void **state) {
    static const enum call calls[] = {CALL_PWRITE, CALL_TRUNCATE, CALL_HOLE};
    int runs = 0;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
        bool happened = true;
        for (int nth = 0; happened; nth++, runs++) {
            assert_int_equal(setup(state), 0);
            struct disk_fixture *f = *state;
            f->settings.retry_ms = 0;
            close_disk(f);
            f->settings.header_ms = 60000; /* headers are other writes */
            open_disk(f);
            run_with_a_failure(f, calls[i], nth);
            happened = failure.left < 0;
            assert_int_equal(teardown(state), 0);
        }
    }
    assert_in_range(runs, 15, 200);
}

RUN_TESTS(RECORDER_TEST(a_gap_moves_what_came_since),
          RECORDER_TEST(late_audio_takes_the_place_of_silence),
          RECORDER_TEST(what_lies_behind_a_gap_moves_in_the_sidecar_too),
          RECORDER_TEST(any_order_ends_well), RECORDER_TEST(parts_that_are_finished_stay),
          RECORDER_TEST(what_is_encoded_stays_and_its_time_is_made_good),
          TEST(a_failing_disk_loses_no_audio_and_no_time))
