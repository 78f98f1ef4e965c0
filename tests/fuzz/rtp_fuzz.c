/* RTP and RTCP: what is read lies in the packet, and reading comes to an end. */
#include "wire/rtc/rtcp.h"
#include "wire/rtc/rtp.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lies_in(struct slice part, const uint8_t *data, size_t size) {
    const uint8_t *from = (const uint8_t *)part.ptr;
    assert(part.len == 0 || (from >= data && from + part.len <= data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct rtp_packet rtp;
    if (rtp_parse(data, size, &rtp)) {
        check_lies_in(rtp.payload, data, size);
        assert(rtp.payload.len + RTP_HEAD_BYTES <= size && rtp.payload_type < 128);
        int64_t near = (int64_t)rtp.ssrc << 16;
        int64_t seq = rtp_unwrap_seq(near, rtp.seq), time = rtp_unwrap_time(near, rtp.timestamp);
        assert((uint16_t)seq == rtp.seq && seq - near <= 0x8000 && near - seq < 0x8000);
        assert((uint32_t)time == rtp.timestamp);
    }
    struct slice rest = slice_of(data, size);
    struct rtcp_packet rtcp;
    for (size_t left = size; rtcp_next(&rest, &rtcp) == RTCP_PACKET; left = rest.len) {
        assert(rest.len < left);
        check_lies_in(rtcp.cname, data, size);
        check_lies_in(rtcp.mid, data, size);
    }
    return 0;
}
