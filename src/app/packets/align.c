#include "app/packets/align.h"

#include <assert.h>

#define MS INT64_C(1000000)
#define NS INT64_C(1000000000)

enum {
    LATER_PPM = 1000, /* the most that the offset moves: no clock drifts faster */
    SOONER_PPM = 5000,
    PEAK_DECAY = 128, /* of what was late, a packet forgets this part */
    PEAK_SPARE_MS = 30,
    JITTER_OF = 16,
};

static void windows_clear(struct align *align, int64_t now_ns) {
    for (unsigned i = 0; i < ALIGN_WINDOWS; i++)
        align->least_ns[i] = INT64_MAX;
    align->window_ns = now_ns;
}

void align_init(struct align *align, unsigned rate_hz) {
    assert(rate_hz > 0);
    *align = (struct align){.rate_hz = rate_hz};
    windows_clear(align, 0);
}

/* In two steps: days of ticks times 10^9 would not fit into 64 bits. */
static int64_t ticks_ns(const struct align *align, int64_t ticks) {
    int64_t rate = align->rate_hz;
    return ticks / rate * NS + ticks % rate * NS / rate;
}

int64_t align_time_ns(const struct align *align, int64_t at) {
    return align->offset_ns + ticks_ns(align, at);
}

int64_t align_at(const struct align *align, int64_t time_ns) {
    int64_t rate = align->rate_hz, ns = time_ns - align->offset_ns;
    return ns / NS * rate + ns % NS * rate / NS;
}

int64_t align_lag_ns(const struct align *align, int64_t end, int64_t arrived_ns) {
    return arrived_ns - align_time_ns(align, end);
}

bool align_is_settling(const struct align *align, int64_t now_ns) {
    return now_ns - align->first_ns < ALIGN_SETTLE_MS * MS;
}

static void offset_move(struct align *align, int64_t by_ns) {
    align->offset_ns += by_ns;
    align->moved_ns += by_ns;
    for (unsigned i = 0; i < ALIGN_WINDOWS; i++)
        if (align->least_ns[i] != INT64_MAX)
            align->least_ns[i] -= by_ns;
}

/* Each second the offset goes a little towards the least lag of the last seconds. */
static void window_close(struct align *align, int64_t now_ns) {
    int64_t least_ns = INT64_MAX, passed_ns = now_ns - align->window_ns;
    for (unsigned i = 0; i < ALIGN_WINDOWS; i++)
        if (align->least_ns[i] < least_ns)
            least_ns = align->least_ns[i];
    if (passed_ns > ALIGN_WINDOWS * NS) /* a pause; what was before it is old */
        passed_ns = ALIGN_WINDOWS * NS;
    int64_t later_ns = passed_ns / 1000000 * LATER_PPM;
    int64_t sooner_ns = -(passed_ns / 1000000 * SOONER_PPM);
    if (least_ns != INT64_MAX)
        offset_move(align, least_ns > later_ns    ? later_ns
                           : least_ns < sooner_ns ? sooner_ns
                                                  : least_ns);
    for (unsigned i = ALIGN_WINDOWS - 1; i > 0; i--)
        align->least_ns[i] = align->least_ns[i - 1];
    align->least_ns[0] = INT64_MAX;
    align->window_ns = now_ns;
}

static void lateness_follow(struct align *align, int64_t lag_ns) {
    align->peak_ns -= align->peak_ns / PEAK_DECAY;
    if (lag_ns > align->peak_ns)
        align->peak_ns = lag_ns;
    int64_t change_ns = lag_ns - align->last_lag_ns;
    align->jitter_ns += ((change_ns < 0 ? -change_ns : change_ns) - align->jitter_ns) / JITTER_OF;
    align->last_lag_ns = lag_ns;
}

void align_hear(struct align *align, int64_t end, int64_t arrived_ns) {
    if (!align->is_started) {
        align->is_started = true;
        align->first_ns = arrived_ns;
        align->offset_ns = arrived_ns - ticks_ns(align, end);
        windows_clear(align, arrived_ns);
        return;
    }
    int64_t lag_ns = align_lag_ns(align, end, arrived_ns);
    if (align->is_anew) {
        align->is_anew = false;
        align->first_ns = arrived_ns;
        align->offset_ns += lag_ns;
        align_forget(align, arrived_ns);
        return;
    }
    if (align_is_settling(align, arrived_ns)) {
        if (lag_ns < 0) {
            align->offset_ns += lag_ns;
            align->last_lag_ns -= lag_ns;
            lag_ns = 0;
        }
        align->window_ns = arrived_ns;
    } else if (arrived_ns - align->window_ns >= NS) {
        window_close(align, arrived_ns);
        lag_ns = align_lag_ns(align, end, arrived_ns);
    }
    if (lag_ns < align->least_ns[0])
        align->least_ns[0] = lag_ns;
    lateness_follow(align, lag_ns);
}

void align_begin_anew(struct align *align) {
    align->is_anew = align->is_started;
}

void align_forget(struct align *align, int64_t now_ns) {
    windows_clear(align, now_ns);
    align->last_lag_ns = 0;
}

void align_correct(struct align *align, int64_t by_ns, int64_t now_ns) {
    align->offset_ns -= by_ns;
    align->corrections++;
    align_forget(align, now_ns);
}

unsigned align_wait_ms(const struct align *align) {
    int64_t wait_ms = align->peak_ns / MS + PEAK_SPARE_MS;
    return wait_ms < ALIGN_WAIT_MIN_MS   ? ALIGN_WAIT_MIN_MS
           : wait_ms > ALIGN_WAIT_MAX_MS ? ALIGN_WAIT_MAX_MS
                                         : (unsigned)wait_ms;
}
