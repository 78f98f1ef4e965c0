/*
 * Tracks whose egress a person stopped, or whose egress can never work. They are kept until their
 * meeting ends, so that a restart of this program does not start those egresses again. Calls and
 * callbacks follow the rules of outside/store/store.h.
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
/* For a meeting that has ended. */
void store_egress_stops_forget(struct store *, struct slice meeting_id);

#endif
