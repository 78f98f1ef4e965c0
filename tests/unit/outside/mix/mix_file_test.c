/* Whatever the format: from any place in it comes what was recorded there. Each five seconds have a
 * pitch of their own. */
#include "outside/mix/mix_file.h"

#include "outside/disk/codec.h"
#include "unit.h"
#include "wire/media/wav.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PI 3.14159265358979323846

enum { RATE = 48000, SECONDS = 60, EACH = 5, BLOCK = 4800 };

static double pitch_at(size_t second) {
    return 300 + 100 * (double)(second / EACH);
}

static int new_file(void) {
    char path[] = "/tmp/prosa-mix-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void write_at(uint64_t offset, const void *bytes, size_t len, void *user) {
    assert_int_equal(pwrite(*(int *)user, bytes, len, (off_t)offset), len);
}

static void fill(int16_t *pcm, size_t first) {
    for (size_t i = 0; i < BLOCK; i++) {
        double hz = pitch_at((first + i) / RATE);
        pcm[i] = (int16_t)lrint(8000 * sin(2 * PI * hz * (double)(first + i) / RATE));
    }
}

static struct codec *encode(const struct codec_type *type, int *fd) {
    struct codec *codec;
    int16_t pcm[BLOCK];
    assert_int_equal(type->open(&codec, RATE, 1, 64000, write_at, fd), 0);
    for (size_t at = 0; at < (size_t)RATE * SECONDS; at += BLOCK) {
        fill(pcm, at);
        assert_int_equal(type->feed(codec, pcm, BLOCK), 0);
    }
    return codec;
}

static int encoded(const struct codec_type *type) {
    int fd = new_file();
    type->close(encode(type, &fd));
    return fd;
}

static int plain(void) {
    int fd = new_file();
    uint8_t head[WAV_HEADER_MAX];
    int16_t pcm[BLOCK];
    const struct wav_format format = wav_format_s16(RATE, 1);
    size_t bytes = wav_write_header(head, WAV_CANONICAL, &format, 0); /* as while it is written */
    assert_int_equal(write(fd, head, bytes), bytes);
    for (size_t at = 0; at < (size_t)RATE * SECONDS; at += BLOCK) {
        fill(pcm, at);
        assert_int_equal(write(fd, pcm, sizeof pcm), sizeof pcm);
    }
    return fd;
}

static double power_of(const float *x, size_t count, double hz) {
    double re = 0, im = 0;
    for (size_t i = 0; i < count; i++) {
        re += x[i] * cos(2 * PI * hz * (double)i / RATE);
        im += x[i] * sin(2 * PI * hz * (double)i / RATE);
    }
    return 2 * sqrt(re * re + im * im) / (double)count;
}

/* Up to `open_frames` of it may not be in the file yet. */
static void check(int fd, long long open_frames) {
    struct mix_file *file;
    float *sound = malloc(RATE / 2 * sizeof *sound);
    assert_int_equal(mix_file_open(&file, fd), 0);
    assert_int_equal(mix_file_rate_hz(file), RATE);
    long long missing = (long long)RATE * SECONDS - (long long)mix_file_frames(file);
    assert_true(missing > -RATE / 50 && missing < RATE / 50 + open_frames);
    /* Back and forth, in an order of no meaning. */
    for (size_t i = 0; i < 30; i++) {
        size_t second = i * 37 % (SECONDS - 1);
        if (second % EACH == EACH - 1)
            continue; /* the pitch changes in it */
        mix_file_read(file, (int64_t)(second * RATE + RATE / 4), RATE / 2, sound);
        double amplitude = power_of(sound, RATE / 2, pitch_at(second));
        if (amplitude < 7000 || amplitude > 9000)
            fail_msg("second %zu: %g", second, amplitude);
        assert_true(power_of(sound, RATE / 2, pitch_at(second + EACH)) < 400);
    }
    mix_file_read(file, -RATE, RATE / 2, sound);
    assert_true(sound[0] == 0 && sound[RATE / 2 - 1] == 0);
    mix_file_read(file, (int64_t)RATE * (SECONDS + 5), RATE / 2, sound);
    assert_true(sound[0] == 0 && sound[RATE / 2 - 1] == 0);
    mix_file_close(file);
    free(sound);
}

static void wav_from_any_place(void **state) {
    check(plain(), 0);
}

static void flac_from_any_place(void **state) {
    check(encoded(&codec_flac), 0);
}

/* Its head says nothing of a length, and its last frame is only half there. */
static void flac_that_is_still_written(void **state) {
    int fd = new_file();
    struct codec *codec = encode(&codec_flac, &fd);
    int other = dup(fd);
    off_t bytes = lseek(fd, 0, SEEK_END);
    assert_true(other >= 0 && bytes > 0);
    assert_int_equal(ftruncate(fd, bytes - 200), 0);
    check(other, RATE / 2);
    codec_flac.close(codec);
    close(fd);
}

static void opus_from_any_place(void **state) {
    check(encoded(&codec_opus), 0);
}

static void what_is_no_recording_is_refused(void **state) {
    static const char *const files[] = {"",     "RIF",  "RIFFxxxxWAVEdata",
                                        "fLaC", "OggS", "nothing at all"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct mix_file *file;
        int fd = new_file();
        assert_int_equal(write(fd, files[i], strlen(files[i])), strlen(files[i]));
        assert_int_equal(mix_file_open(&file, fd), EINVAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wav_from_any_place),
        cmocka_unit_test(flac_from_any_place),
        cmocka_unit_test(flac_that_is_still_written),
        cmocka_unit_test(opus_from_any_place),
        cmocka_unit_test(what_is_no_recording_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
