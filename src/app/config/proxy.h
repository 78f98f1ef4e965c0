/* The settings HTTPS_PROXY and NO_PROXY, with the meaning that curl and most programs give them.
 * Pure. */
#ifndef APP_PROXY_H
#define APP_PROXY_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* "http://user:password@host:port" of an http proxy, which may be written without its scheme. NULL:
 * it is none. Free with mem_free. */
char *proxy_normalise(const char *text);

/*
 * Whether a host is reached without the proxy. The list is separated by commas or blanks: `*`, a
 * name, which stands for what is beneath it as well, with or without a dot in front, an address or a
 * network, each with a port where it counts for that alone.
 */
bool proxy_is_skipped(struct slice list, struct slice host, uint16_t port);

#endif
