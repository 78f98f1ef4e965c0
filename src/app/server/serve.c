#include "app/server/serve.h"

#include "app/config/config.h"
#include "app/objects/objects.h"
#include "app/recordings/recordings.h"
#include "app/server/server.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/macros.h"
#include "net/log_writer.h"
#include "net/worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWN_DESCRIPTORS = 64, LOG_PATIENCE_MS = 1000 };

static int complain(struct buf *problem) {
    fprintf(stderr, "prosa: %.*s\n", SLICE_ARG(buf_slice(problem)));
    buf_free(problem);
    return 1;
}

/* A track needs a socket and a file. Where there are too few descriptors for all, connections get at
 * most half of them, so that strangers leave the other half to recordings. */
static void share_descriptors(struct config *config) {
    struct rlimit limit;
    rlim_t wanted = config->max_connections + 2 * config->max_tracks + OWN_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= wanted)
        return;
    rlim_t spare = limit.rlim_max > OWN_DESCRIPTORS ? limit.rlim_max - OWN_DESCRIPTORS : 0;
    if (config->max_connections > spare / 2)
        config->max_connections = spare > 8 ? (unsigned)(spare / 2) : 4;
    rlim_t tracks = spare > config->max_connections ? (spare - config->max_connections) / 2 : 1;
    if (config->max_tracks > tracks)
        config->max_tracks = tracks > 1 ? (unsigned)tracks : 1;
    log_warn("server", "too few file descriptors for MAX_CONNECTIONS and MAX_TRACKS (ulimit -n)",
             log_int("have", (int64_t)limit.rlim_max), log_int("want", (int64_t)wanted),
             log_int("connections", config->max_connections),
             log_int("tracks", config->max_tracks));
}

/* Settings that ask for more memory than there is are the operator's choice, and their risk. */
static void look_at_memory(const struct config *config) {
    struct memory_part parts[CONFIG_MEMORY_PARTS];
    struct buf text = {0};
    if (config->memory_bytes == 0 || config_memory(config, parts) <= config->memory_bytes)
        return;
    config_write_memory(config, &text);
    log_warn("server", "the limits allow for more memory than there is",
             log_slice("memory", buf_slice(&text)));
    buf_free(&text);
}

static void announce(const struct config *config, uint16_t port) {
    static const char *const modes[] = {"development", "test", "production"};
    struct buf doors = {0};
    config_open_doors(config, &doors);
    if (doors.len)
        log_info("server", "open doors", log_slice("doors", buf_slice(&doors)));
    struct slice warnings = slice_from(config->warnings), warning;
    while (slice_cut(&warnings, '\n', &warning))
        log_warn("config", "a setting is doubtful", log_slice("why", warning));
    if (config->loopback_only)
        log_info("server", "nothing is configured, so only this machine can connect; PROSA_HOST, "
                           "an env file or a LIVEKIT_ setting changes that");
    if (!config->cors_origins && config->mode == MODE_PRODUCTION)
        log_warn("server", "every web origin is allowed; CORS_ORIGINS limits them");
    if (config->idle_cooldown)
        log_warn("server",
                 "cooldowns have no effect without FEEDBACK_RULES=1: RULE_<TYPE>_REMIND_S, "
                 "_REMIND_AGAIN_S and _OVER_S have replaced them",
                 log_text("setting", config->idle_cooldown));
    log_info("server", "listening", log_int("port", port), log_text("mode", modes[config->mode]),
             log_text("settings", config->env_file ? config->env_file : "environment"));
    buf_free(&doors);
}

/* Signals that would end the process at once. SIGHUP gets its meaning in server_run(); a file that
 * would grow beyond a limit of the system (SIGXFSZ) is a failed write like others. */
static void ignore_signals(void) {
    static const int numbers[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGXFSZ};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        signal(numbers[i], SIG_IGN);
}

static int serve(struct config *config) {
    struct server *server;
    struct buf problem = {0};
    share_descriptors(config);
    look_at_memory(config);
    worker_pool_reserve(RECORDINGS_READERS + RECORDINGS_ERASERS +
                        (config->s3.bucket ? OBJECTS_AT_ONCE : 0));
    if (server_open(&server, config, &problem))
        return complain(&problem);
    announce(config, server_port(server));
    int code = server_run(server);
    server_close(server);
    log_info("server", "left", log_int("code", code));
    return code;
}

int serve_main(int argc, char **argv) {
    struct config *config;
    struct log_writer *log;
    struct buf problem = {0};

    if (argc > 1)
        return 2;
    umask(027);
    ignore_signals();
    if (config_load(&config, &problem))
        return complain(&problem);
    if (config_check_folders(config, &problem) || config_secrets(config, &problem)) {
        config_free(config);
        return complain(&problem);
    }
    log_setup(config->log_level, config->log_format);
    int err = log_writer_open(&log, STDERR_FILENO);
    if (err) {
        buf_printf(&problem, "The log's thread cannot be started: %s", strerror(err));
        return complain(&problem);
    }
    int code = serve(config);
    log_writer_close(log, LOG_PATIENCE_MS);
    config_free(config);
    return code;
}
