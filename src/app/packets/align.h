/*
 * When the samples of a track were spoken, on our own clock. A publisher's clock and the times in
 * its reports say nothing about those of others, but each packet arrives a little after its last
 * sample was spoken. The least delay of the last seconds is the way alone, and for all tracks much the
 * same: so positions of different tracks become times that can be compared.
 *
 * The offset is only ever found from arrivals as they were. In the first seconds it follows whatever
 * comes sooner; afterwards it follows a drift of either clock slowly, so that neither a burst nor a
 * standstill moves it. If all of the first seconds came late, it is corrected when that shows. Pure: plain data, times in ns of one steady clock of the caller's.
 */
#ifndef APP_ALIGN_H
#define APP_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ALIGN_WINDOWS = 5,      /* of a second each, whose least delay counts */
    ALIGN_SETTLE_MS = 2000, /* so long the offset follows at once */
    ALIGN_WAIT_MIN_MS = 60, /* see align_wait_ms() */
    ALIGN_WAIT_MAX_MS = 200,
};

struct align {
    unsigned rate_hz;
    bool is_started;
    bool is_anew; /* the next packet's delay is another's */
    /* Of position 0. */
    int64_t offset_ns;
    int64_t first_ns, window_ns;
    /* The least lag of each window, INT64_MAX: none. The first is the one of now. */
    int64_t least_ns[ALIGN_WINDOWS];
    /* How far the offset has moved since it settled: the publisher's clock is so much behind. */
    int64_t moved_ns;
    /* How often it turned out that all before had been late. */
    unsigned corrections;
    /* The most by which packets were late of late, and the jitter of RFC 3550, 6.4.1. */
    int64_t peak_ns, jitter_ns, last_lag_ns;
};

void align_init(struct align *align, unsigned rate_hz);

/* The packet that ends at this position arrived. */
void align_hear(struct align *align, int64_t end, int64_t arrived_ns);
/* Positions have been moved: lags of before say nothing. The offset stays. */
void align_forget(struct align *align, int64_t now_ns);
/* All that was heard before was late by so much: time is told anew from the first position on. */
void align_correct(struct align *align, int64_t by_ns, int64_t now_ns);
/* What follows has another delay than what was before: the offset is found anew, as at the beginning. */
void align_begin_anew(struct align *align);
bool align_is_settling(const struct align *align, int64_t now_ns);

/* When the sample at a position was spoken, and the position that was spoken at a time. */
int64_t align_time_ns(const struct align *align, int64_t at);
int64_t align_at(const struct align *align, int64_t time_ns);
/* How much later than it might have a packet has arrived; negative: sooner than any before. */
int64_t align_lag_ns(const struct align *align, int64_t end, int64_t arrived_ns);

/* How long to wait for what is late, by what was late before. */
unsigned align_wait_ms(const struct align *align);

#endif
