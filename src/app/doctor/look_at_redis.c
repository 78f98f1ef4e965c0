/* Redis: whether it can be logged in to, as the server does. */
#include "app/doctor/doctor_private.h"
#include "net/loop.h"
#include "net/tls.h"
#include "outside/redis/redis.h"

#include <stdio.h>

enum { PATIENCE_MS = 3000 };

struct redis_look {
    struct loop *loop;
    char why[160];
    bool is_up;
};

static void look_on_up(void *arg) {
    struct redis_look *look = arg;
    look->is_up = true;
    loop_stop(look->loop);
}

static void look_on_down(const char *why, void *arg) {
    struct redis_look *look = arg;
    snprintf(look->why, sizeof look->why, "%s", why);
    loop_stop(look->loop);
}

static void look_on_patience(void *arg) {
    loop_stop(((struct redis_look *)arg)->loop);
}

static void try_login(struct redis_look *look, const struct redis_place *place,
                      const struct tls *tls) {
    const struct redis_settings settings = {.loop = look->loop,
                                            .place = place,
                                            .tls = tls,
                                            .name = "prosa-doctor",
                                            .on_up = look_on_up,
                                            .on_down = look_on_down,
                                            .arg = look};
    struct timer patience = {0};
    struct redis *redis = redis_open(&settings);
    timer_start(look->loop, &patience, PATIENCE_MS, 0, look_on_patience, look);
    loop_run(look->loop);
    timer_stop(&patience);
    redis_close(redis);
}

void look_at_redis(struct doctor *doctor) {
    const struct redis_place *place = &doctor->config->redis;
    struct redis_look look = {.why = "it does not answer"};
    struct tls *tls = NULL;
    char why[160];
    if (!doctor->config->redis_url || loop_open(&look.loop) != 0)
        return;
    if (place->is_secure && tls_open_client(&tls, NULL, why, sizeof why) != 0)
        snprintf(look.why, sizeof look.why, "%s", why);
    else
        try_login(&look, place, tls);
    if (look.is_up)
        findings_add(&doctor->findings, FINDING_GOOD, "redis", NULL, "it can be logged in to");
    else
        findings_add(&doctor->findings, FINDING_FAULT, "redis",
                     "check REDIS_URL (and REDIS_SENTINELS), and what is between", "%s", look.why);
    tls_close(tls);
    loop_close(look.loop);
}
