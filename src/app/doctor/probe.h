/* One question by HTTP, for which the caller waits five seconds at most. */
#ifndef APP_PROBE_H
#define APP_PROBE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { PROBE_WHY_SIZE = 256 };

struct probe {
    /* The question. */
    const char *url;   /* http(s) or ws(s) */
    const char *token; /* of a Bearer, or NULL */
    const char *proxy; /* NULL: direct */
    /* The other side is this very server: its certificate is of another name. */
    bool trusts_anyone;

    /* The answer. */
    long status; /* 0: none, see why */
    char why[PROBE_WHY_SIZE];
    /* Unix time of its Date header, and ours when it came; 0: it has none. */
    int64_t told_ms, heard_ms;
    /* At most 1 MiB. */
    struct buf body;
};

/* The caller frees the body. */
void probe_ask(struct probe *);

#endif
