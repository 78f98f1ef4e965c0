/* One round of a webhook: claimed in the table, signed, sent, and what comes of it written back. */
#include "app/config/config.h"
#include "app/deliveries/deliveries_private.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/mailbox.h"
#include "outside/curl/deliver.h"
#include "outside/store/store_delivery.h"
#include "wire/web/standard_webhook.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    POLL_MS = 5000,         /* between two looks into the table, for what others gave back */
    CLAIM_GRACE_MS = 30000, /* beyond the receiver's time: for the thread and the database */
    GONE = 410,
    REFUSED_MIN = 300,
};

#define RETRY_MAX_MS (INT64_C(4) * 3600 * 1000)

/* One under way. */
struct sent {
    struct deliver_post post; /* first, as its mail is */
    struct list node;
    struct delivery_target *target;
    char *type;
    unsigned attempts;
    int64_t created_ms;
};

static void sent_free(struct sent *sent) {
    list_remove(&sent->node);
    sent->target->in_flight--;
    deliver_post_free(&sent->post);
    mem_free(sent->type);
    mem_free(sent);
}

/* ---- What comes of it ---- */

static int64_t next_try_ms(const struct sent *sent, const struct config *config) {
    int64_t wait_ms =
        backoff_ms(sent->attempts + 1, config->webhook_retry_ms, RETRY_MAX_MS, rand_u64());
    int64_t asked_ms = sent->post.retry_after_s < RETRY_MAX_MS / 1000
                           ? sent->post.retry_after_s * 1000
                           : RETRY_MAX_MS;
    return clock_wall_ms() + (asked_ms > wait_ms ? asked_ms : wait_ms);
}

static void write_why(const struct sent *sent, struct buf *why) {
    const struct deliver_post *post = &sent->post;
    if (!post->status)
        buf_add_text(why, post->problem[0] ? post->problem : "no answer");
    else if (post->status / 100 == 3)
        buf_printf(why, "HTTP status %ld: redirects are not followed", post->status);
    else
        buf_printf(why, "HTTP status %ld", post->status);
}

static void log_failure(const struct sent *sent, struct slice why, bool is_dead) {
    struct buf origin = {0};
    webhook_origin_write(&origin, slice_from(sent->target->url));
    log_limited(LOG_WARN, 5, NULL, "deliveries",
                is_dead ? "a webhook is given up" : "a webhook was not taken; it is tried again",
                log_slice("to", buf_slice(&origin)), log_text("id", sent->post.id),
                log_text("type", sent->type), log_slice("why", why),
                log_int("attempts", sent->attempts + 1));
    buf_free(&origin);
}

static void settle_failure(struct deliveries *deliveries, const struct sent *sent) {
    const struct config *config = deliveries->set.config;
    struct buf why = {0};
    int64_t due_ms = next_try_ms(sent, config);
    bool is_dead =
        sent->post.status == GONE || due_ms > sent->created_ms + config->webhook_give_up_s * 1000;
    write_why(sent, &why);
    const struct store_delivery row = {
        .id = slice_from(sent->post.id),
        .attempts = sent->attempts + 1,
        .due_ms = due_ms,
        .last_status = (unsigned)sent->post.status,
        .last_error = buf_slice(&why),
    };
    deliveries->stats.failed++;
    deliveries->stats.given_up += is_dead;
    log_failure(sent, buf_slice(&why), is_dead);
    store_delivery_settle(deliveries->set.store, &row, is_dead ? DELIVERY_DEAD : DELIVERY_PENDING,
                          NULL, NULL);
    buf_free(&why);
}

static void settle_success(struct deliveries *deliveries, const struct sent *sent) {
    const struct store_delivery row = {
        .id = slice_from(sent->post.id),
        .attempts = sent->attempts,
        .last_status = (unsigned)sent->post.status,
    };
    deliveries->stats.delivered++;
    store_delivery_settle(deliveries->set.store, &row, DELIVERY_SENT, NULL, NULL);
}

static void delivery_on_answer(struct mail *mail, void *owner) {
    struct sent *sent = (struct sent *)mail;
    struct delivery_target *target = sent->target;
    struct deliveries *deliveries = target->owner;
    if (sent->post.status >= 200 && sent->post.status < REFUSED_MIN)
        settle_success(deliveries, sent);
    else
        settle_failure(deliveries, sent);
    sent_free(sent);
    delivery_look(target);
}

