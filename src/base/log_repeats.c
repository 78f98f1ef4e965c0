#include "base/log_repeats.h"

#include <stddef.h>

/* FNV-1a (Fowler, Noll, Vo), with a separator between the texts; never 0. */
static uint64_t add_text(uint64_t hash, const char *text) {
    for (; text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
    return (hash ^ 0xff) * 0x100000001b3;
}

static uint64_t kind_key(const struct log_kind *kind) {
    uint64_t hash = add_text(0xcbf29ce484222325, kind->area);
    hash = add_text(add_text(hash, kind->message), kind->cause);
    return hash ? hash : 1;
}

/* The kind's row, made at its first line; NULL: all rows are taken. */
static struct log_repeat *kind_row(struct log_repeats *repeats, const struct log_kind *kind,
                                   int64_t now_ms) {
    uint64_t key = kind_key(kind);
    for (size_t i = 0; i < LOG_KINDS_MAX; i++) {
        struct log_repeat *row = &repeats->rows[(key + i) % LOG_KINDS_MAX];
        uint_fast64_t found = 0;
        if (atomic_compare_exchange_strong(&row->key, &found, key)) {
            row->kind = *kind;
            atomic_store(&row->since_ms, now_ms);
            atomic_store(&row->is_ready, true);
            return row;
        }
        if (found == key)
            return row;
    }
    return NULL;
}

bool log_repeats_allow(struct log_repeats *repeats, const struct log_kind *kind, unsigned burst,
                       int64_t now_ms) {
    struct log_repeat *row = kind_row(repeats, kind, now_ms);
    if (!row)
        return true;
    int_fast64_t since_ms = atomic_load(&row->since_ms);
    if (now_ms - since_ms >= LOG_REPEAT_MS &&
        atomic_compare_exchange_strong(&row->since_ms, &since_ms, now_ms)) {
        atomic_fetch_add(&row->due, atomic_exchange(&row->held, 0));
        atomic_store(&row->written, 0);
    }
    if (atomic_fetch_add(&row->written, 1) < burst)
        return true;
    atomic_fetch_add(&row->held, 1);
    return false;
}

bool log_repeats_due(struct log_repeats *repeats, int64_t now_ms, struct log_kind *kind,
                     uint64_t *held) {
    for (size_t i = 0; i < LOG_KINDS_MAX; i++) {
        struct log_repeat *row = &repeats->rows[i];
        if (!atomic_load(&row->is_ready))
            continue;
        *held = atomic_exchange(&row->due, 0);
        if (now_ms - atomic_load(&row->since_ms) >= LOG_REPEAT_MS)
            *held += atomic_exchange(&row->held, 0);
        if (*held == 0)
            continue;
        *kind = row->kind;
        return true;
    }
    return false;
}
