#include "base/counter.h"
#include "base/macros.h"
#include "outside/store/store.h"

#define AT(member) offsetof(struct store_stats, member)

static const struct counter counters[] = {
    {"prosa_store_queue", "Feedback events that wait for the database.", COUNTER_GAUGE, AT(queued)},
    {"prosa_store_written_total", "Feedback events stored.", COUNTER_SUM, AT(written)},
    {"prosa_store_dropped_total", "Feedback events lost to a full queue.", COUNTER_SUM,
     AT(dropped)},
    {"prosa_store_refused_total", "Feedback events the database refused.", COUNTER_SUM,
     AT(refused)},
    {"prosa_store_expired_total", "Feedback events deleted after their time.", COUNTER_SUM,
     AT(expired)},
    {"prosa_store_calls_total", "Questions answered.", COUNTER_SUM, AT(calls)},
    {"prosa_store_calls_late_total", "Questions not answered in time.", COUNTER_SUM, AT(late)},
    {"prosa_store_stalls_total",
     "Times that requests were refused because the database's disk stalled.", COUNTER_SUM,
     AT(stalls)},
    {"prosa_store_reconnects_total", "Connections made again.", COUNTER_SUM, AT(reconnects)},
};

const struct counter_table store_counters = {counters, ARRAY_LEN(counters)};
