#include "app/deliveries/deliveries.h"

#include "app/config/config.h"
#include "app/deliveries/deliveries_private.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/trace.h"
#include "outside/store/store_delivery.h"
#include "wire/web/base64.h"
#include "wire/web/json_write.h"
#include "wire/web/standard_webhook.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    QUEUE_MAX = 1000,
    QUEUE_BYTES_MAX = 8 << 20,
    BODY_MAX = 64 << 10,
    PENDING_MAX = 10000, /* in the table */
    RETRY_MS = 2000,
    COUNT_MS = 10000,
    ID_BYTES = 24, /* of the hash that is an id */
};

/* One on its way into the table; it owns its texts. */
struct queued {
    struct list node;
    struct store_delivery row;
    size_t bytes;
};

static void queued_free(struct deliveries *deliveries, struct queued *queued) {
    struct store_delivery *row = &queued->row;
    const struct slice texts[] = {row->id, row->meeting_id, row->participant_id, row->type,
                                  row->body, row->trace};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *text = NULL;
        memcpy(&text, &texts[i].ptr, sizeof text); /* ours, though a slice only borrows */
        mem_free(text);
    }
    list_remove(&queued->node);
    deliveries->queue_bytes -= queued->bytes;
    deliveries->stats.queued--;
    mem_free(queued);
}

/* ---- Into the table ---- */

static void add_next(void *user);

static void deliveries_on_added(int err, void *user) {
    struct deliveries *deliveries = user;
    struct queued *queued = CONTAINER_OF(deliveries->queue.next, struct queued, node);
    deliveries->adding = NULL;
    if (err == EAGAIN) {
        timer_start(deliveries->set.loop, &deliveries->retry, RETRY_MS, 0, add_next, deliveries);
        return;
    }
    if (err) {
        deliveries->stats.dropped++;
        log_limited(LOG_WARN, 3, NULL, "deliveries",
                    err == EBUSY ? "too many webhooks wait already: one is dropped"
                                 : "the database refuses a webhook",
                    log_text("type", queued->row.type.ptr), log_errno(err));
    }
    for (size_t i = 0; !err && i < deliveries->target_count; i++)
        if (slice_is_equal(queued->row.url, slice_from(deliveries->targets[i].url)))
            delivery_look(&deliveries->targets[i]);
    queued_free(deliveries, queued);
    add_next(deliveries);
}

static void add_next(void *user) {
    struct deliveries *deliveries = user;
    if (deliveries->adding || list_is_empty(&deliveries->queue) ||
        timer_is_running(&deliveries->retry))
        return;
    const struct queued *queued = CONTAINER_OF(deliveries->queue.next, struct queued, node);
    deliveries->adding = store_delivery_add(deliveries->set.store, &queued->row, PENDING_MAX,
                                            deliveries_on_added, deliveries);
}

/* ---- Telling ---- */

static struct slice keep(struct slice text) {
    return slice_of(mem_copy(text.ptr ? text.ptr : "", text.len), text.len);
}

/* The same event has the same id at the same address, whoever tells of it, and whenever. */
static struct slice make_id(const struct delivery_event *event, const char *url) {
    unsigned char hash[EVP_MAX_MD_SIZE];
    struct buf text = {0}, id = {0};
    buf_printf(&text, "%s\n%.*s\n%s", event->type, SLICE_ARG(event->key), url);
    EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL);
    buf_add_text(&id, "msg_");
    base64url_write(&id, slice_of(hash, ID_BYTES));
    buf_free(&text);
    struct slice made = keep(buf_slice(&id));
    buf_free(&id);
    return made;
}

static void write_body(struct buf *body, const struct delivery_event *event) {
    json_open(body, NULL);
    json_add_text(body, "type", slice_from(event->type));
    json_add_time(body, "timestamp", event->at_ms);
    json_add_raw(body, "data", event->data);
    json_close(body);
}

static void queue_add(struct deliveries *deliveries, const struct delivery_event *event,
                      const char *url, struct slice body) {
    int64_t now_ms = clock_wall_ms();
    struct queued *queued = mem_alloc(sizeof *queued);
    char trace[TRACE_TEXT_SIZE] = "";
    trace_write(trace);
    deliveries->stats.told++;
    queued->bytes = sizeof *queued + body.len + event->meeting_id.len;
    queued->row = (struct store_delivery){
        .id = make_id(event, url),
        .meeting_id = keep(event->meeting_id),
        .participant_id = keep(event->participant_id),
        .type = slice_of(mem_copy_text(event->type), strlen(event->type)),
        .url = slice_from(url), /* lives as long as the queue */
        .body = keep(body),
        .trace = keep(slice_from(trace)),
        .due_ms = now_ms,
        .created_ms = now_ms,
        .expires_ms = now_ms + DELIVERIES_KEEP_MS,
    };
    deliveries->queue_bytes += queued->bytes;
    deliveries->stats.queued++;
    list_add(&deliveries->queue, &queued->node);
}

