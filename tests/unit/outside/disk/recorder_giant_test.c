/*
 * Recordings past 4 GiB, sparse: no sample is missing at the seam, and other people's programs read
 * them.
 */
#include "base/mem.h"
#include "disk_fixture.h"
#include "outside/disk/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <sndfile.h>
#include <sys/stat.h>

enum { RATE = 48000, FRAME_BYTES = 4 };
#define TOTAL   ((UINT64_C(5) << 30) / FRAME_BYTES)         /* frames in 5 GiB */
#define SEAM    ((UINT64_C(4) << 30) / FRAME_BYTES - RATE)  /* sound from here, over the seam, */
#define WAY_OUT (TOTAL - (UINT64_C(4) << 30) / FRAME_BYTES) /* see append_way_out */
#define SOUND   (UINT64_C(4) * RATE)                        /* for so long */

/* What is heard at a moment; never zero, so that silence is told from it. */
static uint32_t frame_at(uint64_t frame) {
    return (uint32_t)(frame * 2654435761u) | 0x00010001u;
}

static void append_sound(struct recorder *recorder, uint64_t first, uint64_t count) {
    uint32_t message[RATE / 100];
    for (uint64_t done = 0; done < count; done += RATE / 100) {
        for (uint64_t i = 0; i < RATE / 100; i++)
            message[i] = frame_at(first + done + i);
        recorder_append(recorder, message, sizeof message);
    }
}

/*
 * SoX 14.4 reads RF64, but when it looks for comments behind the data it goes only as far as the
 * size's low 32 bits, and takes what lies there for chunks. Digital silence looks like empty ones,
 * eight bytes each; this one leads out of the file.
 */
static void append_way_out(struct recorder *recorder) {
    const uint32_t chunk[] = {0x00010001u, 0xfffffff0u};
    recorder_append(recorder, chunk, sizeof chunk);
}

static void record(struct disk_fixture *f) {
    open_disk(f);
    struct recording_info info = info_of(RECORD_WAV, RATE);
    info.channels = 2;
    struct recorder *recorder = recorder_open(f->port, &info);
    append_sound(recorder, 0, RATE);
    recorder_silence(recorder, WAY_OUT - RATE);
    append_way_out(recorder);
    recorder_silence(recorder, SEAM - WAY_OUT - 2);
    append_sound(recorder, SEAM, SOUND);
    recorder_silence(recorder, TOTAL - SEAM - SOUND - RATE);
    append_sound(recorder, TOTAL - RATE, RATE);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + (int64_t)(TOTAL * 1000 / RATE));
    close_disk(f);
}

static struct wav_info read_info(int fd) {
    uint8_t head[WAV_HEADER_MAX];
    struct wav_parser parser = {0};
    enum wav_result result;
    assert_int_equal(pread(fd, head, sizeof head, 0), sizeof head);
    wav_parse(&parser, head, sizeof head, &result);
    assert_int_equal(result, WAV_DONE);
    struct stat stat;
    fstat(fd, &stat);
    assert_int_equal(parser.info.data_offset + parser.info.data_bytes, stat.st_size);
    assert_int_equal(parser.info.riff_bytes + 8, stat.st_size);
    return parser.info;
}

/*
 * Compares the part of `from`..`from + count` that lies in this file, which begins at `start` in
 * time.
 */
static void check_sound(int fd, const struct wav_info *info, uint64_t start, uint64_t from,
                        uint64_t count) {
    uint64_t end = start + info->data_bytes / FRAME_BYTES;
    for (uint64_t at = from > start ? from : start; at < from + count && at < end;) {
        uint32_t frames[4096];
        uint64_t n = from + count - at < 4096 ? from + count - at : 4096;
        n = n < end - at ? n : end - at;
        assert_int_equal(pread(fd, frames, n * FRAME_BYTES,
                               (off_t)(info->data_offset + (at - start) * FRAME_BYTES)),
                         n * FRAME_BYTES);
        for (uint64_t i = 0; i < n; i++)
            assert_int_equal(frames[i], frame_at(at + i));
        at += n;
    }
}

static bool is_installed(const char *program) {
    char command[64];
    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    return system(command) == 0;
}

/* The number that a command prints about a file. */
static uint64_t ask(const char *command, const char *path) {
    char text[512];
    uint64_t number = 0;
    snprintf(text, sizeof text, "%s %s", command, path);
    FILE *pipe = popen(text, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%" SCNu64, &number), 1);
    assert_int_equal(pclose(pipe), 0);
    return number;
}

/* Samples of a second over the seam as SoX reads them. */
static void check_sox(const char *path) {
    char text[512];
    uint32_t frames[RATE];
    snprintf(text, sizeof text, "sox %s -t raw - trim %" PRIu64 "s %ds", path,
             (UINT64_C(1) << 30) - RATE / 2, RATE);
    FILE *pipe = popen(text, "r");
    assert_non_null(pipe);
    assert_int_equal(fread(frames, FRAME_BYTES, RATE, pipe), RATE);
    assert_int_equal(pclose(pipe), 0);
    for (unsigned i = 0; i < RATE; i++)
        assert_int_equal(frames[i], frame_at((UINT64_C(1) << 30) - RATE / 2 + i));
}

static void ask_others(const char *path, uint64_t frames, enum wav_layout layout) {
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    assert_non_null(file);
    assert_int_equal(info.frames, frames);
    sf_close(file);
    if (is_installed("ffprobe"))
        assert_int_equal(ask("ffprobe -v error -show_entries stream=duration_ts -of csv=p=0", path),
                         frames);
    if (is_installed("sox"))
        assert_int_equal(ask("sox --i -s", path), frames);
    if (is_installed("sox") && layout == WAV_RF64)
        check_sox(path);
}

static void check_layout(enum wav_layout layout, unsigned parts) {
    struct disk_fixture f = {0};
    uint64_t at = 0;
    make_folder(f.folder, false);
    disk_settings_init(&f.settings);
    f.settings.wav_layout = layout;
    f.settings.fsync = DISK_FSYNC_NONE;
    f.settings.min_free_bytes = f.settings.warn_free_bytes = 0;
    record(&f);
    for (unsigned part = 1; part <= parts; part++) {
        const char *path = path_of(&f, part > 1 ? STEM "_p2.wav" : STEM ".wav");
        int fd = open(path, O_RDONLY);
        assert_true(fd >= 0);
        struct wav_info info = read_info(fd);
        assert_int_equal(info.is_rf64, layout == WAV_RF64);
        check_sound(fd, &info, at, 0, RATE);
        check_sound(fd, &info, at, SEAM, SOUND);
        check_sound(fd, &info, at, TOTAL - RATE, RATE);
        close(fd);
        ask_others(path, info.data_bytes / FRAME_BYTES, layout);
        at += info.data_bytes / FRAME_BYTES;
    }
    assert_int_equal(at, TOTAL);
    remove_folder(f.folder);
}

static void a_second_part_goes_on_where_the_first_ends(void **state) {
    check_layout(WAV_CANONICAL, 2);
}

static void one_long_file_becomes_rf64(void **state) {
    check_layout(WAV_RF64, 1);
}

RUN_TESTS(TEST(a_second_part_goes_on_where_the_first_ends), TEST(one_long_file_becomes_rf64))
