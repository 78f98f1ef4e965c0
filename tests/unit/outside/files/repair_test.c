#include "outside/files/repair.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"
#include "unit.h"
#include "wire/media/ivf.h"
#include "wire/media/wav.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STEM       "2026-11-22T12-00-00.000Z_room_bob_TR"
#define STARTED_MS INT64_C(1795348800000)

struct fixture {
    char folder[64];
    int fd; /* of the meeting's folder */
    struct buf said;
    struct repair_result result;
    struct repair_settings config;
};

static void on_line(const char *path, const char *what, void *user) {
    struct fixture *f = user;
    buf_printf(&f->said, "%s;", what);
}

static int setup(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/repair-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    int root = open(f->folder, O_RDONLY | O_DIRECTORY);
    assert_int_equal(mkdirat(root, "RM_1", 0750), 0);
    f->fd = openat(root, "RM_1", O_RDONLY | O_DIRECTORY);
    close(root);
    f->config = (struct repair_settings){
        .before_ms = clock_wall_ms() + 1000, .on_line = on_line, .user = f};
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int status = system(command);
    close(f->fd);
    buf_free(&f->said);
    mem_free(f);
    return status;
}

static void put_file(struct fixture *f, const char *name, const void *bytes, size_t len) {
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static size_t get_file(struct fixture *f, const char *name, void *bytes, size_t room) {
    int fd = openat(f->fd, name, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, room);
    assert_true(n >= 0);
    close(fd);
    return (size_t)n;
}

static const char *run(struct fixture *f) {
    buf_clear(&f->said);
    f->result = (struct repair_result){0};
    assert_int_equal(repair_folder(f->folder, &f->config, &f->result), 0);
    buf_add_byte(&f->said, '\0');
    return f->said.data;
}

/* Says 400 bytes, holds 1001: a writer that died. */
static size_t put_stale_wav(struct fixture *f) {
    uint8_t file[WAV_HEADER_MAX + 1001];
    struct wav_format format = wav_format_s16(1000, 1);
    size_t head = wav_write_header(file, WAV_CANONICAL, &format, 400);
    memset(file + head, 'x', 1001);
    put_file(f, STEM ".wav", file, head + 1001);
    return head + 1001;
}

static void a_stale_wav_is_made_whole_and_gets_a_sidecar(void **state) {
    struct fixture *f = *state;
    put_stale_wav(f);
    assert_string_equal(run(f), "repaired;sidecar made;");
    uint8_t file[2000], expected[WAV_HEADER_MAX];
    assert_int_equal(get_file(f, STEM ".wav", file, sizeof file), 1044);
    struct wav_format format = wav_format_s16(1000, 1);
    wav_write_header(expected, WAV_CANONICAL, &format, 1000);
    assert_memory_equal(file, expected, 44);

    struct sidecar sidecar;
    assert_int_equal(sidecar_load(f->fd, STEM ".wav", &sidecar), 0);
    assert_slice_equal(sidecar.info.end, "crash");
    assert_slice_equal(sidecar.info.meeting, "RM_1");
    assert_slice_equal(sidecar.info.participant, "bob");
    assert_slice_equal(sidecar.info.track, "TR");
    assert_int_equal(sidecar.frames, 500);
    assert_int_equal(sidecar.info.started_ms, STARTED_MS);
    assert_int_equal(sidecar.info.ended_ms, STARTED_MS + 500);
    /* head -c 1000 /dev/zero | tr '\0' x | sha256sum */
    assert_slice_equal(sidecar.info.sha256,
                       "44f8354494a5ba03ba1792a8d3e9c534c47a9181980fde7a3f44b06ef2ae7c7f");
    sidecar_free(&sidecar);
}

static void a_second_time_changes_nothing(void **state) {
    struct fixture *f = *state;
    put_stale_wav(f);
    run(f);
    assert_string_equal(run(f), "");
    assert_int_equal(f->result.files, 1);
    assert_int_equal(f->result.repaired, 0);
}

static void note_recording(const struct recording_info *info, void *user) {
    struct fixture *f = user;
    buf_printf(&f->said, "%.*s %.*s;", SLICE_ARG(info->path), SLICE_ARG(info->end));
}

static void each_time_it_is_told_what_a_file_holds(void **state) {
    struct fixture *f = *state;
    put_stale_wav(f);
    f->config.on_recording = note_recording;
    f->config.dry_run = true;
    assert_string_equal(run(f), "repaired;sidecar made;");
    f->config.dry_run = false;
    assert_string_equal(run(f), "repaired;RM_1/" STEM ".wav crash;sidecar made;");
    assert_string_equal(run(f), "RM_1/" STEM ".wav crash;");
}

static void set_age(int fd, time_t seconds) {
    const struct timespec at = {.tv_sec = (time_t)(clock_wall_ms() / 1000) - seconds};
    assert_int_equal(futimens(fd, (const struct timespec[]){at, at}), 0);
}

static void put_tiny_wav(int folder_fd, const char *name, time_t age_s) {
    uint8_t file[WAV_HEADER_MAX + 2] = {0};
    struct wav_format format = wav_format_s16(1000, 1);
    size_t len = wav_write_header(file, WAV_CANONICAL, &format, 2) + 2;
    int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file, len), len);
    set_age(fd, age_s);
    close(fd);
}

