#include "outside/disk/encode_pool.h"

#include "base/clock.h"
#include "base/mem.h"
#include "disk_fixture.h"
#include "outside/disk/recorder.h"
#include "outside/files/repair.h"

#include <math.h>
#include <sndfile.h>
#include <sys/stat.h>

enum { RATE = 16000, SECONDS = 5, TONE_HZ = 440 };

struct fixture {
    struct disk_fixture disk;
    int16_t pcm[RATE * SECONDS];
};

static int setup(void **state) {
    struct fixture *f = mem_alloc(sizeof *f);
    make_folder(f->disk.folder, false);
    disk_settings_init(&f->disk.settings);
    for (size_t i = 0; i < RATE * SECONDS; i++)
        f->pcm[i] = (int16_t)lround(8000 * sin(2 * M_PI * TONE_HZ * (double)i / RATE));
    open_disk(&f->disk);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    if (f->disk.disk)
        close_disk(&f->disk);
    remove_folder(f->disk.folder);
    mem_free(f);
    return 0;
}

static struct recorder *open_recorder(struct fixture *f, enum record_format format) {
    const struct recording_info info = info_of(format, RATE);
    return recorder_open(f->disk.port, &info);
}

static size_t decode(const char *path, int16_t **samples, SF_INFO *info) {
    *info = (SF_INFO){0};
    SNDFILE *file = sf_open(path, SFM_READ, info);
    assert_non_null(file);
    *samples = malloc((size_t)info->frames * 2 + 2);
    sf_count_t n = sf_readf_short(file, *samples, info->frames);
    sf_close(file);
    return (size_t)n;
}

static void flac_gives_back_every_sample(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = open_recorder(f, RECORD_FLAC);
    recorder_append(recorder, f->pcm, RATE * 2 * 2);
    recorder_silence(recorder, 1000);
    recorder_append(recorder, f->pcm + RATE * 2 + 1000, RATE * 2);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 3062);
    close_disk(&f->disk);
    int16_t *samples;
    SF_INFO info;
    assert_int_equal(decode(path_of(&f->disk, STEM ".flac"), &samples, &info), RATE * 3 + 1000);
    assert_int_equal(info.samplerate, RATE);
    for (size_t i = 0; i < RATE * 3 + 1000; i++) {
        bool is_silent = i >= RATE * 2 && i < RATE * 2 + 1000;
        assert_int_equal(samples[i], is_silent ? 0 : f->pcm[i]);
    }
    free(samples);
    struct sidecar sidecar = load_sidecar(&f->disk, STEM ".flac");
    assert_int_equal(sidecar.frames, RATE * 3 + 1000);
    assert_int_equal(sidecar.gap_count, 1);
    assert_int_equal(sidecar.gaps[0].at, RATE * 2);
    assert_int_equal(sidecar.gaps[0].frames, 1000);
    assert_slice_equal(sidecar.info.end, "closed");
    sidecar_free(&sidecar);
}

/* Crossings of zero upwards: what is left of a tone after a lossy codec. */
static double frequency(const int16_t *samples, size_t count, int rate_hz) {
    size_t crossings = 0;
    for (size_t i = 1; i < count; i++)
        crossings += samples[i - 1] < 0 && samples[i] >= 0;
    return (double)crossings * rate_hz / (double)count;
}

static void opus_keeps_the_tone_and_the_length(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = open_recorder(f, RECORD_OPUS);
    recorder_append(recorder, f->pcm, sizeof f->pcm);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
    close_disk(&f->disk);
    int16_t *samples;
    SF_INFO info;
    size_t count = decode(path_of(&f->disk, STEM ".opus"), &samples, &info);
    assert_int_equal(count, info.samplerate * SECONDS); /* the reader chooses the rate */
    assert_true(fabs(frequency(samples + count / 5, count / 2, info.samplerate) - TONE_HZ) < 2);
    free(samples);
    struct stat stat_now;
    assert_int_equal(stat(path_of(&f->disk, STEM ".opus"), &stat_now), 0);
    assert_true(stat_now.st_size < 32000 / 8 * SECONDS * 3 / 2);
    struct sidecar sidecar = load_sidecar(&f->disk, STEM ".opus");
    assert_int_equal(sidecar.frames, RATE * SECONDS);
    sidecar_free(&sidecar);
}

static void above_the_limit_it_is_wav(void **state) {
    struct fixture *f = *state;
    close_disk(&f->disk);
    f->disk.settings.encode_max = 1;
    open_disk(&f->disk);
    struct recorder *flac = open_recorder(f, RECORD_FLAC);
    struct recorder *wav = open_recorder(f, RECORD_FLAC);
    recorder_append(flac, f->pcm, RATE);
    recorder_append(wav, f->pcm, RATE);
    recorder_close(flac, RECORDER_CLOSED, STARTED_MS);
    recorder_close(wav, RECORDER_CLOSED, STARTED_MS);
    close_disk(&f->disk);
    /* Whichever came first has the name, with its sidecar; the other is a millisecond later. */
    bool is_flac_first = access(path_of(&f->disk, STEM ".flac"), F_OK) == 0;
    const char *second = is_flac_first ? "2026-11-22T12-00-00.001Z_room_bob_TR.wav"
                                       : "2026-11-22T12-00-00.001Z_room_bob_TR.flac";
    assert_int_equal(access(path_of(&f->disk, is_flac_first ? STEM ".flac" : STEM ".wav"), F_OK),
                     0);
    assert_int_equal(access(path_of(&f->disk, second), F_OK), 0);
}

