/* The end of a run: from the signal to the moment at which everything has drained. */
#include "app/config/config.h"
#include "app/hosts/hosts.h"
#include "app/reports/reports.h"
#include "app/server/server.h"
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "base/log.h"
#include "net/http/http_server.h"
#include "net/loop.h"

#include <signal.h>
#include <unistd.h>

static void server_on_part_drained(void *arg) {
    struct server *server = arg;
    if (--server->draining == 0 && !server->is_closing)
        loop_stop(server->loop);
}

static void server_on_drain_limit(void *arg) {
    struct server *server = arg;
    log_warn("server", "draining took too long and is cut short");
    server->was_cut_short = true;
    loop_stop(server->loop);
}

static void signals_stop(struct server *server) {
    if (!server->has_signals)
        return;
    uv_signal_stop(&server->term);
    uv_signal_stop(&server->interrupt);
}

/*
 * New work is refused, clients are sent away, tracks finish their files. That may take half of the
 * time; the other half is for the disk and the store.
 */
void server_stop(struct server *server) {
    if (server->is_leaving)
        return;
    server->is_leaving = true;
    signals_stop(server); /* a second signal ends the process at once, as it does by default */
    log_info("server", "leaving");
    server_service_stopping(server);
    alarm((unsigned)((server->config->drain_ms + 999) / 1000));
    timer_start(server->loop, &server->drain_limit, server->config->drain_ms / 2, 0,
                server_on_drain_limit, server);
    server->draining = 3;
    http_server_drain(server->http, server_on_part_drained, server);
    hosts_drain(server->hosts);
    reports_drain(server->reports, server_on_part_drained, server);
    directory_drain(server->directory, server_on_part_drained, server);
}

static void server_on_signal(uv_signal_t *handle, int number) {
    server_stop(handle->data);
}

static void server_on_hangup(uv_signal_t *handle, int number) {
    struct server *server = handle->data;
    if (!server->is_leaving)
        server_reload(server);
}

static void signals_start(struct server *server) {
    server->term.data = server->interrupt.data = server->hangup.data = server;
    uv_signal_init(loop_uv(server->loop), &server->term);
    uv_signal_init(loop_uv(server->loop), &server->interrupt);
    uv_signal_start(&server->term, server_on_signal, SIGTERM);
    uv_signal_start(&server->interrupt, server_on_signal, SIGINT);
    uv_signal_init(loop_uv(server->loop), &server->hangup);
    uv_signal_start(&server->hangup, server_on_hangup, SIGHUP);
    server->has_signals = true;
}

void server_signals_close(struct server *server) {
    if (!server->has_signals)
        return;
    uv_close((uv_handle_t *)&server->term, NULL);
    uv_close((uv_handle_t *)&server->interrupt, NULL);
    uv_close((uv_handle_t *)&server->hangup, NULL);
    signal(SIGHUP, SIG_IGN);
}

int server_run(struct server *server) {
    signals_start(server);
    server_reload_start(server);
    server_service_ready(server);
    loop_run(server->loop);
    return server->was_cut_short ? 1 : 0;
}
