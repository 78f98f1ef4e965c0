#include "base/machine.h"

#include "base/buf.h"
#include "base/slice.h"

#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024 };

/* Files of /proc and /sys say no length. Empty when there is none. */
static struct buf read_file(const char *root, const char *path) {
    struct buf name = {0}, text = {0};
    buf_printf(&name, "%s%s%c", root, path, 0);
    FILE *file = fopen(name.data, "re");
    if (file) {
        char *to = buf_reserve(&text, FILE_MAX);
        text.len = fread(to, 1, FILE_MAX, file);
        fclose(file);
    }
    buf_free(&name);
    return text;
}

/* The number in a file, or `above` when there is none ("max") or it is greater. */
static uint64_t limit_in(const char *root, const char *path, uint64_t above) {
    struct buf text = read_file(root, path);
    struct slice line = slice_take(buf_slice(&text), slice_find_byte(buf_slice(&text), '\n'));
    uint64_t limit;
    bool is_number = slice_to_uint(line, UINT64_MAX, &limit);
    buf_free(&text);
    return is_number && limit < above ? limit : above;
}

static uint64_t total_memory(const char *root) {
    struct buf text = read_file(root, "/proc/meminfo");
    struct slice rest = buf_slice(&text), line, unit = SLICE(" kB");
    uint64_t kib = 0;
    while (slice_cut(&rest, '\n', &line)) {
        if (!slice_has_prefix(line, SLICE("MemTotal:")) || !slice_has_suffix(line, unit))
            continue;
        line = slice_skip(slice_take(line, line.len - unit.len), strlen("MemTotal:"));
        slice_to_uint(slice_trim(line), UINT64_MAX / 1024, &kib);
        break;
    }
    buf_free(&text);
    return kib * 1024;
}

/* The group's own limit and those above it. In a container the path may be the host's, of which
 * only the end is there: what is missing is passed over. */
static uint64_t limit_of_group(const char *root, const char *mount, struct slice group,
                               const char *file, uint64_t limit) {
    for (;;) {
        struct buf path = {0};
        while (slice_has_suffix(group, SLICE("/")))
            group.len--;
        buf_printf(&path, "%s%.*s/%s%c", mount, SLICE_ARG(group), file, 0);
        limit = limit_in(root, path.data, limit);
        buf_free(&path);
        if (group.len == 0)
            return limit;
        while (group.len > 0 && group.ptr[group.len - 1] != '/')
            group.len--;
    }
}

static bool names_memory(struct slice controllers) {
    struct slice name;
    while (slice_cut(&controllers, ',', &name))
        if (slice_is_equal(name, SLICE("memory")))
            return true;
    return false;
}

uint64_t machine_memory_bytes(const char *root) {
    uint64_t bytes = total_memory(root);
    struct buf groups = read_file(root, "/proc/self/cgroup");
    struct slice rest = buf_slice(&groups), line, number, controllers;
    bytes = bytes ? bytes : UINT64_MAX;
    while (slice_cut(&rest, '\n', &line)) { /* number:controllers:path */
        if (!slice_cut(&line, ':', &number) || !slice_cut(&line, ':', &controllers))
            continue;
        if (names_memory(controllers))
            bytes =
                limit_of_group(root, "/sys/fs/cgroup/memory", line, "memory.limit_in_bytes", bytes);
        else if (controllers.len == 0)
            bytes = limit_of_group(root, "/sys/fs/cgroup", line, "memory.max", bytes);
    }
    buf_free(&groups);
    return bytes == UINT64_MAX ? 0 : bytes;
}
