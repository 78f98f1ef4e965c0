#include "base/machine.h"

#include "base/macros.h"
#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MIB = 1024 * 1024 };

struct machine {
    char root[32];
};

static void begin(struct machine *m) {
    strcpy(m->root, "/tmp/prosa-machine-XXXXXX");
    assert_non_null(mkdtemp(m->root));
}

/* Writes a file below the root, with the folders to it. */
static void put(const struct machine *m, const char *path, const char *text) {
    char name[256];
    snprintf(name, sizeof name, "%s%s", m->root, path);
    for (char *slash = name + strlen(m->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(name, 0700);
        *slash = '/';
    }
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int forget(const char *path, const struct stat *info, int kind, struct FTW *at) {
    return remove(path);
}

static void expect(const struct machine *m, uint64_t mib) {
    assert_int_equal(machine_memory_bytes(m->root), mib * MIB);
}

static void end(const struct machine *m) {
    nftw(m->root, forget, 8, FTW_DEPTH | FTW_PHYS);
}

#define MEMINFO "MemFree: 1 kB\nMemTotal:        4194304 kB\nSwapTotal: 9 kB\n"

static void without_groups_it_is_the_machines(void **state) {
    struct machine m;
    begin(&m);
    expect(&m, 0); /* nothing can be read */
    put(&m, "/proc/meminfo", MEMINFO);
    expect(&m, 4096);
    end(&m);
}

static void a_group_of_version_2_limits_it(void **state) {
    struct machine m;
    begin(&m);
    put(&m, "/proc/meminfo", MEMINFO);
    put(&m, "/proc/self/cgroup", "0::/system.slice/prosa.service\n");
    put(&m, "/sys/fs/cgroup/system.slice/prosa.service/memory.max", "max\n");
    expect(&m, 4096);
    put(&m, "/sys/fs/cgroup/system.slice/memory.max", "1073741824\n");
    expect(&m, 1024);
    put(&m, "/sys/fs/cgroup/system.slice/prosa.service/memory.max", "536870912\n");
    expect(&m, 512);
    end(&m);
}

/* In a container its own group is mounted as the root; the path names the host's. */
static void in_a_container_the_root_is_its_own(void **state) {
    struct machine m;
    begin(&m);
    put(&m, "/proc/meminfo", MEMINFO);
    put(&m, "/proc/self/cgroup", "0::/docker/0123456789\n");
    put(&m, "/sys/fs/cgroup/memory.max", "268435456\n");
    expect(&m, 256);
    put(&m, "/proc/self/cgroup", "0::/\n");
    expect(&m, 256);
    end(&m);
}

static void a_group_of_version_1_limits_it(void **state) {
    struct machine m;
    begin(&m);
    put(&m, "/proc/meminfo", MEMINFO);
    put(&m, "/proc/self/cgroup", "5:cpu,cpuacct:/\n4:memory:/a/b\n0::/c\n");
    put(&m, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    expect(&m, 4096);
    put(&m, "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "536870912\n");
    expect(&m, 512);
    end(&m);
}

RUN_TESTS(TEST(without_groups_it_is_the_machines), TEST(a_group_of_version_2_limits_it),
          TEST(in_a_container_the_root_is_its_own), TEST(a_group_of_version_1_limits_it))
