#include "base/little.h"
#include "recorder_fixture.h"

static void what_is_appended_is_what_is_recorded(void **state) {
    struct disk_fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 3 * RATE + 77);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 3004);
    close_disk(f);

    struct content content = read_wav(path_of(f, FILE_NAME ".wav"));
    assert_int_equal(content.info.format.rate_hz, RATE);
    assert_int_equal(content.info.data_offset, 44);
    assert_int_equal(content.count, 3 * RATE + 77);
    assert_row(content.samples, 0, content.count);
    free(content.samples);

    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_slice_equal(sidecar.info.meeting, "RM_1");
    assert_slice_equal(sidecar.info.participant, "bob:x"); /* as it is, not reduced */
    assert_slice_equal(sidecar.info.end, "closed");
    assert_int_equal(sidecar.frames, 3 * RATE + 77);
    assert_int_equal(sidecar.info.started_ms, STARTED_MS);
    assert_int_equal(sidecar.info.ended_ms, STARTED_MS + 3004);
    assert_int_equal(sidecar.info.sha256.len, 64);
    sidecar_free(&sidecar);
}

static void two_tracks_of_one_millisecond_get_two_files(void **state) {
    struct disk_fixture *f = *state;
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

static void a_long_recording_rolls_over_without_a_seam(void **state) {
    struct disk_fixture *f = *state;
    close_disk(f);
    f->settings.part_bytes = 100001; /* cut down to whole frames */
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
        assert_int_equal(sidecar.info.part, part);
        assert_true(llabs(sidecar.info.started_ms - started_ms) <= 1);
        started_ms += sidecar_duration_ms(&sidecar);
        end = slice_is_equal(sidecar.info.end, SLICE("part")) ? "part" : "closed";
        sidecar_free(&sidecar);
    }
    assert_int_equal(at, 3 * RATE + 120000);
}

static void wait_for_header(struct disk_fixture *f, uint32_t data_bytes) {
    uint8_t head[WAV_CANONICAL_BYTES] = {0};
    for (int i = 0; i < 3000 && little_u32(head + 40) != data_bytes; i++) {
        usleep(10000);
        int fd = open(path_of(f, FILE_NAME ".wav"), O_RDONLY);
        if (fd >= 0 && pread(fd, head, sizeof head, 0) < 0)
            memset(head, 0, sizeof head);
        if (fd >= 0)
            close(fd);
    }
    assert_int_equal(little_u32(head + 40), data_bytes);
}

static void headers_are_true_while_it_grows(void **state) {
    struct disk_fixture *f = *state;
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
    assert_int_equal(sidecar.info.end.len, 0);
    sidecar_free(&sidecar);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 1000);
}

static void a_renamed_meeting_is_in_the_sidecar(void **state) {
    struct disk_fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, 1000);
    recorder_rename(recorder, SLICE("RM_true"), SLICE("Robert"));
    recorder_close(recorder, RECORDER_TIMEOUT, STARTED_MS + 62);
    close_disk(f);
    struct sidecar sidecar = load_sidecar(f, FILE_NAME ".wav");
    assert_slice_equal(sidecar.info.meeting, "RM_true");
    assert_slice_equal(sidecar.info.name, "Robert");
    assert_slice_equal(sidecar.info.room, "sala 1");
    assert_slice_equal(sidecar.info.end, "timeout");
    sidecar_free(&sidecar);
}

struct told {
    char folder[128];
    unsigned reports, agreeing;
};

/* On the disk thread, before anybody else can know of the file. */
static void compare_with_sidecar(const struct recording_info *info, void *user) {
    struct told *told = user;
    struct sidecar sidecar;
    if (info->end.len > 0)
        return;
    told->reports++;
    int fd = open(told->folder, O_RDONLY | O_DIRECTORY);
    if (!sidecar_load(fd, strrchr(info->path.ptr, '/') + 1, &sidecar)) {
        const struct recording_info *saved = &sidecar.info;
        told->agreeing += slice_is_equal(info->id, saved->id) &&
                          slice_is_equal(info->meeting, saved->meeting) &&
                          slice_is_equal(info->name, saved->name) &&
                          info->started_ms == saved->started_ms && saved->end.len == 0;
        sidecar_free(&sidecar);
    }
    close(fd);
}

static void whoever_is_told_of_a_file_finds_its_sidecar(void **state) {
    struct disk_fixture *f = *state;
    struct told told = {0};
    snprintf(told.folder, sizeof told.folder, "%s/egress/audio/RM_1", f->folder);
    close_disk(f);
    f->settings.header_ms = 3600000;
    f->settings.part_bytes = RATE * 2;
    f->settings.on_report = compare_with_sidecar;
    f->settings.user = &told;
    open_disk(f);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    recorder_rename(recorder, SLICE("RM_true"), SLICE("Robert"));
    append_row(recorder, RATE, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 2000);
    close_disk(f);
    assert_int_equal(told.reports, 3); /* two parts, and a new name */
    assert_int_equal(told.agreeing, 3);
}

static void a_recorder_without_a_byte_leaves_nothing(void **state) {
    struct disk_fixture *f = *state;
    struct recorder *recorder = recorder_open(f->port, &recording);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS);
    close_disk(f);
    assert_int_not_equal(access(path_of(f, FILE_NAME ".wav"), F_OK), 0);
}

static void pipeline_log_lines_keep_their_order(void **state) {
    struct disk_fixture *f = *state;
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
    struct disk_fixture *f = *state;
    struct recording_info video = recording;
    video.format = format_name(RECORD_IVF);
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
    struct disk_fixture *f = *state;
    struct storage *second;
    char why[256];
    assert_int_equal(
        storage_open(&second, &(struct storage_settings){.root = f->folder}, why, sizeof why),
        EBUSY);
    assert_non_null(strstr(why, "another running server"));
}

static void keep_vanished_end(const struct recording_info *info, void *user) {
    int64_t *ended_ms = user;
    if (slice_is_equal(info->end, SLICE("vanished")))
        *ended_ms = info->ended_ms;
}

static void a_deleted_folder_costs_what_was_in_it(void **state) {
    struct disk_fixture *f = *state;
    int64_t vanished_ms = 0;
    close_disk(f);
    f->settings.on_report = keep_vanished_end;
    f->settings.user = &vanished_ms;
    open_disk(f);
    struct recorder *recorder = recorder_open(f->port, &recording);
    append_row(recorder, 0, RATE);
    recorder_tick(recorder, 1);
    recorder_tick(recorder, 1002);
    wait_for_header(f, RATE * 2); /* nothing is due any more: only the next write is */
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
    assert_int_equal(sidecar.info.started_ms, STARTED_MS + 2000);
    assert_int_equal(vanished_ms, STARTED_MS + 2000);
    sidecar_free(&sidecar);
}

RUN_TESTS(RECORDER_TEST(what_is_appended_is_what_is_recorded),
          RECORDER_TEST(two_tracks_of_one_millisecond_get_two_files),
          RECORDER_TEST(a_long_recording_rolls_over_without_a_seam),
          RECORDER_TEST(headers_are_true_while_it_grows),
          RECORDER_TEST(a_renamed_meeting_is_in_the_sidecar),
          RECORDER_TEST(whoever_is_told_of_a_file_finds_its_sidecar),
          RECORDER_TEST(a_recorder_without_a_byte_leaves_nothing),
          RECORDER_TEST(pipeline_log_lines_keep_their_order),
          RECORDER_TEST(video_bytes_can_be_patched_before_and_after_they_left),
          RECORDER_TEST(a_second_server_is_refused),
          RECORDER_TEST(a_deleted_folder_costs_what_was_in_it))
