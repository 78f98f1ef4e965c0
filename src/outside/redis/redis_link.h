/* One connection to a Redis, for as long as it lasts: commands out, replies in, in order. */
#ifndef OUTSIDE_REDIS_LINK_H
#define OUTSIDE_REDIS_LINK_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct redis_link;
struct tls;

enum {
    REDIS_PORT = 6379,
    REDIS_CONNECT_MS = 1000,
    REDIS_REPLY_BYTES_MAX = 64 * 1024 * 1024, /* a longer reply ends the connection */
};

struct redis_address {
    const char *host;
    uint16_t port;
    const struct tls *tls; /* NULL = plain */
};

/* Each may close the link, which then calls nothing any more. */
struct redis_link_handlers {
    void (*on_open)(void *arg);
    void (*on_reply)(struct slice reply, void *arg); /* whole: see wire/redis/resp.h */
    void (*on_close)(const char *why, void *arg);    /* the last call; the link is gone */
};

/* 0, or an errno. Copies the address; tls must outlive the link. */
int redis_link_open(struct redis_link **out, struct loop *loop, const struct redis_address *address,
                    const struct redis_link_handlers *handlers, void *arg);
/* Once open. What is sent in one turn is written at its end. */
void redis_link_send(struct redis_link *link, const struct slice *parts, unsigned count);
size_t redis_link_unsent_bytes(const struct redis_link *link);
void redis_link_close(struct redis_link *link); /* without on_close; NULL is fine */

#endif
