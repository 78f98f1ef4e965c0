#include "outside/files/second_clock.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)

static const int64_t known = INT64_C(1700000000) * 1000;

/* A folder that was last written to at `known`, with an older file in it. */
static void clock_from_folder(struct second_clock *clock) {
    char folder[] = "/tmp/prosa-clock-XXXXXX", file[64];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/a", folder);
    int fd = open(file, O_CREAT | O_WRONLY, 0600);
    const struct timespec older[2] = {{known / 1000 - 500, 0}, {known / 1000 - 500, 0}};
    const struct timespec newest[2] = {{known / 1000, 0}, {known / 1000, 0}};
    assert_int_equal(futimens(fd, older), 0);
    close(fd);
    assert_int_equal(utimensat(AT_FDCWD, folder, newest, 0), 0);
    const char *const folders[] = {"/nowhere/at/all", folder};
    second_clock_init(clock, folders, 2, 1000);
    unlink(file);
    rmdir(folder);
}

static void a_clock_far_ahead_of_what_is_known_is_doubted(void **state) {
    struct second_clock clock;
    clock_from_folder(&clock);
    assert_int_equal(clock.known_ms, known);
    assert_false(second_clock_doubts(&clock, known + DAY_MS, 2000));
    assert_false(second_clock_doubts(&clock, known - 400 * DAY_MS, 2000));
    assert_true(second_clock_doubts(&clock, known + 365 * DAY_MS, 2000));
    /* It has run for so long. */
    assert_false(second_clock_doubts(&clock, known + 365 * DAY_MS, 365 * DAY_MS));
    /* It jumps while the server runs. */
    assert_true(second_clock_doubts(&clock, known + 800 * DAY_MS, 365 * DAY_MS));
}

static void another_clock_that_agrees_ends_the_doubt(void **state) {
    struct second_clock clock;
    clock_from_folder(&clock);
    const int64_t now = known + 365 * DAY_MS;
    assert_false(second_clock_hear(&clock, known + DAY_MS, now));
    assert_true(second_clock_doubts(&clock, now, 2000));
    assert_true(second_clock_hear(&clock, now - 5000, now));
    assert_false(second_clock_hear(&clock, now, now)); /* not once more */
    assert_false(second_clock_doubts(&clock, now, 2000));
}

static void where_nothing_is_known_nothing_is_doubted(void **state) {
    struct second_clock clock;
    second_clock_init(&clock, NULL, 0, 1000);
    assert_false(second_clock_doubts(&clock, known, 1000));
}

RUN_TESTS(TEST(a_clock_far_ahead_of_what_is_known_is_doubted),
          TEST(another_clock_that_agrees_ends_the_doubt),
          TEST(where_nothing_is_known_nothing_is_doubted))
