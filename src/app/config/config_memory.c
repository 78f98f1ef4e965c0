#include "app/config/config.h"
#include "app/config/setting.h"
#include "base/buf.h"
#include "outside/hume/hume_limiter.h"

#include <unistd.h>

enum {
    KIB = 1024,
    /* The program, its database, and meetings without sound. */
    OWN_BYTES = 64 * 1024 * KIB,
    /* Connection, session and rooms, while nothing waits; TLS besides. */
    CONNECTION_BYTES = 12 * KIB,
    TLS_BYTES = 24 * KIB,
    /* Analysis, and half a second of sound on its way to the disk. */
    TRACK_BYTES = 384 * KIB,
};

/* Passwords are hashed on half of the cores. */
static uint64_t hashing_threads(void) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 3 ? (uint64_t)cores / 2 : 1;
}

uint64_t config_memory(const struct config *config, struct memory_part parts[CONFIG_MEMORY_PARTS]) {
    uint64_t connection_bytes = CONNECTION_BYTES + (config->tls_cert_file ? TLS_BYTES : 0);
    const struct memory_part all[CONFIG_MEMORY_PARTS] = {
        {"the program itself", NULL, OWN_BYTES},
        {"clients", "MAX_CLIENT_BYTES", config->client_memory_bytes},
        {"connections", "MAX_CONNECTIONS", config->max_connections * connection_bytes},
        {"events for those who come back", "SOCKET_HISTORY_BYTES",
         config->socket_recovery ? config->history_bytes : 0},
        {"tracks", "MAX_TRACKS", config->max_tracks * (uint64_t)TRACK_BYTES},
        {"sound that waits for the disk", "DISK_QUEUE_BYTES", config->disk_queue_bytes},
        {"sound that waits for Hume", "HUME_API_KEY",
         config->hume_api_key ? hume_limiter_room_bytes(config->max_tracks) : 0},
        {"passwords", "ARGON2_MEMORY_KIB",
         hashing_threads() * config->argon2_memory_kib * (uint64_t)KIB},
    };
    uint64_t sum = 0;
    for (size_t i = 0; i < CONFIG_MEMORY_PARTS; i++) {
        parts[i] = all[i];
        sum += all[i].bytes;
    }
    return sum;
}

static void write_mib(struct buf *out, uint64_t bytes) {
    uint64_t mib = (uint64_t)1024 * KIB;
    buf_printf(out, "%llu MiB", (unsigned long long)((bytes + mib / 2) / mib));
}

void config_write_memory(const struct config *config, struct buf *out) {
    struct memory_part parts[CONFIG_MEMORY_PARTS];
    uint64_t sum = config_memory(config, parts);
    buf_add_text(out, "at most ");
    write_mib(out, sum);
    if (config->memory_bytes > 0) {
        buf_add_text(out, " of ");
        write_mib(out, config->memory_bytes);
        buf_add_text(out, sum > config->memory_bytes ? ", which is not enough" : "");
    }
    for (size_t i = 0; i < CONFIG_MEMORY_PARTS; i++) {
        if (parts[i].bytes == 0)
            continue;
        buf_printf(out, "%s%s ", i ? ", " : ": ", parts[i].what);
        write_mib(out, parts[i].bytes);
        if (parts[i].setting)
            buf_printf(out, " (%s)", parts[i].setting);
    }
}
