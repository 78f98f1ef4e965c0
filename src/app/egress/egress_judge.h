/* What an egress that LiveKit reports means for its track. Pure: time is an argument. */
#ifndef APP_EGRESS_JUDGE_H
#define APP_EGRESS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

struct livekit_egress;

enum egress_verdict {
    EGRESS_IS_NOTHING,   /* not ours, or over: the track needs one */
    EGRESS_IS_OURS,      /* it runs, or has just begun */
    EGRESS_WAS_STOPPED,  /* a user ended it */
    EGRESS_IS_IMPOSSIBLE /* LiveKit Egress cannot take such a track */
};

/* `base` is EGRESS_WS_BASE; is_alive: its socket is open here, or it has only just begun. */
enum egress_verdict egress_judge(const struct livekit_egress *egress, const char *base,
                                 bool is_alive);

/* Began less than 20 s ago; now_ms is Unix time. */
bool egress_is_young(const struct livekit_egress *egress, int64_t now_ms);

#endif
