#include "outside/store/store.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/mailbox.h"
#include "outside/db/db_url.h"
#include "outside/store/store_private.h"
#include "outside/store/store_watch.h"
#include "outside/store/store_writer.h"

#include <assert.h>

enum { DEADLINE_MS = 2000, QUEUE_MAX = 50000 };

struct store {
    struct db_url url;
    char *default_organization;
    struct mailbox *answers; /* to the caller's thread */
    struct store_writer *writer;
    struct store_watch watch;
};

int store_open(struct store **out, const struct store_settings *settings, struct loop *loop,
               char *why, size_t why_bytes) {
    struct store *store = mem_alloc(sizeof *store);
    struct store_writer_settings writer = {
        .url = &store->url,
        .deadline_ms = settings->deadline_ms ? settings->deadline_ms : DEADLINE_MS,
        .feedback_queue_max =
            settings->feedback_queue_max ? settings->feedback_queue_max : QUEUE_MAX,
        .feedback_ttl_days = settings->feedback_ttl_days,
        .clock = settings->clock,
    };
    int err = db_url_parse_or(&store->url, settings->url, settings->default_path, why, why_bytes);
    if (!err)
        err = mailbox_open(&store->answers, loop, store);
    writer.answers = store->answers;
    if (!err)
        err = store_writer_open(&store->writer, &writer, why, why_bytes);
    if (err) {
        mailbox_close(store->answers);
        db_url_free(&store->url);
        mem_free(store);
        return err;
    }
    if (settings->default_organization)
        store->default_organization = mem_copy_text(settings->default_organization);
    store_watch_init(&store->watch, loop, store->writer, writer.deadline_ms,
                     store->url.engine == DB_SQLITE ? settings->stall_ms : 0);
    *out = store;
    return 0;
}

void store_close(struct store *store, unsigned patience_ms) {
    if (!store)
        return;
    store_writer_stop(store->writer, patience_ms);
    store_watch_stop(&store->watch);
    mailbox_close(store->answers);
    assert(list_is_empty(&store->watch.calls));
    store_writer_close(store->writer);
    db_url_free(&store->url);
    mem_free(store->default_organization);
    mem_free(store);
}

struct slice store_default_organization(const struct store *store) {
    return slice_from(store->default_organization);
}

struct store_call *store_call_send(struct store_call *call) {
    struct store *store = call->store;
    call->posted_ms = clock_mono_ms();
    call->mails = 1;
    store_writer_take(store->writer, call);
    store_watch_add(&store->watch, call);
    return call;
}

void store_cancel(struct store_call *call) {
    call->is_over = true;
}

bool store_is_stalled(const struct store *store) {
    return store_watch_is_stalled(&store->watch);
}

bool store_feedback_add(struct store *store, const struct store_feedback *feedback) {
    return store_writer_add_feedback(store->writer, feedback);
}

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

void store_stats(struct store *store, struct store_stats *stats) {
    store_writer_stats(store->writer, stats);
    stats->is_away = stats->is_away || store_is_stalled(store);
    stats->stalls = atomic_load(&store->watch.stalls);
}
