/* A TCP connection to the passive port of a server, in place of UDP: datagrams with their length in
 * front (RFC 4571). */
#ifndef NET_RTC_TCP_H
#define NET_RTC_TCP_H

#include "net/rtc/rtc_checks.h"

struct rtc_tcp;

enum rtc_tcp_state { RTC_TCP_DIALLING, RTC_TCP_OPEN, RTC_TCP_BROKEN };

enum {
    RTC_TCP_FRAME_MAX = 2048,      /* a longer one breaks the connection */
    RTC_TCP_QUEUE_MAX = 32 * 1024, /* that waits to be written; beyond it datagrams are lost */
};

int rtc_tcp_open(struct rtc_tcp **out, const struct stun_address *to);
void rtc_tcp_close(struct rtc_tcp *tcp); /* NULL is fine */
int rtc_tcp_fd(const struct rtc_tcp *tcp);
enum rtc_tcp_state rtc_tcp_state(const struct rtc_tcp *tcp);

/* When the descriptor can be written, or at any time: goes on with dialling, and writes what
 * waits. */
void rtc_tcp_push(struct rtc_tcp *tcp);
bool rtc_tcp_is_waiting(const struct rtc_tcp *tcp); /* for the descriptor to be writable */

bool rtc_tcp_send(struct rtc_tcp *tcp, const uint8_t *bytes, size_t len); /* false: it is lost */

/* The next datagram; 0: none now, or the connection has broken. */
size_t rtc_tcp_read(struct rtc_tcp *tcp, uint8_t out[RTC_TCP_FRAME_MAX]);

#endif
