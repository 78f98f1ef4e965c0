#include "unit.h"
#include "wire/rtc/sdp.h"

#define PRINT                                                                                      \
    "82:D0:B3:BF:7A:A9:DD:94:2A:99:97:38:EF:5D:CF:E9:F8:8F:15:36:E9:2F:FC:F2:6D:E3:00:33:90:47:"   \
    "F3:5C"
#define SESSION                                                                                    \
    "v=0\r\no=- 69 17 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=msid-semantic:WMS *\r\n"                 \
    "a=fingerprint:sha-256 " PRINT "\r\na=extmap-allow-mixed\r\na=group:BUNDLE 0 1\r\n"
#define DATA                                                                                       \
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\n"  \
    "a=mid:0\r\na=sendrecv\r\na=sctp-port:5000\r\na=max-message-size:65535\r\n"                    \
    "a=ice-ufrag:bftWkaPv\r\na=ice-pwd:a password of ICE\r\n"
#define CANDIDATES                                                                                 \
    "a=candidate:2878742611 1 udp 2130706431 127.0.0.1 52152 typ host ufrag bftWkaPv\r\n"          \
    "a=candidate:2878742611 2 udp 2130706431 127.0.0.1 52152 typ host ufrag bftWkaPv\r\n"          \
    "a=candidate:375738803 1 tcp 1671430143 127.0.0.1 7901 typ host tcptype passive\r\n"           \
    "a=candidate:375738803 2 tcp 1671430143 127.0.0.1 7901 typ host tcptype passive\r\n"           \
    "a=end-of-candidates\r\n"
#define AUDIO                                                                                      \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=mid:1\r\n" \
    "a=ice-ufrag:bftWkaPv\r\na=ice-pwd:a password of ICE\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"        \
    "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"                       \
    "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:0 PCMU/8000\r\n"                     \
    "a=rtpmap:8 PCMA/8000\r\na=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/"             \
    "abs-capture-time\r\na=ssrc:2796790319 cname:PA_4F|TR_AM\r\n"                                  \
    "a=ssrc:2796790319 msid:PA_4F|TR_AM TR_AM\r\na=msid:PA_4F|TR_AM TR_AM\r\na=sendrecv\r\n"
#define VIDEO                                                                                      \
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\n"                    \
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=sendrecv\r\n"

static const struct slice whole = {"" SESSION DATA CANDIDATES AUDIO VIDEO,
                                   sizeof(SESSION DATA CANDIDATES AUDIO VIDEO) - 1};

static void an_offer_is_read(void **state) {
    struct sdp_offer offer;
    assert_null(sdp_parse_offer(whole, &offer));
    assert_slice_equal(offer.ufrag, "bftWkaPv");
    assert_slice_equal(offer.password, "a password of ICE");
    assert_int_equal(offer.fingerprint[0], 0x82);
    assert_int_equal(offer.fingerprint[31], 0x5c);
    assert_false(offer.ice_lite);
    assert_int_equal(offer.count, 3);
    assert_int_equal(offer.sections[0].kind, SDP_APPLICATION);
    assert_int_equal(offer.sections[0].sctp_port, 5000);
    const struct sdp_section *audio = &offer.sections[1];
    assert_int_equal(audio->kind, SDP_AUDIO);
    assert_slice_equal(audio->mid, "1");
    assert_slice_equal(audio->track, "TR_AM");
    assert_true(audio->sends && audio->has_ssrc);
    assert_int_equal(audio->ssrc, 2796790319);
    assert_int_equal(audio->codecs[SDP_OPUS].payload_type, 111);
    assert_slice_equal(audio->codecs[SDP_OPUS].parameters, "minptime=10;useinbandfec=1");
    assert_true(audio->codecs[SDP_PCMU].is_offered);
    assert_false(audio->codecs[SDP_VP8].is_offered);
    sdp_offer_free(&offer);
}

static void candidates_are_those_of_use(void **state) {
    struct sdp_offer offer;
    assert_null(sdp_parse_offer(whole, &offer));
    assert_int_equal(offer.candidate_count, 2);
    assert_false(offer.candidates[0].tcp);
    assert_slice_equal(offer.candidates[0].address, "127.0.0.1");
    assert_int_equal(offer.candidates[0].port, 52152);
    assert_int_equal(offer.candidates[0].priority, 2130706431);
    assert_true(offer.candidates[1].tcp);
    assert_int_equal(offer.candidates[1].port, 7901);
    assert_true(offer.end_of_candidates);
    sdp_offer_free(&offer);
}

