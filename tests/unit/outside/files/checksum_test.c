#include "outside/files/checksum.h"

#include "outside/files/file.h"
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int open_with(const char *text) {
    char path[] = "/tmp/checksum-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(file_write_all(fd, slice_from(text)), 0);
    return fd;
}

/* FIPS 180-2, appendix B.1. */
static void a_part_of_a_file_has_its_sum(void **state) {
    int fd = open_with("__abc__");
    char sum[CHECKSUM_SIZE];
    assert_int_equal(checksum_file(fd, 2, 3, NULL, sum), 0);
    assert_string_equal(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(checksum_file(fd, 0, 0, NULL, sum), 0);
    assert_string_equal(sum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    close(fd);
}

static void a_sum_that_cannot_be_taken_changes_nothing(void **state) {
    int fd = open_with("abc");
    char sum[CHECKSUM_SIZE] = "before";
    atomic_bool is_cancelled = true;
    assert_int_equal(checksum_file(fd, 0, 4, NULL, sum), EIO);
    assert_int_equal(checksum_file(fd, 0, 3, &is_cancelled, sum), ECANCELED);
    assert_int_equal(checksum_file(-1, 0, 3, NULL, sum), EBADF);
    assert_string_equal(sum, "before");
    close(fd);
}

RUN_TESTS(TEST(a_part_of_a_file_has_its_sum), TEST(a_sum_that_cannot_be_taken_changes_nothing))
