#include "net/rtc/rtc_sources.h"

#include "base/mem.h"

#include <string.h>

enum {
    SLOTS_FIRST = 8,
    SEQ_BEGIN = 1 << 20, /* so that what comes before the first packet stays positive */
    DROPOUT_MAX = 3000,  /* RFC 3550, A.1 */
    MISORDER_MAX = 1024, /* one that was asked for again comes that late */
    LOST_MAX = (1 << 23) - 1,
};

/* ---- The table ---- */

static size_t slot_of(const struct rtc_sources *sources, uint32_t ssrc) {
    uint32_t mixed = ssrc * UINT32_C(2654435769);
    return (mixed ^ mixed >> 16) & (sources->slot_count - 1);
}

/* The slot that has the source, or the free one where it would be. */
static struct rtc_source *probe(const struct rtc_sources *sources, uint32_t ssrc) {
    size_t at = slot_of(sources, ssrc);
    while (sources->slots[at].is_taken && sources->slots[at].ssrc != ssrc)
        at = (at + 1) & (sources->slot_count - 1);
    return &sources->slots[at];
}

static void resize(struct rtc_sources *sources, size_t slot_count) {
    struct rtc_source *before = sources->slots;
    size_t count = sources->slot_count;
    sources->slots = mem_alloc_array(slot_count, sizeof *sources->slots);
    sources->slot_count = slot_count;
    for (size_t i = 0; i < count; i++)
        if (before[i].is_taken)
            *probe(sources, before[i].ssrc) = before[i];
    mem_free(before);
}

static struct rtc_source *add(struct rtc_sources *sources, uint32_t ssrc) {
    if (2 * (sources->count + 1) > sources->slot_count)
        resize(sources, sources->slot_count ? 2 * sources->slot_count : SLOTS_FIRST);
    struct rtc_source *source = probe(sources, ssrc);
    *source = (struct rtc_source){.ssrc = ssrc, .section = RTC_NO_SECTION, .is_taken = true};
    sources->count++;
    return source;
}

void rtc_sources_free(struct rtc_sources *sources) {
    mem_free(sources->slots);
    *sources = (struct rtc_sources){0};
}

struct rtc_source *rtc_sources_find(const struct rtc_sources *sources, uint32_t ssrc) {
    if (sources->slot_count == 0)
        return NULL;
    struct rtc_source *source = probe(sources, ssrc);
    return source->is_taken ? source : NULL;
}

void rtc_sources_begin(struct rtc_sources *sources) {
    for (size_t i = 0; i < sources->slot_count; i++)
        if (sources->slots[i].is_taken)
            sources->slots[i].is_offered = false;
}

void rtc_sources_name(struct rtc_sources *sources, uint32_t ssrc, uint16_t section) {
    struct rtc_source *source = rtc_sources_find(sources, ssrc);
    if (!source)
        source = add(sources, ssrc);
    source->section = section;
    source->is_offered = true;
}

/* All that an offer does not name go, strays too: if they still send, they show again. */
void rtc_sources_end(struct rtc_sources *sources, void (*forget)(uint32_t ssrc, void *user),
                     void *user) {
    size_t kept = 0;
    for (size_t i = 0; i < sources->slot_count; i++) {
        struct rtc_source *source = &sources->slots[i];
        if (source->is_taken && !source->is_offered) {
            sources->lost_before += rtc_source_lost(source);
            forget(source->ssrc, user);
            source->is_taken = false;
        }
        kept += source->is_taken;
    }
    bool has_gone = kept < sources->count;
    sources->count = kept;
    sources->strays = 0;
    if (has_gone) /* puts the others where probing finds them */
        resize(sources, sources->slot_count);
}

struct rtc_source *rtc_sources_add_stray(struct rtc_sources *sources, uint32_t ssrc) {
    if (sources->strays == RTC_STRAYS_MAX)
        return NULL;
    sources->strays++;
    return add(sources, ssrc);
}

/* ---- How a source is received ---- */

static void begin(struct rtc_source *source, const struct rtp_packet *packet) {
    source->first = source->highest = SEQ_BEGIN + packet->seq;
    source->received = source->received_before = 0;
    source->expected_before = 0;
    source->has_begun = true;
}

/* Whether the sequence number is believed. A source that has begun anew is believed at its second
 * packet (RFC 3550, A.1). */
