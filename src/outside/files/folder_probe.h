/*
 * Whether this process can keep files somewhere, found out by making one: rights alone do not say
 * it, where a file system is read-only or mapped to other users. Whether there is room is another
 * question: a server with a full disk starts. Nothing is left behind. Every call waits for the disk.
 */
#ifndef OUTSIDE_FOLDER_PROBE_H
#define OUTSIDE_FOLDER_PROBE_H

#include "base/buf.h"

/*
 * A folder that is missing would be made, so the nearest one above it is tried instead. 0, or errno
 * and in `why` a sentence with the folder, the user of this process, and what can be done.
 */
int folder_probe(const char *folder, struct buf *why);

/* The same of the folder that a file lies in, and of the file where it exists. */
int folder_probe_file(const char *path, struct buf *why);

#endif
