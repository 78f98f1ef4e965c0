/* The UDP socket of one connection: IPv6 and IPv4 by one descriptor where the system has both,
 * non-blocking, and read many datagrams at a time, each with the time at which the kernel got it. */
#ifndef NET_RTC_SOCKET_H
#define NET_RTC_SOCKET_H

#include "net/rtc/rtc_checks.h"

enum {
    RTC_BATCH = 32,                /* datagrams of one read */
    RTC_SLOT_BYTES = 2048,         /* of each in the buffer; longer ones are cut */
    RTC_BUFFER_BYTES = 256 * 1024, /* asked for in the kernel: a second of a large meeting */
};

struct rtc_socket {
    int fd; /* -1: closed */
    bool is_v6;
    bool is_fixed; /* to `fixed` alone */
    struct stun_address fixed;
    uint16_t port; /* our own */
    uint64_t unsent;
    uint32_t overflowed; /* datagrams that the kernel had no room for; wraps */
};

struct rtc_datagram {
    uint8_t *bytes; /* in the caller's buffer; aligned to 8 */
    size_t len;
    bool is_cut;
    struct stun_address from;
    int64_t arrived_ns; /* by clock_mono_ns */
};

int rtc_socket_open(struct rtc_socket *sock);
void rtc_socket_close(struct rtc_socket *sock);

/* From now on the kernel drops what comes from elsewhere; or takes it again. The port remains,
 * unless the system has given it away meanwhile. */
void rtc_socket_fix(struct rtc_socket *sock, const struct stun_address *to);
void rtc_socket_loosen(struct rtc_socket *sock);

/* What the system does not take is counted, and lost like any datagram. */
void rtc_socket_send(struct rtc_socket *sock, const struct stun_address *to, const uint8_t *bytes,
                     size_t len);

/* Reads up to RTC_BATCH datagrams into `buffer` of RTC_BATCH * RTC_SLOT_BYTES. Returns how many; less
 * than RTC_BATCH: there are no more. */
size_t rtc_socket_read(struct rtc_socket *sock, uint8_t *buffer,
                       struct rtc_datagram out[RTC_BATCH]);

enum { RTC_ADDRESS_SIZE = 46 };

/* An IP address as text, and back. False: it is none, or one that nothing can be sent to: any,
 * multicast, or of one link only. */
bool rtc_address_parse(struct slice text, uint16_t port, struct stun_address *address);
void rtc_address_write(const struct stun_address *address, char out[RTC_ADDRESS_SIZE]);
bool rtc_address_is_loopback(const struct stun_address *address);

/* The address of ours from which the system would send there; nothing is sent. */
bool rtc_address_toward(const struct stun_address *to, struct stun_address *ours);

/* The address as the system wants it; of family 4 as IPv6 when `as_v6`. Returns its length. */
struct sockaddr_storage;
unsigned rtc_address_fill(const struct stun_address *address, bool as_v6,
                          struct sockaddr_storage *out);

/* When something arrived by the steady clock, from the wall clock's time of it and the times of both
 * clocks now. A stamp that cannot be, since the wall clock was set, counts as now. */
int64_t rtc_arrival_ns(int64_t stamp_ns, int64_t wall_ns, int64_t steady_ns);

#endif
