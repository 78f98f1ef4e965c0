/* The protection of media (RFC 3711, RFC 7714) for one connection: keys of a handshake, one context
 * for each direction. Streams begin by themselves when a packet of a new source proves authentic. */
#ifndef NET_RTC_SRTP_H
#define NET_RTC_SRTP_H

#include "net/rtc/rtc_dtls.h"

struct rtc_srtp;

enum rtc_srtp_result {
    RTC_SRTP_OK,
    RTC_SRTP_REPEATED, /* came before, or is older than what is remembered of its source */
    RTC_SRTP_BAD,
};

enum {
    RTC_SRTP_WINDOW = 1024, /* packets of a source within which one that is late is taken */
    RTC_SRTP_ROOM = 32,     /* bytes behind an RTCP packet that its protection may need */
};

/* NULL: the library cannot. */
struct rtc_srtp *rtc_srtp_new(const struct rtc_dtls_keys *keys);
void rtc_srtp_free(struct rtc_srtp *srtp); /* NULL is fine */

/* Take the protection off in place. *len becomes shorter. */
enum rtc_srtp_result rtc_srtp_open_packet(struct rtc_srtp *srtp, uint8_t *bytes, size_t *len);
enum rtc_srtp_result rtc_srtp_open_report(struct rtc_srtp *srtp, uint8_t *bytes, size_t *len);

/* Protects RTCP in place; there must be RTC_SRTP_ROOM bytes behind it. False: the library cannot. */
bool rtc_srtp_protect_report(struct rtc_srtp *srtp, uint8_t *bytes, size_t *len);

/* A packet of a source of which none has proved authentic: its numbers may have begun anew (16 bits, from
 * 65535 to 0) before the first that came. Then all later ones are opened as well. */
enum rtc_srtp_result rtc_srtp_open_wrapped(struct rtc_srtp *srtp, uint32_t ssrc, uint8_t *bytes,
                                           size_t *len);

/* Forgets what is remembered of a source that has ended. */
void rtc_srtp_forget(struct rtc_srtp *srtp, uint32_t ssrc);

#endif
