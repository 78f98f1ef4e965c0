/*
 * What a packet of a joined room costs on its way from the socket to a buffer that is written to a file when it is full:
 * rtc_peer beside the plainest loop there is (recvmmsg, srtp_unprotect, write), on the same machine in the same run. Both are
 * drained each 20 ms, each track sends a packet of Opus in that time, and turns alternate. Ours has its timers, checks and
 * reports running meanwhile. Only CPU of this thread between the clocks counts; the senders run outside.
 */
#include "base/clock.h"
#include "net/loop.h"
#include "net/rtc/rtc_identity.h"
#include "net/rtc/rtc_peer.h"
#include "remote.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    ROOMS_MAX = 150,
    TRACKS_MAX = 3,
    TICK_MS = 20,
    ROUNDS = 400,
    PAYLOAD = 80,
    SINK = 65536,
    BATCH = 32,
    SLOT = 2048,
    ALLOCATIONS_A_SECOND = 40
};

/* ---- Allocations: the C library's own functions, counted ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static _Thread_local bool is_counting;
static _Thread_local long allocations, held;

static void *count(void *ptr) {
    if (is_counting && ptr) {
        allocations++;
        held += (long)malloc_usable_size(ptr);
    }
    return ptr;
}

static void uncount(void *ptr) {
    if (is_counting && ptr)
        held -= (long)malloc_usable_size(ptr);
}

void *malloc(size_t size) {
    return count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size) {
    return count(__libc_calloc(n, size));
}

void *realloc(void *ptr, size_t size) {
    uncount(ptr);
    return count(__libc_realloc(ptr, size));
}

void free(void *ptr) {
    uncount(ptr);
    __libc_free(ptr);
}

/* ---- The sink: the same for both ---- */

struct sink {
    int fd;
    size_t used;
    uint8_t bytes[SINK];
};

static void sink_put(struct sink *sink, const void *bytes, size_t len) {
    if (sink->used + len > SINK) {
        if (pwrite(sink->fd, sink->bytes, sink->used, 0) < 0)
            exit(1);
        sink->used = 0;
    }
    memcpy(sink->bytes + sink->used, bytes, len);
    sink->used += len;
}

static struct sink *sink_new(void) {
    FILE *file = tmpfile();
    struct sink *sink = calloc(1, sizeof *sink);
    sink->fd = fileno(file);
    return sink;
}

static double cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void fail(const char *what) {
    fprintf(stderr, "rtc_bench: %s\n", what);
    exit(1);
}

/* ---- The plain loop ---- */

struct plain {
    int fd, sender;
    srtp_t in, out;
    struct sink *sinks[TRACKS_MAX];
};

static srtp_t plain_srtp(srtp_ssrc_type_t which) {
    static uint8_t key[28] = {1, 2, 3};
    srtp_policy_t policy = {.ssrc = {.type = which}, .key = key, .window_size = 1024};
    srtp_t session = NULL;
    srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, srtp_profile_aead_aes_128_gcm);
    srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, srtp_profile_aead_aes_128_gcm);
    if (srtp_create(&session, &policy) != srtp_err_status_ok)
        fail("no SRTP");
    return session;
}

