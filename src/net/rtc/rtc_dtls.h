/* A handshake of DTLS 1.2 (RFC 6347, RFC 5764) over datagrams that somebody else carries, and the
 * keys for SRTP that come out of it. The peer is who it claims to be when its certificate has the
 * fingerprint of its offer; nothing else about a certificate is looked at.
 *
 * No socket and no clock of its own: datagrams go in by rtc_dtls_hear and out by the callback.
 * OpenSSL measures its retransmissions by the wall clock; rtc_dtls_due_ms says when to call. */
#ifndef NET_RTC_DTLS_H
#define NET_RTC_DTLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtc_dtls;

enum rtc_dtls_state {
    RTC_DTLS_SHAKING,
    RTC_DTLS_UP,
    RTC_DTLS_ENDED, /* it was up, and the peer has said that it ends */
    RTC_DTLS_FAILED,
};

enum {
    RTC_DTLS_FINGERPRINT_BYTES = 32, /* of SHA-256 */
    RTC_DTLS_MTU = 1200,
    RTC_DTLS_KEY_MAX = 16 + 14, /* key and salt of one direction */
    RTC_DTLS_DATA_MAX = 16384,  /* of one record */
};

enum rtc_dtls_profile { RTC_DTLS_GCM, RTC_DTLS_CM_SHA1_80 }; /* with 128 bits */

/* Key, then salt, for each direction. */
struct rtc_dtls_keys {
    enum rtc_dtls_profile profile;
    uint8_t ours[RTC_DTLS_KEY_MAX], theirs[RTC_DTLS_KEY_MAX];
};

/* What all sessions of a process share; immutable once it is made. */
struct rtc_dtls_context {
    SSL_CTX *ssl;
    BIO_METHOD *datagrams;
};

/* Makes the context for a certificate with its key, and keeps references of them. False: OpenSSL
 * cannot. */
bool rtc_dtls_open_context(struct rtc_dtls_context *context, X509 *certificate, EVP_PKEY *key);
void rtc_dtls_close_context(struct rtc_dtls_context *context); /* zeroed is fine */

/* `fingerprint` is RTC_DTLS_FINGERPRINT_BYTES, and copied. Client: call rtc_dtls_start. NULL: no
 * memory in OpenSSL. */
struct rtc_dtls *rtc_dtls_new(const struct rtc_dtls_context *context, bool is_client,
                              const uint8_t *fingerprint,
                              void (*send)(const uint8_t *bytes, size_t len, void *user),
                              void *user);
void rtc_dtls_free(struct rtc_dtls *dtls); /* says good-bye when it is up; NULL is fine */

/* As a client, sends the first flight. As a server, nothing. */
void rtc_dtls_start(struct rtc_dtls *dtls);

/* Takes one datagram. What it holds of application data is kept for rtc_dtls_read. */
void rtc_dtls_hear(struct rtc_dtls *dtls, const uint8_t *bytes, size_t len);

/* One record of application data that the last rtc_dtls_hear brought; 0: none left. */
size_t rtc_dtls_read(struct rtc_dtls *dtls, uint8_t out[RTC_DTLS_DATA_MAX]);
void rtc_dtls_write(struct rtc_dtls *dtls, const uint8_t *bytes, size_t len); /* when it is up */

/* In how many ms rtc_dtls_tick wants to be called; -1: not at all. */
int64_t rtc_dtls_due_ms(struct rtc_dtls *dtls);
void rtc_dtls_tick(struct rtc_dtls *dtls); /* sends again what was due */

enum rtc_dtls_state rtc_dtls_state(const struct rtc_dtls *dtls);
const char *rtc_dtls_why(const struct rtc_dtls *dtls); /* RTC_DTLS_FAILED: a constant text */

/* When it is up. False: OpenSSL cannot. */
bool rtc_dtls_keys(const struct rtc_dtls *dtls, struct rtc_dtls_keys *keys);

#endif
