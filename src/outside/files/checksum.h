/* SHA-256 of a part of a file. */
#ifndef OUTSIDE_CHECKSUM_H
#define OUTSIDE_CHECKSUM_H

#include <stdatomic.h>
#include <stdint.h>

enum { CHECKSUM_SIZE = 65 };

/*
 * Of `bytes` from `offset` on, as 64 hexadecimal digits. ECANCELED when *is_cancelled (may be NULL)
 * becomes true; EIO when the file is shorter.
 */
int checksum_file(int fd, uint64_t offset, uint64_t bytes, const atomic_bool *is_cancelled,
                  char out[CHECKSUM_SIZE]);

#endif
