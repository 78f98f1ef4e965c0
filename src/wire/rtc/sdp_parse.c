#include "wire/rtc/sdp_private.h"

#include "base/mem.h"
#include "base/text.h"

enum { COMPONENT_RTP = 1, PORT_MAX = 65535, PAYLOAD_TYPE_MAX = 127, SCTP_PORT = 5000 };

/* What an offer is read into, line by line. */
struct reading {
    struct sdp_offer *offer;
    size_t room;                 /* sections that fit before the array grows */
    struct sdp_section *section; /* NULL: still the session's own lines */
};

static const struct {
    enum sdp_kind kind;
    struct slice media;
} kinds[] = {
    {SDP_AUDIO, {"audio", 5}}, {SDP_VIDEO, {"video", 5}}, {SDP_APPLICATION, {"application", 11}}};

const struct slice sdp_codec_names[SDP_CODECS] = {
    [SDP_OPUS] = {"opus/48000/2", 12}, [SDP_PCMU] = {"PCMU/8000", 9},
    [SDP_PCMA] = {"PCMA/8000", 9},     [SDP_VP8] = {"VP8/90000", 9},
    [SDP_VP9] = {"VP9/90000", 9},      [SDP_H264] = {"H264/90000", 10}};

/* ---- Candidates ---- */

bool sdp_parse_candidate(struct slice text, struct sdp_candidate *candidate) {
    if (!slice_has_prefix(text, SLICE("candidate:")))
        return false;
    struct slice rest = slice_skip(text, 10), foundation, component, transport, priority, address,
                 port, word, value;
    if (!slice_cut(&rest, ' ', &foundation) || !slice_cut(&rest, ' ', &component) ||
        !slice_cut(&rest, ' ', &transport) || !slice_cut(&rest, ' ', &priority) ||
        !slice_cut(&rest, ' ', &address) || !slice_cut(&rest, ' ', &port) || address.len == 0)
        return false;
    uint64_t component_number, priority_number, port_number;
    if (!slice_to_uint(component, 256, &component_number) || component_number != COMPONENT_RTP ||
        !slice_to_uint(priority, UINT32_MAX, &priority_number) ||
        !slice_to_uint(port, PORT_MAX, &port_number) || port_number == 0)
        return false;
    bool tcp = slice_is_equal_nocase(transport, SLICE("tcp")), passive = false;
    if (!tcp && !slice_is_equal_nocase(transport, SLICE("udp")))
        return false;
    while (slice_cut(&rest, ' ', &word) && slice_cut(&rest, ' ', &value))
        passive |=
            slice_is_equal(word, SLICE("tcptype")) && slice_is_equal(value, SLICE("passive"));
    if (tcp && !passive)
        return false;
    *candidate = (struct sdp_candidate){.tcp = tcp,
                                        .priority = (uint32_t)priority_number,
                                        .address = address,
                                        .port = (uint16_t)port_number};
    return true;
}

/* LiveKit repeats the candidates of its one transport in more than one section. */
static void add_candidate(struct sdp_offer *offer, struct slice line) {
    struct sdp_candidate candidate;
    if (offer->candidate_count == SDP_CANDIDATES_MAX || !sdp_parse_candidate(line, &candidate))
        return;
    for (size_t i = 0; i < offer->candidate_count; i++) {
        const struct sdp_candidate *known = &offer->candidates[i];
        if (known->tcp == candidate.tcp && known->port == candidate.port &&
            slice_is_equal(known->address, candidate.address))
            return;
    }
    offer->candidates[offer->candidate_count++] = candidate;
}

/* ---- The transport ---- */

/* "sha-256 AB:CD:..."; other hashes are passed over. */
static bool read_fingerprint(struct slice value, struct sdp_offer *offer) {
    struct slice hash;
    if (!slice_cut(&value, ' ', &hash) || !slice_is_equal_nocase(hash, SLICE("sha-256")))
        return true;
    if (value.len != SDP_FINGERPRINT_BYTES * 3 - 1)
        return false;
    for (size_t i = 0; i < SDP_FINGERPRINT_BYTES; i++) {
        const char *p = value.ptr + 3 * i;
        int high = text_hex_value(p[0]), low = text_hex_value(p[1]);
        if (high < 0 || low < 0 || (i + 1 < SDP_FINGERPRINT_BYTES && p[2] != ':'))
            return false;
        offer->fingerprint[i] = (uint8_t)(high << 4 | low);
    }
    offer->has_fingerprint = true;
    return true;
}

