#include "base/big.h"
#include "base/clock.h"
#include "net/rtc/rtc_peer_private.h"

#include <assert.h>
#include <string.h>

/* Clocks of timestamps. */
enum { VOICE_KHZ = 48, TELEPHONE_KHZ = 8, VIDEO_KHZ = 90, RTP_SSRC_AT = 8 };

/* RFC 7983: which protocol a datagram is of, by its first byte. */
enum {
    STUN_LAST = 3,
    DTLS_FIRST = 20,
    DTLS_LAST = 63,
    RTP_FIRST = 128,
    RTP_LAST = 191,
    RTCP_TYPE_FIRST = 192, /* second byte: RFC 5761, 4 */
    RTCP_TYPE_LAST = 223,
};

static const uint16_t clock_khz[SDP_CODECS] = {
    [SDP_OPUS] = VOICE_KHZ, [SDP_PCMU] = TELEPHONE_KHZ, [SDP_PCMA] = TELEPHONE_KHZ,
    [SDP_VP8] = VIDEO_KHZ,  [SDP_VP9] = VIDEO_KHZ,      [SDP_H264] = VIDEO_KHZ};

/* ---- Media ---- */

static bool find_codec(const struct rtc_section *section, uint8_t payload_type,
                       enum sdp_codec *codec) {
    for (unsigned i = 0; i < SDP_CODECS; i++) {
        if (section->formats[i] == payload_type) {
            *codec = (enum sdp_codec)i;
            return true;
        }
    }
    return false;
}

/* A source that no offer has named is of the one section that has not named its own. */
static uint16_t guess_section(const struct rtc_peer *peer, uint8_t payload_type) {
    uint16_t found = RTC_NO_SECTION;
    enum sdp_codec codec;
    for (size_t i = 0; i < peer->section_count; i++) {
        const struct rtc_section *section = &peer->sections[i];
        if (!section->receives || section->has_ssrc || !find_codec(section, payload_type, &codec))
            continue;
        if (found != RTC_NO_SECTION)
            return RTC_NO_SECTION;
        found = (uint16_t)i;
    }
    return found;
}

/* Until one packet of a source was authentic, another way to read it is tried, on a copy. */
static enum rtc_srtp_result open_first(struct rtc_peer *peer, uint32_t ssrc, uint8_t *bytes,
                                       size_t *len) {
    _Alignas(8) uint8_t copy[RTC_SLOT_BYTES];
    size_t copy_len = *len;
    memcpy(copy, bytes, copy_len);
    enum rtc_srtp_result result = rtc_srtp_open_packet(peer->srtp, bytes, len);
    if (result != RTC_SRTP_BAD ||
        rtc_srtp_open_wrapped(peer->srtp, ssrc, copy, &copy_len) != RTC_SRTP_OK)
        return result;
    memcpy(bytes, copy, copy_len);
    *len = copy_len;
    return RTC_SRTP_OK;
}

static bool open_packet(struct rtc_peer *peer, const struct rtc_source *source, uint8_t *bytes,
                        size_t *len) {
    bool is_first = source && !source->has_begun && *len <= RTC_SLOT_BYTES;
    enum rtc_srtp_result result = is_first ? open_first(peer, source->ssrc, bytes, len)
                                           : rtc_srtp_open_packet(peer->srtp, bytes, len);
    peer->stats.repeated += result == RTC_SRTP_REPEATED;
    peer->stats.bad_protection += result == RTC_SRTP_BAD;
    return result == RTC_SRTP_OK;
}

static void deliver(struct rtc_peer *peer, struct rtc_source *source, const struct rtp_packet *rtp,
                    int64_t arrived_ns) {
    const struct rtc_section *section = &peer->sections[source->section];
    enum sdp_codec codec;
    if (!section->receives || !find_codec(section, rtp->payload_type, &codec)) {
        peer->stats.unknown_source++;
        return;
    }
    rtc_source_take(source, rtp, clock_khz[codec], arrived_ns);
    peer->stats.packets++;
    peer->stats.bytes += rtp->payload.len;
    const struct rtc_packet packet = {.section = source->section,
                                      .mid = slice_of(section->mid, section->mid_len),
                                      .ssrc = rtp->ssrc,
                                      .seq = rtp->seq,
                                      .timestamp = rtp->timestamp,
                                      .payload_type = rtp->payload_type,
                                      .codec = codec,
                                      .marker = rtp->marker,
                                      .payload = rtp->payload,
                                      .arrived_ns = arrived_ns};
    peer->handlers.on_packet(&packet, peer->user);
}

