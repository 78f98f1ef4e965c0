#include "wire/rtc/sctp.h"

#include "base/big.h"
#include "base/crc.h"
#include "base/little.h"

#include <assert.h>
#include <string.h>

enum {
    HEAD_BYTES = 12,
    CHUNK_HEAD_BYTES = 4,
    CHECKSUM_AT = 8,
    INIT_BYTES = 20, /* chunk head, tag, window, streams out, streams in, first TSN */
    DATA_HEAD_BYTES = 16,
    COOKIE_BYTES = 8,
    WINDOW_BYTES = 1 << 20,
    STREAMS = 65535,
    DATA_IS_WHOLE = 3, /* flags: first and last fragment */
    TAG_IS_REFLECTED = 1,
};

enum chunk_type {
    DATA = 0,
    INIT = 1,
    INIT_ACK = 2,
    SACK = 3,
    HEARTBEAT = 4,
    HEARTBEAT_ACK = 5,
    ABORT = 6,
    SHUTDOWN = 7,
    SHUTDOWN_ACK = 8,
    COOKIE_ECHO = 10,
    COOKIE_ACK = 11,
    SHUTDOWN_COMPLETE = 14,
    RECONFIGURE = 130, /* RFC 6525 */
    FORWARD_TSN = 192, /* RFC 3758 */
    SKIP_UNKNOWN = 0x80,
};

enum parameter_type {
    STATE_COOKIE = 7,
    OUTGOING_RESET_REQUEST = 13,
    RECONFIGURE_RESPONSE = 16,
    FORWARD_TSN_SUPPORTED = 0xc000,
};

/* RFC 8832: the payload protocol of channel control, and its messages. */
enum { CHANNEL_CONTROL = 50, CHANNEL_ACK = 2, CHANNEL_OPEN = 3 };

/* The packet that answers. */
struct reply {
    uint8_t *out;
    size_t len;
    bool needs_sack;
};

uint32_t sctp_checksum(const uint8_t *bytes, size_t len) {
    static const uint8_t none[4];
    assert(len >= HEAD_BYTES);
    uint32_t crc = crc_add(UINT32_MAX, CRC_CASTAGNOLI, bytes, CHECKSUM_AT);
    crc = crc_add(crc, CRC_CASTAGNOLI, none, sizeof none);
    return ~crc_add(crc, CRC_CASTAGNOLI, bytes + HEAD_BYTES, len - HEAD_BYTES);
}

/* How far `tsn` is ahead of `than`; TSNs wrap. */
static int32_t ahead(uint32_t tsn, uint32_t than) {
    return (int32_t)(tsn - than);
}

void sctp_init(struct sctp *sctp, uint16_t port, uint32_t tag, uint32_t first_tsn,
               uint64_t cookie) {
    assert(tag != 0);
    *sctp = (struct sctp){
        .state = SCTP_WAITING, .port = port, .tag = tag, .cookie = cookie, .next_tsn = first_tsn};
}

/* ---- Writing ---- */

/* Begins a chunk of `len` bytes, its head included; NULL when it does not fit any more. */
static uint8_t *begin_chunk(struct reply *reply, uint8_t type, uint8_t flags, size_t len) {
    size_t padded = (len + 3) & ~(size_t)3;
    if (padded > SCTP_PACKET_MAX - reply->len)
        return NULL;
    uint8_t *chunk = reply->out + reply->len;
    memset(chunk, 0, padded);
    chunk[0] = type;
    chunk[1] = flags;
    big_put_u16(chunk + 2, (uint16_t)len);
    reply->len += padded;
    return chunk + CHUNK_HEAD_BYTES;
}

static void write_init_ack(const struct sctp *sctp, struct reply *reply) {
    size_t cookie_len = CHUNK_HEAD_BYTES + COOKIE_BYTES, support_len = CHUNK_HEAD_BYTES;
    uint8_t *p = begin_chunk(reply, INIT_ACK, 0, INIT_BYTES + cookie_len + support_len);
    if (!p)
        return;
    p = big_put_u32(big_put_u32(p, sctp->tag), WINDOW_BYTES);
    p = big_put_u16(big_put_u16(p, STREAMS), STREAMS);
    p = big_put_u32(p, sctp->next_tsn);
    p = big_put_u16(big_put_u16(p, STATE_COOKIE), (uint16_t)cookie_len);
    p = big_put_u64(p, sctp->cookie);
    big_put_u16(big_put_u16(p, FORWARD_TSN_SUPPORTED), (uint16_t)support_len);
}

static void write_sack(const struct sctp *sctp, struct reply *reply) {
    uint8_t *p = begin_chunk(reply, SACK, 0, 16);
    if (p)
        big_put_u32(big_put_u32(p, sctp->heard_tsn), WINDOW_BYTES);
}

