/*
 * Passwords: argon2id (RFC 9106), and the bcrypt hashes of old users, which are verified and then
 * replaced. Both take tens of milliseconds on purpose: these are for worker threads.
 */
#ifndef APP_PASSWORD_H
#define APP_PASSWORD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { PASSWORD_HASH_BYTES = 192, PASSWORD_BYTES_MAX = 1024 };

struct password_cost {
    uint32_t memory_kib;
    uint32_t passes;
};

/* A PHC string with a fresh salt. 0 or EIO. */
int password_hash(char out[PASSWORD_HASH_BYTES], struct slice password,
                  const struct password_cost *);

/*
 * Whether the password is the one behind the hash. A hash of a kind or cost that we do not take is
 * nobody's.
 */
bool password_fits(const char *hash, struct slice password);

/* Whether the hash is of an older kind or cheaper than the cost, and should be made anew. */
bool password_is_outdated(const char *hash, const struct password_cost *);

/* Among those that everybody tries first. */
bool password_is_common(struct slice password);

#endif
