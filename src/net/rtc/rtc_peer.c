#include "net/rtc/rtc_peer.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "net/rtc/rtc_identity.h"
#include "net/rtc/rtc_peer_private.h"

#include <assert.h>
#include <string.h>

enum { WATCHED_DATAGRAMS = 2 * RTC_BATCH, SCTP_EACH_MS = 1000, IDLE_MS = 1000 };

int64_t rtc_peer_now_ms(void) {
    return clock_mono_ms();
}

/* ---- States ---- */

static void peer_on_news(void *arg) {
    struct rtc_peer *peer = arg;
    if (peer->told_state == peer->state)
        return;
    peer->told_state = peer->state;
    peer->handlers.on_state(peer->state, peer->why, peer->user); /* may close the peer */
}

static void set_watches(struct rtc_peer *peer) {
    bool is_reading =
        peer->state != RTC_FAILED && (peer->state != RTC_CONNECTED || peer->is_watching);
    if (peer->watch)
        watch_set(peer->watch, is_reading ? WATCH_READ : 0);
    if (peer->tcp_watch)
        watch_set(peer->tcp_watch, (is_reading ? WATCH_READ : 0) |
                                       (rtc_tcp_is_waiting(peer->tcp) ? WATCH_WRITE : 0));
}

static void set_state(struct rtc_peer *peer, enum rtc_state state, const char *why) {
    if (peer->state == state || peer->state == RTC_FAILED)
        return;
    peer->state = state;
    peer->why = why;
    set_watches(peer);
    if (state == RTC_FAILED)
        timer_stop(&peer->timer);
    loop_defer(peer->loop, &peer->news, peer_on_news, peer);
}

void rtc_peer_fail(struct rtc_peer *peer, const char *why) {
    set_state(peer, RTC_FAILED, why);
}

static const char *why_not_connected(const struct rtc_peer *peer) {
    if (rtc_checks_selected(peer->checks))
        return "the DTLS handshake did not end";
    return peer->candidate_count == 0 ? "the server has named no address"
                                      : "no address of the server answers";
}

static void judge(struct rtc_peer *peer, int64_t now_ms) {
    if (rtc_dtls_state(peer->dtls) == RTC_DTLS_FAILED) {
        rtc_peer_fail(peer, rtc_dtls_why(peer->dtls));
    } else if (!peer->srtp) {
        if (now_ms - peer->begun_ms >= peer->connect_ms)
            rtc_peer_fail(peer, why_not_connected(peer));
    } else if (rtc_checks_silent_ms(peer->checks, now_ms) >= peer->silence_ms) {
        set_state(peer, RTC_LOST, "nothing comes from the server");
    } else if (peer->checks->is_settled) {
        set_state(peer, RTC_CONNECTED, "");
    }
}

/* ---- Output ---- */

void rtc_peer_send(struct rtc_peer *peer, const struct rtc_end *to, const uint8_t *bytes,
                   size_t len) {
    if (!to->tcp) {
        if (peer->sock.fd >= 0)
            rtc_socket_send(&peer->sock, &to->address, bytes, len);
        return;
    }
    bool is_open = peer->tcp && rtc_end_is_equal(&peer->tcp_end, to);
    peer->stats.unsent += !is_open || !rtc_tcp_send(peer->tcp, bytes, len);
}

/* The answer to a first flight may be due before a path is nominated: it goes where that came
 * from. */
static void peer_on_dtls(const uint8_t *bytes, size_t len, void *user) {
    struct rtc_peer *peer = user;
    const struct rtc_end *to = rtc_checks_selected(peer->checks);
    if (!to && peer->dtls_end.address.family)
        to = &peer->dtls_end;
    if (to)
        rtc_peer_send(peer, to, bytes, len);
}

bool rtc_peer_open_dtls(struct rtc_peer *peer, bool is_client) {
    peer->dtls = rtc_dtls_new(rtc_identity_dtls(peer->identity), is_client, peer->fingerprint,
                              peer_on_dtls, peer);
    return peer->dtls;
}

/* ---- TCP ---- */

static void drop_tcp(struct rtc_peer *peer, int64_t now_ms) {
    watch_close(peer->tcp_watch);
    rtc_tcp_close(peer->tcp);
    peer->tcp_watch = NULL;
    peer->tcp = NULL;
    rtc_checks_set_tcp(peer->checks, &peer->tcp_end, false, now_ms);
}

