/* Media that come before the keys do: a server sends as soon as its side of the handshake has ended, while
 * the last flight of it may be on its way, or lost and sent again. A few datagrams are kept, in the order
 * in which they came, with their times. Memory is there only while one is kept. */
#ifndef NET_RTC_EARLY_H
#define NET_RTC_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RTC_EARLY_MAX = 50, RTC_EARLY_BYTES = 1500 };

struct rtc_early {
    struct rtc_early_datagram *kept; /* owned; NULL: none */
    unsigned count, next;
};

/* False: it is too long, or there are RTC_EARLY_MAX. */
bool rtc_early_keep(struct rtc_early *early, const uint8_t *bytes, size_t len, int64_t arrived_ns);
/* The next one; NULL: there is none left, and the memory is given back. Lasts until the next call, and
 * may be written to. */
uint8_t *rtc_early_next(struct rtc_early *early, size_t *len, int64_t *arrived_ns);
void rtc_early_free(struct rtc_early *early);

#endif
