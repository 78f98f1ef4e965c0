#include "base/clock.h"
#include "net/listener.h"
#include "net/loop.h"
#include "peer.h"

#include <dirent.h>
#include <sys/resource.h>

struct fixture {
    struct loop *loop;
    struct listener *listener;
    unsigned accepted;
};

static void on_accept(int fd, void *arg) {
    ((struct fixture *)arg)->accepted++;
    close(fd);
}

static void turn(struct fixture *f, int ms) {
    for (int i = 0; i < ms; i++) {
        uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        usleep(1000);
    }
}

static void turn_until_accepted(struct fixture *f, unsigned count) {
    for (int i = 0; i < 30000 && f->accepted < count; i++)
        turn(f, 1);
    assert_int_equal(f->accepted, count);
}

static rlim_t highest_descriptor(void) {
    rlim_t highest = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(dir));)
        if ((rlim_t)atoi(entry->d_name) > highest && atoi(entry->d_name) != dirfd(dir))
            highest = (rlim_t)atoi(entry->d_name);
    closedir(dir);
    return highest;
}

/* All descriptors are taken, connections wait: no spinning, and none is lost once there is room. */
static void out_of_descriptors_it_looks_away_and_comes_back(void **state) {
    enum { CLIENTS = 3 };
    struct fixture f = {0};
    struct rlimit before, tight;
    int clients[CLIENTS];
    assert_int_equal(loop_open(&f.loop), 0);
    assert_int_equal(listener_open(&f.listener, f.loop, "127.0.0.1", 0, on_accept, &f), 0);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = peer_connect(listener_port(f.listener));
    turn(&f, 0);
    getrlimit(RLIMIT_NOFILE, &before);
    tight = before;
    tight.rlim_cur = highest_descriptor() + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    /* Lower gaps are free still: they are filled, so that accept finds none. */
    static int fillers[4096];
    int filled = 0;
    while (filled < 4096 && (fillers[filled] = dup(0)) >= 0)
        filled++;
    int64_t began_ms = clock_mono_ms();
    turn(&f, 250);
    unsigned errors = (unsigned)listener_stats(f.listener)->errors;
    int64_t took_ms = clock_mono_ms() - began_ms;
    assert_int_equal(f.accepted, 0);
    assert_true(errors >= 1 && errors <= took_ms / 100 + 2); /* once each 100 ms */

    while (filled > 0)
        close(fillers[--filled]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    turn_until_accepted(&f, CLIENTS);
    assert_int_equal(listener_stats(f.listener)->accepted, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    listener_close(f.listener);
    loop_close(f.loop);
}

static void it_listens_on_both_families(void **state) {
    static const char *const hosts[] = {NULL, "localhost"};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f = {0};
        assert_int_equal(loop_open(&f.loop), 0);
        assert_int_equal(listener_open(&f.listener, f.loop, hosts[i], 0, on_accept, &f), 0);
        uint16_t port = listener_port(f.listener);
        int v4 = peer_connect(port), v6 = socket(AF_INET6, SOCK_STREAM, 0);
        struct sockaddr_in6 address = {
            .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        unsigned expected = 1;
        if (v6 >= 0 && connect(v6, (struct sockaddr *)&address, sizeof address) == 0)
            expected++; /* a machine without IPv6 has but one */
        turn_until_accepted(&f, expected);
        close(v4);
        if (v6 >= 0)
            close(v6);
        listener_close(f.listener);
        loop_close(f.loop);
    }
}

RUN_TESTS(TEST(out_of_descriptors_it_looks_away_and_comes_back), TEST(it_listens_on_both_families))
