/* Repairing a file of any bytes: it never grows, a dry run says the same and changes nothing, a
 * second run finds nothing to do. */
#include "outside/files/repair_media.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t length_of(int fd) {
    struct stat stat;
    assert(fstat(fd, &stat) == 0);
    return (uint64_t)stat.st_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static repair_fn *const repairs[] = {repair_wav, repair_flac, repair_opus, repair_ivf};
    if (size < 1 || size > 65536)
        return 0;
    repair_fn *repair = repairs[data[0] % 4];
    data++;
    size--;
    int fd = memfd_create("repair", MFD_CLOEXEC);
    assert(fd >= 0 && pwrite(fd, data, size, 0) == (ssize_t)size);

    struct media dry = {0}, wet = {0}, again = {0};
    int err = repair(fd, size, true, &dry);
    uint8_t copy[65536];
    assert(length_of(fd) == size && pread(fd, copy, sizeof copy, 0) == (ssize_t)size);
    assert(memcmp(copy, data, size) == 0);
    assert(repair(fd, size, false, &wet) == err);
    if (!err && !wet.is_empty) {
        uint64_t after = length_of(fd);
        assert(after <= size && dry.is_changed == wet.is_changed);
        assert(dry.bytes == wet.bytes && dry.frames == wet.frames);
        assert(repair(fd, after, false, &again) == 0);
        assert(!again.is_changed && again.bytes == wet.bytes && length_of(fd) == after);
    }
    close(fd);
    return 0;
}
