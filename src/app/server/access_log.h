/*
 * ACCESS_LOG: a line for each request that has ended, in the log's bounded queue: `clf` is the
 * combined form of Apache and nginx, `json` an object with the trace that the request belongs to.
 * What opens doors in an address (tickets, signatures) is left out. Nothing is done without it.
 */
#ifndef APP_ACCESS_LOG_H
#define APP_ACCESS_LOG_H

#include "app/config/config.h"
#include "base/buf.h"
#include "net/http/http_server.h"

#include <stdint.h>

/* For http_settings. NULL: ACCESS_LOG=off. */
http_access_fn *access_log_of(enum access_log);

/* The two forms, each with its newline. */
void access_write_clf(struct buf *line, const struct http_access *, int64_t now_ms);
void access_write_json(struct buf *line, const struct http_access *, int64_t now_ms);

#endif
