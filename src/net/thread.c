#include "net/thread.h"

#include "base/mem.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct thread {
    pthread_t id;
    char name[16];
    int nice;
    thread_main_fn *fn;
    void *arg;
};

void thread_set_nice(int nice) {
    /* On Linux a priority belongs to a thread, named by its tid. */
    if (nice != 0)
        setpriority(PRIO_PROCESS, (id_t)gettid(), nice);
}

int thread_id(void) {
    return gettid();
}

static ssize_t read_of_task(int id, const char *what, char *text, size_t bytes) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", id, what);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, bytes - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n;
}

/* "123 (name) S ...": thread names are set here and hold no parenthesis. A thread that cannot be
 * read counts as running. */
bool thread_is_runnable(int id) {
    char text[64];
    ssize_t n = read_of_task(id, "stat", text, sizeof text);
    const char *end = n > 0 ? strchr(text, ')') : NULL;
    return !end || end[1] != ' ' || end[2] == 'R';
}

/* "schedstat": time on a processor, time waiting for one, number of times it got one. */
uint64_t thread_slices(int id) {
    char text[96];
    unsigned long long slices = 0;
    if (read_of_task(id, "schedstat", text, sizeof text) <= 0 ||
        sscanf(text, "%*u %*u %llu", &slices) != 1)
        return 0;
    return slices;
}

static void *thread_run(void *arg) {
    struct thread *thread = arg;
    pthread_setname_np(pthread_self(), thread->name);
    thread_set_nice(thread->nice);
    thread->fn(thread->arg);
    return NULL;
}

int thread_start(struct thread **out, const char *name, int nice, thread_main_fn *fn, void *arg) {
    static const int mistakes[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct thread *thread = mem_alloc(sizeof *thread);
    snprintf(thread->name, sizeof thread->name, "%s", name);
    thread->nice = nice;
    thread->fn = fn;
    thread->arg = arg;

    /* The thread inherits a full mask, because only the main thread's loop handles signals. Those of
     * its own mistakes stay, so that their handlers run. */
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
        sigdelset(&all, mistakes[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&thread->id, NULL, thread_run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        mem_free(thread);
        return err;
    }
    *out = thread;
    return 0;
}

void thread_join(struct thread *thread) {
    if (!thread)
        return;
    pthread_join(thread->id, NULL);
    mem_free(thread);
}

void thread_abandon(struct thread *thread) {
    pthread_detach(thread->id);
}
