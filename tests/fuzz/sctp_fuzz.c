/* SCTP: packets of any kind, each with its length in front; their checksums and tags are made right,
 * so that what is behind them is reached. Answers are whole packets that are right themselves. */
#include "base/big.h"
#include "base/little.h"
#include "wire/rtc/sctp.h"

#include <assert.h>
#include <string.h>

enum { TAG = 0x0a0b0c0d, PORT = 5000, HEAD = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const struct sctp *sctp, const uint8_t *answer, size_t len) {
    if (len == 0)
        return;
    assert(len > HEAD && len <= SCTP_PACKET_MAX && len % 4 == 0);
    assert(little_u32(answer + 8) == sctp_checksum(answer, len));
    assert(big_u32(answer + 4) == sctp->peer_tag);
    size_t at = HEAD;
    while (at < len)
        at += (big_u16(answer + at + 2) + 3u) & ~3u;
    assert(at == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sctp sctp;
    sctp_init(&sctp, PORT, TAG, UINT32_MAX, UINT64_C(0x0102030405060708));
    uint8_t packet[1 + HEAD + 255], answer[SCTP_PACKET_MAX];
    for (uint64_t now_ms = 0; size > 1 && now_ms < 60000; now_ms += 700) {
        size_t len = data[0] < size - 1 ? data[0] : size - 1;
        memset(packet, 0, HEAD);
        big_put_u16(packet + 2, PORT);
        memcpy(packet + HEAD, data + 1, len);
        big_put_u32(packet + 4, len > 0 && packet[HEAD] == 1 ? 0 : TAG);
        little_put_u32(packet + 8, sctp_checksum(packet, HEAD + len));
        check_answer(&sctp, answer, sctp_hear(&sctp, packet, HEAD + len, now_ms, answer));
        check_answer(&sctp, answer, sctp_tick(&sctp, now_ms, answer));
        assert(sctp.open_count <= SCTP_OPENS_MAX);
        data += 1 + len;
        size -= 1 + len;
    }
    return 0;
}
