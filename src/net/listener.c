#include "net/listener.h"

#include "base/mem.h"
#include "net/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    BACK_OFF_MS = 100,
    PORT_TRIES = 16,
    ACCEPT_NS = 3 * 1000 * 1000, /* of a turn, for those who knock */
};

struct door { /* a listening socket */
    struct listener *listener;
    struct watch *watch;
    int fd;
};

struct listener {
    struct loop *loop;
    accept_fn *fn;
    void *arg;
    struct timer back_off;
    struct listener_stats stats;
    uint16_t port;
    int count;
    struct door doors[LISTENER_SOCKETS_MAX];
};

static void listener_on_back_off_over(void *arg) {
    struct listener *listener = arg;
    for (int i = 0; i < listener->count; i++)
        watch_set(listener->doors[i].watch, WATCH_READ);
}

/* Out of descriptors or memory. A listening socket stays readable then, so none is watched for a
 * moment; otherwise the loop would spin. */
static void back_off(struct listener *listener) {
    listener->stats.errors++;
    for (int i = 0; i < listener->count; i++)
        watch_set(listener->doors[i].watch, 0);
    timer_start(listener->loop, &listener->back_off, BACK_OFF_MS, 0, listener_on_back_off_over,
                listener);
}

static void listener_on_acceptable(int events, void *arg) {
    struct door *door = arg;
    struct listener *listener = door->listener;
    uint64_t until_ns = uv_hrtime() + ACCEPT_NS;
    do {
        int fd = accept4(door->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->stats.accepted++;
            listener->fn(fd, listener->arg);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            back_off(listener);
            return;
        }
        /* Any other error is of one connection that has ended already. */
    } while (uv_hrtime() < until_ns);
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Takes a listening socket; it is closed here when it cannot be used. */
static int add_door(struct listener *listener, int fd) {
    struct door *door = &listener->doors[listener->count];
    union address address;
    socklen_t size = sizeof address;
    int err = getsockname(fd, &address.any, &size) < 0 ? errno : 0;
    if (!err)
        err = watch_open(&door->watch, listener->loop, fd, listener_on_acceptable, door);
    if (err) {
        close(fd);
        return err;
    }
    listener->port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    door->fd = fd;
    door->listener = listener;
    listener->count++;
    watch_set(door->watch, WATCH_READ);
    return 0;
}

static int open_door(struct listener *listener, union address address, int only_v6) {
    int on = 1;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);

    socklen_t size = address.any.sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6;
    if (bind(fd, &address.any, size) < 0 || listen(fd, BACKLOG) < 0) {
        int err = errno;
        close(fd);
        return err;
    }
    return add_door(listener, fd);
}

static void close_doors(struct listener *listener) {
    while (listener->count > 0) {
        struct door *door = &listener->doors[--listener->count];
        watch_close(door->watch);
        close(door->fd);
    }
}

/* The address "::" takes IPv4 connections, too. */
static int open_host(struct listener *listener, const char *host, uint16_t port) {
    union address address = {0};
    if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
        return open_door(listener, address, false);
    }
    if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        return open_door(listener, address, !IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr));
    }
    return EADDRNOTAVAIL;
}

/* One socket for both families where the system has IPv6, else IPv4 alone. */
static int open_everywhere(struct listener *listener, uint16_t port) {
    int err = open_host(listener, "::", port);
    if (err == EAFNOSUPPORT || err == EADDRNOTAVAIL)
        err = open_host(listener, "0.0.0.0", port);
    return err;
}

/* A free port of one family may be taken in the other: then another one is tried. */
static int open_loopbacks(struct listener *listener, uint16_t port) {
    int err = 0;
    for (int i = 0; i < PORT_TRIES; i++) {
        err = open_host(listener, "127.0.0.1", port);
        if (err)
            return err;
        err = open_host(listener, "::1", listener->port);
        if (err == EAFNOSUPPORT || err == EADDRNOTAVAIL)
            return 0;
        if (err == 0 || port != 0)
            return err;
        close_doors(listener);
    }
    return err;
}

static struct listener *listener_new(struct loop *loop, accept_fn *fn, void *arg) {
    struct listener *listener = mem_alloc(sizeof *listener);
    listener->loop = loop;
    listener->fn = fn;
    listener->arg = arg;
    return listener;
}

int listener_open(struct listener **out, struct loop *loop, const char *host, uint16_t port,
                  accept_fn *fn, void *arg) {
    struct listener *listener = listener_new(loop, fn, arg);
    int err = !host                            ? open_everywhere(listener, port)
              : strcmp(host, "localhost") == 0 ? open_loopbacks(listener, port)
                                               : open_host(listener, host, port);
    if (err) {
        listener_close(listener);
        return err;
    }
    *out = listener;
    return 0;
}

int listener_adopt(struct listener **out, struct loop *loop, const int *sockets, size_t count,
                   accept_fn *fn, void *arg) {
    struct listener *listener = listener_new(loop, fn, arg);
    int err = count > LISTENER_SOCKETS_MAX ? E2BIG : 0;
    for (size_t i = 0; i < count; i++) {
        int flags = fcntl(sockets[i], F_GETFL);
        if (!err && (flags < 0 || fcntl(sockets[i], F_SETFL, flags | O_NONBLOCK) < 0))
            err = errno;
        if (err)
            close(sockets[i]);
        else
            err = add_door(listener, sockets[i]);
    }
    if (err) {
        listener_close(listener);
        return err;
    }
    *out = listener;
    return 0;
}

uint16_t listener_port(const struct listener *listener) {
    return listener->port;
}

const struct listener_stats *listener_stats(const struct listener *listener) {
    return &listener->stats;
}

void listener_close(struct listener *listener) {
    if (!listener)
        return;
    timer_stop(&listener->back_off);
    close_doors(listener);
    mem_free(listener);
}
