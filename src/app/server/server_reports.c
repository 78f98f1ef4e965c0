/* What is served and kept of meetings beside the live feedback. */
#include "app/config/config.h"
#include "app/reports/reports.h"
#include "app/server/server_private.h"

void server_add_reports(struct server *server) {
    const struct config *config = server->config;
    reports_add_routes(server->reports, server->routes);
    server->page_rights =
        (struct page_rights){config, server->auth, server->store, server->hosts, server->sessions};
    page_rights_add_routes(&server->page_rights, server->routes);
    server->verdicts = (struct verdicts){.config = config,
                                         .store = server->store,
                                         .hosts = server->hosts,
                                         .directory = server->directory};
    verdicts_add_routes(&server->verdicts, server->routes);
    const struct mix_settings mix = {.loop = server->loop,
                                     .storage = server->storage,
                                     .store = server->store,
                                     .hosts = server->hosts,
                                     .directory = server->directory};
    server->mix_api = mix_api_new(&mix);
    mix_api_add_routes(server->mix_api, server->routes);
    server->person_api = (struct person_api){server->auth, server->store, server->erasures,
                                             server->hosts, server->directory};
    person_api_add_routes(&server->person_api, server->routes);
}
