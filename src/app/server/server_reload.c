/*
 * What is read again while the server runs: the certificate and its key, at SIGHUP and when their
 * files have changed, and RULES_FILE at SIGHUP. Connections that are open keep what they began
 * with; meetings go on with the new rules.
 */
#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/log.h"
#include "net/tls.h"

enum { LOOK_MS = 5000, WHY_SIZE = 512 };

/* Files that cannot be used (a renewed certificate whose key is not there yet) change nothing. They
 * are read again when they change again. */
static void read_certificates(struct server *server) {
    char why[WHY_SIZE] = "";
    if (!server->tls)
        return;
    if (tls_reload(server->tls, why, sizeof why))
        log_error("server", "the certificate files cannot be used; the old ones stay",
                  log_text("why", why));
    else
        log_info("server", "certificate files read again");
}

static void server_on_look(void *user) {
    struct server *server = user;
    if (tls_has_changed(server->tls))
        read_certificates(server);
}

static void read_rules(struct server *server) {
    struct buf problem = {0};
    if (!server->config->rules_file)
        return;
    if (rulebook_reload(server->rulebook, &problem)) {
        log_error("server", "the rules stay as they were", log_slice("why", buf_slice(&problem)));
    } else {
        directory_renew_rules(server->directory);
        log_info("server", "rules read again", log_text("file", server->config->rules_file));
    }
    buf_free(&problem);
}

void server_reload(struct server *server) {
    log_info("server", "reading files again");
    server_service_reloading();
    read_certificates(server);
    read_rules(server);
    server_service_reloaded();
}

void server_reload_start(struct server *server) {
    if (server->tls)
        timer_start(server->loop, &server->look, LOOK_MS, LOOK_MS, server_on_look, server);
}
