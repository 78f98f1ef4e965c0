#include "net/log_writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/log_queue.h"
#include "net/thread.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE_BYTES = 1024 * 1024,
    RESERVE_BYTES = 16 * 1024, /* for what `stderr` is told */
    LOOK_MS = 1000,            /* how often repeats are looked at */
    FATAL_MS = 1000,           /* how long a fatal signal waits for the queue */
};

struct log_writer {
    struct log_queue *queue;
    struct log_sink sink;
    struct thread *thread;
    int fd;
    /* What the FILE behind `stderr` was before. */
    FILE *standard_error;
    /* Posted for each line. */
    sem_t lines;
    /* The thread's id, once it runs. */
    atomic_int thread_id;
    atomic_bool is_ending, has_ended;
    /* Lines that were refused or could not be written, and were not told yet. */
    atomic_uint_fast64_t lost;
};

/* ---- From any thread ---- */

static bool log_writer_put(struct log_writer *writer, struct slice text, bool is_urgent) {
    bool fits = log_queue_put(writer->queue, text, is_urgent);
    if (fits)
        sem_post(&writer->lines);
    else
        atomic_fetch_add(&writer->lost, 1);
    return fits;
}

static bool log_writer_take(struct slice line, void *owner) {
    return log_writer_put(owner, line, false);
}

static void sleep_ms(long ms) {
    const struct timespec time = {.tv_nsec = ms * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* Also called by signal handlers, so it only looks and sleeps. */
static void log_writer_flush(int64_t patience_ms, void *owner) {
    struct log_writer *writer = owner;
    int64_t until_ms = clock_mono_ms() + patience_ms;
    if (atomic_load(&writer->thread_id) == thread_id())
        return;
    while (!log_queue_is_empty(writer->queue) && clock_mono_ms() < until_ms)
        sleep_ms(1);
}

/* What the C library and others print to `stderr`. */
static ssize_t log_writer_print(void *cookie, const char *text, size_t len) {
    log_writer_put(cookie, slice_of(text, len), true);
    return (ssize_t)len;
}

/* The signal is raised again and does what it does by default as soon as the handler returns; a
 * watchdog that sent it from outside would not repeat it. */
static void log_writer_on_fatal(int number) {
    log_flush(FATAL_MS);
    raise(number);
}

/* Once each. Handlers that are there already (of a sanitizer) stay. */
static void catch_fatal_signals(void) {
    static const int numbers[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct sigaction before;
        const struct sigaction wait = {.sa_handler = log_writer_on_fatal, .sa_flags = SA_RESETHAND};
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
            sigaction(numbers[i], &wait, NULL);
    }
}

/* ---- The thread ---- */

/* Waits for as long as the reader makes it wait. */
static int log_writer_write(int fd, struct slice text) {
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);
        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, LOOK_MS);
        else if (n < 0 && errno != EINTR)
            return errno;
        text = slice_skip(text, n > 0 ? (size_t)n : 0);
    }
    return 0;
}

/* Returns whether all that waited could be written. */
static bool log_writer_write_all(struct log_writer *writer) {
    struct slice pieces[2];
    bool flows = true;
    while (log_queue_look(writer->queue, pieces)) {
        flows = log_writer_write(writer->fd, pieces[0]) == 0 &&
                log_writer_write(writer->fd, pieces[1]) == 0;
        log_queue_drop(writer->queue);
        if (!flows) {
            log_count_lost();
            atomic_fetch_add(&writer->lost, 1);
        }
    }
    return flows;
}

static void tell_lost(struct log_writer *writer) {
    uint64_t lost = atomic_exchange(&writer->lost, 0);
    if (lost > 0)
        log_warn("log", "lines were lost: they were not read fast enough",
                 log_int("lines", (int64_t)lost));
}

static void wait_for_lines(struct log_writer *writer) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_MS / 1000;
    sem_clockwait(&writer->lines, CLOCK_MONOTONIC, &until);
}

static void log_writer_run(void *arg) {
    struct log_writer *writer = arg;
    atomic_store(&writer->thread_id, thread_id());
    bool is_ending = false, flows = false;
    while (!is_ending) {
        wait_for_lines(writer);
        is_ending = atomic_load(&writer->is_ending);
        log_tell_repeats(is_ending ? INT64_MAX : clock_mono_ms());
        bool had_lines = !log_queue_is_empty(writer->queue);
        bool was_written = log_writer_write_all(writer);
        if (had_lines)
            flows = was_written;
        if (flows)
            tell_lost(writer);
    }
    log_writer_write_all(writer);
    atomic_store(&writer->has_ended, true);
}

/* ---- Opening and closing ---- */

static void redirect_stderr(struct log_writer *writer) {
#ifdef __GLIBC__ /* other C libraries do not allow it to be set */
    FILE *file = fopencookie(writer, "w", (cookie_io_functions_t){.write = log_writer_print});
    if (!file)
        return;
    setvbuf(file, NULL, _IONBF, 0);
    writer->standard_error = stderr;
    stderr = file;
#else
    (void)log_writer_print;
#endif
}

static void restore_stderr(struct log_writer *writer) {
#ifdef __GLIBC__
    if (!writer->standard_error)
        return;
    fclose(stderr);
    stderr = writer->standard_error;
#endif
}

int log_writer_open(struct log_writer **out, int fd) {
    struct log_writer *writer = mem_alloc(sizeof *writer);
    writer->queue = log_queue_new(QUEUE_BYTES, RESERVE_BYTES);
    writer->fd = fd;
    writer->sink = (struct log_sink){log_writer_take, log_writer_flush, writer};
    sem_init(&writer->lines, 0, 0);
    int err = thread_start(&writer->thread, "log", 0, log_writer_run, writer);
    if (err) {
        sem_destroy(&writer->lines);
        log_queue_free(writer->queue);
        mem_free(writer);
        return err;
    }
    log_set_sink(&writer->sink);
    redirect_stderr(writer);
    catch_fatal_signals();
    *out = writer;
    return 0;
}

void log_writer_close(struct log_writer *writer, int64_t patience_ms) {
    if (!writer)
        return;
    int64_t until_ms = clock_mono_ms() + patience_ms;
    atomic_store(&writer->is_ending, true);
    sem_post(&writer->lines);
    while (!atomic_load(&writer->has_ended) && clock_mono_ms() < until_ms)
        sleep_ms(1);
    if (!atomic_load(&writer->has_ended)) {
        thread_abandon(writer->thread);
        return;
    }
    thread_join(writer->thread);
    log_set_sink(NULL);
    restore_stderr(writer);
    sem_destroy(&writer->lines);
    log_queue_free(writer->queue);
    mem_free(writer);
}
