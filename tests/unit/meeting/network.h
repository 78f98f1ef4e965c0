/* A network in numbers: packets that jitter, stand still, come in bursts and get lost. Everything
 * follows from the seed. Times are milliseconds. */
#ifndef TESTS_UNIT_MEETING_NETWORK_H
#define TESTS_UNIT_MEETING_NETWORK_H

#include <math.h>
#include <stdint.h>

static uint64_t seed;

static inline unsigned chance(unsigned below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return below ? (unsigned)((seed >> 33) % below) : 0;
}

struct packet {
    double captured_ms, arrived_ms;
    uint64_t at; /* the sample where it was placed */
};

struct network {
    double now_ms, end_ms;
    int packet_ms;
    unsigned jitter_ms;
    double next_stall_ms, release_ms, rate; /* a standstill, and how fast its backlog comes */
    double next_loss_ms, lost_ms;           /* when something is lost next, and was last */
    double arrived_ms, calm_ms;
};

static inline void network_init(struct network *net, double seconds, unsigned jitter_ms) {
    for (int i = 0; i < 5; i++)
        chance(2);
    *net = (struct network){.end_ms = seconds * 1000, .jitter_ms = jitter_ms, .rate = 10};
    net->packet_ms = chance(2) ? 20 : 10;
    net->next_stall_ms = 2000 + chance(5000);
    net->next_loss_ms = 3000 + chance(6000);
}

/* Losses and standstills keep apart: of both at once nobody can tell how much was lost. */
static inline struct packet network_next(struct network *net) {
    const double way_ms = 30;
    double worst_ms = net->packet_ms + way_ms + net->jitter_ms;
    if (net->arrived_ms > net->now_ms + worst_ms + 1)
        net->calm_ms = net->now_ms;
    if (net->now_ms >= net->next_loss_ms && net->now_ms > net->calm_ms + 500 &&
        net->next_stall_ms > net->now_ms + 500) {
        net->now_ms += net->packet_ms * (int)(3 + chance(chance(2) ? 100 : 10));
        net->lost_ms = net->now_ms;
        net->next_loss_ms = net->now_ms + 1500 + chance(9000);
    }
    double arrives = net->now_ms + net->packet_ms + way_ms;
    if (net->jitter_ms > 0)
        arrives += chance(net->jitter_ms);
    if (net->now_ms >= net->next_stall_ms && net->now_ms > net->lost_ms + 600) {
        net->release_ms = net->now_ms + 200 + chance(chance(3) ? 800 : 3500);
        net->rate = 2 + chance(190) / 10.0;
        net->next_stall_ms = net->release_ms + 3000 + chance(8000);
    }
    arrives = fmax(fmax(arrives, net->release_ms), net->arrived_ms);
    if (net->release_ms > 0 && arrives <= net->release_ms + 8000 &&
        net->arrived_ms >= net->release_ms)
        arrives = fmax(arrives, net->arrived_ms + net->packet_ms / net->rate);
    net->arrived_ms = arrives;
    struct packet packet = {.captured_ms = net->now_ms, .arrived_ms = arrives};
    net->now_ms += net->packet_ms;
    return packet;
}

#endif
