/*
 * The end of a run, in two steps. Draining (SIGUSR1): no meeting begins, and those that run go on to
 * their end. Leaving (SIGTERM, or when the last meeting has ended): from then to the moment at which
 * all parts have drained. The first may be left out.
 */
#include "app/config/config.h"
#include "app/hosts/hosts.h"
#include "app/reports/reports.h"
#include "app/server/server.h"
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "outside/files/run_mark.h"

#include <signal.h>
#include <unistd.h>

enum { DRAIN_LOOK_MS = 200 };

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
    timer_stop(&server->drain_look);
    signals_stop(server); /* a second signal ends the process at once, as it does by default */
    log_info("server", "leaving");
    server_service_stopping(server);
    run_mark_say(server->run_mark, SLICE("leaving"));
    alarm((unsigned)((server->config->drain_ms + 999) / 1000));
    timer_start(server->loop, &server->drain_limit, server->config->drain_ms / 2, 0,
                server_on_drain_limit, server);
    server->draining = 3;
    http_server_drain(server->http, server_on_part_drained, server);
    hosts_drain(server->hosts);
    reports_drain(server->reports, server_on_part_drained, server);
    directory_drain(server->directory, server_on_part_drained, server);
}

static void drain_tell(const struct server *server) {
    struct buf line = {0};
    buf_printf(&line, "draining, meetings left: %u", server->meetings_left);
    run_mark_say(server->run_mark, buf_slice(&line));
    server_service_draining(server->meetings_left);
    buf_free(&line);
}

/* A meeting that lost its place in the directory, as it had no sound, is still a session. */
static unsigned count_meetings(const struct server *server) {
    unsigned active = sessions_count_active(server->sessions);
    unsigned going_on = directory_count_going_on(server->directory);
    return active > going_on ? active : going_on;
}

static void server_on_drain_look(void *arg) {
    struct server *server = arg;
    unsigned before = server->meetings_left;
    server->meetings_left = count_meetings(server);
    if (server->meetings_left == 0)
        server_stop(server);
    else if (server->meetings_left != before)
        drain_tell(server);
}

void server_drain(struct server *server) {
    if (server->is_draining || server->is_leaving)
        return;
    server->is_draining = true;
    directory_refuse_new(server->directory);
    sessions_refuse_new(server->sessions);
    server->meetings_left = count_meetings(server);
    log_info("server", "draining: no meeting begins, and those that run go on",
             log_int("meetings", server->meetings_left));
    drain_tell(server);
    timer_start(server->loop, &server->drain_look, 0, DRAIN_LOOK_MS, server_on_drain_look, server);
}

static void server_on_user_signal(uv_signal_t *handle, int number) {
    server_drain(handle->data);
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
    server->user.data = server;
    uv_signal_init(loop_uv(server->loop), &server->term);
    uv_signal_init(loop_uv(server->loop), &server->interrupt);
    uv_signal_start(&server->term, server_on_signal, SIGTERM);
    uv_signal_start(&server->interrupt, server_on_signal, SIGINT);
    uv_signal_init(loop_uv(server->loop), &server->hangup);
    uv_signal_start(&server->hangup, server_on_hangup, SIGHUP);
    uv_signal_init(loop_uv(server->loop), &server->user);
    uv_signal_start(&server->user, server_on_user_signal, SIGUSR1);
    server->has_signals = true;
}

void server_signals_close(struct server *server) {
    if (!server->has_signals)
        return;
    uv_close((uv_handle_t *)&server->term, NULL);
    uv_close((uv_handle_t *)&server->interrupt, NULL);
    uv_close((uv_handle_t *)&server->hangup, NULL);
    uv_close((uv_handle_t *)&server->user, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
}

int server_run(struct server *server) {
    signals_start(server);
    server_reload_start(server);
    server_service_ready(server);
    loop_run(server->loop);
    return server->was_cut_short ? 1 : 0;
}
