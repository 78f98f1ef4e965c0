#include "wire/rtc/sdp_private.h"

static bool has_codec(const struct sdp_section *section) {
    for (unsigned i = 0; i < SDP_CODECS; i++)
        if (section->codecs[i].is_offered)
            return true;
    return false;
}

bool sdp_section_is_wanted(const struct sdp_section *section, bool video) {
    if (section->rejected)
        return false;
    if (section->kind == SDP_APPLICATION)
        return true;
    return (section->kind == SDP_AUDIO || (section->kind == SDP_VIDEO && video)) &&
           has_codec(section);
}

static void write_session(struct buf *out, const struct sdp_offer *offer,
                          const struct sdp_answer *answer, bool video) {
    buf_printf(out, "v=0\r\no=- %llu %llu IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE",
               (unsigned long long)answer->session_id, (unsigned long long)answer->version);
    for (size_t i = 0; i < offer->count; i++)
        if (sdp_section_is_wanted(&offer->sections[i], video))
            buf_printf(out, " %.*s", SLICE_ARG(offer->sections[i].mid));
    buf_add_text(out, "\r\na=fingerprint:sha-256 ");
    for (size_t i = 0; i < SDP_FINGERPRINT_BYTES; i++)
        buf_printf(out, i ? ":%02X" : "%02X", answer->fingerprint[i]);
    buf_add_text(out, "\r\na=ice-options:trickle\r\n");
}

static void write_transport(struct buf *out, const struct sdp_answer *answer, bool is_first) {
    buf_printf(out, "a=setup:%s\r\na=ice-ufrag:%.*s\r\na=ice-pwd:%.*s\r\n",
               answer->is_passive ? "passive" : "active", SLICE_ARG(answer->ufrag),
               SLICE_ARG(answer->password));
    if (is_first && answer->address.len > 0)
        buf_printf(out,
                   "a=candidate:1 1 udp %u %.*s %u typ host\r\n"
                   "a=end-of-candidates\r\n",
                   SDP_HOST_PRIORITY, SLICE_ARG(answer->address), answer->port);
}

static void write_codecs(struct buf *out, const struct sdp_section *section) {
    for (unsigned i = 0; i < SDP_CODECS; i++) {
        const struct sdp_format *format = &section->codecs[i];
        if (!format->is_offered)
            continue;
        buf_printf(out, "a=rtpmap:%u %.*s\r\n", format->payload_type,
                   SLICE_ARG(sdp_codec_names[i]));
        if (format->parameters.len > 0)
            buf_printf(out, "a=fmtp:%u %.*s\r\n", format->payload_type,
                       SLICE_ARG(format->parameters));
        if (i != SDP_PCMU && i != SDP_PCMA)
            buf_printf(out, "a=rtcp-fb:%u nack\r\n", format->payload_type);
        if (section->kind == SDP_VIDEO)
            buf_printf(out, "a=rtcp-fb:%u nack pli\r\n", format->payload_type);
    }
}

static void write_media(struct buf *out, const struct sdp_section *section,
                        const struct sdp_answer *answer, bool is_first) {
    buf_printf(out, "m=%.*s 9 %.*s", SLICE_ARG(section->media), SLICE_ARG(section->protocol));
    for (unsigned i = 0; i < SDP_CODECS; i++)
        if (section->codecs[i].is_offered)
            buf_printf(out, " %u", section->codecs[i].payload_type);
    buf_printf(out, "\r\nc=IN IP4 0.0.0.0\r\na=mid:%.*s\r\n", SLICE_ARG(section->mid));
    write_transport(out, answer, is_first);
    buf_add_text(out, "a=rtcp-mux\r\na=rtcp-rsize\r\n");
    write_codecs(out, section);
    buf_add_text(out, section->sends ? "a=recvonly\r\n" : "a=inactive\r\n");
}

static void write_data(struct buf *out, const struct sdp_section *section,
                       const struct sdp_answer *answer, bool is_first) {
    buf_printf(out, "m=application 9 %.*s %.*s\r\nc=IN IP4 0.0.0.0\r\na=mid:%.*s\r\n",
               SLICE_ARG(section->protocol), SLICE_ARG(section->formats), SLICE_ARG(section->mid));
    write_transport(out, answer, is_first);
    buf_printf(out, "a=sctp-port:%u\r\na=max-message-size:65535\r\na=sendrecv\r\n",
               section->sctp_port);
}

static void write_rejected(struct buf *out, const struct sdp_section *section) {
    buf_printf(out, "m=%.*s 0 %.*s %.*s\r\nc=IN IP4 0.0.0.0\r\na=mid:%.*s\r\na=inactive\r\n",
               SLICE_ARG(section->media), SLICE_ARG(section->protocol), SLICE_ARG(section->formats),
               SLICE_ARG(section->mid));
}

void sdp_write_answer(struct buf *out, const struct sdp_offer *offer,
                      const struct sdp_answer *answer, bool video) {
    write_session(out, offer, answer, video);
    bool is_first = true;
    for (size_t i = 0; i < offer->count; i++) {
        const struct sdp_section *section = &offer->sections[i];
        if (!sdp_section_is_wanted(section, video)) {
            write_rejected(out, section);
            continue;
        }
        if (section->kind == SDP_APPLICATION)
            write_data(out, section, answer, is_first);
        else
            write_media(out, section, answer, is_first);
        is_first = false;
    }
}
