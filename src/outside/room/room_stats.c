#include "base/counter.h"
#include "base/macros.h"
#include "outside/room/room.h"

static const char *end_name(unsigned end) {
    return course_end_name((enum course_end)end);
}

#define AT(member) offsetof(struct room_stats, member)

static const struct counter counters[] = {
    {"prosa_rooms", "Rooms that are joined now.", COUNTER_GAUGE, AT(sessions), .label = "way",
     .value = "signalling"},
    {"prosa_rooms", NULL, COUNTER_GAUGE, AT(connected), .label = "way", .value = "media"},
    {"prosa_room_attempts_total", "Attempts to join a room, or to resume a session there.",
     COUNTER_SUM, AT(attempts)},
    {"prosa_room_joins_total", "Sessions begun in a room.", COUNTER_SUM, AT(joins)},
    {"prosa_room_resumes_total", "Sessions resumed after a loss.", COUNTER_SUM, AT(resumes)},
    {"prosa_room_losses_total", "Connections lost.", COUNTER_SUM, AT(losses[0]), .label = "way",
     .value = "signalling"},
    {"prosa_room_losses_total", NULL, COUNTER_SUM, AT(losses[1]), .label = "way", .value = "media"},
    {"prosa_room_ends_total", "Rooms left, by cause.", COUNTER_SUM, AT(ends), .label = "cause",
     .count = COURSE_ENDS, .value_of = end_name},
    {"prosa_room_offers_total", "Offers of sessions.", COUNTER_SUM, AT(offers)},
    {"prosa_room_bad_offers_total", "Offers that could not be answered.", COUNTER_SUM,
     AT(bad_offers)},
    {"prosa_room_bad_messages_total", "Messages that could not be read.", COUNTER_SUM,
     AT(bad_messages)},
    {"prosa_room_missing_total", "Subscriptions that came to nothing.", COUNTER_SUM, AT(missing)},
    {"prosa_room_pings_total", "Pings that were answered.", COUNTER_SUM, AT(pongs)},
    {"prosa_room_ping_seconds_total", "The sum of their round trips.", COUNTER_SUM, AT(rtt_us),
     .divisor = 1000000},
    {"prosa_packets_total", "Packets of media received.", COUNTER_SUM, AT(packets)},
    {"prosa_packet_bytes_total", "Payload of packets received.", COUNTER_SUM, AT(bytes)},
    {"prosa_packets_lost_total", "Packets that never came.", COUNTER_SUM, AT(lost)},
    {"prosa_packets_asked_again_total", "Packets that were asked for again.", COUNTER_SUM,
     AT(nacked)},
    {"prosa_packets_dropped_total", "Packets dropped, by cause.", COUNTER_SUM, AT(foreign),
     .label = "cause", .value = "foreign"},
    {"prosa_packets_dropped_total", NULL, COUNTER_SUM, AT(bad_protection), .label = "cause",
     .value = "protection"},
    {"prosa_packets_dropped_total", NULL, COUNTER_SUM, AT(malformed), .label = "cause",
     .value = "malformed"},
    {"prosa_packets_dropped_total", NULL, COUNTER_SUM, AT(unmapped), .label = "cause",
     .value = "unmapped"},
};

const struct counter_table room_counters = {counters, ARRAY_LEN(counters)};
