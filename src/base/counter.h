/*
 * Counters as a table: for each counter of a struct, one row has its name, its meaning and its
 * place in the struct. The module that owns the struct writes the table once. Code that adds up
 * several structs, or prints one, walks the table.
 *
 *     static const struct counter rows[] = {
 *         {"prosa_ticks_total", "Ticks of all shards.", COUNTER_SUM,
 *          offsetof(struct stats, ticks)},
 *         {"prosa_tracks", "Open now.", COUNTER_GAUGE, offsetof(struct stats, audio),
 *          .label = "kind", .value = "audio"},
 *         {"prosa_tracks", NULL, COUNTER_GAUGE, offsetof(struct stats, video),
 *          .label = "kind", .value = "video"},
 *         {"prosa_ended_total", "Ended.", COUNTER_SUM, offsetof(struct stats, ended),
 *          .label = "cause", .count = ENDS, .value_of = end_name},
 *         {"prosa_tick_seconds_max", "Longest tick.", COUNTER_MAX,
 *          offsetof(struct stats, tick_us_max), .divisor = 1000000},
 *         {NULL, NULL, COUNTER_SUM, offsetof(struct stats, lateness), .count = 13},
 *     };
 *
 * Rows of one metric stand together; the first of them carries the help. Pure.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include "base/histogram.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How several structs become one, and what kind of metric a counter is. */
enum counter_kind {
    COUNTER_SUM,   /* only grows: added up; Prometheus' counter */
    COUNTER_GAUGE, /* of this moment: added up; Prometheus' gauge */
    COUNTER_MAX,   /* the highest counts; Prometheus' gauge */
};

struct counter {
    /* Of the metric. NULL: the row is added up, but not printed from the table. */
    const char *name;
    /* One sentence. NULL: a further row of the same metric. */
    const char *help;
    enum counter_kind kind;
    /* Of a uint64_t, or of an array of them, in the struct that is counted in. */
    size_t offset;
    /* The label's name, NULL for none; its value is `value`, or value_of(i) in an array. */
    const char *label, *value;
    const char *(*value_of)(unsigned index);
    /* Of an array's elements; 0: one uint64_t. */
    unsigned count;
    /* What a number is divided by when it is printed: 1000 shows ms as seconds. 0: nothing. */
    unsigned divisor;
    /* Its numbers are atomic_uint_fast64_t, written by other threads. */
    bool is_atomic;
    /* The row is a struct histogram with these bounds, in the same struct. NULL: plain numbers. */
    const struct histogram_bounds *bounds;
};

/* A table, as a module shows it. */
struct counter_table {
    const struct counter *rows;
    size_t count;
};

/* How many numbers a row has: 1, the length of its array, or all of a histogram. */
static inline unsigned counter_len(const struct counter *row) {
    if (row->bounds)
        return sizeof(struct histogram) / sizeof(uint64_t);
    return row->count > 0 ? row->count : 1;
}

/* A row's number `i` in the struct at `from`. */
static inline const uint64_t *counter_at(const struct counter *row, const void *from, unsigned i) {
    return (const uint64_t *)(const void *)((const char *)from + row->offset) + i;
}

/* Adds the struct at `part` to the one at `total`, row by row. */
void counters_add(const struct counter *rows, size_t row_count, void *total, const void *part);

#endif
