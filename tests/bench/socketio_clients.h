/* Many WebSocket clients of one Socket.IO room, as cheap as can be: they count bytes, and read the time out of an event now
 * and then. */
#ifndef BENCH_SOCKETIO_CLIENTS_H
#define BENCH_SOCKETIO_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clients;

/* Connects them all and waits until each has joined. NULL, and a word on standard error, when that fails. */
struct clients *clients_open(int port, unsigned count);
void clients_close(struct clients *);

/* Asks for `rounds` events, one each interval_us, and reads until all have come or the deadline has passed. */
struct clients_result {
    uint64_t deliveries; /* events that arrived */
    uint64_t bytes;
    double p50_us, p99_us; /* from the server's clock in the event to its arrival here */
};
bool clients_run(struct clients *, unsigned rounds, unsigned interval_us, unsigned deadline_ms,
                 struct clients_result *);

#endif
