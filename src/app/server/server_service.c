/*
 * What a service manager such as systemd gives and is told: the listening sockets that it holds over
 * a restart (sd_listen_fds(3)), the state of the server (sd_notify(3)), and signs of life
 * (sd_watchdog_enabled(3)). Without a service manager all of this does nothing.
 */
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/http/http_server.h"
#include "net/listener.h"

#include <errno.h>
#include <inttypes.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { MICROSECONDS_A_MS = 1000, BEATS = 3 };

int server_service_sockets(int sockets[LISTENER_SOCKETS_MAX], size_t *count, struct buf *problem) {
    int given = sd_listen_fds(true);
    if (given > LISTENER_SOCKETS_MAX) {
        buf_printf(problem, "The service manager gives %d sockets; there may be %d", given,
                   LISTENER_SOCKETS_MAX);
        return E2BIG;
    }
    for (int i = 0; i < given; i++) {
        int fd = SD_LISTEN_FDS_START + i;
        if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, true, 0) <= 0) {
            buf_printf(problem,
                       "Descriptor %d of the service manager is no listening TCP socket "
                       "(ListenStream=)",
                       fd);
            return ENOTSOCK;
        }
        sockets[i] = fd;
    }
    *count = given > 0 ? (size_t)given : 0;
    return 0;
}

bool server_service_holds_door(void) {
    return sd_listen_fds(false) > 0;
}

/* Shards and control have both done a turn since they were asked. */
static void service_on_stats(const struct shard_stats *total, size_t shards, void *user) {
    struct server *server = user;
    if (!server->is_closing)
        sd_notify(false, "WATCHDOG=1");
    server->is_beating = false;
}

/* Where a shard stands still its answer does not come, so the service manager hears nothing more. */
static void service_on_beat(void *user) {
    struct server *server = user;
    if (server->is_beating)
        return;
    server->is_beating = true;
    directory_ask_stats(server->directory, service_on_stats, server);
}

void server_service_ready(struct server *server) {
    uint64_t limit_us = 0;
    sd_notifyf(false, "READY=1\nSTATUS=Listening on port %u", http_server_port(server->http));
    if (sd_watchdog_enabled(false, &limit_us) <= 0)
        return;
    int64_t every_ms = (int64_t)(limit_us / MICROSECONDS_A_MS / BEATS);
    timer_start(server->loop, &server->beat, 0, every_ms > 0 ? every_ms : 1, service_on_beat,
                server);
    log_info("server", "the service manager is told that all threads run",
             log_int("everyMs", every_ms));
}

void server_service_reloading(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void server_service_reloaded(void) {
    sd_notify(false, "READY=1");
}

void server_service_draining(unsigned meetings_left) {
    sd_notifyf(false, "STATUS=Draining, meetings left: %u", meetings_left);
}

/* No service manager waits for signs of life from then on. */
void server_service_stopping(struct server *server) {
    timer_stop(&server->beat);
    sd_notify(false, "STOPPING=1\nSTATUS=Finishing recordings");
}
