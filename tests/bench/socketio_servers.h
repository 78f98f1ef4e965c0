/* The servers that the bench compares: ours, and a bare loop that sends the same bytes. Both listen on a port of the kernel's
 * choice, write it to port_fd, and serve until they are killed. */
#ifndef BENCH_SOCKETIO_SERVERS_H
#define BENCH_SOCKETIO_SERVERS_H

void serve_ours(int port_fd);
void serve_bare(int port_fd);

/* The event's arguments, the time in it always 20 digits long so that all frames are alike. */
enum { EVENT_ARGS_MAX = 1024 };
int write_event_args(char out[EVENT_ARGS_MAX]);

#endif
