#ifndef APP_SERVER_H
#define APP_SERVER_H

/*
 * The wiring of control: who exists, in which order it is built and taken down. Everything named
 * here is owned by the server and lives on control's loop, unless its header says otherwise.
 */

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct config;
struct directory;
struct disk;
struct hosts;
struct livekit;
struct loop;
struct metrics;
struct routes;
struct sessions;
struct store;

struct server {
    const struct config *config;
    struct loop *loop;
    struct routes *routes;
    struct metrics *metrics;
    struct disk *disk;
    struct store *store;
    struct hosts *hosts;
    struct directory *directory;
    struct sessions *sessions;
    struct livekit *livekit;
};

/* Builds everything and listens. `port` receives the bound port (PORT=0 asks the kernel for one).
 */
int server_open(struct server **, const struct config *, struct buf *problem);
int server_port(const struct server *);

/* Runs until server_stop() or SIGTERM/SIGINT, drains, and leaves: 0, or 1 where draining had to be
 * cut short. */
int server_run(struct server *);
void server_stop(struct server *); /* any thread */
void server_close(struct server *);

/* `prosa serve`, the default: exit code. */
int serve_main(int argc, char **argv);

#endif
