#include "base/clock.h"
#include "base/rand.h"
#include "net/rtc/rtc_peer_private.h"

/* An ice-lite server lets a subscriber go that sends nothing, so reports go also when there is
 * nothing to tell. */
enum { REPORT_MS = 1600, REPORT_JITTER_MS = 800, NACKS_AT_ONCE = 64 };

static void send_report(struct rtc_peer *peer, uint8_t *bytes, size_t len) {
    const struct rtc_end *to = rtc_checks_selected(peer->checks);
    if (to && rtc_checks_has_consent(peer->checks, rtc_peer_now_ms()) &&
        rtc_srtp_protect_report(peer->srtp, bytes, &len))
        rtc_peer_send(peer, to, bytes, len);
}

static struct slice cname_of(const struct rtc_peer *peer) {
    return slice_of(peer->cname, RTC_CNAME_SIZE - 1);
}

void rtc_peer_send_reports(struct rtc_peer *peer, int64_t now_ms) {
    peer->report_ms = now_ms + REPORT_MS + (int64_t)rand_below(REPORT_JITTER_MS);
    int64_t now_ns = (int64_t)clock_mono_ns();
    struct rtcp_block blocks[RTCP_REPORTS_MAX];
    size_t left = SIZE_MAX, count;
    do {
        struct rtc_source *source;
        for (count = 0;
             count < RTCP_REPORTS_MAX && (source = rtc_sources_next(&peer->sources, &left)) != NULL;
             count++)
            rtc_source_report(source, now_ns, &blocks[count]);
        _Alignas(4) uint8_t out[RTCP_WRITE_MAX + RTC_SRTP_ROOM];
        send_report(peer, out, rtcp_write_report(out, peer->ssrc, cname_of(peer), blocks, count));
    } while (count == RTCP_REPORTS_MAX);
}

void rtc_peer_nack(struct rtc_peer *peer, uint32_t ssrc, const uint16_t *seqs, size_t count) {
    while (peer->srtp && count > 0) {
        _Alignas(4) uint8_t out[RTCP_WRITE_MAX + RTC_SRTP_ROOM];
        size_t taken = 0;
        size_t len = rtcp_write_nack(out, peer->ssrc, ssrc, seqs, count, &taken);
        if (taken == 0)
            return;
        send_report(peer, out, len);
        peer->stats.nacked += (uint32_t)taken;
        seqs += taken;
        count -= taken;
    }
}

void rtc_peer_ask_key_frame(struct rtc_peer *peer, uint32_t ssrc) {
    _Alignas(4) uint8_t out[RTCP_WRITE_MAX + RTC_SRTP_ROOM];
    if (peer->srtp)
        send_report(peer, out, rtcp_write_picture_loss(out, peer->ssrc, ssrc));
}