/* Confirms the opening of a channel. */
static void write_open_ack(struct reply *reply, uint32_t tsn, uint16_t stream) {
    uint8_t *p = begin_chunk(reply, DATA, DATA_IS_WHOLE, DATA_HEAD_BYTES + 1);
    if (!p)
        return;
    p = big_put_u16(big_put_u16(big_put_u32(p, tsn), stream), 0);
    *big_put_u32(p, CHANNEL_CONTROL) = CHANNEL_ACK;
}

static size_t finish(const struct sctp *sctp, const struct reply *reply) {
    if (reply->len == HEAD_BYTES)
        return 0;
    big_put_u32(big_put_u16(big_put_u16(reply->out, sctp->port), sctp->peer_port), sctp->peer_tag);
    little_put_u32(reply->out + CHECKSUM_AT, sctp_checksum(reply->out, reply->len));
    return reply->len;
}

/* ---- Hearing ---- */

/* The tag of an established association does not change: over DTLS nobody starts anew. */
static void hear_init(struct sctp *sctp, const uint8_t *chunk, size_t len, struct reply *reply) {
    if (len < INIT_BYTES || big_u32(chunk + 4) == 0)
        return;
    uint32_t peer_tag = big_u32(chunk + 4);
    if (sctp->state == SCTP_WAITING) {
        sctp->peer_tag = peer_tag;
        sctp->heard_tsn = big_u32(chunk + 16) - 1;
    }
    if (sctp->state != SCTP_CLOSED && sctp->peer_tag == peer_tag)
        write_init_ack(sctp, reply);
}

static void hear_cookie(struct sctp *sctp, const uint8_t *chunk, size_t len, struct reply *reply) {
    if (len != CHUNK_HEAD_BYTES + COOKIE_BYTES || big_u64(chunk + CHUNK_HEAD_BYTES) != sctp->cookie)
        return;
    if (sctp->state == SCTP_WAITING)
        sctp->state = SCTP_ESTABLISHED;
    begin_chunk(reply, COOKIE_ACK, 0, CHUNK_HEAD_BYTES);
}

/* Returns false when the opening cannot be kept now; its sender will send it again. */
static bool open_channel(struct sctp *sctp, uint16_t stream, uint64_t now_ms, struct reply *reply) {
    if (sctp->open_count == SCTP_OPENS_MAX)
        return false;
    if (sctp->open_count == 0) {
        sctp->first_open_tsn = sctp->next_tsn;
        sctp->retries = 0;
        sctp->retry_at_ms = now_ms + SCTP_RETRY_MS;
    }
    sctp->opens[sctp->open_count++] = stream;
    write_open_ack(reply, sctp->next_tsn++, stream);
    return true;
}

static void hear_data(struct sctp *sctp, const uint8_t *chunk, size_t len, uint64_t now_ms,
                      struct reply *reply) {
    if (len <= DATA_HEAD_BYTES || sctp->state != SCTP_ESTABLISHED)
        return;
    reply->needs_sack = true;
    if (big_u32(chunk + 4) != sctp->heard_tsn + 1)
        return;
    if (big_u32(chunk + 12) == CHANNEL_CONTROL && chunk[DATA_HEAD_BYTES] == CHANNEL_OPEN &&
        !open_channel(sctp, big_u16(chunk + 8), now_ms, reply))
        return;
    sctp->heard_tsn++;
    sctp->discarded += len - DATA_HEAD_BYTES;
}

static void hear_sack(struct sctp *sctp, const uint8_t *chunk, size_t len) {
    if (len < 16)
        return;
    int32_t last = ahead(big_u32(chunk + 4), sctp->first_open_tsn);
    if (last < 0 || last >= sctp->open_count)
        return;
    int32_t acked = last + 1;
    sctp->open_count = (uint8_t)(sctp->open_count - acked);
    memmove(sctp->opens, sctp->opens + acked, sctp->open_count * sizeof *sctp->opens);
    sctp->first_open_tsn += (uint32_t)acked;
}

/* What a sender gave up to repeat counts as heard. */
static void hear_forward(struct sctp *sctp, const uint8_t *chunk, size_t len, struct reply *reply) {
    if (len < 8 || sctp->state != SCTP_ESTABLISHED)
        return;
    if (ahead(big_u32(chunk + 4), sctp->heard_tsn) > 0)
        sctp->heard_tsn = big_u32(chunk + 4);
    reply->needs_sack = true;
}

/* A channel that the server closes: there is nothing to reset here, so it is done at once. */
static void hear_reset(const uint8_t *chunk, size_t len, struct reply *reply) {
    if (len < CHUNK_HEAD_BYTES + 16 || big_u16(chunk + 4) != OUTGOING_RESET_REQUEST)
        return;
    uint8_t *p = begin_chunk(reply, RECONFIGURE, 0, CHUNK_HEAD_BYTES + 12);
    if (!p)
        return;
    p = big_put_u16(big_put_u16(p, RECONFIGURE_RESPONSE), 12);
    big_put_u32(big_put_u32(p, big_u32(chunk + 8)), 1);
}

