/*
 * Which repeats of a line are written. A stranger can cause some lines at will; of each kind of
 * these the first few within a minute are written, further ones are only counted, and their number
 * is told when the minute is over. Any thread, without a lock. Pure: the time is an argument.
 */
#ifndef BASE_LOG_REPEATS_H
#define BASE_LOG_REPEATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOG_KINDS_MAX = 128, LOG_REPEAT_MS = 60 * 1000 };

/* What makes two lines repeats of each other. The texts are constants. */
struct log_kind {
    int level;
    const char *area, *message;
    const char *cause; /* NULL: the message says it all */
};

struct log_repeat {
    /* The hash of the kind; 0: the row is free. */
    atomic_uint_fast64_t key;
    /* The kind is written. */
    atomic_bool is_ready;
    struct log_kind kind;
    /* Of the minute that runs: when it began, lines that were written, lines that were held. */
    atomic_int_fast64_t since_ms;
    atomic_uint_fast64_t written, held;
    /* Held in minutes that are over, not told yet. */
    atomic_uint_fast64_t due;
};

/* Zeroed is empty. */
struct log_repeats {
    struct log_repeat rows[LOG_KINDS_MAX];
};

/* Whether this line is written: among the first `burst` of its kind within the minute. Otherwise it
 * is counted. A kind beyond LOG_KINDS_MAX is always written. */
bool log_repeats_allow(struct log_repeats *, const struct log_kind *, unsigned burst,
                       int64_t now_ms);

/* A kind of which lines were held back in a minute that is over, and their number. Call it until it
 * returns false. */
bool log_repeats_due(struct log_repeats *, int64_t now_ms, struct log_kind *, uint64_t *held);

#endif
