/*
 * Links by which a recording can be downloaded without an access token, for a minute:
 * "/recordings/<id>?ticket=<expiry>.<HMAC-SHA256 of id and expiry>". Pure: key and time are
 * arguments.
 */
#ifndef APP_DOWNLOAD_LINK_H
#define APP_DOWNLOAD_LINK_H

#include "base/buf.h"

#include <stdint.h>

enum { DOWNLOAD_LINK_S = 60 };

struct download_link_key {
    uint8_t bytes[32];
};

/* Appends the link: path and query. */
void download_link_write(const struct download_link_key *, struct slice id, int64_t now_s,
                         struct buf *out);

/* Whether the query's `ticket` was made for this recording and has not expired. */
bool download_link_is_good(const struct download_link_key *, struct slice id, struct slice ticket,
                           int64_t now_s);

#endif
