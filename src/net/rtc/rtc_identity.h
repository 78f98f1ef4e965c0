/* What this process is to the servers that it joins: a self-signed certificate (ECDSA P-256, RFC
 * 8827, 6.5) that lives as long as the process, and what DTLS and SRTP need once. Immutable when
 * open, so any thread may use it. */
#ifndef NET_RTC_IDENTITY_H
#define NET_RTC_IDENTITY_H

#include <stdint.h>

struct rtc_dtls_context;
struct rtc_identity;

/* 0, or an errno with its reason, a constant text, in *why. One at a
 * time in a process: the library of SRTP can be set up once. */
int rtc_identity_open(struct rtc_identity **out, const char **why);
/* After the last peer was closed. NULL is fine. */
void rtc_identity_close(struct rtc_identity *identity);

/* SHA-256 of the certificate: SDP_FINGERPRINT_BYTES. */
const uint8_t *rtc_identity_fingerprint(const struct rtc_identity *identity);

const struct rtc_dtls_context *rtc_identity_dtls(const struct rtc_identity *identity);

#endif