/* An attribute that may stand at the session or in any section: all share one transport. Of what is
 * given more than once, the first counts. */
static const char *take_transport(struct sdp_offer *offer, struct slice name, struct slice value) {
    if (slice_is_equal(name, SLICE("ice-ufrag")) && offer->ufrag.len == 0)
        offer->ufrag = value;
    else if (slice_is_equal(name, SLICE("ice-pwd")) && offer->password.len == 0)
        offer->password = value;
    else if (slice_is_equal(name, SLICE("fingerprint")) && !offer->has_fingerprint)
        return read_fingerprint(value, offer) ? NULL : "a fingerprint that is none";
    else if (slice_is_equal(name, SLICE("ice-lite")))
        offer->ice_lite = true;
    else if (slice_is_equal(name, SLICE("setup")))
        offer->is_active = slice_is_equal(value, SLICE("active"));
    else if (slice_is_equal(name, SLICE("end-of-candidates")))
        offer->end_of_candidates = true;
    if (offer->ufrag.len > SDP_PASSWORD_MAX || offer->password.len > SDP_PASSWORD_MAX)
        return "ICE credentials that are too long";
    return NULL;
}

/* ---- Sections ---- */

static struct sdp_format *format_with(struct sdp_section *section, uint64_t payload_type) {
    for (unsigned i = 0; i < SDP_CODECS; i++) {
        struct sdp_format *format = &section->codecs[i];
        if (format->is_offered && format->payload_type == payload_type)
            return format;
    }
    return NULL;
}

/* "111 opus/48000/2": the first of each codec counts. */
static void take_codec(struct sdp_section *section, struct slice value) {
    struct slice number;
    uint64_t payload_type;
    if (!slice_cut(&value, ' ', &number) || !slice_to_uint(number, PAYLOAD_TYPE_MAX, &payload_type))
        return;
    for (unsigned i = 0; i < SDP_CODECS; i++)
        if (slice_is_equal_nocase(value, sdp_codec_names[i]) && !section->codecs[i].is_offered)
            section->codecs[i] = (struct sdp_format){true, (uint8_t)payload_type, SLICE_NONE};
}

static void take_parameters(struct sdp_section *section, struct slice value) {
    struct slice number;
    uint64_t payload_type;
    if (!slice_cut(&value, ' ', &number) || !slice_to_uint(number, PAYLOAD_TYPE_MAX, &payload_type))
        return;
    struct sdp_format *format = format_with(section, payload_type);
    if (format)
        format->parameters = value;
}

/* Mids come back in our answer, so they are held to what a token may be made of. */
static bool is_token(struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '-' || c == '_' || c == '.' || c == '+' || c == '~';
        if (!good)
            return false;
    }
    return text.len > 0;
}

static const char *take_mid(struct sdp_section *section, struct slice value) {
    if (!is_token(value) || value.len > SDP_MID_MAX)
        return "a mid that is no token, or too long";
    section->mid = value;
    return NULL;
}

static void take_source(struct sdp_section *section, struct slice value) {
    struct slice number;
    uint64_t ssrc;
    if (section->has_ssrc || !slice_cut(&value, ' ', &number) ||
        !slice_to_uint(number, UINT32_MAX, &ssrc))
        return;
    section->ssrc = (uint32_t)ssrc;
    section->has_ssrc = true;
}

