/*
 * Password hashes: argon2id (RFC 9106), and bcrypt for users of the old backend. Which of them is
 * made, and when one is replaced, is the operator's policy: as long as the old backend may come
 * back, hashes stay of their kind. Both take tens of milliseconds on purpose, so call them on a
 * worker.
 */
#ifndef APP_PASSWORD_H
#define APP_PASSWORD_H

#include "app/config/config.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { PASSWORD_HASH_BYTES = 192, PASSWORD_BYTES_MAX = 1024 };

struct password_cost {
    uint32_t memory_kib;
    uint32_t passes;
    enum password_policy policy;
};

/* A PHC string of argon2id with a fresh salt. 0 or EIO. */
int password_hash(char out[PASSWORD_HASH_BYTES], struct slice password,
                  const struct password_cost *);

/*
 * The same of the kind that the policy wants for a user whose hash is `old_hash`; NULL: a new user.
 * A password that bcrypt would cut (over 72 bytes, or with a zero byte) gets argon2id.
 */
int password_hash_anew(char out[PASSWORD_HASH_BYTES], struct slice password, const char *old_hash,
                       const struct password_cost *);

bool password_is_bcrypt(const char *hash);

/* A hash that fits no password and takes as long to check as this one, which is bcrypt's. */
void password_dummy_bcrypt(char out[PASSWORD_HASH_BYTES], const char *hash);

/*
 * Whether the hash was made from this password. False for hashes of an unknown kind or of an
 * excessive cost.
 */
bool password_fits(const char *hash, struct slice password);

/* Whether the hash should be replaced: it is of another kind than the policy wants, or cheaper than
 * this cost. */
bool password_is_outdated(const char *hash, const struct password_cost *);

/* Whether it is among the passwords that attackers try first. */
bool password_is_common(struct slice password);

#endif
