/* SDP: an offer that is taken can be answered, section by section; and what is answered holds no
 * line of anybody else's making. */
#include "wire/rtc/sdp.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_sections(struct slice text) {
    size_t count = 0;
    struct slice line;
    while (slice_cut(&text, '\n', &line)) {
        assert(line.len > 2 && line.ptr[line.len - 1] == '\r' && line.ptr[1] == '=');
        assert(!memchr(line.ptr, '\0', line.len) && strchr("vostamc", line.ptr[0]));
        count += line.ptr[0] == 'm';
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sdp_candidate candidate;
    if (sdp_parse_candidate(slice_of(data, size), &candidate))
        assert(candidate.port > 0 && candidate.address.len > 0);
    struct sdp_offer offer;
    if (sdp_parse_offer(slice_of(data, size), &offer)) {
        assert(!offer.sections);
        return 0;
    }
    assert(offer.count > 0 && offer.count <= SDP_SECTIONS_MAX && offer.ufrag.len > 0);
    static const uint8_t fingerprint[SDP_FINGERPRINT_BYTES];
    const struct sdp_answer ours = {
        .ufrag = SLICE("u"), .password = SLICE("p"), .fingerprint = fingerprint};
    for (int video = 0; video < 2; video++) {
        struct buf out = {0};
        sdp_write_answer(&out, &offer, &ours, video);
        assert(count_sections(buf_slice(&out)) == offer.count);
        buf_free(&out);
    }
    sdp_offer_free(&offer);
    return 0;
}
