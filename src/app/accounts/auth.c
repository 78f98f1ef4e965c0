#include "app/accounts/auth.h"

#include "app/accounts/access.h"
#include "app/accounts/auth_private.h"
#include "app/rest/bearer.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "net/client_address.h"
#include "net/worker.h"

#include <errno.h>
#include <stdio.h>

enum {
    WAITING_MAX = 256, /* logins that wait for a worker */
    WORKER_NICE = 10,
    THROTTLE_ENTRIES = 20000,
};

/* ---- Refusals ---- */

static void answer_too_many(struct auth *auth, struct http_request *req, unsigned wait_s) {
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%u", wait_s);
    auth->stats.throttled++;
    http_add_header(req, "Retry-After", slice_from(seconds));
    http_respond_json(req, 429,
                      SLICE("{\"statusCode\":429,\"message\":\"ThrottlerException: Too Many "
                            "Requests\"}"));
}

void auth_answer_too_many(struct auth *auth, struct errand *errand, unsigned wait_s) {
    answer_too_many(auth, errand->req, wait_s);
    errand_free(errand);
}

bool auth_is_throttled(struct auth *auth, struct http_request *req, const char *door,
                       unsigned count, int64_t window_ms) {
    if (count == 0)
        return false;
    char address[CLIENT_ADDRESS_SIZE], key[CLIENT_ADDRESS_SIZE + 16];
    client_address_key(slice_from(req->peer), address);
    snprintf(key, sizeof key, "%s %s", door, address);
    unsigned wait_s =
        throttle_take(&auth->throttle, slice_from(key), count, window_ms, clock_mono_ms());
    if (wait_s)
        answer_too_many(auth, req, wait_s);
    return wait_s > 0;
}

bool auth_is_too_common(struct errand *errand, struct slice password) {
    bool is_common = password_is_common(password);
    if (is_common)
        errand_answer_invalid(errand, "password is one of those everybody tries first");
    return is_common;
}

/* ---- Whose request it is ---- */

static void auth_on_account(int err, const struct store_account *account, void *user) {
    struct errand *errand = user;
    if (err == ENOENT)
        errand_answer_error(errand, 401, NULL);
    else if (errand_resume(errand, err, NULL))
        errand->run(errand, account);
}

void auth_check(struct auth *auth, struct errand *errand, errand_account_fn *run) {
    struct access_holder holder;
    json_t *claims = NULL;
    if (!errand)
        return;
    if (access_verify(auth->set.config, bearer_token(errand->req->head), clock_wall_ms() / 1000,
                      &claims, &holder) != JWT_OK) {
        errand_answer_error(errand, 401, NULL);
        return;
    }
    http_vouch(errand->req, BUDGET_HOST);
    errand->run = run;
    errand->call = store_user_check(auth->set.store, holder.user_id, holder.organization_id,
                                    holder.family_id, auth_on_account, errand);
    json_decref(claims);
}

void auth_refuse_role(struct errand *errand, const struct store_membership *membership) {
    char role[TEXT_NAME_SIZE], message[192];
    text_reduce(membership->role_name, role);
    snprintf(message, sizeof message,
             "Your role %s is unknown to this server, so it gives no rights; ask an owner for "
             "MEMBER, ADMIN or OWNER",
             role);
    errand_answer_error(errand, 403, message);
}

const struct store_membership *auth_find_membership(const struct store_account *account,
                                                    struct slice slug) {
    for (size_t i = 0; i < account->membership_count; i++) {
        if (slug.len == 0 || slice_is_equal(account->memberships[i].organization_slug, slug))
            return &account->memberships[i];
    }
    return NULL;
}

void auth_tell_change(struct auth *auth, struct slice user_id) {
    if (user_id.len > 0)
        auth->set.on_change(user_id, auth->set.user);
}

/* ---- Life ---- */

int auth_open(struct auth **out, const struct auth_settings *set) {
    struct auth *auth = mem_alloc(sizeof *auth);
    auth->set = *set;
    auth->cost = (struct password_cost){set->config->argon2_memory_kib, set->config->argon2_passes,
                                        set->config->password_policy};
    throttle_open(&auth->throttle, rand_u64(), THROTTLE_ENTRIES);
    int err = password_hash(auth->dummy_hash, SLICE("no password of a user"), &auth->cost);
    if (err) {
        throttle_close(&auth->throttle);
        mem_free(auth);
        return err;
    }
    auth->worker = worker_new(set->loop, 0, WAITING_MAX, WORKER_NICE);
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
        {"POST", "/page/login", auth_on_page_login},
        {"POST", "/page/refresh", auth_on_page_refresh},
        {"POST", "/page/logout", auth_on_page_logout},
        {"POST", "/auth/password", auth_on_password},
        {"POST", "/auth/reset-password", auth_on_reset},
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
    {"prosa_password_resets_total", "Passwords set by a link, by outcome.", COUNTER_SUM, AT(resets),
     .label = "outcome", .value = "good"},
    {"prosa_password_resets_total", NULL, COUNTER_SUM, AT(resets_refused), .label = "outcome",
     .value = "refused"},
    {"prosa_refresh_reuses_total", "Refresh tokens used twice, their logins ended.", COUNTER_SUM,
     AT(reuses)},
};

const struct counter_table auth_counters = {counters, ARRAY_LEN(counters)};
