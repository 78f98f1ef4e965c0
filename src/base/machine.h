/* What the machine gives this process. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdint.h>

/* The memory that the process may use, in bytes: the machine's, or less where a control group (a
 * container, a unit of systemd) limits it or one above it; both versions of control groups are
 * read. 0: unknown. `root` is "" or, in tests, a folder with `proc` and `sys` in it. */
uint64_t machine_memory_bytes(const char *root);

#endif
