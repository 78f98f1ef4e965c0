#include "socketio_clients.h"

#include "base/clock.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, HANDSHAKE_MS = 30000, BATCH = 200 };

enum stage { STAGE_UPGRADE, STAGE_OPEN, STAGE_CONNECT, STAGE_JOINED };

struct client {
    int fd;
    enum stage stage;
};

struct clients {
    struct client *all;
    unsigned count, joined;
    int epoll;
    char *buffer;
    double *samples;
    size_t sample_count, sample_cap;
    uint64_t bytes, frame_bytes;
};

static void send_all(int fd, const void *data, size_t len) {
    if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        fprintf(stderr, "socketio_bench: short send\n");
}

/* A masked text frame whose mask is zero. */
static void send_text(int fd, const char *text) {
    size_t len = strlen(text);
    unsigned char frame[128] = {0x81, (unsigned char)(0x80 | len)};

    memcpy(frame + 6, text, len);
    send_all(fd, frame, len + 6);
}

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        return fd;
    }
    fprintf(stderr, "socketio_bench: connect: %s\n", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One step of the way in, when the answer to the last one is there. */
static void advance(struct clients *clients, struct client *client, const char *text) {
    static const char upgrade_end[] = "\r\n\r\n";

    if (client->stage == STAGE_UPGRADE && strstr(text, upgrade_end))
        client->stage = STAGE_OPEN;
    if (client->stage == STAGE_OPEN && strstr(text, "0{\"sid\"")) {
        send_text(client->fd, "40");
        client->stage = STAGE_CONNECT;
    } else if (client->stage == STAGE_CONNECT && strstr(text, "40{\"sid\"")) {
        send_text(client->fd, "42[\"join\"]");
        client->stage = STAGE_JOINED;
        clients->joined++;
    }
}

static bool read_some(struct clients *clients, int timeout_ms,
                      void (*take)(struct clients *, struct client *, size_t n)) {
    struct epoll_event events[256];
    int n = epoll_wait(clients->epoll, events, 256, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct client *client = events[i].data.ptr;
        ssize_t got = recv(client->fd, clients->buffer, READ_BYTES - 1, MSG_DONTWAIT);

        if (got <= 0 && errno != EAGAIN) {
            fprintf(stderr, "socketio_bench: the server closed a client\n");
            epoll_ctl(clients->epoll, EPOLL_CTL_DEL, client->fd, NULL);
        }
        if (got > 0) {
            clients->buffer[got] = 0;
            take(clients, client, (size_t)got);
        }
    }
    return n > 0;
}

static void take_handshake(struct clients *clients, struct client *client, size_t n) {
    advance(clients, client, clients->buffer);
}

static bool add_client(struct clients *clients, int port) {
    static const char request[] =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    struct client *client = &clients->all[clients->count];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    client->fd = connect_to(port);
    if (client->fd < 0)
        return false;
    clients->count++;
    epoll_ctl(clients->epoll, EPOLL_CTL_ADD, client->fd, &event);
    send_all(client->fd, request, sizeof request - 1);
    return true;
}

struct clients *clients_open(int port, unsigned count) {
    struct clients *clients = mem_alloc(sizeof *clients);
    int64_t deadline_ms = clock_mono_ms() + HANDSHAKE_MS;

    clients->all = mem_alloc_array(count, sizeof *clients->all);
    clients->buffer = mem_alloc(READ_BYTES);
    clients->epoll = epoll_create1(EPOLL_CLOEXEC);
    while (clients->joined < count && clock_mono_ms() < deadline_ms) {
        if (clients->count < count && clients->count - clients->joined < BATCH &&
            !add_client(clients, port))
            break;
        read_some(clients, clients->count < count ? 0 : 10, take_handshake);
    }
    if (clients->joined == count) {
        usleep(300000); /* the last joins are on their way */
        return clients;
    }
    fprintf(stderr, "socketio_bench: only %u of %u clients joined\n", clients->joined, count);
    clients_close(clients);
    return NULL;
}

void clients_close(struct clients *clients) {
    for (unsigned i = 0; i < clients->count; i++)
        close(clients->all[i].fd);
    close(clients->epoll);
    mem_free(clients->all);
    mem_free(clients->buffer);
    mem_free(clients->samples);
    mem_free(clients);
}

/* The first frame tells how long each is: they are all alike. */
static void take_event(struct clients *clients, struct client *client, size_t n) {
    const char *at = memmem(clients->buffer, n, "\"t\":", 4);

    clients->bytes += n;
    if (!at)
        return;
    if (clients->sample_count < clients->sample_cap)
        clients->samples[clients->sample_count++] =
            ((double)clock_mono_ns() - strtod(at + 4, NULL)) / 1000;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static uint64_t first_frame_bytes(const char *buffer) {
    const unsigned char *head = (const unsigned char *)buffer;

    return head[1] < 126 ? 2u + head[1] : 4u + (unsigned)(head[2] << 8 | head[3]);
}

static void take_first(struct clients *clients, struct client *client, size_t n) {
    if (!clients->frame_bytes)
        clients->frame_bytes = first_frame_bytes(clients->buffer);
    take_event(clients, client, n);
}

bool clients_run(struct clients *clients, unsigned rounds, unsigned interval_us,
                 unsigned deadline_ms, struct clients_result *result) {
    int64_t end_ms = clock_mono_ms() + deadline_ms;
    uint64_t want = (uint64_t)rounds * clients->count;
    char text[64];

    clients->bytes = clients->frame_bytes = clients->sample_count = 0;
    if (clients->sample_cap < want) {
        clients->samples = mem_resize(clients->samples, want * sizeof *clients->samples);
        clients->sample_cap = want;
    }
    snprintf(text, sizeof text, "42[\"blast\",%u,%u]", rounds, interval_us);
    send_text(clients->all[0].fd, text);
    while (clock_mono_ms() < end_ms &&
           (!clients->frame_bytes || clients->bytes < want * clients->frame_bytes))
        read_some(clients, 20, take_first);
    if (!clients->frame_bytes)
        return false;
    qsort(clients->samples, clients->sample_count, sizeof *clients->samples, compare);
    *result = (struct clients_result){.deliveries = clients->bytes / clients->frame_bytes,
                                      .bytes = clients->bytes};
    if (clients->sample_count > 0) {
        result->p50_us = clients->samples[clients->sample_count / 2];
        result->p99_us = clients->samples[clients->sample_count * 99 / 100];
    }
    return result->deliveries >= want;
}
