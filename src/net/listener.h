/* Listening sockets: IPv4 and IPv6, one port, accepting without ever spinning. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stddef.h>
#include <stdint.h>

struct listener;
struct loop;

struct listener_stats {
    uint64_t accepted;
    uint64_t errors; /* accept failed for want of descriptors or memory; it is tried again soon */
};

/* Takes the descriptor, which is non-blocking. */
typedef void accept_fn(int fd, void *arg);

/* host NULL = every address, IPv6 and IPv4; "localhost" = both loopbacks; else a numeric address.
 * port 0 = any free one. */
int listener_open(struct listener **out, struct loop *loop, const char *host, uint16_t port,
                  accept_fn *fn, void *arg);
/* Accepts at sockets that listen already, at most LISTENER_SOCKETS_MAX, and owns them from here on, also
 * when it fails. */
enum { LISTENER_SOCKETS_MAX = 8 };
int listener_adopt(struct listener **out, struct loop *loop, const int *sockets, size_t count,
                   accept_fn *fn, void *arg);
uint16_t listener_port(const struct listener *listener);
const struct listener_stats *listener_stats(const struct listener *listener);
void listener_close(struct listener *listener); /* NULL is fine */

#endif