/* The number of sources is limited before the library keeps anything of a new one. */
static void take_packet(struct rtc_peer *peer, uint8_t *bytes, size_t len, int64_t arrived_ns) {
    if (len < RTP_HEAD_BYTES) {
        peer->stats.malformed++;
        return;
    }
    uint32_t ssrc = big_u32(bytes + RTP_SSRC_AT);
    struct rtc_source *source = rtc_sources_find(&peer->sources, ssrc);
    if (!source && peer->sources.strays >= RTC_STRAYS_MAX) {
        peer->stats.unknown_source++;
        return;
    }
    if (!open_packet(peer, source, bytes, &len))
        return;
    rtc_checks_touch(peer->checks, arrived_ns / 1000000);
    struct rtp_packet rtp;
    if (!rtp_parse(bytes, len, &rtp)) {
        peer->stats.malformed++;
        return;
    }
    if (!source)
        source = rtc_sources_add_stray(&peer->sources, ssrc);
    if (source->section == RTC_NO_SECTION)
        source->section = guess_section(peer, rtp.payload_type);
    if (source->section == RTC_NO_SECTION)
        peer->stats.unknown_source++;
    else
        deliver(peer, source, &rtp, arrived_ns);
}

/* ---- Reports ---- */

static uint16_t find_mid(const struct rtc_peer *peer, struct slice mid) {
    for (size_t i = 0; mid.len > 0 && i < peer->section_count; i++)
        if (slice_is_equal(slice_of(peer->sections[i].mid, peer->sections[i].mid_len), mid))
            return (uint16_t)i;
    return RTC_NO_SECTION;
}

static void take_sender_report(struct rtc_peer *peer, struct rtc_source *source,
                               const struct rtcp_packet *rtcp, int64_t arrived_ns) {
    rtc_source_take_report(source, rtcp->ntp, arrived_ns);
    if (!peer->handlers.on_report)
        return;
    const struct rtc_report report = {.section = source->section,
                                      .ssrc = source->ssrc,
                                      .ntp = rtcp->ntp,
                                      .rtp_time = rtcp->rtp_time,
                                      .arrived_ns = arrived_ns};
    peer->handlers.on_report(&report, peer->user);
}

static void take_report(struct rtc_peer *peer, const struct rtcp_packet *rtcp, int64_t arrived_ns) {
    struct rtc_source *source = rtc_sources_find(&peer->sources, rtcp->ssrc);
    if (rtcp->type == RTCP_OTHER || !source)
        return;
    if (rtcp->type == RTCP_DESCRIPTION && source->section == RTC_NO_SECTION)
        source->section = find_mid(peer, rtcp->mid);
    if (source->section == RTC_NO_SECTION || !peer->sections[source->section].receives)
        return;
    if (rtcp->type == RTCP_SENDER_REPORT)
        take_sender_report(peer, source, rtcp, arrived_ns);
    else if (rtcp->type == RTCP_BYE && peer->handlers.on_bye)
        peer->handlers.on_bye(source->section, source->ssrc, peer->user);
}

static void take_reports(struct rtc_peer *peer, uint8_t *bytes, size_t len, int64_t arrived_ns) {
    enum rtc_srtp_result result = rtc_srtp_open_report(peer->srtp, bytes, &len);
    peer->stats.repeated += result == RTC_SRTP_REPEATED;
    peer->stats.bad_protection += result == RTC_SRTP_BAD;
    if (result != RTC_SRTP_OK)
        return;
    rtc_checks_touch(peer->checks, arrived_ns / 1000000);
    peer->stats.reports++;
    struct slice compound = slice_of(bytes, len);
    struct rtcp_packet rtcp;
    enum rtcp_result next;
    while ((next = rtcp_next(&compound, &rtcp)) == RTCP_PACKET)
        take_report(peer, &rtcp, arrived_ns);
    peer->stats.malformed += next == RTCP_BAD;
}

/* ---- The handshake, and data ---- */

static void take_media(struct rtc_peer *peer, uint8_t *bytes, size_t len, int64_t arrived_ns) {
    if (bytes[1] >= RTCP_TYPE_FIRST && bytes[1] <= RTCP_TYPE_LAST)
        take_reports(peer, bytes, len, arrived_ns);
    else
        take_packet(peer, bytes, len, arrived_ns);
}

