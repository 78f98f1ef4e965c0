/*
 * WEBHOOK_URLS and WEBHOOK_SECRET: the addresses that are told of what happens, and the secrets that
 * sign it. Pure.
 */
#ifndef APP_WEBHOOK_TARGETS_H
#define APP_WEBHOOK_TARGETS_H

#include "base/slice.h"

#include <stdbool.h>

enum { WEBHOOK_TARGETS_MAX = 16, WEBHOOK_SECRETS_MAX = 4 };

struct buf;

/* The next item of either list, which commas or blanks separate. */
bool webhook_targets_next(struct slice *rest, struct slice *item);

/* NULL, or what is wrong with the list; `bad` is the item then, empty where it is the whole. */
const char *webhook_urls_check(struct slice list, struct slice *bad);
/* The same of the secrets, which are not repeated. */
const char *webhook_secrets_check(struct slice list);

/* Scheme, host and port of an address: what may be shown, as a path may be a secret. */
void webhook_origin_write(struct buf *out, struct slice url);

#endif