/* As a player does, which asks for more until there is none. */
static size_t playable(const char *path, int *rate_hz) {
    SF_INFO info = {0};
    int16_t some[1024];
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    size_t count = 0;
    for (sf_count_t n = 1; file && n > 0; count += (size_t)n)
        n = sf_readf_short(file, some, 1024);
    if (file)
        sf_close(file);
    *rate_hz = info.samplerate;
    return count;
}

static void plays_while_it_grows(struct fixture *f, enum record_format format, const char *file) {
    struct recorder *recorder = open_recorder(f, format);
    recorder_append(recorder, f->pcm, sizeof f->pcm);
    size_t count = 0;
    int rate_hz = RATE;
    for (int i = 0; i < 3000 && count < (size_t)rate_hz * (SECONDS - 2); i++) {
        usleep(10000);
        count = playable(path_of(&f->disk, file), &rate_hz);
    }
    assert_true(count >= (size_t)rate_hz * (SECONDS - 2));
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
}

static void an_unfinished_flac_plays(void **state) {
    plays_while_it_grows(*state, RECORD_FLAC, STEM ".flac");
}

static void an_unfinished_opus_plays(void **state) {
    plays_while_it_grows(*state, RECORD_OPUS, STEM ".opus");
}

static void opus_has_the_bits_that_were_asked_for(void **state) {
    struct fixture *f = *state;
    const unsigned rates[] = {12000, 96000};
    off_t sizes[2];
    for (size_t i = 0; i < 2; i++) {
        close_disk(&f->disk);
        f->disk.settings.opus_bps = rates[i];
        open_disk(&f->disk);
        struct recorder *recorder = open_recorder(f, RECORD_OPUS);
        recorder_append(recorder, f->pcm, sizeof f->pcm);
        recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
        close_disk(&f->disk);
        open_disk(&f->disk);
        struct stat stat_now;
        assert_int_equal(stat(path_of(&f->disk, STEM ".opus"), &stat_now), 0);
        sizes[i] = stat_now.st_size;
        assert_int_equal(unlink(path_of(&f->disk, STEM ".opus")), 0);
        assert_int_equal(unlink(path_of(&f->disk, STEM ".json")), 0);
    }
    assert_true(sizes[1] > 2 * sizes[0]);
}

/* What a kill leaves: the file without its end, and no sidecar. */
static void cut_and_forget(struct fixture *f, const char *file, const char *json, off_t cut) {
    struct stat stat_now;
    assert_int_equal(stat(path_of(&f->disk, file), &stat_now), 0);
    assert_int_equal(truncate(path_of(&f->disk, file), stat_now.st_size - cut), 0);
    assert_int_equal(unlink(path_of(&f->disk, json)), 0);
}

static void assert_repaired(struct fixture *f, const char *file, size_t at_least) {
    struct repair_result result = {0};
    const struct repair_settings config = {.before_ms = clock_wall_ms()};
    assert_int_equal(repair_folder(f->disk.folder, &config, &result), 0);
    assert_int_equal(result.failed, 0);
    assert_int_equal(result.repaired, 2); /* the file and its sidecar */
    int16_t *samples;
    SF_INFO info;
    size_t count = decode(path_of(&f->disk, file), &samples, &info);
    assert_true(count >= at_least * (size_t)info.samplerate / RATE);
    free(samples);
    struct sidecar sidecar = load_sidecar(&f->disk, file);
    assert_int_equal(sidecar.frames * (unsigned)info.samplerate / RATE, count);
    assert_slice_equal(sidecar.info.end, "crash");
    sidecar_free(&sidecar);
    result = (struct repair_result){0};
    assert_int_equal(repair_folder(f->disk.folder, &config, &result), 0);
    assert_int_equal(result.repaired, 0);
}

static void a_cut_flac_is_made_whole(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = open_recorder(f, RECORD_FLAC);
    recorder_append(recorder, f->pcm, sizeof f->pcm);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
    close_disk(&f->disk);
    /* As while it grew: nothing said about how many samples there are. */
    int fd = open(path_of(&f->disk, STEM ".flac"), O_RDWR);
    const uint8_t nothing[20] = {0};
    assert_int_equal(pwrite(fd, nothing, 4, 22), 4);
    assert_int_equal(pwrite(fd, nothing, 16, 26), 16);
    close(fd);
    cut_and_forget(f, STEM ".flac", STEM ".json", 100);
    assert_repaired(f, STEM ".flac", RATE * SECONDS - 4096);
}

static void a_cut_opus_is_made_whole(void **state) {
    struct fixture *f = *state;
    struct recorder *recorder = open_recorder(f, RECORD_OPUS);
    recorder_append(recorder, f->pcm, sizeof f->pcm);
    recorder_close(recorder, RECORDER_CLOSED, STARTED_MS + 5000);
    close_disk(&f->disk);
    cut_and_forget(f, STEM ".opus", STEM ".json", 1);
    assert_repaired(f, STEM ".opus", RATE * (SECONDS - 2));
}

#define ENCODE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

RUN_TESTS(ENCODE_TEST(flac_gives_back_every_sample),
          ENCODE_TEST(opus_keeps_the_tone_and_the_length), ENCODE_TEST(above_the_limit_it_is_wav),
          ENCODE_TEST(an_unfinished_flac_plays), ENCODE_TEST(an_unfinished_opus_plays),
          ENCODE_TEST(opus_has_the_bits_that_were_asked_for), ENCODE_TEST(a_cut_flac_is_made_whole),
          ENCODE_TEST(a_cut_opus_is_made_whole))