void deliveries_tell(struct deliveries *deliveries, const struct delivery_event *event) {
    struct buf body = {0};
    if (!deliveries)
        return;
    write_body(&body, event);
    for (size_t i = 0; i < deliveries->target_count; i++) {
        if (deliveries->stats.queued >= QUEUE_MAX || body.len > BODY_MAX ||
            deliveries->queue_bytes + body.len > QUEUE_BYTES_MAX) {
            deliveries->stats.dropped++;
            log_limited(LOG_WARN, 3, NULL, "deliveries", "a webhook is dropped: too many wait",
                        log_text("type", event->type));
        } else {
            queue_add(deliveries, event, deliveries->targets[i].url, buf_slice(&body));
        }
    }
    buf_free(&body);
    add_next(deliveries);
}

void deliveries_look(struct deliveries *deliveries) {
    for (size_t i = 0; deliveries && i < deliveries->target_count; i++)
        delivery_look(&deliveries->targets[i]);
}

/* ---- Counting ---- */

static void deliveries_on_counted(int err, int64_t pending, int64_t dead, void *user) {
    struct deliveries *deliveries = user;
    deliveries->counting = NULL;
    if (err)
        return;
    deliveries->stats.pending = (uint64_t)pending;
    deliveries->stats.dead = (uint64_t)dead;
}

static void deliveries_on_count(void *user) {
    struct deliveries *deliveries = user;
    if (!deliveries->counting)
        deliveries->counting =
            store_delivery_count(deliveries->set.store, deliveries_on_counted, deliveries);
}

/* ---- Life ---- */

static void read_settings(struct deliveries *deliveries) {
    const struct config *config = deliveries->set.config;
    struct slice urls = slice_from(config->webhook_urls), item;
    struct slice secrets = slice_from(config->webhook_secret);
    while (deliveries->target_count < WEBHOOK_TARGETS_MAX && webhook_targets_next(&urls, &item)) {
        struct delivery_target *target = &deliveries->targets[deliveries->target_count++];
        target->owner = deliveries;
        target->url = slice_copy_text(item);
    }
    while (deliveries->key_count < WEBHOOK_SECRETS_MAX && webhook_targets_next(&secrets, &item))
        if (standard_webhook_key(&deliveries->keys[deliveries->key_count], item))
            deliveries->key_count++;
}

int deliveries_open(struct deliveries **out, const struct deliveries_settings *set) {
    *out = NULL;
    if (!set->config->webhook_urls)
        return 0;
    struct deliveries *deliveries = mem_alloc(sizeof *deliveries);
    deliveries->set = *set;
    list_init(&deliveries->queue);
    list_init(&deliveries->sending);
    read_settings(deliveries);
    int err = delivery_round_open(deliveries);
    if (err) {
        deliveries_close(deliveries);
        return err;
    }
    timer_start(set->loop, &deliveries->count, 1, COUNT_MS, deliveries_on_count, deliveries);
    deliveries_look(deliveries);
    log_info("deliveries", "webhooks are sent",
             log_int("addresses", (int64_t)deliveries->target_count));
    *out = deliveries;
    return 0;
}

void deliveries_close(struct deliveries *deliveries) {
    if (!deliveries)
        return;
    timer_stop(&deliveries->retry);
    timer_stop(&deliveries->count);
    if (deliveries->adding)
        store_cancel(deliveries->adding);
    if (deliveries->counting)
        store_cancel(deliveries->counting);
    LIST_EACH(&deliveries->queue, node) {
        struct queued *queued = CONTAINER_OF(node, struct queued, node);
        store_delivery_add(deliveries->set.store, &queued->row, PENDING_MAX, NULL, NULL);
        queued_free(deliveries, queued);
    }
    delivery_round_close(deliveries);
    for (size_t i = 0; i < deliveries->target_count; i++)
        mem_free(deliveries->targets[i].url);
    for (size_t i = 0; i < deliveries->key_count; i++)
        buf_free(&deliveries->keys[i]);
    mem_free(deliveries);
}

const struct deliveries_stats *deliveries_stats(const struct deliveries *deliveries) {
    return &deliveries->stats;
}

#define AT(member) offsetof(struct deliveries_stats, member)

static const struct counter counters[] = {
    {"prosa_deliveries_told_total", "Webhooks to others: events times addresses.", COUNTER_SUM,
     AT(told)},
    {"prosa_deliveries_total", "Tries to deliver webhooks, by outcome.", COUNTER_SUM, AT(delivered),
     .label = "outcome", .value = "delivered"},
    {"prosa_deliveries_total", NULL, COUNTER_SUM, AT(failed), .label = "outcome",
     .value = "failed"},
    {"prosa_deliveries_lost_total", "Webhooks that no receiver got, by cause.", COUNTER_SUM,
     AT(given_up), .label = "cause", .value = "given_up"},
    {"prosa_deliveries_lost_total", NULL, COUNTER_SUM, AT(dropped), .label = "cause",
     .value = "dropped"},
    {"prosa_deliveries_waiting", "Webhooks that wait, by place.", COUNTER_GAUGE, AT(queued),
     .label = "where", .value = "queue"},
    {"prosa_deliveries_waiting", NULL, COUNTER_GAUGE, AT(pending), .label = "where",
     .value = "table"},
    {"prosa_deliveries_dead", "Webhooks that were given up and are kept.", COUNTER_GAUGE, AT(dead)},
};

const struct counter_table deliveries_counters = {counters, ARRAY_LEN(counters)};