static void peer_on_tcp(int events, void *arg) {
    struct rtc_peer *peer = arg;
    int64_t now_ms = rtc_peer_now_ms();
    bool was_open = rtc_tcp_state(peer->tcp) == RTC_TCP_OPEN;
    rtc_tcp_push(peer->tcp);
    if (!was_open && rtc_tcp_state(peer->tcp) == RTC_TCP_OPEN)
        rtc_checks_set_tcp(peer->checks, &peer->tcp_end, true, now_ms);
    if (events & WATCH_READ)
        rtc_peer_read(peer, WATCHED_DATAGRAMS);
    rtc_peer_go_on(peer, now_ms);
}

static void open_tcp(struct rtc_peer *peer, const struct rtc_end *end, int64_t now_ms) {
    peer->tcp_end = *end;
    peer->tcp_tried_ms = now_ms;
    if (rtc_tcp_open(&peer->tcp, &end->address) != 0)
        return;
    if (watch_open(&peer->tcp_watch, peer->loop, rtc_tcp_fd(peer->tcp), peer_on_tcp, peer) != 0)
        drop_tcp(peer, now_ms);
}

/* Where the checks want a connection, there is one, or one was tried a moment ago. */
static void tend_tcp(struct rtc_peer *peer, int64_t now_ms) {
    if (peer->tcp && rtc_tcp_state(peer->tcp) == RTC_TCP_BROKEN)
        drop_tcp(peer, now_ms);
    const struct rtc_end *wanted = peer->no_tcp ? NULL : rtc_checks_tcp(peer->checks, now_ms);
    bool is_other = !wanted || !rtc_end_is_equal(wanted, &peer->tcp_end);
    if (peer->tcp && is_other)
        drop_tcp(peer, now_ms);
    if (!wanted || peer->tcp)
        return;
    if (is_other || now_ms - peer->tcp_tried_ms >= RTC_TCP_PATIENCE_MS)
        open_tcp(peer, wanted, now_ms);
}

/* ---- Time ---- */

static void send_checks(struct rtc_peer *peer, int64_t now_ms) {
    uint8_t out[STUN_MAX_BYTES];
    struct rtc_end to;
    size_t len;
    while ((len = rtc_checks_next(peer->checks, now_ms, out, &to)) > 0)
        rtc_peer_send(peer, &to, out, len);
}

/* Once a path is settled, the kernel drops what comes from elsewhere. */
static void follow_path(struct rtc_peer *peer) {
    const struct rtc_end *selected = rtc_checks_selected(peer->checks);
    if (!peer->checks->is_settled || peer->sock.fd < 0)
        return;
    if (selected->tcp)
        rtc_socket_loosen(&peer->sock);
    else if (!peer->sock.is_fixed ||
             memcmp(&peer->sock.fixed, &selected->address, sizeof peer->sock.fixed) != 0)
        rtc_socket_fix(&peer->sock, &selected->address);
}

static void tend_sctp(struct rtc_peer *peer, int64_t now_ms) {
    uint8_t out[SCTP_PACKET_MAX];
    size_t len = peer->has_sctp && peer->srtp ? sctp_tick(&peer->sctp, (uint64_t)now_ms, out) : 0;
    if (len > 0)
        rtc_dtls_write(peer->dtls, out, len);
}

