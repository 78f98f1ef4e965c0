/* The server of the demo: a child process of the same program, on a free port, in a fresh
 * folder. */
#ifndef APP_DEMO_SERVER_H
#define APP_DEMO_SERVER_H

#include <stdint.h>
#include <sys/types.h>

enum { DEMO_DIR_SIZE = 128 };

struct demo_server {
    pid_t pid;
    uint16_t port;
    char dir[DEMO_DIR_SIZE]; /* its working directory, with storage/ in it; stays after the end */
};

/* Starts and waits until it answers. 0 or an errno. */
int demo_server_start(struct demo_server *);
void demo_server_stop(struct demo_server *); /* SIGTERM, and waits */

/* One request, answered within two seconds; body NULL: GET, else POST of JSON. 0, or an errno;
 * EPROTO: not a 2xx status. */
int demo_server_ask(const struct demo_server *, const char *path, const char *body);

#endif
