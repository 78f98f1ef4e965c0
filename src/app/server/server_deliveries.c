/*
 * Webhooks to others: opened, and for operators (operators.c) GET /operators/webhooks, what is to be
 * delivered and what was given up, and POST /operators/webhooks/:id/redeliver.
 */
#include "app/config/config.h"
#include "app/config/webhook_targets.h"
#include "app/deliveries/deliveries.h"
#include "app/rest/errand.h"
#include "app/rest/routes.h"
#include "app/server/server_private.h"
#include "base/clock.h"
#include "base/macros.h"
#include "outside/store/store_delivery.h"
#include "wire/web/json_write.h"

#include <string.h>

enum { LISTED_MAX = 100 };

int server_open_deliveries(struct server *server, struct buf *problem) {
    const struct deliveries_settings set = {.loop = server->loop,
                                            .config = server->config,
                                            .store = server->store,
                                            .is_alone = server->config->shards == 0};
    int err = deliveries_open(&server->deliveries, &set);
    if (err)
        buf_printf(problem, "The thread for webhooks cannot be started: %s", strerror(err));
    return err;
}

/* ---- Listing ---- */

static void write_row(struct buf *json, const struct store_delivery *row) {
    struct buf origin = {0};
    webhook_origin_write(&origin, row->url);
    json_open(json, NULL);
    json_add_text(json, "id", row->id);
    json_add_text(json, "type", row->type);
    json_add_text(json, "meetingId", row->meeting_id);
    json_add_text(json, "to", buf_slice(&origin));
    json_add_time(json, "createdAt", row->created_ms);
    json_add_time(json, "dueAt", row->due_ms);
    json_add_uint(json, "attempts", row->attempts);
    if (row->last_status)
        json_add_uint(json, "lastStatus", row->last_status);
    else
        json_add_null(json, "lastStatus");
    json_add_text_or_null(json, "lastError", row->last_error);
    json_close(json);
    buf_free(&origin);
}

static void write_rows(struct buf *json, const char *name, const struct store_delivery_list *list) {
    json_open_array(json, name);
    for (size_t i = 0; i < list->count; i++)
        write_row(json, &list->rows[i]);
    json_close_array(json);
}

static void deliveries_on_pending(int err, const struct store_delivery_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    write_rows(&errand->json, "pending", list);
    json_close(&errand->json);
    errand_answer_json(errand, 200);
}

static void deliveries_on_dead(int err, const struct store_delivery_list *list, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    const struct server *server = errand->user;
    json_open(&errand->json, NULL);
    write_rows(&errand->json, "dead", list);
    errand->call = store_delivery_list(server->store, DELIVERY_PENDING, LISTED_MAX,
                                       deliveries_on_pending, errand);
}

static void deliveries_list(struct errand *errand, const struct store_account *account) {
    const struct server *server = errand->user;
    if (operators_may(errand, account))
        errand->call = store_delivery_list(server->store, DELIVERY_DEAD, LISTED_MAX,
                                           deliveries_on_dead, errand);
}

static void deliveries_on_get(struct http_request *req, const struct route_match *match,
                              void *owner) {
    operators_ask(owner, errand_new(req, match, owner), deliveries_list);
}

/* ---- Once more ---- */

static void deliveries_on_again(int err, void *user) {
    struct errand *errand =
        errand_resume(user, err, "There is no webhook of this id that was given up");
    if (!errand)
        return;
    const struct server *server = errand->user;
    deliveries_look(server->deliveries);
    errand_answer_empty(errand, 204);
}

static void redeliver(struct errand *errand, const struct store_account *account) {
    const struct server *server = errand->user;
    int64_t now_ms = clock_wall_ms();
    if (operators_may(errand, account))
        errand->call =
            store_delivery_again(server->store, slice_from(errand->params[0]), now_ms,
                                 now_ms + DELIVERIES_KEEP_MS, deliveries_on_again, errand);
}

static void deliveries_on_post(struct http_request *req, const struct route_match *match,
                               void *owner) {
    operators_ask(owner, errand_new(req, match, owner), redeliver);
}

void deliveries_add_routes(struct server *server) {
    static const struct route rows[] = {
        {"GET", "/operators/webhooks", deliveries_on_get},
        {"POST", "/operators/webhooks/:id/redeliver", deliveries_on_post},
    };
    routes_add(server->routes, rows, ARRAY_LEN(rows), server);
}
