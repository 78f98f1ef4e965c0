#include "app/egress/egress_judge.h"

#include "base/slice.h"
#include "outside/livekit/livekit_info.h"

#include <string.h>

enum { YOUNG_MS = 20000 };

static bool says(struct slice text, const char *part) {
    return text.len && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* Our egresses dial EGRESS_WS_BASE. */
static bool is_our_url(struct slice url, const char *base) {
    struct slice rest = slice_skip(url, strlen(base));
    return slice_has_prefix(url, slice_from(base)) &&
           slice_has_prefix(rest, SLICE("/egress-audio?"));
}

/* A person's wish, and nothing else: a status alone is none, because a worker that dies or a limit
 * ends an egress with the same ones. Egresses that give no reason for their end say only that
 * StopEgress came before they began. */
static bool was_stopped(const struct livekit_egress *egress) {
    if (egress->status != EGRESS_COMPLETE && egress->status != EGRESS_ABORTED)
        return false;
    if (says(egress->details, "End reason"))
        return says(egress->details, "StopEgress");
    return says(egress->error, "StopEgress") || says(egress->error, "Stop called") ||
           says(egress->details, "StopEgress") || says(egress->details, "Stop called");
}

/* Of a codec that LiveKit Egress cannot send: another try would fail as well. */
static bool is_impossible(const struct livekit_egress *egress) {
    return egress->status == EGRESS_FAILED &&
           (says(egress->error, "not yet supported") || says(egress->error, "incompatible"));
}

bool egress_is_young(const struct livekit_egress *egress, int64_t now_ms) {
    int64_t since_ms = egress->started_ms ? egress->started_ms : egress->updated_ms;
    return since_ms > now_ms - YOUNG_MS;
}

enum egress_verdict egress_judge(const struct livekit_egress *egress, const char *base,
                                 bool is_alive) {
    if (!is_our_url(egress->url, base))
        return EGRESS_IS_NOTHING;
    if (egress->status >= EGRESS_COMPLETE)
        return was_stopped(egress)     ? EGRESS_WAS_STOPPED
               : is_impossible(egress) ? EGRESS_IS_IMPOSSIBLE
                                       : EGRESS_IS_NOTHING;
    return is_alive ? EGRESS_IS_OURS : EGRESS_IS_NOTHING;
}
