#include "net/log_writer.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "unit.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Far beyond what anything here takes, however busy the machine is. */
enum { LIMIT_MS = 30000 };

struct ends {
    int reader, writer;
};

static struct ends open_pipe(void) {
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    return (struct ends){fds[0], fds[1]};
}

static void read_until(int fd, struct buf *text, const char *what) {
    char part[65536];
    while (!text->len || !memmem(text->data, text->len, what, strlen(what))) {
        assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, LIMIT_MS), 1);
        ssize_t n = read(fd, part, sizeof part);
        assert_true(n > 0);
        buf_add_slice(text, slice_of(part, (size_t)n));
        buf_add_byte(text, 0);
        text->len--;
    }
}

static size_t count_lines(const struct buf *text, const char *what) {
    size_t count = 0, len = strlen(what);
    const char *at = text->data, *end = text->data + text->len;
    while ((at = memmem(at, (size_t)(end - at), what, len))) {
        count++;
        at += len;
    }
    return count;
}

static void lines_come_out_in_order(void **state) {
    struct ends ends = open_pipe();
    struct log_writer *writer;
    struct buf text = {0};
    assert_int_equal(log_writer_open(&writer, ends.writer), 0);
    for (int i = 0; i < 100; i++)
        log_info("test", "line", log_int("number", i));
    fprintf(stderr, "printed %s\n", "by others");
    log_info("test", "the end");
    log_writer_close(writer, LIMIT_MS);

    read_until(ends.reader, &text, "the end\n");
    const char *at = text.data;
    for (int i = 0; i < 100; i++) {
        char line[32];
        snprintf(line, sizeof line, "number=%d\n", i);
        at = strstr(at, line);
        assert_non_null(at);
    }
    assert_non_null(strstr(at, "\nprinted by others\n"));
    close(ends.reader);
    close(ends.writer);
    buf_free(&text);
}

/* Nobody waits for the reader, and what was lost is said once, with its number. */
static void a_log_that_nobody_reads_holds_up_nobody(void **state) {
    enum { LINES = 40000 };
    struct ends ends = open_pipe();
    struct log_writer *writer;
    struct log_stats before, after;
    struct buf text = {0};
    log_stats(&before);
    assert_int_equal(log_writer_open(&writer, ends.writer), 0);
    for (int i = 0; i < LINES; i++)
        log_info("test", "line");
    log_stats(&after);
    uint64_t lost = after.lost - before.lost;
    assert_int_equal(after.lines - before.lines, LINES);
    assert_true(lost > 0 && lost < LINES);

    read_until(ends.reader, &text, "lines were lost");
    read_until(ends.reader, &text, "\n");
    log_info("test", "flows");
    read_until(ends.reader, &text, "flows\n");
    assert_int_equal(count_lines(&text, "test: line\n"), LINES - lost);
    assert_int_equal(count_lines(&text, "lines were lost"), 1);
    char number[32];
    snprintf(number, sizeof number, "lines=%d\n", (int)lost);
    assert_non_null(strstr(text.data, number));
    log_writer_close(writer, LIMIT_MS);
    close(ends.reader);
    close(ends.writer);
    buf_free(&text);
}

static void write_repeats(void) {
    for (int i = 0; i < 500; i++)
        log_limited(LOG_WARN, 1, "unsigned", "webhook", "refused", log_text("peer", "::1"));
}

static void the_number_of_repeats_is_said_at_the_end(void **state) {
    struct ends ends = open_pipe();
    struct log_writer *writer;
    struct buf text = {0};
    assert_int_equal(log_writer_open(&writer, ends.writer), 0);
    write_repeats();
    log_writer_close(writer, LIMIT_MS);
    read_until(ends.reader, &text, "repeats=499\n");
    assert_int_equal(count_lines(&text, "webhook: refused cause=unsigned"), 2);
    assert_int_equal(count_lines(&text, "webhook: refused cause=unsigned peer=::1\n"), 1);
    close(ends.reader);
    close(ends.writer);
    buf_free(&text);
}

/* ---- Ends ---- */

static void fill_log(void) {
    for (int i = 0; i < 40000; i++)
        log_info("test", "line");
}

static void end_by_close(struct log_writer *writer) {
    log_writer_close(writer, 100);
    log_info("test", "nobody waits for this line either");
    _exit(0);
}

static void end_by_assertion(struct log_writer *writer) {
    log_error("test", "the last line");
    assert(writer == NULL && "this is so");
}

/* A process of its own that writes to the pipe and ends. */
static pid_t start(const struct ends *ends, bool is_filled, void (*end)(struct log_writer *)) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    struct log_writer *writer;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    close(ends->reader);
    if (log_writer_open(&writer, ends->writer))
        _exit(9);
    if (is_filled)
        fill_log();
    end(writer);
    _exit(8);
}

static int wait_for(pid_t child) {
    int64_t until_ms = clock_mono_ms() + LIMIT_MS;
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (clock_mono_ms() > until_ms)
            kill(child, SIGKILL);
        usleep(1000);
    }
    return status;
}

static void a_stuck_log_does_not_hold_up_the_exit(void **state) {
    struct ends ends = open_pipe();
    int status = wait_for(start(&ends, true, end_by_close));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(ends.reader);
    close(ends.writer);
}

static void a_stuck_log_does_not_hold_up_an_abort(void **state) {
    struct ends ends = open_pipe();
    int status = wait_for(start(&ends, true, end_by_assertion));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    close(ends.reader);
    close(ends.writer);
}

static void the_last_lines_get_out_before_an_abort(void **state) {
    struct ends ends = open_pipe();
    struct buf text = {0};
    pid_t child = start(&ends, false, end_by_assertion);
    read_until(ends.reader, &text, "this is so");
    assert_non_null(strstr(text.data, "test: the last line\n"));
    int status = wait_for(child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    close(ends.reader);
    close(ends.writer);
    buf_free(&text);
}

static void end_by_another(struct log_writer *writer) {
    log_error("test", "the last line");
    kill(getpid(), SIGABRT);
    pause();
}

static void a_fatal_signal_from_outside_ends_the_process(void **state) {
    struct ends ends = open_pipe();
    struct buf text = {0};
    pid_t child = start(&ends, false, end_by_another);
    read_until(ends.reader, &text, "test: the last line");
    int status = wait_for(child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    close(ends.reader);
    close(ends.writer);
    buf_free(&text);
}

RUN_TESTS(TEST(lines_come_out_in_order), TEST(a_log_that_nobody_reads_holds_up_nobody),
          TEST(the_number_of_repeats_is_said_at_the_end),
          TEST(a_stuck_log_does_not_hold_up_the_exit), TEST(a_stuck_log_does_not_hold_up_an_abort),
          TEST(the_last_lines_get_out_before_an_abort),
          TEST(a_fatal_signal_from_outside_ends_the_process))
