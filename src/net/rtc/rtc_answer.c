#include "base/mem.h"
#include "base/rand.h"
#include "net/rtc/rtc_identity.h"
#include "net/rtc/rtc_peer_private.h"

#include <errno.h>
#include <string.h>

/* ---- Addresses ---- */

static bool take_candidate(struct rtc_peer *peer, const struct sdp_candidate *candidate,
                           struct rtc_end *end) {
    *end = (struct rtc_end){.tcp = candidate->tcp};
    if (peer->candidate_count >= SDP_CANDIDATES_MAX ||
        (candidate->tcp ? peer->no_tcp : peer->no_udp) ||
        !rtc_address_parse(candidate->address, candidate->port, &end->address))
        return false;
    /* A server elsewhere has nothing to look for among what this machine keeps to itself. */
    if (rtc_address_is_loopback(&end->address) &&
        !(peer->has_server && rtc_address_is_loopback(&peer->server)))
        return false;
    if (!candidate->tcp && end->address.family == 6 && !peer->sock.is_v6)
        return false;
    bool is_new = rtc_checks_add(peer->checks, end, candidate->priority, rtc_peer_now_ms());
    peer->candidate_count += is_new;
    return is_new;
}

/* Our address as far as the server will see it; learnt from where we will send. */
static bool find_address(struct rtc_peer *peer, const struct stun_address *toward) {
    struct stun_address ours;
    if (peer->no_udp || !rtc_address_toward(toward, &ours))
        return false;
    ours.port = peer->sock.port;
    bool is_new = !peer->has_told_address || memcmp(&ours, &peer->told, sizeof ours) != 0;
    peer->told = ours;
    peer->has_told_address = true;
    return is_new;
}

static void tell_address(struct rtc_peer *peer) {
    char address[RTC_ADDRESS_SIZE];
    rtc_address_write(&peer->told, address);
    struct buf line = {0};
    buf_printf(&line, "candidate:1 1 udp %u %s %u typ host", SDP_HOST_PRIORITY, address,
               peer->told.port);
    peer->handlers.on_candidate(buf_slice(&line), peer->user);
    buf_free(&line);
}

bool rtc_peer_add_candidate(struct rtc_peer *peer, struct slice candidate) {
    struct sdp_candidate parsed;
    struct rtc_end end;
    if (peer->state == RTC_NEW || peer->state == RTC_FAILED ||
        !sdp_parse_candidate(candidate, &parsed) || !take_candidate(peer, &parsed, &end))
        return false;
    if (!end.tcp && !peer->checks->is_settled && find_address(peer, &end.address))
        tell_address(peer);
    rtc_peer_go_on(peer, rtc_peer_now_ms());
    return true;
}

/* ---- Sections ---- */

static void judge_sections(struct sdp_offer *offer, const struct rtc_accept *accept) {
    for (size_t i = 0; i < offer->count; i++) {
        struct sdp_section *section = &offer->sections[i];
        if (section->rejected || !section->sends ||
            (section->kind != SDP_AUDIO && section->kind != SDP_VIDEO))
            continue;
        bool is_wanted = accept && accept->wants ? accept->wants(section->kind, section->mid,
                                                                 section->track, accept->user)
                                                 : section->kind == SDP_AUDIO;
        if (is_wanted)
            continue;
        if (section->kind == SDP_AUDIO)
            section->sends = false;
        else
            section->rejected = true;
    }
}

static bool takes_video(const struct rtc_accept *accept) {
    return accept && accept->wants;
}

static void peer_on_forgotten(uint32_t ssrc, void *user) {
    struct rtc_peer *peer = user;
    if (peer->srtp)
        rtc_srtp_forget(peer->srtp, ssrc);
}

