#include "outside/files/second_clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { NEAR_MS = 3600 * 1000 };

/* A server may be away for so long without a doubt. */
#define LEAD_MS (INT64_C(7) * 24 * 3600 * 1000)

static void note_time(struct second_clock *clock, const struct stat *stat) {
    int64_t at_ms = (int64_t)stat->st_mtim.tv_sec * 1000;
    if (at_ms > clock->known_ms)
        clock->known_ms = at_ms;
}

static void look_into(struct second_clock *clock, const char *folder) {
    struct stat stat;
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (fstatat(dirfd(dir), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
            (entry->d_name[0] != '.' || !entry->d_name[1])) /* not the folder above */
            note_time(clock, &stat);
    closedir(dir);
}

void second_clock_init(struct second_clock *clock, const char *const folders[], size_t count,
                       int64_t mono_ms) {
    clock->known_ms = 0;
    clock->mono_ms = mono_ms;
    atomic_store(&clock->is_confirmed, false);
    for (size_t i = 0; i < count; i++)
        look_into(clock, folders[i]);
}

bool second_clock_doubts(const struct second_clock *clock, int64_t wall_ms, int64_t mono_ms) {
    return clock && clock->known_ms > 0 && !atomic_load(&clock->is_confirmed) &&
           wall_ms > clock->known_ms + (mono_ms - clock->mono_ms) + LEAD_MS;
}

bool second_clock_hear(struct second_clock *clock, int64_t told_ms, int64_t wall_ms) {
    int64_t off_ms = told_ms > wall_ms ? told_ms - wall_ms : wall_ms - told_ms;
    return off_ms <= NEAR_MS && !atomic_exchange(&clock->is_confirmed, true);
}
