/* What other people's programs make of an Ogg Opus file. */
#ifndef TESTS_UNIT_OPUS_JUDGES_H
#define TESTS_UNIT_OPUS_JUDGES_H

#include "unit.h"

#include <opusfile.h>
#include <stdio.h>
#include <stdlib.h>

/* One number that a command prints; -1: it failed. */
static inline double number_of(const char *command) {
    FILE *pipe = popen(command, "r");
    char line[128] = "";
    bool is_there = fgets(line, sizeof line, pipe) != NULL;
    return pclose(pipe) == 0 && is_there ? strtod(line, NULL) : -1;
}

/* ffprobe finds so many samples; oggz-validate has nothing to say. */
static inline void judge_by_programs(const char *path, int64_t samples) {
    char command[1200];
    snprintf(command, sizeof command,
             "ffprobe -v error -show_entries format=duration -of csv=p=0 '%s' 2>&1", path);
    double seconds = number_of(command), expected = (double)samples / 48000;
    assert_true(seconds > expected - 0.01 && seconds < expected + 0.01);
    snprintf(command, sizeof command, "oggz-validate '%s' >&2 && echo 1", path);
    assert_true(number_of(command) == 1);
}

/* The same, and opusfile opens it and finds as many: for files that are too long to be read. */
static inline void judge_opus_length(const char *path, int64_t samples) {
    int err;
    OggOpusFile *file = op_open_file(path, &err);
    assert_non_null(file);
    assert_int_equal(op_pcm_total(file, -1), samples);
    op_free(file);
    judge_by_programs(path, samples);
}

/* opusfile opens it, reads every sample without a hole, and finds so many; ffprobe finds the same
 * length; oggz-validate has nothing to say. Returns opusfile's samples: interleaved, of two
 * channels, which the caller frees. */
static inline float *judge_opus_file(const char *path, int64_t samples) {
    int err;
    OggOpusFile *file = op_open_file(path, &err);
    assert_non_null(file);
    assert_int_equal(op_pcm_total(file, -1), samples);
    float *pcm = malloc((size_t)(samples + 5760) * 2 * sizeof *pcm);
    int64_t got = 0;
    for (int n; (n = op_read_float_stereo(file, pcm + got * 2, 5760 * 2)) != 0; got += n)
        assert_true(n > 0 && got + n <= samples);
    assert_int_equal(got, samples);
    op_free(file);
    judge_by_programs(path, samples);
    return pcm;
}

#endif