static void plain_open(struct plain *p, int tracks) {
    struct sockaddr_in names[2];
    int *fds[2] = {&p->fd, &p->sender};
    for (int i = 0; i < 2; i++) {
        socklen_t len = sizeof names[i];
        names[i] =
            (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
        *fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (bind(*fds[i], (struct sockaddr *)&names[i], len) ||
            getsockname(*fds[i], (struct sockaddr *)&names[i], &len))
            fail("no socket");
    }
    if (connect(p->fd, (struct sockaddr *)&names[1], sizeof names[1]) ||
        connect(p->sender, (struct sockaddr *)&names[0], sizeof names[0]))
        fail("no connection");
    p->in = plain_srtp(ssrc_any_inbound);
    p->out = plain_srtp(ssrc_any_outbound);
    for (int i = 0; i < tracks; i++)
        p->sinks[i] = sink_new();
}

static void plain_send(struct plain *p, uint32_t track, uint16_t seq) {
    _Alignas(8) uint8_t bytes[12 + PAYLOAD + SRTP_MAX_TRAILER_LEN] = {
        0x80, 111, (uint8_t)(seq >> 8), (uint8_t)seq};
    bytes[11] = (uint8_t)track;
    int len = 12 + PAYLOAD;
    if (srtp_protect(p->out, bytes, &len) || send(p->sender, bytes, (size_t)len, 0) < 0)
        fail("cannot send");
}

static int plain_drain(struct plain *p, uint8_t *buffer) {
    struct mmsghdr heads[BATCH];
    struct iovec parts[BATCH];
    int all = 0, got;
    do {
        for (int i = 0; i < BATCH; i++) {
            parts[i] = (struct iovec){buffer + i * SLOT, SLOT};
            heads[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
        }
        got = recvmmsg(p->fd, heads, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            uint8_t *bytes = parts[i].iov_base;
            int len = (int)heads[i].msg_len;
            if (srtp_unprotect(p->in, bytes, &len) == srtp_err_status_ok)
                sink_put(p->sinks[bytes[11] % TRACKS_MAX], bytes + 12, (size_t)len - 12);
        }
        all += got > 0 ? got : 0;
    } while (got == BATCH);
    return all;
}

/* ---- Ours ---- */

struct room {
    struct rtc_peer *peer;
    struct remote *remote;
    struct sink *sinks[TRACKS_MAX];
    bool is_connected;
    long packets;
};

static void bench_on_state(enum rtc_state state, const char *why, void *user) {
    struct room *room = user;
    room->is_connected = state == RTC_CONNECTED;
    if (state == RTC_FAILED)
        fail(why);
}

static void bench_on_candidate(struct slice candidate, void *user) {
}

static void bench_on_packet(const struct rtc_packet *packet, void *user) {
    struct room *room = user;
    room->packets++;
    sink_put(room->sinks[packet->section], packet->payload.ptr, packet->payload.len);
}

static const struct rtc_handlers handlers = {bench_on_state, bench_on_candidate, bench_on_packet};

static void room_open(struct room *room, struct loop *ours, struct loop *theirs,
                      const struct rtc_identity *identity, int tracks) {
    struct buf offer = {0}, answer = {0};
    const char *why = "";
    *room = (struct room){0};
    for (int i = 0; i < tracks; i++)
        room->sinks[i] = sink_new();
    if (remote_open(&room->remote, theirs,
                    &(struct remote_settings){.audio = (unsigned)tracks,
                                              .profiles = "SRTP_AEAD_AES_128_GCM"}))
        fail("no remote end");
    remote_offer(room->remote, &offer);
    is_counting = true;
    const struct rtc_settings settings = {.identity = identity,
                                          .server_address = SLICE("127.0.0.1")};
    if (rtc_peer_open(&room->peer, ours, &settings, &handlers, room) ||
        rtc_peer_offer(room->peer, buf_slice(&offer), NULL, &answer, &why))
        fail(why);
    is_counting = false;
    remote_answer(room->remote, buf_slice(&answer));
    buf_free(&offer);
    buf_free(&answer);
}

static void turn_ours(struct loop *loop) {
    is_counting = true;
    uv_run(loop_uv(loop), UV_RUN_NOWAIT);
    is_counting = false;
}

/* ---- One layout ---- */

struct layout {
    int rooms, tracks;
    struct loop *ours, *theirs;
    struct room room[ROOMS_MAX];
    struct plain plain[ROOMS_MAX];
    double ours_us, plain_us;
    long ours_packets, plain_packets, ours_allocations, plain_allocations;
};

static void connect_all(struct layout *l) {
    int64_t until_ms = clock_mono_ms() + 30000;
    for (int left = l->rooms; left > 0;) {
        if (clock_mono_ms() > until_ms)
            fail("not all are connected");
        turn_ours(l->ours);
        uv_run(loop_uv(l->theirs), UV_RUN_NOWAIT);
        left = 0;
        for (int i = 0; i < l->rooms; i++)
            left += !l->room[i].is_connected;
    }
}

static void run_ours(struct layout *l) {
    long before = allocations;
    double from_us = cpu_us();
    is_counting = true;
    for (int i = 0; i < l->rooms; i++)
        l->ours_packets += (long)rtc_peer_drain(l->room[i].peer);
    uv_run(loop_uv(l->ours), UV_RUN_NOWAIT);
    is_counting = false;
    l->ours_us += cpu_us() - from_us;
    l->ours_allocations += allocations - before;
}

static void run_plain(struct layout *l, uint8_t *buffer) {
    long before = allocations;
    double from_us = cpu_us();
    is_counting = true;
    for (int i = 0; i < l->rooms; i++)
        l->plain_packets += plain_drain(&l->plain[i], buffer);
    is_counting = false;
    l->plain_us += cpu_us() - from_us;
    l->plain_allocations += allocations - before;
}

static void feed(struct layout *l, uint16_t round) {
    static const uint8_t payload[PAYLOAD] = {0xf8};
    for (int i = 0; i < l->rooms; i++)
        for (int track = 0; track < l->tracks; track++) {
            remote_send(l->room[i].remote, (unsigned)track, 111, round, round * 960u,
                        slice_of(payload, PAYLOAD));
            plain_send(&l->plain[i], (uint32_t)track, round);
        }
    uv_run(loop_uv(l->theirs), UV_RUN_NOWAIT);
}

static void run_rounds(struct layout *l) {
    static uint8_t buffer[BATCH * SLOT];
    int64_t due_ms = clock_mono_ms();
    for (uint16_t round = 1; round <= ROUNDS; round++) {
        feed(l, round);
        due_ms += TICK_MS;
        int64_t left_ms = due_ms - clock_mono_ms();
        if (left_ms > 0)
            usleep((useconds_t)left_ms * 1000);
        if (round % 2) {
            run_ours(l);
            run_plain(l, buffer);
        } else {
            run_plain(l, buffer);
            run_ours(l);
        }
    }
}

static double measure(int rooms, int tracks, const struct rtc_identity *identity) {
    static struct layout l;
    l = (struct layout){.rooms = rooms, .tracks = tracks};
    if (loop_open(&l.ours) || loop_open(&l.theirs))
        fail("no loop");
    long held_before = held;
    for (int i = 0; i < rooms; i++) {
        room_open(&l.room[i], l.ours, l.theirs, identity, tracks);
        plain_open(&l.plain[i], tracks);
    }
    connect_all(&l);
    int64_t began_ms = clock_mono_ms();
    run_rounds(&l);
    double ours = l.ours_us / (double)l.ours_packets, plain = l.plain_us / (double)l.plain_packets;
    long media = 0;
    for (int i = 0; i < rooms; i++)
        media += l.room[i].packets;
    printf("%3d rooms x %d tracks     %7.2f us CPU a packet, plain loop %.2f: %.2f times "
           "(promised: at most 1.3)\n",
           rooms, tracks, ours, plain, ours / plain);
    printf("                         %ld packets of media of %d; allocations a packet %.4f, plain "
           "loop %.4f\n",
           media, rooms * tracks * ROUNDS, (double)l.ours_allocations / (double)media,
           (double)l.plain_allocations / (double)l.plain_packets);
    printf("                         %.1f KB of heap a room\n",
           (double)(held - held_before) / 1024 / rooms);
    for (int i = 0; i < rooms; i++) {
        rtc_peer_close(l.room[i].peer);
        remote_close(l.room[i].remote);
        close(l.plain[i].fd);
        close(l.plain[i].sender);
    }
    loop_close(l.ours);
    loop_close(l.theirs);
    if (media < (long)rooms * tracks * ROUNDS)
        fail("packets were lost");
    /* Checks and reports go with the time, not with the packets. */
    double seconds = (double)(clock_mono_ms() - began_ms) / 1000;
    if ((double)(l.ours_allocations - l.plain_allocations) >
        (double)media / 20 + seconds * rooms * ALLOCATIONS_A_SECOND)
        fail("memory is allocated for packets");
    return ours / plain;
}

int main(void) {
    struct rtc_identity *identity;
    const char *why;
    if (rtc_identity_open(&identity, &why))
        fail(why);
    double few = measure(50, 3, identity), many = measure(150, 1, identity);
    rtc_identity_close(identity);
    return few > 1.3 || many > 1.3;
}
