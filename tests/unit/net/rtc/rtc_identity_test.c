#include "unit.h"

#include "base/clock.h"
#include "net/loop.h"
#include "net/rtc/rtc_identity.h"
#include "net/rtc/rtc_peer.h"
#include "remote.h"

#include <pthread.h>

/* One identity, and connections of several threads at a time. */

enum { THREADS = 4, ROUNDS = 4, PACKETS = 20, PATIENCE_MS = 20000, TICK_MS = 5 };

struct worker {
    pthread_t thread;
    const struct rtc_identity *identity;
    struct loop *loop;
    bool is_connected, is_well;
    unsigned packets;
};

static void worker_on_state(enum rtc_state state, const char *why, void *user) {
    ((struct worker *)user)->is_connected = state == RTC_CONNECTED;
}

static void worker_on_candidate(struct slice candidate, void *user) {
}

static void worker_on_packet(const struct rtc_packet *packet, void *user) {
    ((struct worker *)user)->packets++;
}

static void worker_on_alarm(void *arg) {
}

static const struct rtc_handlers handlers = {worker_on_state, worker_on_candidate,
                                             worker_on_packet};

static void receive(struct worker *worker, struct rtc_peer *peer, struct remote *remote) {
    struct buf offer = {0}, answer = {0};
    const char *why;
    remote_offer(remote, &offer);
    if (rtc_peer_offer(peer, buf_slice(&offer), NULL, &answer, &why) == 0)
        remote_answer(remote, buf_slice(&answer));
    buf_free(&offer);
    buf_free(&answer);
    int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    uint16_t seq = 0;
    while (worker->packets < PACKETS && clock_mono_ms() < until_ms) {
        uv_run(loop_uv(worker->loop), UV_RUN_ONCE);
        if (worker->is_connected)
            seq += remote_send(remote, 0, 111, seq, seq * 960u, SLICE("sound"));
    }
}

static bool run_round(struct worker *worker) {
    const struct rtc_settings settings = {
        .identity = worker->identity, .server_address = SLICE("127.0.0.1"), .is_watching = true};
    struct rtc_peer *peer = NULL;
    struct remote *remote = NULL;
    worker->packets = 0;
    worker->is_connected = false;
    if (rtc_peer_open(&peer, worker->loop, &settings, &handlers, worker) == 0 &&
        remote_open(&remote, worker->loop, &(struct remote_settings){.audio = 1}) == 0)
        receive(worker, peer, remote);
    rtc_peer_close(peer);
    remote_close(remote);
    return worker->packets >= PACKETS;
}

static void *worker_main(void *arg) {
    struct worker *worker = arg;
    struct timer alarm = {0};
    worker->is_well = loop_open(&worker->loop) == 0;
    if (!worker->is_well)
        return NULL;
    timer_start(worker->loop, &alarm, TICK_MS, TICK_MS, worker_on_alarm, NULL);
    for (unsigned i = 0; i < ROUNDS; i++)
        worker->is_well &= run_round(worker);
    timer_stop(&alarm);
    loop_close(worker->loop);
    return NULL;
}

static void threads_share_one(void **state) {
    struct rtc_identity *identity;
    struct worker workers[THREADS];
    const char *why;
    assert_int_equal(rtc_identity_open(&identity, &why), 0);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.identity = identity};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_true(workers[i].is_well);
    }
    rtc_identity_close(identity);
}

static void each_has_its_own_fingerprint(void **state) {
    struct rtc_identity *identity;
    const char *why;
    uint8_t first[32];
    assert_int_equal(rtc_identity_open(&identity, &why), 0);
    memcpy(first, rtc_identity_fingerprint(identity), sizeof first);
    rtc_identity_close(identity);
    assert_int_equal(rtc_identity_open(&identity, &why), 0);
    assert_memory_not_equal(first, rtc_identity_fingerprint(identity), sizeof first);
    rtc_identity_close(identity);
}

RUN_TESTS(TEST(threads_share_one), TEST(each_has_its_own_fingerprint))
