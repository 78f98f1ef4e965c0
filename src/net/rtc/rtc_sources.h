/* The sources (SSRCs) of one connection: which section each belongs to, and how it was received, as
 * reports tell it (RFC 3550, A.1, A.3, A.8). Plain data without a clock; nothing is allocated for a
 * packet. */
#ifndef NET_RTC_SOURCES_H
#define NET_RTC_SOURCES_H

#include "wire/rtc/rtcp.h"
#include "wire/rtc/rtp.h"

enum {
    RTC_NO_SECTION = 0xffff,
    RTC_STRAYS_MAX = 64, /* sources that no offer has named, at one time */
};

struct rtc_source {
    uint32_t ssrc;
    uint16_t section;       /* RTC_NO_SECTION: not known */
    bool is_taken;          /* private, and all below: the slot is in use */
    bool is_offered;        /* named by the last offer */
    bool has_begun;         /* a packet came */
    bool is_jumping;        /* the last packet was far from the others */
    uint16_t clock_khz;     /* of timestamps */
    uint16_t jump_seq;      /* with is_jumping: the sequence number that would confirm it */
    int64_t first, highest; /* sequence numbers that do not wrap */
    uint64_t received;
    int64_t expected_before; /* at the last report */
    uint64_t received_before;
    int64_t transit;     /* ticks */
    uint32_t jitter16;   /* 16 times the jitter in ticks */
    uint32_t report_ntp; /* middle of the last sender report's; 0: none yet */
    int64_t report_arrived_ns;
};

struct rtc_sources {
    struct rtc_source *slots; /* open addressing by ssrc; twice as many as sources, or more */
    size_t slot_count;        /* a power of two, or 0 */
    size_t count, strays;
    size_t report_at;     /* slot that the next report begins with */
    uint64_t lost_before; /* of sources that are forgotten */
};

void rtc_sources_free(struct rtc_sources *sources);

struct rtc_source *rtc_sources_find(const struct rtc_sources *sources, uint32_t ssrc);

/* A new offer: all are unnamed. Each of its sources follows by rtc_sources_name; then what is unnamed
 * and was named is forgotten, with a call each. Pointers to sources are void after all three. */
void rtc_sources_begin(struct rtc_sources *sources);
void rtc_sources_name(struct rtc_sources *sources, uint32_t ssrc, uint16_t section);
void rtc_sources_end(struct rtc_sources *sources, void (*forget)(uint32_t ssrc, void *user),
                     void *user);

/* A source that no offer has named; NULL: there are RTC_STRAYS_MAX already. Other pointers are void
 * then. */
struct rtc_source *rtc_sources_add_stray(struct rtc_sources *sources, uint32_t ssrc);

/* Counts a packet. `clock_khz` is of its codec. */
void rtc_source_take(struct rtc_source *source, const struct rtp_packet *packet, uint16_t clock_khz,
                     int64_t arrived_ns);
void rtc_source_take_report(struct rtc_source *source, uint64_t ntp, int64_t arrived_ns);

/* Packets that did not come, by sequence numbers; 0 when more came than were expected. */
uint64_t rtc_source_lost(const struct rtc_source *source);

/* What a receiver report says now, and begins the interval of the next. */
void rtc_source_report(struct rtc_source *source, int64_t now_ns, struct rtcp_block *block);

/* The next source of which something came since its last report; NULL: all were reported. Calls in
 * a row go round once, `*left` at first being SIZE_MAX. */
struct rtc_source *rtc_sources_next(struct rtc_sources *sources, size_t *left);

uint64_t rtc_sources_lost(const struct rtc_sources *sources);

#endif
