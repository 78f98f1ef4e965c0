/* A server of the demo's own: a child process of this very program, on a free port, in a fresh folder. */
#ifndef APP_DEMO_SERVER_H
#define APP_DEMO_SERVER_H

#include "base/buf.h"

#include <stdint.h>
#include <sys/types.h>

enum { DEMO_DIR_SIZE = 128 };

struct demo_server {
    pid_t pid;
    uint16_t port;
    char dir[DEMO_DIR_SIZE]; /* its working directory, with storage/ in it; stays when it ends */
};

/* Starts and waits until it answers. 0 or an errno. */
int demo_server_start(struct demo_server *);
void demo_server_stop(struct demo_server *); /* politely, and waits */

/* One request, answered within two seconds; body NULL: GET, else POST of JSON. The answer's body is
 * appended to *answer (may be NULL). 0, or an errno; EPROTO: not a 2xx status. */
int demo_server_ask(const struct demo_server *, const char *path, const char *body,
                    struct buf *answer);

#endif
