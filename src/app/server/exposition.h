/*
 * Prometheus' text exposition format, version 0.0.4: one metric after the other, each with its help
 * and type.
 */
#ifndef APP_EXPOSITION_H
#define APP_EXPOSITION_H

#include "base/buf.h"
#include "base/counter.h"

#include <stddef.h>

/* A struct of counters, and its table. */
struct exposition_source {
    const struct counter_table *table;
    const void *from;
};

/* Every metric of the sources, in the order of their rows. Rows of one metric that lie in several
 * sources are printed together, where the row with the help is. */
void exposition_counters(struct buf *, const struct exposition_source *sources, size_t count);

/* One number. `label` NULL: none, else label="value". */
void exposition_gauge(struct buf *, const char *name, const char *help, const char *label,
                      const char *value, double number);

#endif