static void odd_candidates_are_passed_over(void **state) {
    static const char *const odd[] = {"",
                                      "candidate:",
                                      "candidate:1 1 udp 5 1.2.3.4",
                                      "candidate:1 1 udp x 1.2.3.4 5 typ host",
                                      "candidate:1 1 udp 4294967296 1.2.3.4 5 typ host",
                                      "candidate:1 1 udp 5 1.2.3.4 0 typ host",
                                      "candidate:1 1 udp 5 1.2.3.4 65536 typ host",
                                      "candidate:1 2 udp 5 1.2.3.4 5 typ host",
                                      "candidate:1 1 tcp 5 1.2.3.4 5 typ host tcptype active",
                                      "candidate:1 1 sctp 5 1.2.3.4 5",
                                      "candidate:1 1 udp 5  5 typ host"};
    struct sdp_candidate candidate;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        assert_false(sdp_parse_candidate(slice_from(odd[i]), &candidate));
    assert_true(
        sdp_parse_candidate(SLICE("candidate:1 1 UDP 5 2001:db8::1 5 typ srflx"), &candidate));
    assert_slice_equal(candidate.address, "2001:db8::1");
}

static void answer(struct buf *out, struct slice text, bool video) {
    static const uint8_t fingerprint[SDP_FINGERPRINT_BYTES] = {0xab, 0x01};
    const struct sdp_answer ours = {.session_id = 5,
                                    .version = 2,
                                    .ufrag = SLICE("ours"),
                                    .password = SLICE("our password"),
                                    .fingerprint = fingerprint,
                                    .address = SLICE("10.0.0.1"),
                                    .port = 4000};
    struct sdp_offer offer;
    assert_null(sdp_parse_offer(text, &offer));
    sdp_write_answer(out, &offer, &ours, video);
    sdp_offer_free(&offer);
}

#define ZEROS                                                                                      \
    "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"

static void the_answer_receives_audio(void **state) {
    struct buf out = {0};
    answer(&out, whole, false);
    assert_slice_equal(
        buf_slice(&out),
        "v=0\r\no=- 5 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
        "a=fingerprint:sha-256 AB:01:" ZEROS "\r\na=ice-options:trickle\r\n"
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
        "a=setup:active\r\na=ice-ufrag:ours\r\na=ice-pwd:our password\r\n"
        "a=candidate:1 1 udp 2130706431 10.0.0.1 4000 typ host\r\na=end-of-candidates\r\n"
        "a=sctp-port:5000\r\na=max-message-size:65535\r\na=sendrecv\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n"
        "a=setup:active\r\na=ice-ufrag:ours\r\na=ice-pwd:our password\r\n"
        "a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\n"
        "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtcp-fb:111 nack\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:8 PCMA/8000\r\na=recvonly\r\n"
        "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=inactive\r\n");
    buf_free(&out);
}

static bool contains(const struct buf *text, const char *part) {
    return memmem(text->data, text->len, part, strlen(part)) != NULL;
}

static void who_begins_the_handshake_is_agreed(void **state) {
    struct buf out = {0};
    struct sdp_offer offer;
    assert_null(sdp_parse_offer(SLICE(SESSION DATA "a=setup:actpass\n"), &offer));
    assert_false(offer.is_active);
    sdp_offer_free(&offer);
    assert_null(sdp_parse_offer(SLICE(SESSION DATA "a=setup:active\n"), &offer));
    assert_true(offer.is_active);
    const struct sdp_answer ours = {.ufrag = SLICE("ours"),
                                    .password = SLICE("our password"),
                                    .fingerprint = offer.fingerprint,
                                    .is_passive = true};
    sdp_write_answer(&out, &offer, &ours, false);
    assert_true(contains(&out, "a=setup:passive\r\n"));
    /* Without an address of ours, candidates may follow. */
    assert_false(contains(&out, "candidate"));
    sdp_offer_free(&offer);
    buf_free(&out);
}

