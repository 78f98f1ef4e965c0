/*
 * The token of a link that sets a new password. It names an e-mail and an end, and is signed
 * together with the hash of the password that is to be replaced: once there is another password, it
 * is worth nothing. So it is good once, and no row remembers it. Pure: the time is an argument.
 */
#ifndef APP_RESET_TOKEN_H
#define APP_RESET_TOKEN_H

#include "app/rest/email.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum { RESET_TTL_S = 3600 };

/* What it says; whether it is true tells reset_token_fits(). */
struct reset_claim {
    int64_t expires_s;
    char email[EMAIL_SIZE];
};

/* `secret` is JWT_REFRESH_SECRET; `old_hash` is empty for a user who has no password yet. */
void reset_token_write(struct buf *out, const struct reset_claim *, struct slice old_hash,
                       struct slice secret);

/* False: it is no such token. */
bool reset_token_read(struct slice token, struct reset_claim *);

/* Whether it was signed by us for this password and has not expired. */
bool reset_token_fits(struct slice token, struct slice old_hash, struct slice secret,
                      int64_t now_s);

#endif
