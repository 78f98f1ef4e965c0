#include "base/counter.h"

static void number_add(enum counter_kind kind, uint64_t *total, uint64_t part) {
    if (kind != COUNTER_MAX)
        *total += part;
    else if (part > *total)
        *total = part;
}

void counters_add(const struct counter *rows, size_t row_count, void *total, const void *part) {
    for (const struct counter *row = rows; row < rows + row_count; row++) {
        uint64_t *numbers = (uint64_t *)(void *)((char *)total + row->offset);
        for (unsigned i = 0; i < counter_len(row); i++)
            number_add(row->kind, &numbers[i], *counter_at(row, part, i));
    }
}