/* What the sidecar of the stale WAV says of its recording. */
static struct sidecar known_info(const char *meeting, const char *room, const char *name) {
    struct sidecar sidecar = {.info = {.id = SLICE("an-id"),
                                       .meeting = slice_from(meeting),
                                       .room = slice_from(room),
                                       .participant = SLICE("bob"),
                                       .name = slice_from(name),
                                       .track = SLICE("TR"),
                                       .format = SLICE("wav"),
                                       .part = 1,
                                       .rate_hz = 1000,
                                       .channels = 1,
                                       .started_ms = STARTED_MS},
                              .file = STEM ".wav"};
    recording_info_own(&sidecar.info);
    return sidecar;
}

static void a_part_goes_on_where_the_unfinished_one_before_it_ends(void **state) {
    struct fixture *f = *state;
    put_stale_wav(f);
    int fd = openat(f->fd, STEM ".wav", O_RDONLY);
    set_age(fd, 100);
    close(fd);
    struct sidecar sidecar = known_info("RM_1", "room", "Bob");
    assert_int_equal(sidecar_save(f->fd, &sidecar, false), 0);
    sidecar_free(&sidecar);
    put_tiny_wav(f->fd, STEM "_p2.wav", 50);
    assert_string_equal(run(f), "sidecar made;repaired;sidecar completed;");
    assert_int_equal(sidecar_load(f->fd, STEM "_p2.wav", &sidecar), 0);
    assert_slice_equal(sidecar.info.id, "an-id");
    assert_int_equal(sidecar.info.part, 2);
    assert_int_equal(sidecar.info.started_ms, STARTED_MS + 500);
    sidecar_free(&sidecar);
}

/* Folders by what happened in them last, files in a folder by when they were written last. */
static void what_is_newest_comes_first(void **state) {
    struct fixture *f = *state;
    int root = openat(f->fd, "..", O_RDONLY | O_DIRECTORY);
    assert_int_equal(mkdirat(root, "RM_0", 0750), 0);
    assert_int_equal(mkdirat(root, "RM_2", 0750), 0);
    int older = openat(root, "RM_0", O_RDONLY | O_DIRECTORY);
    int newer = openat(root, "RM_2", O_RDONLY | O_DIRECTORY);
    put_tiny_wav(f->fd, "b.wav", 2000);
    put_tiny_wav(f->fd, "c.wav", 3000);
    put_tiny_wav(f->fd, "a.wav", 1000);
    put_tiny_wav(older, "old.wav", 4000);
    put_tiny_wav(newer, "new.wav", 10);
    set_age(older, 4000);
    set_age(f->fd, 1000);
    set_age(newer, 10);
    close(older);
    close(newer);
    close(root);
    f->config.on_line = NULL;
    f->config.on_recording = note_recording;
    assert_string_equal(run(f), "RM_2/new.wav crash;RM_1/a.wav crash;RM_1/b.wav crash;"
                                "RM_1/c.wav crash;RM_0/old.wav crash;");
}