static void keep_sections(struct rtc_peer *peer, const struct sdp_offer *offer,
                          const struct rtc_accept *accept) {
    mem_free(peer->sections);
    peer->sections = mem_alloc_array(offer->count, sizeof *peer->sections);
    peer->section_count = offer->count;
    rtc_sources_begin(&peer->sources);
    for (size_t i = 0; i < offer->count; i++) {
        const struct sdp_section *from = &offer->sections[i];
        struct rtc_section *section = &peer->sections[i];
        memcpy(section->mid, from->mid.ptr, from->mid.len);
        section->mid_len = (uint8_t)from->mid.len;
        section->has_ssrc = from->has_ssrc;
        section->receives = from->kind != SDP_APPLICATION && from->sends &&
                            sdp_section_is_wanted(from, takes_video(accept));
        for (unsigned c = 0; c < SDP_CODECS; c++)
            section->formats[c] =
                from->codecs[c].is_offered ? from->codecs[c].payload_type : RTC_NO_FORMAT;
        if (section->receives && from->has_ssrc)
            rtc_sources_name(&peer->sources, from->ssrc, (uint16_t)i);
        if (from->kind == SDP_APPLICATION && !from->rejected && !peer->has_sctp) {
            peer->has_sctp = true;
            sctp_init(&peer->sctp, from->sctp_port, (uint32_t)rand_u64() | 1, (uint32_t)rand_u64(),
                      rand_u64());
        }
    }
    rtc_sources_end(&peer->sources, peer_on_forgotten, peer);
}

/* ---- Offers ---- */

static void write_answer(struct rtc_peer *peer, const struct sdp_offer *offer,
                         const struct rtc_accept *accept, struct buf *out) {
    char address[RTC_ADDRESS_SIZE] = "";
    if (peer->has_told_address)
        rtc_address_write(&peer->told, address);
    const struct sdp_answer answer = {.session_id = peer->session_id,
                                      .version = ++peer->answer_count,
                                      .ufrag = slice_from(peer->checks->ufrag),
                                      .password = slice_from(peer->checks->password),
                                      .fingerprint = rtc_identity_fingerprint(peer->identity),
                                      .is_passive = offer->is_active,
                                      .address = slice_from(address),
                                      .port = peer->told.port};
    sdp_write_answer(out, offer, &answer, takes_video(accept));
}

/* New credentials begin checks anew. Only the first offer begins a handshake: keys last. */
static const char *begin_round(struct rtc_peer *peer, const struct sdp_offer *offer,
                               int64_t now_ms) {
    if (peer->state != RTC_NEW && rtc_checks_is_same(peer->checks, offer->ufrag, offer->password))
        return NULL;
    bool is_first = peer->state == RTC_NEW;
    if (!rtc_checks_begin(peer->checks, offer->ufrag, offer->password, offer->ice_lite, now_ms))
        return "ICE credentials that are empty or too long";
    peer->candidate_count = 0;
    rtc_socket_loosen(&peer->sock);
    if (!is_first) {
        peer->stats.restarts++;
        return NULL;
    }
    memcpy(peer->fingerprint, offer->fingerprint, sizeof peer->fingerprint);
    if (!rtc_peer_open_dtls(peer, !offer->is_active))
        return "DTLS cannot be set up";
    peer->begun_ms = now_ms;
    return NULL;
}

static int take_offer(struct rtc_peer *peer, struct sdp_offer *offer,
                      const struct rtc_accept *accept, struct buf *answer, const char **why) {
    int64_t now_ms = rtc_peer_now_ms();
    if (peer->state != RTC_NEW &&
        memcmp(peer->fingerprint, offer->fingerprint, sizeof peer->fingerprint) != 0) {
        *why = "the fingerprint has changed";
        rtc_peer_fail(peer, *why);
        return EPROTO;
    }
    *why = begin_round(peer, offer, now_ms);
    if (*why)
        return EINVAL;
    if (peer->has_server && !peer->has_told_address)
        find_address(peer, &peer->server);
    for (size_t i = 0; i < offer->candidate_count; i++) {
        struct rtc_end end;
        if (take_candidate(peer, &offer->candidates[i], &end) && !end.tcp &&
            !peer->checks->is_settled)
            find_address(peer, &end.address);
    }
    judge_sections(offer, accept);
    keep_sections(peer, offer, accept);
    write_answer(peer, offer, accept, answer);
    rtc_peer_begin(peer, now_ms);
    return 0;
}

int rtc_peer_offer(struct rtc_peer *peer, struct slice sdp, const struct rtc_accept *accept,
                   struct buf *answer, const char **why) {
    struct sdp_offer offer;
    if (peer->state == RTC_FAILED) {
        *why = "the connection has failed";
        return EINVAL;
    }
    *why = sdp.len > RTC_OFFER_MAX ? "an offer that is too long" : sdp_parse_offer(sdp, &offer);
    if (*why)
        return EINVAL;
    int err = take_offer(peer, &offer, accept, answer, why);
    sdp_offer_free(&offer);
    return err;
}
