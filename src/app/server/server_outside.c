/* What is outside and only there when a setting names it: the object store, other servers of
 * Socket.IO. */
#include "app/config/config.h"
#include "app/objects/objects.h"
#include "app/peers/peers.h"
#include "app/server/server_private.h"

int server_open_objects(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    char why[256];
    struct objects_settings set = {.loop = server->loop,
                                   .storage = server->storage,
                                   .store = server->store,
                                   .prefix = config->s3_prefix ? config->s3_prefix : "",
                                   .keep_local_hours = config->s3_keep_local_hours,
                                   .link_s = config->s3_link_s};
    if (!config->s3.bucket)
        return 0;
    int err = s3_open(&set.s3, &config->s3, why, sizeof why);
    if (err)
        buf_add_text(problem, why);
    else
        server->objects = objects_open(&set);
    return err;
}

int server_open_peers(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    struct peers_settings set = {.loop = server->loop,
                                 .place = &config->redis,
                                 .key = config->socket_adapter_key,
                                 .max_bytes = config->socket_packet_bytes};
    char why[256] = "";
    if (config->socket_adapter == SOCKET_ADAPTER_OFF)
        return 0;
    int err =
        config->redis.is_secure ? tls_open_client(&server->redis_tls, NULL, why, sizeof why) : 0;
    set.tls = server->redis_tls;
    if (err)
        buf_printf(problem, "TLS for Redis cannot be used: %s", why);
    else
        server->peers = peers_open(&set);
    return err;
}
