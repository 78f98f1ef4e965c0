#include "outside/files/file.h"

#include "base/mem.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than one read. */
enum { LONG_BYTES = 200000 };

static int open_scratch(void) {
    char path[] = "/tmp/file-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static char *new_row(void) {
    char *row = mem_alloc(LONG_BYTES);
    for (size_t i = 0; i < LONG_BYTES; i++)
        row[i] = (char)(i * 7 + i / 251);
    return row;
}

static void what_is_written_is_read(void **state) {
    char *row = new_row();
    int fd = open_scratch();
    assert_int_equal(file_write_all(fd, slice_of(row, LONG_BYTES)), 0);
    struct buf text = {0};
    buf_add_text(&text, "before");
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(file_read_all(fd, LONG_BYTES, &text), 0);
    assert_int_equal(text.len, 6 + LONG_BYTES);
    assert_memory_equal(text.data, "before", 6);
    assert_memory_equal(text.data + 6, row, LONG_BYTES);
    buf_free(&text);
    close(fd);
    mem_free(row);
}

static void a_file_beyond_the_limit_is_refused(void **state) {
    int fd = open_scratch();
    assert_int_equal(file_write_all(fd, SLICE("12345")), 0);
    struct buf text = {0};
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(file_read_all(fd, 4, &text), EFBIG);
    lseek(fd, 0, SEEK_SET);
    buf_clear(&text);
    assert_int_equal(file_read_all(fd, 5, &text), 0);
    assert_slice_equal(buf_slice(&text), "12345");
    buf_free(&text);
    close(fd);
}

static void a_read_is_short_only_at_the_end(void **state) {
    int fd = open_scratch();
    char bytes[8];
    size_t got = 99;
    assert_int_equal(file_write_at(fd, "abcdef", 6, 2), 0);
    assert_int_equal(file_read_at(fd, bytes, 4, 2, &got), 0);
    assert_slice_equal(slice_of(bytes, got), "abcd");
    assert_int_equal(file_read_at(fd, bytes, sizeof bytes, 4, &got), 0);
    assert_slice_equal(slice_of(bytes, got), "cdef");
    assert_int_equal(file_read_at(fd, bytes, sizeof bytes, 100, &got), 0);
    assert_int_equal(got, 0);
    close(fd);
}

static void errors_are_told(void **state) {
    int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
    struct buf text = {0};
    char byte;
    size_t got = 99;
    assert_int_equal(file_read_all(fd, 10, &text), EISDIR);
    assert_int_equal(file_read_at(fd, &byte, 1, 0, &got), EISDIR);
    assert_int_equal(got, 99);
    assert_int_equal(file_write_all(fd, SLICE("x")), EBADF);
    assert_int_equal(file_write_at(fd, "x", 1, 0), EBADF);
    buf_free(&text);
    close(fd);
}

static void assert_folder(const char *path, mode_t mode) {
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
    assert_true(S_ISDIR(stat_of.st_mode));
    assert_int_equal(stat_of.st_mode & 0777, mode);
}

static void folders_are_made_with_those_above(void **state) {
    char root[] = "/tmp/file-test-XXXXXX", path[64];
    umask(022);
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/a/b/c", root);
    for (int i = 0; i < 2; i++)
        assert_int_equal(file_make_folders(slice_from(path)), 0);
    assert_folder(path, 0750);
    assert_int_equal(file_make_folders(SLICE_NONE), 0);
    assert_int_equal(file_make_folders(SLICE("/")), 0);

    /* Only a part of a text. */
    snprintf(path, sizeof path, "%s/d/e/file", root);
    assert_int_equal(file_make_folders(slice_of(path, strlen(path) - strlen("/file"))), 0);
    assert_int_equal(access(path, F_OK), -1);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    strcat(path, "/f");
    assert_int_equal(file_make_folders(slice_from(path)), ENOTDIR);

    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", root);
    assert_int_equal(system(command), 0);
}

static void a_folder_is_listed_from_its_beginning(void **state) {
    char root[] = "/tmp/file-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/inner", root);
    assert_int_equal(mkdir(path, 0700), 0);
    int fd = open(root, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 2; i++) {
        DIR *dir;
        size_t count = 0, found = 0;
        assert_int_equal(file_open_dir(fd, &dir), 0);
        for (struct dirent *entry; (entry = readdir(dir)); count++)
            found += strcmp(entry->d_name, "inner") == 0;
        closedir(dir);
        assert_int_equal(count, 3); /* with . and .. */
        assert_int_equal(found, 1);
    }
    close(fd);
    DIR *none = NULL;
    assert_int_equal(file_open_dir(-1, &none), EBADF);
    assert_null(none);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(root), 0);
}

static int open_with(const char *text) {
    int fd = open_scratch();
    assert_int_equal(file_write_all(fd, slice_from(text)), 0);
    return fd;
}

/* FIPS 180-2, appendix B.1. */
static void a_part_of_a_file_has_its_sum(void **state) {
    int fd = open_with("__abc__");
    char sum[FILE_SUM_SIZE];
    assert_int_equal(file_checksum(fd, 2, 3, NULL, sum), 0);
    assert_string_equal(sum, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(file_checksum(fd, 0, 0, NULL, sum), 0);
    assert_string_equal(sum, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    close(fd);
}

static void a_sum_that_cannot_be_taken_changes_nothing(void **state) {
    int fd = open_with("abc");
    char sum[FILE_SUM_SIZE] = "before";
    atomic_bool is_cancelled = true;
    assert_int_equal(file_checksum(fd, 0, 4, NULL, sum), EIO);
    assert_int_equal(file_checksum(fd, 0, 3, &is_cancelled, sum), ECANCELED);
    assert_int_equal(file_checksum(-1, 0, 3, NULL, sum), EBADF);
    assert_string_equal(sum, "before");
    close(fd);
}

RUN_TESTS(TEST(what_is_written_is_read), TEST(a_file_beyond_the_limit_is_refused),
          TEST(a_read_is_short_only_at_the_end), TEST(errors_are_told),
          TEST(folders_are_made_with_those_above), TEST(a_folder_is_listed_from_its_beginning),
          TEST(a_part_of_a_file_has_its_sum), TEST(a_sum_that_cannot_be_taken_changes_nothing))
