/* The doors: every route, and the listener in front of them. */
#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/egress/egress_door.h"
#include "app/hosts/hosts.h"
#include "app/recordings/erasure.h"
#include "app/rest/routes.h"
#include "app/server/access_log.h"
#include "app/server/server_private.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/tls.h"

#include <errno.h>
#include <string.h>

enum { WHY_SIZE = 512 };

int server_open_doors(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    struct webhook_settings set = {
        .keys = config->livekit_keys,
        .key_count = config->livekit_key_count,
        .is_required = config->webhook_verify == WEBHOOK_VERIFY_REQUIRED,
        .body_limit_bytes = config->max_webhook_bytes,
        .sessions = server->sessions,
        .listener = &server->listener,
    };

    server->listener = (struct webhook_listener){server_on_published, server_on_participant,
                                                 server_on_egress, server_on_time, server};
    server->routes = routes_new();
    server->webhook = webhook_new(&set);
    server->egress_door = egress_door_new(config, server->directory);
    server->resolver = (struct resolver){server->sessions, server->store};
    server->feedback_api =
        (struct feedback_api){server->directory, server->hosts, server_on_debug, server};

    webhook_add_routes(server->webhook, server->routes);
    resolver_add_routes(&server->resolver, server->routes);
    hosts_add_routes(server->hosts, server->routes);
    feedback_api_add_routes(&server->feedback_api, server->routes);
    auth_add_routes(server->auth, server->routes);
    server->erasures = erasures_open(server->loop, server->store, server->recordings);
    server_add_reports(server);
    recording_api_init(&server->recording_api, server->auth, server->store, server->recordings,
                       server->erasures, server->objects);
    recording_api_add_routes(&server->recording_api, server->routes);
    server->session_api = (struct session_api){server->auth, server->store};
    session_api_add_routes(&server->session_api, server->routes);
    server->page = (struct page){config};
    page_add_routes(&server->page, server->routes);
    egress_door_add_routes(server->egress_door, server->routes);
    return 0;
}

int server_open_tls(struct server *server, struct buf *problem) {
    char why[WHY_SIZE] = "";
    if (!server->config->tls_cert_file)
        return 0;
    const struct tls_files files = config_tls_files(server->config);
    int err = tls_open_server(&server->tls, &files, why, sizeof why);
    if (err)
        buf_printf(problem, "TLS_CERT_FILE and TLS_KEY_FILE cannot be used: %s", why);
    return err;
}

int server_open_http(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    struct http_handlers handlers = routes_handlers(server->routes);
    struct slice bad;
    if (config->trust_proxy && networks_parse(&server->proxies, config->trust_proxy, &bad))
        return EINVAL; /* config_check has refused such a list */
    int sockets[LISTENER_SOCKETS_MAX];
    size_t socket_count;
    int err = server_service_sockets(sockets, &socket_count, problem);
    if (err)
        return err;
    struct http_settings set = {
        .sockets = sockets,
        .socket_count = socket_count,
        .host = config->loopback_only ? "localhost" : config->host,
        .port = config->port,
        .head_limit_bytes = config->max_head_bytes,
        .body_limit_bytes = config->max_body_bytes,
        .head_timeout_ms = config->head_timeout_ms,
        .write_timeout_ms = config->answer_timeout_ms,
        .least_bytes_a_s = config->answer_bytes_a_s,
        .idle_timeout_ms = config->keep_alive_ms,
        .cors_origins = config->cors_origins,
        .proxies = &server->proxies,
        .tls = server->tls,
        .budget = &server->budget,
        .on_access = access_log_of(config->access_log),
    };
    err = http_server_open(&server->http, server->loop, &set, &handlers);
    if (err)
        buf_printf(problem, "Cannot listen on %s port %u (PROSA_HOST, PORT): %s",
                   set.host ? set.host : "any address,", config->port, strerror(err));
    return err;
}
