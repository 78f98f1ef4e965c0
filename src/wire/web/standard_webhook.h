/* Signatures of webhooks as Standard Webhooks 1.0.0 makes them (standardwebhooks.com): HMAC-SHA256 over
 * "id.timestamp.body" with a secret that is written "whsec_" and base64. */
#ifndef WIRE_STANDARD_WEBHOOK_H
#define WIRE_STANDARD_WEBHOOK_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { STANDARD_WEBHOOK_KEY_MIN = 24, STANDARD_WEBHOOK_KEY_MAX = 64 };

/* Appends the key's bytes. False, and nothing appended, for a text that is no secret, or one whose
 * length the standard does not allow. */
bool standard_webhook_key(struct buf *key, struct slice secret);

/* Appends "v1,SIGNATURE". */
void standard_webhook_sign(struct buf *out, struct slice key, struct slice id, int64_t timestamp_s,
                           struct slice body);

#endif