static const char *take_own(struct sdp_section *section, struct slice name, struct slice value) {
    struct slice stream;
    uint64_t port;
    if (slice_is_equal(name, SLICE("mid")))
        return take_mid(section, value);
    if (slice_is_equal(name, SLICE("sendrecv")) || slice_is_equal(name, SLICE("sendonly")))
        section->sends = true;
    else if (slice_is_equal(name, SLICE("recvonly")) || slice_is_equal(name, SLICE("inactive")))
        section->sends = false;
    else if (slice_is_equal(name, SLICE("msid")))
        (void)slice_split(value, ' ', &stream, &section->track);
    else if (slice_is_equal(name, SLICE("ssrc")))
        take_source(section, value);
    else if (slice_is_equal(name, SLICE("rtpmap")))
        take_codec(section, value);
    else if (slice_is_equal(name, SLICE("fmtp")))
        take_parameters(section, value);
    else if (slice_is_equal(name, SLICE("sctp-port")) && slice_to_uint(value, PORT_MAX, &port))
        section->sctp_port = (uint16_t)port;
    return NULL;
}

/* ---- Lines ---- */

static struct sdp_section *add_section(struct reading *r) {
    struct sdp_offer *offer = r->offer;
    if (offer->count == r->room) {
        r->room = r->room ? 2 * r->room : 8;
        offer->sections = mem_resize(offer->sections, r->room * sizeof *offer->sections);
    }
    struct sdp_section *section = &offer->sections[offer->count++];
    *section = (struct sdp_section){.kind = SDP_OTHER, .sends = true, .sctp_port = SCTP_PORT};
    return section;
}

/* "audio 9 UDP/TLS/RTP/SAVPF 111 63" */
static const char *begin_section(struct reading *r, struct slice value) {
    if (r->offer->count == SDP_SECTIONS_MAX)
        return "too many sections";
    struct slice media, port, protocol;
    uint64_t number;
    if (!slice_cut(&value, ' ', &media) || !slice_cut(&value, ' ', &port) ||
        !slice_cut(&value, ' ', &protocol) || value.len == 0 || !is_token(media) ||
        !slice_to_uint(port, PORT_MAX, &number))
        return "an m= line that is none";
    r->section = add_section(r);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (slice_is_equal(media, kinds[i].media))
            r->section->kind = kinds[i].kind;
    r->section->rejected = number == 0;
    r->section->media = media;
    r->section->protocol = protocol;
    r->section->formats = value;
    return NULL;
}

static const char *take_attribute(struct reading *r, struct slice line) {
    struct slice name = line, value = SLICE_NONE;
    (void)slice_split(line, ':', &name, &value);
    if (slice_is_equal(name, SLICE("candidate"))) {
        add_candidate(r->offer, line);
        return NULL;
    }
    const char *wrong = take_transport(r->offer, name, value);
    return wrong || !r->section ? wrong : take_own(r->section, name, value);
}

static bool is_printable(struct slice line) {
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.ptr[i] < 0x20 || line.ptr[i] == 0x7f)
            return false;
    return true;
}

static const char *take_line(struct reading *r, struct slice line) {
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    if (line.len == 0)
        return NULL;
    if (line.len < 2 || line.ptr[1] != '=' || !is_printable(line))
        return "a line that is none";
    struct slice value = slice_skip(line, 2);
    if (line.ptr[0] == 'm')
        return begin_section(r, value);
    return line.ptr[0] == 'a' ? take_attribute(r, value) : NULL;
}

/* What must be there before the offer can be answered. */
static const char *judge(const struct sdp_offer *offer) {
    if (offer->count == 0)
        return "no section";
    if (offer->ufrag.len == 0 || offer->password.len == 0)
        return "no ICE credentials";
    if (!offer->has_fingerprint)
        return "no SHA-256 fingerprint";
    for (size_t i = 0; i < offer->count; i++)
        if (offer->sections[i].mid.len == 0)
            return "a section without a mid";
    return NULL;
}

const char *sdp_parse_offer(struct slice text, struct sdp_offer *offer) {
    *offer = (struct sdp_offer){0};
    struct reading r = {.offer = offer};
    const char *wrong = NULL;
    struct slice line;
    while (!wrong && slice_cut(&text, '\n', &line))
        wrong = take_line(&r, line);
    if (!wrong)
        wrong = judge(offer);
    if (wrong)
        sdp_offer_free(offer);
    return wrong;
}

void sdp_offer_free(struct sdp_offer *offer) {
    mem_free(offer->sections);
    *offer = (struct sdp_offer){0};
}
