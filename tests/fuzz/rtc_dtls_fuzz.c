/* A handshake between two of ours over a network that the input is: it loses, repeats, cuts and
 * changes datagrams, and slips in its own. Nothing crashes, and when both ends are up they have the
 * same keys. */
#include "net/rtc/rtc_dtls.h"

#include "net/rtc/rtc_identity.h"
#include "wire/rtc/sdp.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUEUE_MAX = 64, DATAGRAM_MAX = 2048, STEPS_MAX = 400 };

/* What is on its way to one end. */
struct queue {
    size_t count;
    struct {
        size_t len;
        uint8_t bytes[DATAGRAM_MAX];
    } datagrams[QUEUE_MAX];
};

static void queue_on_datagram(const uint8_t *bytes, size_t len, void *user) {
    struct queue *queue = user;
    if (queue->count == QUEUE_MAX || len > DATAGRAM_MAX)
        return;
    memcpy(queue->datagrams[queue->count].bytes, bytes, len);
    queue->datagrams[queue->count++].len = len;
}

static void hear(struct rtc_dtls *dtls, const uint8_t *bytes, size_t len) {
    uint8_t copy[DATAGRAM_MAX], out[RTC_DTLS_DATA_MAX];
    memcpy(copy, bytes, len);
    rtc_dtls_hear(dtls, copy, len);
    while (rtc_dtls_read(dtls, out) > 0)
        ;
}

/* One datagram, as the next two bytes of the input will have it. */
static void carry(struct queue *queue, struct rtc_dtls *to, const uint8_t *fate) {
    size_t len = queue->datagrams[0].len;
    uint8_t bytes[DATAGRAM_MAX];
    memcpy(bytes, queue->datagrams[0].bytes, len);
    memmove(&queue->datagrams[0], &queue->datagrams[1],
            --queue->count * sizeof queue->datagrams[0]);
    switch (fate[0] % 8) {
    case 0:
        return;
    case 1:
        hear(to, bytes, len);
        hear(to, bytes, len);
        return;
    case 2:
        hear(to, bytes, fate[1] % (len + 1));
        return;
    case 3:
        bytes[fate[1] % len] ^= (uint8_t)(1u << (fate[0] >> 3) % 8);
        hear(to, bytes, len);
        return;
    default:
        hear(to, bytes, len);
    }
}

static void check_keys(const struct rtc_dtls *client, const struct rtc_dtls *server) {
    struct rtc_dtls_keys ours = {0}, theirs = {0};
    assert(rtc_dtls_keys(client, &ours) && rtc_dtls_keys(server, &theirs));
    assert(ours.profile == theirs.profile);
    size_t len = ours.profile == RTC_DTLS_GCM ? 28 : 30;
    assert(memcmp(ours.ours, theirs.theirs, len) == 0);
    assert(memcmp(ours.theirs, theirs.ours, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct rtc_identity *identity; /* making one is slow */
    const char *why;
    if (!identity)
        assert(rtc_identity_open(&identity, &why) == 0);
    static struct queue to_client, to_server;
    to_client.count = to_server.count = 0;
    const uint8_t *fingerprint = rtc_identity_fingerprint(identity);
    struct rtc_dtls *client =
        rtc_dtls_new(rtc_identity_dtls(identity), true, fingerprint, queue_on_datagram, &to_server);
    struct rtc_dtls *server = rtc_dtls_new(rtc_identity_dtls(identity), false, fingerprint,
                                           queue_on_datagram, &to_client);
    rtc_dtls_start(client);
    for (size_t at = 0, step = 0; step < STEPS_MAX; step++) {
        static const uint8_t fair[2] = {7, 0};
        const uint8_t *fate = at + 2 <= size ? data + at : fair;
        at += 2;
        if (fate[0] == 255 && at + 64 <= size) { /* bytes of the input's own */
            hear(fate[1] & 1 ? client : server, data + at, fate[1] % 64);
            at += 64;
        } else if (to_server.count > 0 && (to_client.count == 0 || fate[0] & 128)) {
            carry(&to_server, server, fate);
        } else if (to_client.count > 0) {
            carry(&to_client, client, fate);
        } else {
            break;
        }
    }
    if (rtc_dtls_state(client) == RTC_DTLS_UP && rtc_dtls_state(server) == RTC_DTLS_UP)
        check_keys(client, server);
    rtc_dtls_free(client);
    to_server.count = QUEUE_MAX; /* the good-bye of the other goes nowhere */
    rtc_dtls_free(server);
    return 0;
}
