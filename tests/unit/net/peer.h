/* A blocking client for tests of servers that run in another thread. Everything ends within a
 * minute. */
#ifndef TESTS_UNIT_NET_PEER_H
#define TESTS_UNIT_NET_PEER_H

#include "base/buf.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static inline int peer_connect(uint16_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 60};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void peer_send(int fd, const void *bytes, size_t n) {
    assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

static inline void peer_say(int fd, const char *text) {
    peer_send(fd, text, strlen(text));
}

/* Until the other side closes; the text is to be freed. */
static inline char *peer_hear_all(int fd) {
    struct buf all = {0};
    for (;;) {
        char *room = buf_reserve(&all, 65536);
        ssize_t got = recv(fd, room, 65536, 0);
        if (got <= 0)
            break;
        all.len += (size_t)got;
    }
    return buf_take_text(&all);
}

/* Until what came contains `end`. */
static inline char *peer_hear_until(int fd, const char *end) {
    struct buf all = {0};
    for (;;) {
        char c;
        if (recv(fd, &c, 1, 0) != 1)
            break;
        buf_add_byte(&all, c);
        size_t n = strlen(end);
        if (all.len >= n && memcmp(all.data + all.len - n, end, n) == 0)
            break;
    }
    return buf_take_text(&all);
}

static inline void peer_hear(int fd, void *out, size_t n) {
    assert_int_equal(recv(fd, out, n, MSG_WAITALL), n);
}

#endif
