/*
 * Password hashes: argon2id (RFC 9106), and bcrypt for users of the old backend, whose hashes are
 * verified and then replaced. Both take tens of milliseconds on purpose, so call them on a worker.
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
 * Whether the hash was made from this password. False for hashes of an unknown kind or of an
 * excessive cost.
 */
bool password_fits(const char *hash, struct slice password);

/* Whether the hash should be replaced: it is of an older kind, or cheaper than this cost. */
bool password_is_outdated(const char *hash, const struct password_cost *);

/* Whether it is among the passwords that attackers try first. */
bool password_is_common(struct slice password);

#endif