static void a_dry_run_only_says_so(void **state) {
    struct fixture *f = *state;
    size_t len = put_stale_wav(f);
    f->config.dry_run = true;
    assert_string_equal(run(f), "repaired;sidecar made;");
    uint8_t file[2000];
    assert_int_equal(get_file(f, STEM ".wav", file, sizeof file), len);
    assert_int_equal(file[40] | file[41] << 8, 400);
    assert_int_not_equal(faccessat(f->fd, STEM ".json", F_OK, 0), 0);
}

static void what_is_locked_is_left_alone(void **state) {
    struct fixture *f = *state;
    size_t len = put_stale_wav(f);
    int fd = openat(f->fd, STEM ".wav", O_RDWR);
    assert_true(storage_try_lock(fd));
    assert_string_equal(run(f), "");
    assert_int_equal(f->result.locked, 1);
    uint8_t file[2000];
    assert_int_equal(get_file(f, STEM ".wav", file, sizeof file), len);
    close(fd);
}

static void an_unfinished_sidecar_keeps_what_it_knows(void **state) {
    struct fixture *f = *state;
    put_stale_wav(f);
    struct sidecar sidecar = known_info("a/b", "r\xc3\xa4um", "Bob \"B\"");
    sidecar_add_gap(&sidecar, 100, 50, GAP_NETWORK);
    sidecar_add_gap(&sidecar, 300, 10, GAP_DISK);
    sidecar_add_pause(&sidecar, 200, STARTED_MS + 200);
    sidecar_end_pause(&sidecar, STARTED_MS + 200, STARTED_MS + 1200);
    assert_int_equal(sidecar_save(f->fd, &sidecar, false), 0);
    sidecar_free(&sidecar);

    assert_string_equal(run(f), "repaired;sidecar completed;");
    assert_int_equal(sidecar_load(f->fd, STEM ".wav", &sidecar), 0);
    assert_slice_equal(sidecar.info.meeting, "a/b");
    assert_slice_equal(sidecar.info.room, "r\xc3\xa4um");
    assert_slice_equal(sidecar.info.name, "Bob \"B\"");
    assert_int_equal(sidecar.gap_count, 2);
    assert_int_equal(sidecar.gaps[1].at, 300);
    assert_int_equal(sidecar.gaps[1].cause, GAP_DISK);
    assert_int_equal(sidecar.gap_frames, 60);
    assert_int_equal(sidecar.paused_ms, 1000);
    assert_int_equal(sidecar.pauses[0].to_ms, STARTED_MS + 1200);
    assert_int_equal(sidecar.info.ended_ms, STARTED_MS + 500 + 1000);
    assert_slice_equal(sidecar.info.end, "crash");
    sidecar_free(&sidecar);
}

static void keep_recording(const struct recording_info *info, void *user) {
    struct recording_info *kept = user;
    recording_info_free(kept);
    *kept = *info;
    recording_info_own(kept);
}

static void a_file_that_never_got_a_byte_goes(void **state) {
    struct fixture *f = *state;
    put_file(f, STEM ".wav", "", 0);
    f->config.before_ms = clock_wall_ms() - 5000; /* too young */
    assert_string_equal(run(f), "");
    f->config.before_ms = clock_wall_ms() + 1000;
    assert_string_equal(run(f), "removed: it is empty;");
    assert_int_equal(f->result.removed, 1);
    assert_int_not_equal(faccessat(f->fd, STEM ".wav", F_OK, 0), 0);
}

