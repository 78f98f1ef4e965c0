#include "app/accounts/auth.h"

#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/client_address.h"
#include "net/worker.h"

#include <stdio.h>

enum {
    WAITING_MAX = 256, /* logins that wait for a worker */
    WORKER_NICE = 10,
    THROTTLE_ENTRIES = 20000,
};

/* Throttling. */

void auth_answer_too_many(struct auth *auth, struct http_request *req, unsigned wait_s) {
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%u", wait_s);
    auth->stats.throttled++;
    http_add_header(req, "Retry-After", slice_from(seconds));
    http_respond_json(req, 429,
                      SLICE("{\"statusCode\":429,\"message\":\"ThrottlerException: Too Many "
                            "Requests\"}"));
}

bool auth_is_throttled(struct auth *auth, struct http_request *req, const char *door,
                       unsigned count, int64_t window_ms) {
    char address[CLIENT_ADDRESS_SIZE], key[CLIENT_ADDRESS_SIZE + 16];
    if (count == 0)
        return false;
    client_address_key(slice_from(req->peer), address);
    snprintf(key, sizeof key, "%s %s", door, address);
    unsigned wait_s =
        throttle_take(&auth->throttle, slice_from(key), count, window_ms, clock_mono_ms());
    if (wait_s)
        auth_answer_too_many(auth, req, wait_s);
    return wait_s > 0;
}

int auth_open(struct auth **out, const struct auth_world *world) {
    struct auth *auth = mem_alloc(sizeof *auth);
    auth->world = *world;
    auth->config = world->config;
    auth->store = world->store;
    auth->cost = (struct password_cost){(uint32_t)world->config->argon2_memory_kib,
                                        (uint32_t)world->config->argon2_passes};
    throttle_open(&auth->throttle, rand_u64(), THROTTLE_ENTRIES);
    int err = password_hash(auth->dummy_hash, SLICE("the password of nobody"), &auth->cost);
    if (!err)
        err = worker_open(&auth->worker, world->loop, 0, WAITING_MAX, WORKER_NICE);
    if (err) {
        throttle_close(&auth->throttle);
        mem_free(auth);
        return err;
    }
    *out = auth;
    return 0;
}

void auth_close(struct auth *auth) {
    if (!auth)
        return;
    worker_close(auth->worker);
    throttle_close(&auth->throttle);
    mem_free(auth);
}

const struct auth_stats *auth_stats(const struct auth *auth) {
    return &auth->stats;
}

void auth_add_routes(struct auth *auth, struct routes *routes) {
    static const struct route rows[] = {
        {"POST", "/auth/register", auth_on_register},
        {"POST", "/auth/login", auth_on_login},
        {"POST", "/auth/refresh", auth_on_refresh},
        {"POST", "/auth/logout", auth_on_logout},
        {"POST", "/auth/password", auth_on_password},
        {"POST", "/auth/accept-invitation", auth_on_accept},
        {"GET", "/auth/me", auth_on_me},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), auth);
    auth_add_organization_routes(auth, routes);
}

#define AT(member) offsetof(struct auth_stats, member)

static const struct counter counters[] = {
    {"prosa_logins_total", "Logins by outcome.", COUNTER_SUM, AT(logins), .label = "outcome",
     .value = "good"},
    {"prosa_logins_total", NULL, COUNTER_SUM, AT(logins_failed), .label = "outcome",
     .value = "refused"},
    {"prosa_logins_total", NULL, COUNTER_SUM, AT(throttled), .label = "outcome",
     .value = "throttled"},
    {"prosa_logins_total", NULL, COUNTER_SUM, AT(busy), .label = "outcome", .value = "busy"},
    {"prosa_registrations_total", "Users who registered.", COUNTER_SUM, AT(registrations)},
    {"prosa_refreshes_total", "Refresh tokens exchanged.", COUNTER_SUM, AT(refreshes)},
    {"prosa_refresh_reuses_total", "Refresh tokens used twice, their logins ended.", COUNTER_SUM,
     AT(reuses)},
};

const struct counter_table auth_counters = {counters, ARRAY_LEN(counters)};
