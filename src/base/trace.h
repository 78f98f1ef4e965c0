/*
 * The trace that a request belongs to (W3C Trace Context, level 1), as its header `traceparent`
 * says. While the handler of a request runs, its thread is in that trace: lines of the log carry
 * the id, and what is asked of others carries it on.
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

enum { TRACE_ID_CHARS = 32, TRACE_SPAN_CHARS = 16, TRACE_TEXT_SIZE = 56 };

/* Zeroed: none. */
struct trace {
    char id[TRACE_ID_CHARS + 1];
    char span[TRACE_SPAN_CHARS + 1]; /* of who asks */
    char flags[3];
};

/* False, and nothing set, for a text that is no such header. */
bool trace_parse(struct trace *out, struct slice header);

/* This thread's; NULL ends it, and is what it begins with. Borrowed until then. */
void trace_enter(const struct trace *trace);
const struct trace *trace_current(void);

/* A header for what this thread asks of others: the same trace, a new span. False: it is in none. */
bool trace_write(char out[TRACE_TEXT_SIZE]);

#endif