static bool take_seq(struct rtc_source *source, const struct rtp_packet *packet) {
    int64_t seq = rtp_unwrap_seq(source->highest, packet->seq);
    int64_t step = seq - source->highest;
    if (step < DROPOUT_MAX && step > -MISORDER_MAX) {
        source->is_jumping = false;
        if (step > 0)
            source->highest = seq;
        return true;
    }
    if (source->is_jumping && packet->seq == source->jump_seq) {
        begin(source, packet);
        source->is_jumping = false;
        return true;
    }
    source->is_jumping = true;
    source->jump_seq = (uint16_t)(packet->seq + 1);
    return false;
}

static void take_time(struct rtc_source *source, const struct rtp_packet *packet,
                      uint16_t clock_khz, int64_t arrived_ns, bool is_first) {
    int64_t arrived = arrived_ns / 1000 * clock_khz / 1000;
    int64_t transit = (int32_t)((uint32_t)arrived - packet->timestamp);
    if (!is_first && source->clock_khz == clock_khz) {
        int32_t step = (int32_t)((uint32_t)transit - (uint32_t)source->transit);
        uint32_t size = step < 0 ? 0u - (uint32_t)step : (uint32_t)step;
        source->jitter16 += size - ((source->jitter16 + 8) >> 4);
    }
    source->transit = transit;
    source->clock_khz = clock_khz;
}

void rtc_source_take(struct rtc_source *source, const struct rtp_packet *packet, uint16_t clock_khz,
                     int64_t arrived_ns) {
    bool is_first = !source->has_begun;
    if (is_first)
        begin(source, packet);
    if (!take_seq(source, packet))
        return;
    source->received++;
    take_time(source, packet, clock_khz, arrived_ns, is_first);
}

void rtc_source_take_report(struct rtc_source *source, uint64_t ntp, int64_t arrived_ns) {
    source->report_ntp = (uint32_t)(ntp >> 16);
    source->report_arrived_ns = arrived_ns;
}

static int64_t expected_of(const struct rtc_source *source) {
    return source->has_begun ? source->highest - source->first + 1 : 0;
}

static int64_t lost_of(const struct rtc_source *source) {
    return expected_of(source) - (int64_t)source->received;
}

uint64_t rtc_source_lost(const struct rtc_source *source) {
    int64_t lost = lost_of(source);
    return lost > 0 ? (uint64_t)lost : 0;
}

void rtc_source_report(struct rtc_source *source, int64_t now_ns, struct rtcp_block *block) {
    int64_t expected = expected_of(source) - source->expected_before;
    int64_t lost = expected - (int64_t)(source->received - source->received_before);
    source->expected_before += expected;
    source->received_before = source->received;
    int64_t all = lost_of(source), fraction = expected > 0 ? lost * 256 / expected : 0;
    *block = (struct rtcp_block){.ssrc = source->ssrc,
                                 .fraction_lost = (uint8_t)(fraction < 0     ? 0
                                                            : fraction > 255 ? 255
                                                                             : fraction),
                                 .lost = (int32_t)(all > LOST_MAX    ? LOST_MAX
                                                   : all < -LOST_MAX ? -LOST_MAX
                                                                     : all),
                                 .highest_seq = (uint32_t)(source->highest - SEQ_BEGIN),
                                 .jitter = source->jitter16 >> 4,
                                 .last_report = source->report_ntp};
    if (source->report_ntp)
        block->since_report =
            (uint32_t)((now_ns - source->report_arrived_ns) / 1000 * 65536 / 1000000);
}

struct rtc_source *rtc_sources_next(struct rtc_sources *sources, size_t *left) {
    if (*left > sources->slot_count)
        *left = sources->slot_count;
    while (*left > 0) {
        --*left;
        struct rtc_source *source =
            &sources->slots[sources->report_at++ & (sources->slot_count - 1)];
        if (source->is_taken && source->received > source->received_before)
            return source;
    }
    return NULL;
}

uint64_t rtc_sources_lost(const struct rtc_sources *sources) {
    uint64_t lost = sources->lost_before;
    for (size_t i = 0; i < sources->slot_count; i++)
        if (sources->slots[i].is_taken)
            lost += rtc_source_lost(&sources->slots[i]);
    return lost;
}
