/* A peer and the other side on one loop. */
#ifndef TESTS_UNIT_NET_RTC_WORLD_H
#define TESTS_UNIT_NET_RTC_WORLD_H

#include "unit.h"

#include "base/clock.h"
#include "net/loop.h"
#include "net/rtc/rtc_identity.h"
#include "net/rtc/rtc_peer.h"
#include "remote.h"

#include "wire/rtc/sctp.h"

#include <errno.h>
#include <stdio.h>

enum { WORLD_PACKETS_MAX = 256, PATIENCE_MS = 20000 };

struct world_packet {
    unsigned section;
    uint32_t ssrc, timestamp;
    uint16_t seq;
    uint8_t payload_type;
    enum sdp_codec codec;
    size_t len;
    uint8_t first;
    int64_t arrived_ns;
};

struct world {
    struct loop *loop;
    struct timer alarm; /* keeps a turn from waiting for ever */
    struct rtc_identity *identity;
    struct rtc_peer *peer;
    struct remote *remote;
    struct rtc_accept accept;
    enum rtc_state state;
    unsigned connected, lost, byes, reports;
    char why[100], candidate[200], mid[8];
    struct rtc_report report;
    struct world_packet packets[WORLD_PACKETS_MAX];
    unsigned packet_count;
    struct buf answer;
    bool closes_when_failed;
};

static inline void world_on_state(enum rtc_state state, const char *why, void *user) {
    struct world *w = user;
    w->state = state;
    w->connected += state == RTC_CONNECTED;
    w->lost += state == RTC_LOST;
    snprintf(w->why, sizeof w->why, "%s", why);
    if (state == RTC_FAILED && w->closes_when_failed) {
        rtc_peer_close(w->peer);
        w->peer = NULL;
    }
}

static inline void world_on_candidate(struct slice candidate, void *user) {
    struct world *w = user;
    snprintf(w->candidate, sizeof w->candidate, "%.*s", SLICE_ARG(candidate));
}

static inline void world_on_packet(const struct rtc_packet *packet, void *user) {
    struct world *w = user;
    snprintf(w->mid, sizeof w->mid, "%.*s", SLICE_ARG(packet->mid));
    if (w->packet_count < WORLD_PACKETS_MAX)
        w->packets[w->packet_count] = (struct world_packet){
            .section = packet->section,
            .ssrc = packet->ssrc,
            .timestamp = packet->timestamp,
            .seq = packet->seq,
            .payload_type = packet->payload_type,
            .codec = packet->codec,
            .len = packet->payload.len,
            .first = packet->payload.len ? (uint8_t)packet->payload.ptr[0] : 0,
            .arrived_ns = packet->arrived_ns};
    w->packet_count++;
}

static inline void world_on_report(const struct rtc_report *report, void *user) {
    struct world *w = user;
    w->report = *report;
    w->reports++;
}

static inline void world_on_bye(unsigned section, uint32_t ssrc, void *user) {
    ((struct world *)user)->byes++;
}

static inline void world_on_alarm(void *arg) {
}

static inline void world_begin(struct world *w, const struct remote_settings *remote,
                               struct rtc_settings settings) {
    static const struct rtc_handlers handlers = {world_on_state, world_on_candidate,
                                                 world_on_packet, world_on_report, world_on_bye};
    settings.identity = w->identity;
    if (settings.server_address.len == 0)
        settings.server_address = SLICE("127.0.0.1");
    assert_int_equal(rtc_peer_open(&w->peer, w->loop, &settings, &handlers, w), 0);
    assert_int_equal(remote_open(&w->remote, w->loop, remote), 0);
}

static inline void world_open_with(struct world *w, const struct remote_settings *remote,
                                   struct rtc_settings settings) {
    const char *why;
    *w = (struct world){0};
    assert_int_equal(loop_open(&w->loop), 0);
    timer_start(w->loop, &w->alarm, 5, 5, world_on_alarm, NULL);
    assert_int_equal(rtc_identity_open(&w->identity, &why), 0);
    world_begin(w, remote, settings);
}

/* Another peer and its server on the loop of a world that outlives them. */
static inline void world_open_beside(struct world *w, const struct world *other,
                                     const struct remote_settings *remote) {
    *w = (struct world){.loop = other->loop, .identity = other->identity};
    world_begin(w, remote, (struct rtc_settings){.is_watching = true});
}

static inline void world_close_beside(struct world *w) {
    rtc_peer_close(w->peer);
    remote_close(w->remote);
    buf_free(&w->answer);
}

static inline void world_open(struct world *w, const struct remote_settings *remote) {
    world_open_with(w, remote, (struct rtc_settings){.is_watching = true});
}

static inline void world_close(struct world *w) {
    world_close_beside(w);
    timer_stop(&w->alarm);
    loop_close(w->loop);
    rtc_identity_close(w->identity);
}

/* An offer of the other side, and our answer to it. */
static inline int world_offer(struct world *w) {
    struct buf sdp = {0};
    const char *why = NULL;
    remote_offer(w->remote, &sdp);
    buf_clear(&w->answer);
    int err = rtc_peer_offer(w->peer, buf_slice(&sdp), &w->accept, &w->answer, &why);
    if (err)
        snprintf(w->why, sizeof w->why, "%s", why);
    else
        remote_answer(w->remote, buf_slice(&w->answer));
    buf_free(&sdp);
    return err;
}

/* Lets the loop turn until it holds. */
#define WORLD_UNTIL(w, condition)                                                                  \
    do {                                                                                           \
        int64_t until_ms_ = clock_mono_ms() + PATIENCE_MS;                                         \
        while (!(condition) && clock_mono_ms() < until_ms_)                                        \
            uv_run(loop_uv((w)->loop), UV_RUN_ONCE);                                               \
        assert_true(condition);                                                                    \
    } while (0)

static inline void world_connect(struct world *w) {
    assert_int_equal(world_offer(w), 0);
    WORLD_UNTIL(w, w->state == RTC_CONNECTED && remote_stats(w->remote)->is_up);
}

static inline bool world_answer_has(const struct world *w, const char *part) {
    return memmem(w->answer.data, w->answer.len, part, strlen(part)) != NULL;
}

#endif
