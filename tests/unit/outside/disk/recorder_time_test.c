/* Silence, pauses and gaps: recorded time is the time that it took. */
#include "outside/disk/disk_thread.h"
#include "recorder_fixture.h"

static void silence_lies_where_it_was_put(void **state) {
    struct disk_fixture *f = *state;
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
    struct disk_fixture *f = *state;
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
    struct disk_fixture *f = *state;
    enum { JOBS = 10000, ZEROS = 20 * RATE };
    struct standstill standstill = {.mail.deliver = deliver_standstill};
    sem_init(&standstill.begun, 0, 0);
    sem_init(&standstill.over, 0, 0);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    disk_thread_send(disk_port_thread(f->port), &standstill.mail);
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

/*
 * The disk stands still: log lines go first, then the newest audio. What was in the queue stays,
 * and all is where it belongs.
 */
static void a_full_queue_gives_up_in_order(void **state) {
    struct disk_fixture *f = *state;
    enum { LINES = 2000, SECONDS = 20, LATER = 3 };
    struct standstill standstill = {.mail.deliver = deliver_standstill};
    sem_init(&standstill.begun, 0, 0);
    sem_init(&standstill.over, 0, 0);
    close_disk(f);
    f->settings.queue_bytes = 10 * RATE * 2;
    open_disk(f);
    struct disk_stats *stats = disk_stats(f->disk);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    wait_until(&stats->queued_bytes, 0);
    disk_thread_send(disk_port_thread(f->port), &standstill.mail);
    sem_wait(&standstill.begun);

    char line[256];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < LINES; i++)
        disk_log(f->port, SLICE("RM_1"), slice_of(line, sizeof line));
    uint64_t lost_lines = atomic_load(&stats->lost_lines);
    assert_true(lost_lines > 0 && lost_lines < LINES);
    assert_true(atomic_load(&stats->queued_bytes) <= f->settings.queue_bytes / 2);
    append_row(recorder, RATE, 4 * RATE);
    assert_int_equal(atomic_load(&stats->gap_bytes), 0); /* lines made room for it */
    append_row(recorder, 5 * RATE, (SECONDS - 5) * RATE);
    uint64_t gap_bytes = atomic_load(&stats->gap_bytes);
    assert_true(gap_bytes > 0 && gap_bytes <= (SECONDS - 5) * RATE * 2);
    sem_post(&standstill.over);
    wait_until(&stats->queued_bytes, 0);
    append_row(recorder, SECONDS * RATE, LATER * RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + (SECONDS + LATER) * 1000);
    close_disk(f);
    sem_destroy(&standstill.begun);
    sem_destroy(&standstill.over);

    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_int_equal(content.count, (SECONDS + LATER) * RATE);
    assert_int_equal(sidecar.gap_count, 1);
    assert_int_equal(sidecar.gaps[0].cause, GAP_DISK);
    assert_int_equal(sidecar.gaps[0].frames * 2, gap_bytes);
    size_t from = (size_t)sidecar.gaps[0].at, to = from + (size_t)sidecar.gaps[0].frames;
    assert_true(from >= 5 * RATE);
    assert_row(content.samples, 0, from);
    for (size_t i = from; i < to; i++)
        assert_int_equal(content.samples[i], 0);
    assert_row(content.samples + to, to, content.count - to);
    free(content.samples);
    sidecar_free(&sidecar);
}

/* The first read of a stretch was late, and the second one early. */
static void a_stretch_lies_where_its_clock_says_at_last(void **state) {
    struct disk_fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_place(recorder, -90);
    append_row(recorder, RATE, RATE);
    recorder_pause(recorder, STARTED_MS + 1910);
    recorder_resume(recorder, STARTED_MS + 3000);
    append_row(recorder, 2 * RATE, RATE);
    recorder_place(recorder, 20);
    recorder_pause(recorder, STARTED_MS + 4020);
    recorder_resume(recorder, STARTED_MS + 5000);
    append_row(recorder, 3 * RATE, RATE);
    recorder_place(recorder, -30);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5970);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav"); /* the name stays */
    assert_int_equal(sidecar.info.started_ms, STARTED_MS - 90);
    assert_int_equal(sidecar.pause_count, 2);
    assert_int_equal(sidecar.pauses[0].to_ms, STARTED_MS + 3020);
    assert_int_equal(sidecar.pauses[1].to_ms, STARTED_MS + 4970);
    assert_int_equal(sidecar.paused_ms, 1110 + 950);
    assert_int_equal(sidecar.frames, 4 * RATE);
    sidecar_free(&sidecar);
}