static void hear_heartbeat(const uint8_t *chunk, size_t len, struct reply *reply) {
    uint8_t *p = begin_chunk(reply, HEARTBEAT_ACK, 0, len);
    if (p)
        memcpy(p, chunk + CHUNK_HEAD_BYTES, len - CHUNK_HEAD_BYTES);
}

static void hear_chunk(struct sctp *sctp, const uint8_t *chunk, size_t len, uint64_t now_ms,
                       struct reply *reply) {
    switch (chunk[0]) {
    case DATA:
        return hear_data(sctp, chunk, len, now_ms, reply);
    case SACK:
        return hear_sack(sctp, chunk, len);
    case HEARTBEAT:
        return hear_heartbeat(chunk, len, reply);
    case COOKIE_ECHO:
        return hear_cookie(sctp, chunk, len, reply);
    case FORWARD_TSN:
        return hear_forward(sctp, chunk, len, reply);
    case RECONFIGURE:
        return hear_reset(chunk, len, reply);
    case SHUTDOWN:
        begin_chunk(reply, SHUTDOWN_ACK, 0, CHUNK_HEAD_BYTES);
        return;
    case ABORT:
    case SHUTDOWN_COMPLETE:
        sctp->state = SCTP_CLOSED;
        return;
    default:
        return;
    }
}

/* Whether a packet with this first chunk may carry this tag (RFC 9260, 8.5). */
static bool tag_is_good(const struct sctp *sctp, const uint8_t *bytes, const uint8_t *chunk) {
    uint32_t tag = big_u32(bytes + 4);
    if (chunk[0] == INIT)
        return tag == 0;
    if ((chunk[0] == ABORT || chunk[0] == SHUTDOWN_COMPLETE) && chunk[1] & TAG_IS_REFLECTED)
        return sctp->peer_tag != 0 && tag == sctp->peer_tag;
    return tag == sctp->tag;
}

static bool is_known(uint8_t type) {
    return type <= SHUTDOWN_COMPLETE || type == RECONFIGURE || type == FORWARD_TSN;
}

static void hear_chunks(struct sctp *sctp, const uint8_t *bytes, size_t len, uint64_t now_ms,
                        struct reply *reply) {
    for (size_t at = HEAD_BYTES; len - at >= CHUNK_HEAD_BYTES;) {
        size_t chunk_len = big_u16(bytes + at + 2), padded = (chunk_len + 3) & ~(size_t)3;
        if (chunk_len < CHUNK_HEAD_BYTES || chunk_len > len - at || sctp->state == SCTP_CLOSED)
            return;
        if (!is_known(bytes[at]) && !(bytes[at] & SKIP_UNKNOWN))
            return;
        hear_chunk(sctp, bytes + at, chunk_len, now_ms, reply);
        at += padded < len - at ? padded : len - at;
    }
}

size_t sctp_hear(struct sctp *sctp, const uint8_t *bytes, size_t len, uint64_t now_ms,
                 uint8_t out[SCTP_PACKET_MAX]) {
    if (len < HEAD_BYTES + CHUNK_HEAD_BYTES || big_u16(bytes + 2) != sctp->port ||
        little_u32(bytes + CHECKSUM_AT) != sctp_checksum(bytes, len) ||
        !tag_is_good(sctp, bytes, bytes + HEAD_BYTES))
        return 0;
    struct reply reply = {.out = out, .len = HEAD_BYTES};
    sctp->peer_port = big_u16(bytes);
    if (bytes[HEAD_BYTES] == INIT)
        hear_init(sctp, bytes + HEAD_BYTES, len - HEAD_BYTES, &reply);
    else
        hear_chunks(sctp, bytes, len, now_ms, &reply);
    if (reply.needs_sack)
        write_sack(sctp, &reply);
    return finish(sctp, &reply);
}

size_t sctp_tick(struct sctp *sctp, uint64_t now_ms, uint8_t out[SCTP_PACKET_MAX]) {
    if (sctp->state != SCTP_ESTABLISHED || sctp->open_count == 0 || now_ms < sctp->retry_at_ms)
        return 0;
    if (++sctp->retries > SCTP_RETRIES_MAX) {
        sctp->open_count = 0;
        return 0;
    }
    sctp->retry_at_ms = now_ms + ((uint64_t)SCTP_RETRY_MS << sctp->retries);
    struct reply reply = {.out = out, .len = HEAD_BYTES};
    for (uint8_t i = 0; i < sctp->open_count; i++)
        write_open_ack(&reply, sctp->first_open_tsn + i, sctp->opens[i]);
    return finish(sctp, &reply);
}
