/* Counters of the disk thread, its helpers and the ports. Any thread may read them. */
#ifndef OUTSIDE_DISK_STATS_H
#define OUTSIDE_DISK_STATS_H

#include <stdatomic.h>
#include <stdint.h>

struct counter_table;

/* How much room is left in the fullest folder. */
enum disk_space { DISK_SPACE_OK, DISK_SPACE_WARN, DISK_SPACE_FULL };

struct disk_stats {
    /* Handed over, not yet written. */
    atomic_uint_fast64_t queued_bytes;
    atomic_uint_fast64_t written_bytes;
    atomic_uint_fast64_t writes;
    /* Failed system calls on recordings and logs. */
    atomic_uint_fast64_t errors;
    /* Lost because the queue was full or a write failed. */
    atomic_uint_fast64_t gap_bytes;
    atomic_uint_fast64_t open_files;
    /* Open recordings whose last write failed. */
    atomic_uint_fast64_t failing_files;
    atomic_uint_fast64_t log_lines;
    /* Not taken because the queue was half full. */
    atomic_uint_fast64_t lost_lines;
    /* Of the fullest folder. */
    atomic_uint_fast64_t free_bytes;
    /* enum disk_space */
    atomic_uint space;
};

/* How the metrics show it. */
extern const struct counter_table disk_counters;

static inline void disk_count(atomic_uint_fast64_t *counter, uint64_t add) {
    atomic_fetch_add_explicit(counter, add, memory_order_relaxed);
}

#endif
