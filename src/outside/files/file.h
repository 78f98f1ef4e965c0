/*
 * Complete reads and writes on a descriptor, checksums, and folders. Short counts and EINTR are
 * handled here. Every call waits for the disk: not for a loop's thread.
 */
#ifndef OUTSIDE_FILE_H
#define OUTSIDE_FILE_H

#include "base/buf.h"
#include "base/slice.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Appends everything from the descriptor's position to the end. EFBIG: more than `max` bytes. */
int file_read_all(int fd, size_t max, struct buf *out);

/* *got is less than `len` only where the file ends. */
int file_read_at(int fd, void *bytes, size_t len, uint64_t offset, size_t *got);

int file_write_all(int fd, struct slice bytes);
int file_write_at(int fd, const void *bytes, size_t len, uint64_t offset);

enum { FILE_SUM_SIZE = 65 };

/*
 * SHA-256 of `bytes` from `offset` on, as 64 hexadecimal digits. ECANCELED when *is_cancelled (may
 * be NULL) becomes true; EIO when the file is shorter.
 */
int file_checksum(int fd, uint64_t offset, uint64_t bytes, const atomic_bool *is_cancelled,
                  char out[FILE_SUM_SIZE]);

/* The folder and those above it, mode 0750; one that exists is fine, and so is an empty path. */
int file_make_folders(struct slice path);

/* The entries of an open folder, from the first; the descriptor stays as it is. For closedir(). */
int file_open_dir(int folder_fd, DIR **out);

#endif
