/* The host as a browser would be: a Socket.IO client over WebSocket in the feedback room. */
#ifndef APP_DEMO_HOST_H
#define APP_DEMO_HOST_H

#include <jansson.h>
#include <stdint.h>

struct demo_host;
struct loop;

struct demo_host_handlers {
    void (*on_joined)(void *user);
    void (*on_feedback)(const json_t *event, void *user);
    void (*on_lost)(void *user); /* the connection broke; close the host */
};

/* Connects and joins a room. The handlers are copied; `room` and `locale` are borrowed. */
int demo_host_open(struct demo_host **, struct loop *, uint16_t port, const char *room,
                   const char *locale, const struct demo_host_handlers *, void *user);
void demo_host_close(struct demo_host *); /* NULL is fine */

#endif
