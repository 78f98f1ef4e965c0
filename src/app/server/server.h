/*
 * The wiring of the control thread: which parts there are, in which order they are built and taken
 * down. Every part belongs to the server and to the control loop unless its own header says
 * otherwise.
 */
#ifndef APP_SERVER_H
#define APP_SERVER_H

#include <stdint.h>

struct buf;
struct config;
struct server;

/* Builds everything and listens. On failure `problem` holds one sentence. */
int server_open(struct server **, const struct config *, struct buf *problem);
uint16_t server_port(const struct server *);

/* Runs until SIGTERM, SIGINT or server_stop(), then until everything has drained. 0, or 1 when
 * draining took too long. */
int server_run(struct server *);

/* Begins no meeting any more, and stops when the last has ended. On the control loop. */
void server_drain(struct server *server);
/* Begins to leave. On the control loop. */
void server_stop(struct server *);

void server_close(struct server *); /* NULL is fine */

#endif
