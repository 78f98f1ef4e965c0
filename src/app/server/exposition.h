/* Prometheus' text exposition format, version 0.0.4: one family after the other, each with its help and type. */
#ifndef APP_EXPOSITION_H
#define APP_EXPOSITION_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Begins a family; `type` is counter, gauge or histogram. */
void exposition_family(struct buf *, const char *name, const char *type, const char *help);

/* One sample; `label` NULL: none, else label="value". */
void exposition_value(struct buf *, const char *name, const char *label, const char *value,
                      double number);

/* A family with one sample. */
void exposition_counter(struct buf *, const char *name, const char *help, double number);
void exposition_gauge(struct buf *, const char *name, const char *help, double number);

/* A histogram in seconds from counts by upper bound in ms; counts has one more, for what lies beyond the last bound. */
void exposition_histogram(struct buf *, const char *name, const char *help,
                          const unsigned *bounds_ms, const uint64_t *counts, size_t bounds,
                          uint64_t sum_ms);

#endif