static void video_is_taken_where_it_is_wanted(void **state) {
    struct buf out = {0};
    answer(&out, whole, true);
    assert_true(contains(&out, "a=group:BUNDLE 0 1 v\r\n"));
    assert_true(contains(&out, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"));
    assert_true(contains(&out, "a=rtcp-fb:96 nack pli\r\n"));
    buf_free(&out);
}

static void a_section_that_sends_nothing_stays_inactive(void **state) {
    struct buf out = {0};
    answer(&out,
           SLICE(SESSION DATA "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=mid:1\n"
                              "a=rtpmap:111 opus/48000/2\na=recvonly\n"),
           false);
    assert_true(contains(&out, "a=rtcp-fb:111 nack\r\na=inactive\r\n"));
    buf_free(&out);
}

static void a_section_without_a_codec_of_ours_is_refused(void **state) {
    struct buf out = {0};
    answer(&out,
           SLICE(SESSION DATA "m=audio 9 UDP/TLS/RTP/SAVPF 9\na=mid:g\na=rtpmap:9 G722/8000\n"),
           false);
    assert_true(contains(&out, "m=audio 0 UDP/TLS/RTP/SAVPF 9\r\n"));
    buf_free(&out);
}

static void a_lite_server_says_so(void **state) {
    struct sdp_offer offer;
    assert_null(sdp_parse_offer(SLICE(SESSION "a=ice-lite\r\n" DATA), &offer));
    assert_true(offer.ice_lite);
    sdp_offer_free(&offer);
}

static void what_cannot_be_answered_is_named(void **state) {
    static const struct {
        struct slice text;
        const char *why;
    } cases[] = {
        {{"", 0}, "no section"},
        {{"hello", 5}, "a line that is none"},
        {{SESSION, sizeof SESSION - 1}, "no section"},
        {{DATA, sizeof DATA - 1}, "no SHA-256 fingerprint"},
        {{SESSION "m=audio 9 x 0\r\na=mid:1\r\n", sizeof SESSION + 23}, "no ICE credentials"},
        {{SESSION DATA "m=audio 9 x 0\r\n", sizeof(SESSION DATA) + 14}, "a section without a mid"},
        {{SESSION DATA "m=audio 9 x\r\n", sizeof(SESSION DATA) + 12}, "an m= line that is none"},
        {{SESSION DATA "a=mid:a b\r\n", sizeof(SESSION DATA) + 10},
         "a mid that is no token, or too long"},
        {{SESSION DATA "a=x:\x01\r\n", sizeof(SESSION DATA) + 6}, "a line that is none"},
        {{"a=fingerprint:sha-256 82\r\n", 26}, "a fingerprint that is none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sdp_offer offer;
        const char *why = sdp_parse_offer(cases[i].text, &offer);
        assert_non_null(why);
        assert_string_equal(why, cases[i].why);
        assert_null(offer.sections);
    }
}

static void sections_have_an_end(void **state) {
    struct buf text = {0};
    buf_add_text(&text, SESSION DATA);
    for (int i = 1; i < SDP_SECTIONS_MAX; i++)
        buf_printf(&text, "m=audio 9 x 111\r\na=mid:m%d\r\n", i);
    struct sdp_offer offer;
    assert_null(sdp_parse_offer(buf_slice(&text), &offer));
    assert_int_equal(offer.count, SDP_SECTIONS_MAX);
    sdp_offer_free(&offer);
    buf_add_text(&text, "m=audio 9 x 111\r\n");
    assert_string_equal(sdp_parse_offer(buf_slice(&text), &offer), "too many sections");
    buf_free(&text);
}

RUN_TESTS(TEST(an_offer_is_read), TEST(candidates_are_those_of_use),
          TEST(odd_candidates_are_passed_over), TEST(the_answer_receives_audio),
          TEST(who_begins_the_handshake_is_agreed), TEST(video_is_taken_where_it_is_wanted),
          TEST(a_section_that_sends_nothing_stays_inactive),
          TEST(a_section_without_a_codec_of_ours_is_refused), TEST(a_lite_server_says_so),
          TEST(what_cannot_be_answered_is_named), TEST(sections_have_an_end))
