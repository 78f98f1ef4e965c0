/*
 * Egresses that somebody stopped, or that can never work: by the track, until its meeting ends, so that a restart does not start
 * them against anybody's will. As the rest of outside/store/store.h: calls on the store's loop, callbacks there.
 */
#ifndef OUTSIDE_STORE_EGRESS_H
#define OUTSIDE_STORE_EGRESS_H

#include "outside/store/store.h"

enum { STORE_EGRESS_STOPS_MAX = 1000 }; /* of one meeting */

typedef void store_egress_stops_fn(int err, const struct slice *track_sids, size_t count,
                                   void *arg);

void store_egress_stop_add(struct store *, struct slice meeting_id, struct slice track_sid,
                           int64_t at_ms);
struct store_call *store_egress_stops_list(struct store *, struct slice meeting_id,
                                           store_egress_stops_fn *, void *arg);
/* The meeting has ended. */
void store_egress_stops_forget(struct store *, struct slice meeting_id);

#endif