/* On the thread that sends. */
static void delivery_on_done(struct deliver_post *post, void *user) {
    struct deliveries *deliveries = user;
    post->mail.deliver = delivery_on_answer;
    mailbox_send(deliveries->answers, &post->mail);
}

/* ---- Claiming and sending ---- */

/* Signed by each secret, as receivers may know either of them. */
static char *sign(const struct deliveries *deliveries, const char *id, int64_t now_s,
                  struct slice body) {
    struct buf signature = {0};
    for (size_t i = 0; i < deliveries->key_count; i++) {
        if (i > 0)
            buf_add_byte(&signature, ' ');
        standard_webhook_sign(&signature, buf_slice(&deliveries->keys[i]), slice_from(id), now_s,
                              body);
    }
    return buf_take_text(&signature);
}

static void send_row(struct delivery_target *target, const struct store_delivery *row) {
    struct deliveries *deliveries = target->owner;
    struct sent *sent = mem_alloc(sizeof *sent);
    int64_t now_s = clock_wall_ms() / 1000;
    struct buf timestamp = {0};
    buf_printf(&timestamp, "%" PRId64, now_s);
    sent->target = target;
    sent->type = slice_copy_text(row->type);
    sent->attempts = row->attempts;
    sent->created_ms = row->created_ms;
    sent->post.url = mem_copy_text(target->url);
    sent->post.body = slice_copy_text(row->body);
    sent->post.trace = slice_copy_text(row->trace);
    sent->post.id = slice_copy_text(row->id);
    sent->post.timestamp = buf_take_text(&timestamp);
    sent->post.signature = sign(deliveries, sent->post.id, now_s, row->body);
    target->in_flight++;
    list_add(&deliveries->sending, &sent->node);
    deliver_send(deliveries->deliver, &sent->post);
}

static void delivery_on_time(void *user) {
    delivery_look(user);
}

static void delivery_on_claimed(int err, const struct store_delivery_list *list, void *user) {
    struct delivery_target *target = user;
    target->claiming = NULL;
    for (size_t i = 0; !err && i < list->count; i++)
        send_row(target, &list->rows[i]);
    int64_t retry_ms = target->owner->set.config->webhook_retry_ms;
    timer_start(target->owner->set.loop, &target->again, retry_ms < POLL_MS ? retry_ms : POLL_MS, 0,
                delivery_on_time, target);
}

void delivery_look(struct delivery_target *target) {
    struct deliveries *deliveries = target->owner;
    int64_t now_ms = clock_wall_ms();
    if (target->claiming || target->in_flight >= DELIVERIES_AT_ONCE || !deliveries->deliver)
        return;
    target->claiming =
        store_delivery_claim(deliveries->set.store, slice_from(target->url), now_ms,
                             now_ms + deliveries->set.config->webhook_timeout_ms + CLAIM_GRACE_MS,
                             DELIVERIES_AT_ONCE - target->in_flight, delivery_on_claimed, target);
}

/* ---- Life ---- */

int delivery_round_open(struct deliveries *deliveries) {
    const struct deliveries_settings *set = &deliveries->set;
    int err = mailbox_open(&deliveries->answers, set->loop, deliveries);
    return err ? err
               : deliver_open(&deliveries->deliver, set->is_alone ? set->loop : NULL,
                              set->config->webhook_timeout_ms, delivery_on_done, deliveries);
}

/* What is under way may or may not have arrived; it is due again at once, under the same id. */
static void give_back(struct deliveries *deliveries, struct sent *sent) {
    const struct store_delivery row = {
        .id = slice_from(sent->post.id), .attempts = sent->attempts, .due_ms = clock_wall_ms()};
    store_delivery_settle(deliveries->set.store, &row, DELIVERY_PENDING, NULL, NULL);
    sent_free(sent);
}

void delivery_round_close(struct deliveries *deliveries) {
    for (size_t i = 0; i < deliveries->target_count; i++) {
        struct delivery_target *target = &deliveries->targets[i];
        timer_stop(&target->again);
        if (target->claiming)
            store_cancel(target->claiming);
        target->claiming = NULL;
    }
    struct deliver *deliver = deliveries->deliver;
    deliveries->deliver = NULL; /* nothing is claimed any more */
    deliver_close(deliver);
    mailbox_close(deliveries->answers);
    LIST_EACH(&deliveries->sending, node)
        give_back(deliveries, CONTAINER_OF(node, struct sent, node));
}
