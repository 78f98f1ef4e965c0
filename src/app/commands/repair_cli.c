#include "app/commands/commands.h"

#include "base/clock.h"
#include "outside/files/repair.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A younger file may have been created by a running server that has not locked it yet. */
enum { YOUNG_MS = 10000 };

static void print_line(const char *path, const char *what, void *user) {
    printf("%s: %s\n", path, what);
}

int repair_main(int argc, char **argv) {
    struct repair_settings settings = {.before_ms = clock_wall_ms() - YOUNG_MS,
                                       .on_line = print_line};
    const char *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dry-run") == 0)
            settings.dry_run = true;
        else if (argv[i][0] != '-' && !folder)
            folder = argv[i];
        else
            return 2;
    }
    if (!folder)
        return 2;

    struct repair_result result = {0};
    int err = repair_folder(folder, &settings, &result);
    if (err) {
        fprintf(stderr, "%s: %s\n", folder, strerror(err));
        return 1;
    }
    printf("%" PRIu64 " files, %" PRIu64 " %s, %" PRIu64 " removed, %" PRIu64 " in use, %" PRIu64
           " failed\n",
           result.files, result.repaired, settings.dry_run ? "to repair" : "repaired",
           result.removed, result.locked, result.failed);
    return result.failed ? 1 : 0;
}