static void silence_at_the_end_is_recorded_too(void **state) {
    struct disk_fixture *f = *state;
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
    struct disk_fixture *f = *state;
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
                     sidecar.info.ended_ms - sidecar.info.started_ms);
    sidecar_free(&sidecar);
}

static void a_full_queue_becomes_a_gap_of_the_same_length(void **state) {
    struct disk_fixture *f = *state;
    close_disk(f);
    f->settings.queue_bytes = 20000; /* takes one block of this track, not two */
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
    /*
     * Nothing was on disk yet, so nothing is missing in the file: it begins where the sound does.
     */
    assert_int_equal(sidecar.frames, RATE / 4);
    assert_int_equal(sidecar.info.started_ms, STARTED_MS + 1000);
    sidecar_free(&sidecar);
}

static void a_gap_over_a_seam_counts_once(void **state) {
    struct disk_fixture *f = *state;
    close_disk(f);
    f->settings.part_bytes = 50000;
    open_disk(f);
    struct disk_stats *stats = disk_stats(f->disk);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE / 2);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    wait_until(&stats->written_bytes, RATE);
    wait_until(&stats->queued_bytes, 0);
    atomic_fetch_add(&stats->queued_bytes, f->settings.queue_bytes); /* two seconds do not fit in */
    append_row(recorder, RATE / 2, 2 * RATE);
    recorder_tick(recorder, 2001);
    recorder_tick(recorder, 3002);
    atomic_fetch_sub(&stats->queued_bytes, f->settings.queue_bytes);
    append_row(recorder, 2 * RATE + RATE / 2, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 3500);
    close_disk(f);
    static const char *const parts[] = {FILE_NAME ".wav", FILE_NAME "_p2.wav", FILE_NAME "_p3.wav"};
    uint64_t frames = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct sidecar sidecar = load_sidecar(f, parts[i]);
        assert_int_equal(sidecar.info.started_ms, STARTED_MS + (int64_t)(frames * 1000 / RATE));
        frames += sidecar.frames;
        sidecar_free(&sidecar);
    }
    assert_int_equal(frames, 3 * RATE + RATE / 2);
}

/* Told before there is a file, and while there is one. */
static void doubts_are_in_the_sidecar_of_every_part(void **state) {
    struct disk_fixture *f = *state;
    close_disk(f);
    f->settings.part_bytes = RATE * 2;
    open_disk(f);
    struct recorder *recorder = recorder_open(f->port, &recording);
    recorder_doubt(recorder, DOUBT_STEREO_AT_MONO_ADDRESS);
    append_row(recorder, 0, RATE / 2);
    recorder_doubt(recorder, DOUBT_STEREO_AS_MONO);
    append_row(recorder, RATE / 2, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 1500);
    close_disk(f);
    static const char *const parts[] = {FILE_NAME ".wav", FILE_NAME "_p2.wav"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct sidecar sidecar = load_sidecar(f, parts[i]);
        assert_int_equal(sidecar.info.doubts,
                         doubt_bit(DOUBT_STEREO_AT_MONO_ADDRESS) | doubt_bit(DOUBT_STEREO_AS_MONO));
        sidecar_free(&sidecar);
    }
}

/* Holes need no room, but a recording that begins does. */
static void silence_begins_no_recording_on_a_full_disk(void **state) {
    struct disk_fixture *f = *state;
    close_disk(f);
    f->settings.retry_ms = 0;
    f->settings.min_free_bytes = UINT64_MAX; /* no disk is that large */
    open_disk(f);
    struct disk_stats *stats = disk_stats(f->disk);
    assert_int_equal(atomic_load(&stats->space), DISK_SPACE_FULL);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_zeros(recorder, 5 * RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    wait_until(&stats->failing_files, 1);
    assert_int_equal(atomic_load(&stats->open_files), 0);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
    close_disk(f);
    assert_int_not_equal(access(path_of(f, FILE_NAME ".wav"), F_OK), 0);
}

RUN_TESTS(RECORDER_TEST(silence_begins_no_recording_on_a_full_disk),
          RECORDER_TEST(silence_lies_where_it_was_put),
          RECORDER_TEST(digital_silence_takes_no_room),
          RECORDER_TEST(silence_waits_for_a_disk_that_stands_still),
          RECORDER_TEST(a_stretch_lies_where_its_clock_says_at_last),
          RECORDER_TEST(silence_at_the_end_is_recorded_too),
          RECORDER_TEST(time_and_pauses_add_up_to_the_wall),
          RECORDER_TEST(a_full_queue_becomes_a_gap_of_the_same_length),
          RECORDER_TEST(a_full_queue_gives_up_in_order),
          RECORDER_TEST(a_gap_over_a_seam_counts_once),
          RECORDER_TEST(doubts_are_in_the_sidecar_of_every_part))
