/* One connection after the other, each with a server that has another mixture of faults, for so many
 * seconds: rtc_siege SECONDS SEED. Prints how they ended as a line of JSON. Anything worse than a
 * connection that fails ends the program. */
#include "remote.h"

#include "base/clock.h"
#include "net/loop.h"
#include "net/rtc/rtc_identity.h"
#include "net/rtc/rtc_peer.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNECT_MS = 1500, SILENCE_MS = 700, TURNS_MAX = 400, TICK_MS = 5 };

struct tally {
    unsigned connections, connected, failed, lost, refused;
    unsigned long long packets, dropped;
};

struct siege {
    struct loop *loop;
    struct rtc_identity *identity;
    struct timer alarm;
    uint64_t random;
    enum rtc_state state;
    struct tally tally;
};

static uint32_t roll(struct siege *siege, uint32_t below) {
    siege->random = siege->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(siege->random >> 33) % below;
}

static void siege_on_state(enum rtc_state state, const char *why, void *user) {
    struct siege *siege = user;
    siege->state = state;
    siege->tally.connected += state == RTC_CONNECTED;
    siege->tally.failed += state == RTC_FAILED;
    siege->tally.lost += state == RTC_LOST;
}

static void siege_on_candidate(struct slice candidate, void *user) {
}

static void siege_on_packet(const struct rtc_packet *packet, void *user) {
    ((struct siege *)user)->tally.packets++;
}

static void siege_on_alarm(void *arg) {
}

static const struct rtc_handlers handlers = {siege_on_state, siege_on_candidate, siege_on_packet};

/* Most often a mutating server, with what else there is now and then. */
static struct remote_settings choose(struct siege *siege) {
    unsigned faults = roll(siege, 8) ? REMOTE_MUTATES : 0;
    for (unsigned bit = 0; bit < 11; bit++)
        if (roll(siege, 16) == 0)
            faults |= 1u << bit;
    return (struct remote_settings){.is_lite = roll(siege, 2),
                                    .is_tcp = roll(siege, 4) == 0,
                                    .is_active = roll(siege, 3) == 0,
                                    .has_data = roll(siege, 2),
                                    .hides_ssrc = roll(siege, 4) == 0,
                                    .audio = 1 + roll(siege, 4),
                                    .video = roll(siege, 2),
                                    .faults = faults,
                                    .seed = roll(siege, UINT32_MAX)};
}

static void offer(struct siege *siege, struct rtc_peer *peer, struct remote *remote) {
    struct buf sdp = {0}, answer = {0};
    const char *why;
    remote_offer(remote, &sdp);
    if (roll(siege, 6) == 0) /* the signalling's bytes may be wrong, too */
        sdp.data[roll(siege, (uint32_t)sdp.len)] ^= (char)(1 << roll(siege, 8));
    if (rtc_peer_offer(peer, buf_slice(&sdp), NULL, &answer, &why) == 0)
        remote_answer(remote, buf_slice(&answer));
    else
        siege->tally.refused++;
    buf_free(&sdp);
    buf_free(&answer);
}

static void send_something(struct siege *siege, struct remote *remote, uint16_t seq) {
    unsigned section = roll(siege, remote_section_count(remote));
    uint8_t bytes[300];
    size_t len = roll(siege, sizeof bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)roll(siege, 256);
    remote_send(remote, section, (uint8_t)(roll(siege, 8) ? 111 : roll(siege, 128)), seq,
                seq * 960u, slice_of(bytes, len));
    if (roll(siege, 20) == 0)
        remote_send_report(remote, section, siege->random, roll(siege, UINT32_MAX));
    if (roll(siege, 20) == 0)
        remote_send_data(remote, bytes, len ? len : 1);
    if (roll(siege, 20) == 0)
        remote_send_raw(remote, bytes, len, roll(siege, 2));
}

static void run_one(struct siege *siege) {
    const struct rtc_settings settings = {.identity = siege->identity,
                                          .server_address = SLICE("127.0.0.1"),
                                          .is_watching = true,
                                          .connect_ms = CONNECT_MS,
                                          .silence_ms = SILENCE_MS};
    struct remote_settings chosen = choose(siege);
    /* Half of the servers behave until a path and keys are agreed on. */
    const unsigned later = roll(siege, 2) ? chosen.faults : 0;
    chosen.faults = later ? 0 : chosen.faults;
    struct rtc_peer *peer;
    struct remote *remote;
    if (rtc_peer_open(&peer, siege->loop, &settings, &handlers, siege) != 0 ||
        remote_open(&remote, siege->loop, &chosen) != 0)
        exit(1);
    siege->state = RTC_NEW;
    siege->tally.connections++;
    offer(siege, peer, remote);
    unsigned turns = roll(siege, TURNS_MAX);
    for (unsigned i = 0; i < turns && siege->state != RTC_FAILED; i++) {
        uv_run(loop_uv(siege->loop), UV_RUN_ONCE);
        send_something(siege, remote, (uint16_t)i);
        if (siege->state == RTC_CONNECTED && later)
            remote_set_faults(remote, later);
        if (roll(siege, 60) == 0) {
            if (roll(siege, 2))
                remote_restart(remote);
            if (roll(siege, 4) == 0)
                remote_change_ssrc(remote, roll(siege, remote_section_count(remote)));
            offer(siege, peer, remote);
        }
    }
    struct rtc_stats stats;
    rtc_peer_stats(peer, &stats);
    siege->tally.dropped += stats.foreign + stats.bad_checks + stats.bad_protection +
                            stats.repeated + stats.unknown_source + stats.malformed;
    rtc_peer_close(peer);
    remote_close(remote);
}

int main(int argc, char **argv) {
    struct siege siege = {.random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1};
    int64_t until_ms = clock_mono_ms() + 1000 * (argc > 1 ? atoi(argv[1]) : 10);
    const char *why;
    if (loop_open(&siege.loop) != 0 || rtc_identity_open(&siege.identity, &why) != 0)
        return 1;
    timer_start(siege.loop, &siege.alarm, TICK_MS, TICK_MS, siege_on_alarm, NULL);
    while (clock_mono_ms() < until_ms)
        run_one(&siege);
    timer_stop(&siege.alarm);
    loop_close(siege.loop);
    rtc_identity_close(siege.identity);
    const struct tally *t = &siege.tally;
    printf("{\"connections\":%u,\"connected\":%u,\"failed\":%u,\"lost\":%u,\"refused\":%u,"
           "\"packets\":%llu,\"dropped\":%llu}\n",
           t->connections, t->connected, t->failed, t->lost, t->refused, t->packets, t->dropped);
    return 0;
}
