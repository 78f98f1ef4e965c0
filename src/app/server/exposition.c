#include "app/server/exposition.h"

#include <stdatomic.h>
#include <string.h>

static void write_family(struct buf *out, const char *name, const char *type, const char *help) {
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_sample(struct buf *out, const char *name, const char *label, const char *value,
                         double number) {
    if (label)
        buf_printf(out, "%s{%s=\"%s\"} %.15g\n", name, label, value, number);
    else
        buf_printf(out, "%s %.15g\n", name, number);
}

void exposition_gauge(struct buf *out, const char *name, const char *help, const char *label,
                      const char *value, double number) {
    write_family(out, name, "gauge", help);
    write_sample(out, name, label, value, number);
}

/* ---- Tables ---- */

static double number_at(const struct counter *row, const void *from, unsigned i) {
    const uint64_t *number = counter_at(row, from, i);
    uint64_t value =
        row->is_atomic ? atomic_load((const atomic_uint_fast64_t *)(const void *)number) : *number;
    return row->divisor ? (double)value / row->divisor : (double)value;
}

static void write_row(struct buf *out, const struct counter *row, const void *from) {
    for (unsigned i = 0; i < counter_len(row); i++)
        write_sample(out, row->name, row->label, row->value_of ? row->value_of(i) : row->value,
                     number_at(row, from, i));
}

static void write_rows_named(struct buf *out, const char *name,
                             const struct exposition_source *source) {
    const struct counter *rows = source->table->rows;
    for (size_t i = 0; i < source->table->count; i++)
        if (rows[i].name && strcmp(rows[i].name, name) == 0)
            write_row(out, &rows[i], source->from);
}

/* In seconds, from counts by upper bound in ms. There is one count more than bounds, for what lies
 * beyond the last. */
static void write_histogram(struct buf *out, const struct counter *row, const void *from) {
    const struct histogram *histogram = (const void *)counter_at(row, from, 0);
    unsigned long long total = 0;
    write_family(out, row->name, "histogram", row->help);
    for (size_t i = 0; i < row->bounds->count; i++) {
        total += histogram->counts[i];
        buf_printf(out, "%s_bucket{le=\"%.15g\"} %llu\n", row->name, row->bounds->ms[i] / 1000.0,
                   total);
    }
    total += histogram->counts[row->bounds->count];
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.15g\n%s_count %llu\n", row->name, total,
               row->name, (double)histogram->sum_ms / 1000, row->name, total);
}

void exposition_counters(struct buf *out, const struct exposition_source *sources, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < sources[i].table->count; n++) {
            const struct counter *row = &sources[i].table->rows[n];
            if (!row->help)
                continue;
            if (row->bounds) {
                write_histogram(out, row, sources[i].from);
                continue;
            }
            write_family(out, row->name, row->kind == COUNTER_SUM ? "counter" : "gauge", row->help);
            for (size_t other = 0; other < count; other++)
                write_rows_named(out, row->name, &sources[other]);
        }
    }
}