static void begin_media(struct rtc_peer *peer) {
    struct rtc_dtls_keys keys;
    if (rtc_dtls_keys(peer->dtls, &keys))
        peer->srtp = rtc_srtp_new(&keys);
    OPENSSL_cleanse(&keys, sizeof keys);
    uint8_t *early;
    size_t len;
    int64_t arrived_ns;
    while (peer->srtp && (early = rtc_early_next(&peer->early, &len, &arrived_ns)))
        take_media(peer, early, len, arrived_ns);
    if (!peer->srtp)
        rtc_peer_fail(peer, "SRTP cannot be set up");
}

static void take_dtls(struct rtc_peer *peer, const uint8_t *bytes, size_t len,
                      const struct rtc_end *from, int64_t now_ms) {
    peer->dtls_end = *from;
    rtc_dtls_hear(peer->dtls, bytes, len);
    if (rtc_dtls_state(peer->dtls) != RTC_DTLS_UP)
        return;
    if (!peer->srtp)
        begin_media(peer);
    uint8_t data[RTC_DTLS_DATA_MAX], out[SCTP_PACKET_MAX];
    size_t data_len;
    while ((data_len = rtc_dtls_read(peer->dtls, data)) > 0) {
        rtc_checks_touch(peer->checks, now_ms);
        size_t answer =
            peer->has_sctp ? sctp_hear(&peer->sctp, data, data_len, (uint64_t)now_ms, out) : 0;
        if (answer > 0)
            rtc_dtls_write(peer->dtls, out, answer);
    }
}

/* ---- Datagrams ---- */

static void take_check(struct rtc_peer *peer, const uint8_t *bytes, size_t len,
                       const struct rtc_end *from, int64_t now_ms) {
    uint8_t out[STUN_MAX_BYTES];
    size_t answer;
    if (rtc_checks_hear(peer->checks, bytes, len, from, now_ms, out, &answer) == RTC_HEARD_BAD)
        peer->stats.bad_checks++;
    if (answer > 0)
        rtc_peer_send(peer, from, out, answer);
}

/* Only STUN is read from an end that has proved nothing yet: its checks carry the proof. */
static void take_datagram(struct rtc_peer *peer, uint8_t *bytes, size_t len,
                          const struct rtc_end *from, int64_t arrived_ns) {
    uint8_t first = len > 1 ? bytes[0] : UINT8_MAX;
    if (first <= STUN_LAST) {
        take_check(peer, bytes, len, from, arrived_ns / 1000000);
        return;
    }
    bool is_dtls = first >= DTLS_FIRST && first <= DTLS_LAST;
    bool is_media = first >= RTP_FIRST && first <= RTP_LAST;
    if ((!is_dtls && !is_media) || !rtc_checks_is_proven(peer->checks, from))
        peer->stats.foreign++;
    else if (is_dtls)
        take_dtls(peer, bytes, len, from, arrived_ns / 1000000);
    else if (peer->srtp)
        take_media(peer, bytes, len, arrived_ns);
    else if (!rtc_early_keep(&peer->early, bytes, len, arrived_ns))
        peer->stats.foreign++;
}

static size_t read_udp(struct rtc_peer *peer, size_t most) {
    _Static_assert(RTC_BATCH * RTC_SLOT_BYTES <= LOOP_SCRATCH_BYTES, "a batch fits");
    struct rtc_datagram datagrams[RTC_BATCH];
    size_t all = 0, count;
    do {
        count = rtc_socket_read(&peer->sock, loop_scratch(peer->loop), datagrams);
        for (size_t i = 0; i < count && peer->state != RTC_FAILED; i++) {
            const struct rtc_datagram *datagram = &datagrams[i];
            const struct rtc_end from = {.address = datagram->from};
            if (datagram->is_cut)
                peer->stats.too_long++;
            else
                take_datagram(peer, datagram->bytes, datagram->len, &from, datagram->arrived_ns);
        }
        all += count;
    } while (count == RTC_BATCH && all < most && peer->state != RTC_FAILED);
    return all;
}

static size_t read_tcp(struct rtc_peer *peer, size_t most) {
    uint8_t *bytes = loop_scratch(peer->loop);
    const struct rtc_end from = peer->tcp_end;
    size_t all = 0, len;
    while (all < most && peer->state != RTC_FAILED && (len = rtc_tcp_read(peer->tcp, bytes)) > 0) {
        take_datagram(peer, bytes, len, &from, (int64_t)clock_mono_ns());
        all++;
    }
    return all;
}

size_t rtc_peer_read(struct rtc_peer *peer, size_t most) {
    peer->is_draining = true;
    size_t count = 0;
    if (peer->sock.fd >= 0)
        count += read_udp(peer, most);
    if (peer->tcp)
        count += read_tcp(peer, most);
    peer->is_draining = false;
    return count;
}
