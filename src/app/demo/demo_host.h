/* A host as a browser would be one: Socket.IO over a WebSocket, waiting in the feedback room. */
#ifndef APP_DEMO_HOST_H
#define APP_DEMO_HOST_H

#include <jansson.h>
#include <stdint.h>

struct demo_host;
struct loop;

struct demo_host_handlers {
    void (*on_joined)(void *arg);
    void (*on_feedback)(void *arg, const json_t *event);
    void (*on_lost)(void *arg); /* the connection went; free the host */
};

/* Connects and joins a room. handlers are copied. */
int demo_host_open(struct demo_host **, struct loop *, uint16_t port, const char *room,
                   const char *locale, const struct demo_host_handlers *, void *arg);
void demo_host_close(struct demo_host *); /* NULL is fine */

#endif
