/*
 * Which packets of a track are missing, and when to ask for them again. Numbers are those of
 * place.h, which do not wrap. A server keeps the last packets for a while only, and a recording waits
 * for a second, so requests end there. Pure: plain data, times in ns.
 */
#ifndef APP_LOSSES_H
#define APP_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOSSES_MISSING_MAX = 64,   /* asked for at a time; of more, the newest */
    LOSSES_WINDOW = 1024,      /* the latest numbers, in which repeats are known */
    LOSSES_DEADLINE_MS = 1000, /* so long a missing packet is asked for */
};

enum losses_verdict {
    LOSSES_NEW,
    LOSSES_REPEATED,
    LOSSES_OLD, /* too old to know */
};

struct losses {
    bool is_started;
    int64_t first, newest; /* the first that came: what is before it is not missing */
    uint64_t seen[LOSSES_WINDOW / 64];
    struct losses_missing {
        int64_t seq, since_ns, next_ns;
        unsigned tries;
    } missing[LOSSES_MISSING_MAX]; /* oldest first */
    unsigned missing_count;
    /* Never came, so far; came after all; were asked for. */
    uint64_t lost, recovered, asked;
};

enum losses_verdict losses_hear(struct losses *losses, int64_t seq, int64_t now_ns);
/* Nothing is asked for any more: the numbers that follow are another sender's. */
void losses_forget(struct losses *losses);
/* The numbers to ask for now, ascending; at most LOSSES_MISSING_MAX. */
size_t losses_due(struct losses *losses, int64_t now_ns, int64_t out[LOSSES_MISSING_MAX]);

#endif
