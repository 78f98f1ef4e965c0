/*
 * The nonces of signed addresses that were used and have not expired: an address opens one
 * connection, also after a restart. They lie in a file, a line for each, which a thread of its own
 * writes; nobody waits for it. Control thread only; time is an argument.
 */
#ifndef APP_EGRESS_NONCES_H
#define APP_EGRESS_NONCES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct egress_nonces;

/* Reads what is in the file and makes it anew without what has expired. path NULL: none is kept. A
 * file that cannot be used is logged, and nonces are kept in memory only. */
struct egress_nonces *egress_nonces_new(const char *path, int64_t now_s);
/* Writes what is on its way. NULL is fine. */
void egress_nonces_free(struct egress_nonces *nonces);
/* False when it was used before. */
bool egress_nonces_use(struct egress_nonces *nonces, struct slice nonce, int64_t now_s);

#endif