static void the_end_of_what_is_removed_is_told(void **state) {
    struct fixture *f = *state;
    struct recording_info told = {0};
    const struct sidecar sidecar = {.info = {.id = SLICE("an-id"),
                                             .meeting = SLICE("RM_1"),
                                             .room = SLICE("room"),
                                             .participant = SLICE("bob"),
                                             .name = SLICE("Bob"),
                                             .track = SLICE("TR"),
                                             .format = SLICE("h264"),
                                             .part = 1,
                                             .started_ms = STARTED_MS},
                                    .file = STEM ".h264"};
    put_file(f, STEM ".h264", "", 0);
    assert_int_equal(sidecar_save(f->fd, &sidecar, false), 0);
    f->config.on_recording = keep_recording;
    f->config.user = &told;
    f->config.on_line = NULL;
    run(f);
    assert_int_equal(f->result.removed, 1);
    assert_slice_equal(told.id, "an-id");
    assert_slice_equal(told.path, "RM_1/" STEM ".h264");
    assert_slice_equal(told.format, "h264");
    assert_slice_equal(told.end, "empty");
    assert_int_equal(told.ended_ms, STARTED_MS);
    assert_int_equal(told.bytes, 0);
    assert_int_not_equal(faccessat(f->fd, STEM ".h264", F_OK, 0), 0);
    assert_int_not_equal(faccessat(f->fd, STEM ".json", F_OK, 0), 0);
    recording_info_free(&told);
}

static void an_ivf_is_cut_behind_its_last_whole_frame(void **state) {
    struct fixture *f = *state;
    uint8_t file[4096] = {0};
    const struct ivf_header header = {.codec = IVF_VP8, .rate = 1000, .scale = 1};
    ivf_write_header(file, &header);
    size_t at = IVF_HEADER_BYTES;
    for (uint32_t i = 0; i < 3; i++) {
        ivf_write_frame_header(file + at, 100, i * 33);
        at += IVF_FRAME_HEADER_BYTES + 100;
    }
    size_t whole = at;
    ivf_write_frame_header(file + at, 0, 99); /* its length was to be filled in at its end */
    at += IVF_FRAME_HEADER_BYTES + 777;
    put_file(f, STEM ".ivf", file, at);
    assert_string_equal(run(f), "repaired;sidecar made;");
    uint8_t after[4096];
    assert_int_equal(get_file(f, STEM ".ivf", after, sizeof after), whole);
    assert_int_equal(after[IVF_LENGTH_OFFSET], 3 * 33);
    assert_memory_equal(after + IVF_HEADER_BYTES, file + IVF_HEADER_BYTES,
                        whole - IVF_HEADER_BYTES);
    assert_string_equal(run(f), "");
}

static const char tag[128] = "TAG a title of somebody's";

/* A whole WAV of 400 bytes of samples with a tag behind it; returns the file's length. */
static size_t put_tagged_wav(struct fixture *f, const char *with, size_t with_bytes) {
    uint8_t file[1000];
    struct wav_format format = wav_format_s16(1000, 1);
    size_t head = wav_write_header(file, WAV_CANONICAL, &format, 400);
    memset(file + head, 'x', 400);
    memcpy(file + head + 400, with, with_bytes);
    put_file(f, STEM ".wav", file, head + 400 + with_bytes);
    return head + 400 + with_bytes;
}

static void a_tag_behind_a_finished_wav_is_left_alone(void **state) {
    struct fixture *f = *state;
    size_t len = put_tagged_wav(f, tag, sizeof tag);
    assert_string_equal(run(f), "sidecar made;");
    uint8_t file[1000];
    assert_int_equal(get_file(f, STEM ".wav", file, sizeof file), len);
    assert_int_equal(file[40] | file[41] << 8, 400);
    struct sidecar sidecar;
    assert_int_equal(sidecar_load(f->fd, STEM ".wav", &sidecar), 0);
    assert_int_equal(sidecar.frames, 200);
    sidecar_free(&sidecar);
    assert_string_equal(run(f), "");
}

