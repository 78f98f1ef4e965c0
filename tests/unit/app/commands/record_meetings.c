/* Writes the recorded meetings into folders of their numbers, for tests that play them. */
#include "recorded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    size_t count;
    const struct recorded *meetings = recorded_meetings(&count);
    if (argc != 2 || !voices_load()) {
        fprintf(stderr, argc != 2 ? "usage: record_meetings FOLDER\n"
                                  : "needs the packages " DEMO_VOICE_PACKAGES "\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        char folder[256];
        snprintf(folder, sizeof folder, "%s/%zu", argv[1], i);
        if ((mkdir(folder, 0700) != 0 && errno != EEXIST) ||
            !recorded_write(&meetings[i], folder)) {
            fprintf(stderr, "%s: %s\n", folder, strerror(errno));
            return 1;
        }
    }
    voices_free();
    return 0;
}
