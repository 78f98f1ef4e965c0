/*
 * Signed addresses for /egress-audio and /egress-video. LiveKit Egress sends no header that could
 * prove anything, so the proof is part of the URL it is given. The parameter `token` is
 * `v1.EXPIRY.NONCE.MAC`; the MAC covers the path and every other parameter, decoded and sorted,
 * known or not. It opens one connection, until EXPIRY. Time is an argument.
 */
#ifndef APP_EGRESS_URL_H
#define APP_EGRESS_URL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { EGRESS_URL_LIFE_S = 600, EGRESS_NONCE_CHARS = 22, EGRESS_URL_PARAMS_MAX = 32 };

enum egress_url_fault {
    EGRESS_URL_OK,
    EGRESS_URL_UNSIGNED,
    EGRESS_URL_MALFORMED, /* the token has another shape, or a parameter cannot be decoded */
    EGRESS_URL_AMBIGUOUS, /* a parameter comes twice or under two names, or there are too many */
    EGRESS_URL_FORGED,
    EGRESS_URL_EXPIRED,
    EGRESS_URL_USED,
    EGRESS_URL_FAULTS
};

/* One word for logs and metrics. */
const char *egress_url_fault_name(enum egress_url_fault fault);

/* Appends "&token=..." to a query ("a=b&c=d", encoded). `nonce` is EGRESS_NONCE_CHARS of
 * base64url. */
void egress_url_sign(struct buf *query, struct slice path, struct slice secret, struct slice nonce,
                     int64_t expires_s);

/* Checks everything but whether the nonce was used. *nonce borrows from the query; it is empty
 * unless the result is EGRESS_URL_OK. */
enum egress_url_fault egress_url_check(struct slice query, struct slice path, struct slice secret,
                                       int64_t now_s, struct slice *nonce);

#endif