/* Bytes of no known tag: the sidecar knows that the file is finished. */
static void what_lies_behind_a_finished_recording_is_left_alone(void **state) {
    struct fixture *f = *state;
    size_t len = put_tagged_wav(f, "nothing that is known", 20);
    struct sidecar sidecar = {.info = {.id = SLICE("an-id"),
                                       .meeting = SLICE("RM_1"),
                                       .track = SLICE("TR"),
                                       .format = SLICE("wav"),
                                       .end = SLICE("closed"),
                                       .sha256 = SLICE("abc"),
                                       .part = 1,
                                       .rate_hz = 1000,
                                       .channels = 1,
                                       .bytes = 400,
                                       .started_ms = STARTED_MS,
                                       .ended_ms = STARTED_MS + 200},
                              .frames = 200,
                              .file = STEM ".wav"};
    assert_int_equal(sidecar_save(f->fd, &sidecar, false), 0);
    assert_string_equal(run(f), "");
    uint8_t file[1000];
    assert_int_equal(get_file(f, STEM ".wav", file, sizeof file), len);
    assert_int_equal(file[40] | file[41] << 8, 400);
}

/* Some writers put the count of frames where others put the length. */
static void a_counted_ivf_is_left_alone(void **state) {
    struct fixture *f = *state;
    uint8_t file[4096] = {0};
    const struct ivf_header header = {.codec = IVF_VP8, .rate = 1000, .scale = 1, .length = 3};
    ivf_write_header(file, &header);
    size_t at = IVF_HEADER_BYTES;
    for (uint32_t i = 0; i < 3; i++) {
        ivf_write_frame_header(file + at, 100, i * 33);
        at += IVF_FRAME_HEADER_BYTES + 100;
    }
    put_file(f, STEM ".ivf", file, at);
    assert_string_equal(run(f), "sidecar made;");
}

static void what_is_not_ours_is_left_alone(void **state) {
    struct fixture *f = *state;
    char text[100];
    memset(text, 't', sizeof text);
    put_file(f, "notes.wav", text, sizeof text);
    put_file(f, "readme.txt", text, sizeof text);
    assert_string_equal(run(f), "is not of the format in its name; not changed;");
    assert_int_equal(f->result.failed, 1);
    assert_int_equal(get_file(f, "notes.wav", text, sizeof text), 100);
    assert_int_not_equal(faccessat(f->fd, "notes.json", F_OK, 0), 0);
}

#define REPAIR_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

RUN_TESTS(REPAIR_TEST(a_stale_wav_is_made_whole_and_gets_a_sidecar),
          REPAIR_TEST(a_second_time_changes_nothing), REPAIR_TEST(what_is_newest_comes_first),
          REPAIR_TEST(each_time_it_is_told_what_a_file_holds), REPAIR_TEST(a_dry_run_only_says_so),
          REPAIR_TEST(what_is_locked_is_left_alone),
          REPAIR_TEST(an_unfinished_sidecar_keeps_what_it_knows),
          REPAIR_TEST(a_part_goes_on_where_the_unfinished_one_before_it_ends),
          REPAIR_TEST(a_file_that_never_got_a_byte_goes),
          REPAIR_TEST(the_end_of_what_is_removed_is_told),
          REPAIR_TEST(an_ivf_is_cut_behind_its_last_whole_frame),
          REPAIR_TEST(a_tag_behind_a_finished_wav_is_left_alone),
          REPAIR_TEST(what_lies_behind_a_finished_recording_is_left_alone),
          REPAIR_TEST(a_counted_ivf_is_left_alone),
          REPAIR_TEST(what_is_not_ours_is_left_alone))
