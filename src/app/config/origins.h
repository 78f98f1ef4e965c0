/*
 * Lists of origins in the form in which browsers send them (RFC 6454, 6.2): scheme and host in lower
 * case, no port where it is the scheme's own, nothing behind it. Only then can they be compared as
 * texts. Pure.
 */
#ifndef APP_ORIGINS_H
#define APP_ORIGINS_H

#include "base/slice.h"

struct buf;

/*
 * Appends the origins of a comma-separated list, again comma-separated. `*` alone allows every
 * origin: nothing is appended. EINVAL: `bad` is the item that is no origin.
 */
int origins_normalise(struct buf *out, struct slice list, struct slice *bad);

#endif
