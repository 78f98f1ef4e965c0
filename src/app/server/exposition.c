#include "app/server/exposition.h"

void exposition_family(struct buf *out, const char *name, const char *type, const char *help) {
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_value(struct buf *out, const char *name, const char *label, const char *value,
                      double number) {
    if (label)
        buf_printf(out, "%s{%s=\"%s\"} %.15g\n", name, label, value, number);
    else
        buf_printf(out, "%s %.15g\n", name, number);
}

void exposition_counter(struct buf *out, const char *name, const char *help, double number) {
    exposition_family(out, name, "counter", help);
    exposition_value(out, name, NULL, NULL, number);
}

void exposition_gauge(struct buf *out, const char *name, const char *help, double number) {
    exposition_family(out, name, "gauge", help);
    exposition_value(out, name, NULL, NULL, number);
}

void exposition_histogram(struct buf *out, const char *name, const char *help,
                          const unsigned *bounds_ms, const uint64_t *counts, size_t bounds,
                          uint64_t sum_ms) {
    uint64_t total = 0;
    exposition_family(out, name, "histogram", help);
    for (size_t i = 0; i < bounds; i++) {
        total += counts[i];
        buf_printf(out, "%s_bucket{le=\"%.15g\"} %llu\n", name, bounds_ms[i] / 1000.0,
                   (unsigned long long)total);
    }
    total += counts[bounds];
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.15g\n%s_count %llu\n", name,
               (unsigned long long)total, name, (double)sum_ms / 1000, name,
               (unsigned long long)total);
}
