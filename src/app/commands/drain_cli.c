#include "app/commands/commands.h"

#include "app/config/config.h"
#include "base/buf.h"
#include "outside/files/run_mark.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LOOK_NS = 200 * 1000 * 1000 };

/* Prints what the server is doing whenever that changes, until it has left. */
static void watch(const char *root, pid_t pid) {
    char line[RUN_MARK_LINE_SIZE], before[RUN_MARK_LINE_SIZE] = "running";
    while (run_mark_find(root, line) == pid) {
        if (strcmp(line, before) != 0)
            printf("%s\n", line);
        fflush(stdout);
        snprintf(before, sizeof before, "%s", line);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    puts("left");
}

/* A second SIGTERM would end a server at once that is leaving already. */
static int drain(const char *root, bool is_now, bool waits) {
    char line[RUN_MARK_LINE_SIZE];
    pid_t pid = run_mark_find(root, line);
    if (pid <= 0) {
        fprintf(stderr, "prosa: no server runs on this machine with %s (STORAGE_DIR)\n", root);
        return 1;
    }
    bool is_leaving = strcmp(line, "leaving") == 0;
    if (!is_leaving && kill(pid, is_now ? SIGTERM : SIGUSR1)) {
        fprintf(stderr, "prosa: the server (process %ld) cannot be told: %s\n", (long)pid,
                strerror(errno));
        return 1;
    }
    if (waits)
        watch(root, pid);
    return 0;
}

int drain_main(int argc, char **argv) {
    struct config *config;
    struct buf problem = {0};
    bool is_now = false, waits = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--now") == 0)
            is_now = true;
        else if (strcmp(argv[i], "--no-wait") == 0)
            waits = false;
        else
            return 2;
    }
    if (config_load(&config, &problem)) {
        fprintf(stderr, "prosa: %.*s\n", SLICE_ARG(buf_slice(&problem)));
        buf_free(&problem);
        return 1;
    }
    int code = drain(config->storage_dir, is_now, waits);
    config_free(config);
    return code;
}
