#include "outside/files/run_mark.h"

#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct folder {
    char path[32], mark[64];
};

static void folder_make(struct folder *folder) {
    strcpy(folder->path, "/tmp/prosa-mark-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->mark, sizeof folder->mark, "%s/prosa.run", folder->path);
}

static void folder_remove(struct folder *folder) {
    unlink(folder->mark);
    rmdir(folder->path);
}

/* What another process finds: its own locks hide nothing from it, so it has to be another. */
static bool others_find(const struct folder *folder, pid_t pid, const char *expected) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        char line[RUN_MARK_LINE_SIZE];
        _exit(run_mark_find(folder->path, line) != pid || strcmp(line, expected) != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void others_find_the_process_and_what_it_does(void **state) {
    struct run_mark *mark;
    struct folder folder;
    folder_make(&folder);
    assert_int_equal(run_mark_open(&mark, folder.path), 0);
    assert_true(others_find(&folder, getpid(), "running"));
    run_mark_say(mark, SLICE("draining, meetings left: 12"));
    assert_true(others_find(&folder, getpid(), "draining, meetings left: 12"));
    run_mark_say(mark, SLICE("leaving"));
    assert_true(others_find(&folder, getpid(), "leaving"));
    run_mark_close(mark);
    assert_true(others_find(&folder, 0, "leaving"));
    folder_remove(&folder);
}

static void a_folder_without_a_server_names_nobody(void **state) {
    char line[RUN_MARK_LINE_SIZE];
    struct folder folder;
    folder_make(&folder);
    assert_int_equal(run_mark_find(folder.path, line), 0);
    assert_int_equal(run_mark_find("/nowhere/at/all", line), 0);
    folder_remove(&folder);
}

static void a_long_line_is_cut(void **state) {
    struct run_mark *mark;
    struct folder folder;
    char text[2 * RUN_MARK_LINE_SIZE];
    folder_make(&folder);
    memset(text, 'x', sizeof text);
    assert_int_equal(run_mark_open(&mark, folder.path), 0);
    run_mark_say(mark, (struct slice){text, sizeof text});
    text[RUN_MARK_LINE_SIZE - 1] = '\0';
    assert_true(others_find(&folder, getpid(), text));
    run_mark_close(mark);
    folder_remove(&folder);
}

/* A clock that is wrong must not find its own time confirmed there. */
static void it_says_nothing_about_the_time(void **state) {
    struct run_mark *mark;
    struct folder folder;
    struct stat stat_now;
    folder_make(&folder);
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    assert_int_equal(utimensat(AT_FDCWD, folder.path, old, 0), 0);
    assert_int_equal(run_mark_open(&mark, folder.path), 0);
    run_mark_say(mark, SLICE("draining"));
    assert_int_equal(stat(folder.path, &stat_now), 0);
    assert_int_equal(stat_now.st_mtim.tv_sec, 1000);
    assert_int_equal(stat(folder.mark, &stat_now), 0);
    assert_int_equal(stat_now.st_mtim.tv_sec, 0);
    run_mark_close(mark);
    folder_remove(&folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_find_the_process_and_what_it_does),
        cmocka_unit_test(a_folder_without_a_server_names_nobody),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(it_says_nothing_about_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