static int64_t min_ms(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void peer_on_time(void *arg) {
    struct rtc_peer *peer = arg;
    int64_t now_ms = rtc_peer_now_ms();
    if (rtc_dtls_due_ms(peer->dtls) == 0)
        rtc_dtls_tick(peer->dtls);
    tend_sctp(peer, now_ms);
    rtc_peer_go_on(peer, now_ms);
}

static void set_timer(struct rtc_peer *peer, int64_t now_ms) {
    int64_t idle_ms = min_ms(IDLE_MS, min_ms(peer->connect_ms, peer->silence_ms) / 2);
    int64_t due_ms = min_ms(rtc_checks_due_ms(peer->checks), now_ms + idle_ms);
    int64_t dtls_ms = rtc_dtls_due_ms(peer->dtls);
    if (dtls_ms >= 0)
        due_ms = min_ms(due_ms, now_ms + dtls_ms);
    if (peer->srtp)
        due_ms = min_ms(due_ms, peer->report_ms);
    int64_t after_ms = due_ms - now_ms;
    timer_start(peer->loop, &peer->timer, after_ms > 0 ? after_ms : 1, 0, peer_on_time, peer);
}

void rtc_peer_go_on(struct rtc_peer *peer, int64_t now_ms) {
    if (peer->state == RTC_NEW || peer->state == RTC_FAILED)
        return;
    tend_tcp(peer, now_ms);
    follow_path(peer);
    if (rtc_checks_selected(peer->checks))
        rtc_dtls_start(peer->dtls);
    send_checks(peer, now_ms);
    if (peer->srtp && now_ms >= peer->report_ms)
        rtc_peer_send_reports(peer, now_ms);
    judge(peer, now_ms);
    if (peer->state == RTC_FAILED)
        return;
    set_watches(peer);
    set_timer(peer, now_ms);
}

void rtc_peer_begin(struct rtc_peer *peer, int64_t now_ms) {
    if (peer->state == RTC_NEW)
        set_state(peer, RTC_CONNECTING, "");
    rtc_peer_go_on(peer, now_ms);
}

/* ---- Life ---- */

static void peer_on_udp(int events, void *arg) {
    struct rtc_peer *peer = arg;
    rtc_peer_read(peer, WATCHED_DATAGRAMS);
    rtc_peer_go_on(peer, rtc_peer_now_ms());
}

int rtc_peer_open(struct rtc_peer **out, struct loop *loop, const struct rtc_settings *settings,
                  const struct rtc_handlers *handlers, void *user) {
    struct rtc_peer *peer = mem_alloc(sizeof *peer);
    peer->loop = loop;
    peer->identity = settings->identity;
    peer->handlers = *handlers;
    peer->user = user;
    peer->no_udp = settings->no_udp;
    peer->no_tcp = settings->no_tcp;
    peer->is_watching = settings->is_watching;
    peer->connect_ms = settings->connect_ms ? settings->connect_ms : RTC_CONNECT_MS;
    peer->silence_ms = settings->silence_ms ? settings->silence_ms : RTC_SILENCE_MS;
    peer->has_server = rtc_address_parse(settings->server_address, 9, &peer->server);
    peer->why = "";
    peer->sock.fd = -1;
    int err = peer->no_udp ? 0 : rtc_socket_open(&peer->sock);
    if (!err && !peer->no_udp)
        err = watch_open(&peer->watch, loop, peer->sock.fd, peer_on_udp, peer);
    if (err) {
        rtc_socket_close(&peer->sock);
        mem_free(peer);
        return err;
    }
    peer->checks = mem_alloc(sizeof *peer->checks);
    uint8_t name[(RTC_CNAME_SIZE - 1) / 2];
    rand_bytes(name, sizeof name);
    text_hex(name, sizeof name, peer->cname);
    peer->ssrc = (uint32_t)rand_u64();
    peer->session_id = rand_u64() >> 1;
    *out = peer;
    return 0;
}

size_t rtc_peer_drain(struct rtc_peer *peer) {
    if (peer->state == RTC_NEW || peer->state == RTC_FAILED)
        return 0;
    size_t count = rtc_peer_read(peer, RTC_DRAIN_MAX);
    if (count > 0)
        rtc_peer_go_on(peer, rtc_peer_now_ms());
    return count;
}

enum rtc_state rtc_peer_state(const struct rtc_peer *peer) {
    return peer->state;
}

void rtc_peer_stats(const struct rtc_peer *peer, struct rtc_stats *stats) {
    *stats = peer->stats;
    stats->lost = rtc_sources_lost(&peer->sources);
    stats->unsent += peer->sock.unsent;
    stats->overflowed = peer->sock.overflowed;
    stats->rtt_ms = peer->checks->rtt_ms;
    const struct rtc_end *selected = rtc_checks_selected(peer->checks);
    stats->is_tcp = selected && selected->tcp;
}

void rtc_peer_close(struct rtc_peer *peer) {
    if (!peer)
        return;
    assert(!peer->is_draining);
    loop_undefer(peer->loop, &peer->news);
    timer_stop(&peer->timer);
    rtc_dtls_free(peer->dtls); /* it says good-bye by the sockets */
    rtc_srtp_free(peer->srtp);
    rtc_early_free(&peer->early);
    watch_close(peer->watch);
    watch_close(peer->tcp_watch);
    rtc_tcp_close(peer->tcp);
    rtc_socket_close(&peer->sock);
    rtc_sources_free(&peer->sources);
    mem_free(peer->sections);
    mem_free(peer->checks);
    mem_free(peer);
}
