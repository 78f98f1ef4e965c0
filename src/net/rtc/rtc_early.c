#include "net/rtc/rtc_early.h"

#include "base/mem.h"

#include <string.h>

struct rtc_early_datagram {
    _Alignas(8) uint8_t bytes[RTC_EARLY_BYTES];
    size_t len;
    int64_t arrived_ns;
};

void rtc_early_free(struct rtc_early *early) {
    mem_free(early->kept);
    *early = (struct rtc_early){0};
}

bool rtc_early_keep(struct rtc_early *early, const uint8_t *bytes, size_t len, int64_t arrived_ns) {
    if (early->count == RTC_EARLY_MAX || len > RTC_EARLY_BYTES)
        return false;
    if (!early->kept)
        early->kept = mem_alloc_array(RTC_EARLY_MAX, sizeof *early->kept);
    struct rtc_early_datagram *datagram = &early->kept[early->count++];
    memcpy(datagram->bytes, bytes, len);
    datagram->len = len;
    datagram->arrived_ns = arrived_ns;
    return true;
}

uint8_t *rtc_early_next(struct rtc_early *early, size_t *len, int64_t *arrived_ns) {
    if (early->next == early->count) {
        rtc_early_free(early);
        return NULL;
    }
    struct rtc_early_datagram *datagram = &early->kept[early->next++];
    *len = datagram->len;
    *arrived_ns = datagram->arrived_ns;
    return datagram->bytes;
}
