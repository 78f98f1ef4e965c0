#ifndef APP_CONFIG_H
#define APP_CONFIG_H

/*
 * The settings. One table in config.c declares the name, type, default, bounds and help of each; it
 * makes `--help`, env.example, `check-config` and docs/configuration.md. To add one: a field here,
 * a row there.
 *
 * Sources, strongest first: the process environment; then the file `.env`, else `env`, in the
 * working directory. An empty value counts as unset.
 */

#include "meeting/expressions.h"
#include "meeting/rules.h"
#include "wire/web/jwt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;

enum config_mode { MODE_DEVELOPMENT, MODE_TEST, MODE_PRODUCTION };
enum feedback_access { ACCESS_OPEN, ACCESS_REPORT, ACCESS_HOST };
enum egress_auth { EGRESS_AUTH_OFF, EGRESS_AUTH_REPORT, EGRESS_AUTH_SIGNED };
enum webhook_verify { WEBHOOK_VERIFY_OFF, WEBHOOK_VERIFY_REQUIRED };
enum mute_policy { MUTE_PAUSE, MUTE_SILENCE };
enum channels_policy { CHANNELS_AUTO, CHANNELS_DECLARED };
enum registration { REGISTRATION_OPEN, REGISTRATION_INVITE, REGISTRATION_OFF };
enum message_scope { MESSAGE_ALL, MESSAGE_ROOMS };
enum reconcile_rooms { RECONCILE_KNOWN, RECONCILE_ALL };

/* Text is NULL where unset. Everything is owned by the config and constant after config_load. */
struct config {
    int mode; /* enum config_mode */

    /* Listener */
    const char *host; /* NULL: all interfaces, or loopback (see loopback_only) */
    int64_t port;
    bool loopback_only; /* nobody configured anything: stay private */
    const char *tls_cert_file;
    const char *tls_key_file;
    const char *cors_origins; /* comma separated; NULL: every origin is echoed */
    const char *trust_proxy;  /* comma separated networks */
    int64_t max_connections;
    int64_t max_tracks;
    int64_t max_head_bytes;
    int64_t max_body_bytes;
    int64_t max_webhook_bytes;
    int64_t head_timeout_ms;
    int64_t shards;
    int64_t drain_ms;

    /* Storage */
    const char *database_url;     /* NULL: SQLite at default_database */
    const char *default_database; /* <storage>/prosa.db */
    int64_t database_stall_ms;
    const char *storage_dir;
    const char *audio_dir;
    const char *video_dir;
    const char *pipeline_log_dir;

    /* LiveKit */
    const char *livekit_url;          /* http(s)://..., without a slash at the end */
    struct jwt_key *livekit_keys; /* the first signs our own calls; the texts are terminated */
    size_t livekit_key_count;
    int webhook_verify; /* enum webhook_verify, `auto` already decided */
    const char *egress_ws_base;
    bool egress_autostart;
    int egress_auth; /* enum egress_auth */
    const char *egress_url_secret;
    int reconcile_rooms; /* enum reconcile_rooms */
    int64_t reconcile_seconds;
    int64_t livekit_timeout_ms;

    /* Recording */
    const char *record_format; /* wav, flac, opus, off */
    int wav_layout;            /* enum wav_layout of wire/media/wav.h */
    double header_seconds;
    int fsync; /* enum disk_fsync of outside/disk/disk_settings.h */
    double fsync_seconds;
    int on_mute; /* enum mute_policy */
    int64_t mute_tail_ms;
    int record_channels; /* enum channels_policy */
    int64_t opus_bitrate_bps;
    int64_t encode_max;
    int64_t recording_ttl_days;
    int64_t disk_min_free_bytes;
    int64_t disk_warn_free_bytes;
    int64_t disk_queue_bytes;
    int64_t max_egress_message_bytes;

    /* Analysis */
    double group_seconds;
    bool normalize;
    int pipeline_payload;
    bool feedback_include_host;
    int feedback_access; /* enum feedback_access */
    int feedback_locale; /* 0 pt-BR, 1 en: enum locale of meeting/feedback.h */
    int64_t feedback_ttl_days;
    struct rules rules; /* defaults changed by RULE_<TYPE>_<FIELD> */

    /* Hume */
    const char *hume_api_key;
    const char *hume_ws_url;
    int64_t hume_rate_hz;
    bool hume_v0_hello;
    bool hume_skip_silence;
    const char *hume_expression_map;
    struct expressions expressions; /* with the changes of hume_expression_map */
    const char *https_proxy;

    /* Socket.IO */
    bool socket_recovery;
    int message_scope; /* enum message_scope */
    int64_t message_bytes;
    int64_t messages_per_second;
    int64_t rooms_per_client;
    int64_t client_queue_bytes;
    int64_t socket_packet_bytes;

    /* Accounts */
    const char *jwt_access_secret;
    const char *jwt_access_secret_previous;
    const char *jwt_refresh_secret;
    int64_t jwt_access_ttl_s;
    int64_t jwt_refresh_ttl_s;
    int registration; /* enum registration */
    const char *default_organization;
    int64_t argon2_memory_kib;
    int64_t argon2_passes;
    int64_t logins_per_minute; /* of one address, and the two after it; 0: no limit */
    int64_t register_per_hour;
    int64_t refreshes_per_minute;

    /* Watching it */
    const char *metrics_token;
    int log_level;  /* enum log_level of base/log.h */
    int log_format; /* enum log_format of base/log.h */

    const char *env_file; /* the file that was read; NULL: none */
    char **owned;         /* the texts above */
    size_t owned_count;
};

/*
 * Reads the environment and the env file of the working directory. 0, or EINVAL with one sentence
 * in `problem` that names the setting. Touches no file but the env file: secrets come with
 * config_secrets().
 */
int config_load(struct config **config, struct buf *problem);
void config_free(struct config *);

/* The same from given sources (tests, demo): `file` is the text of an env file or NULL, `environ`
 * as in execve. */
int config_parse(struct config **config, const char *file_name, const char *file_text,
                 char *const *environment, struct buf *problem);

/*
 * Fills what was left unset with secrets kept in <storage>/secrets (mode 0600), making them once. 0
 * or errno with a sentence in `problem`.
 */
int config_secrets(struct config *, struct buf *problem);

/* What the table makes. */
void config_write_help(FILE *);
void config_write_example(FILE *);
void config_write_markdown(FILE *);

/* The values in force, NAME=value a line; of secrets only whether they are set. */
void config_write_values(const struct config *, FILE *);

/* One line that names the doors that stand open and the setting that shuts each; empty when all are
 * shut. */
void config_open_doors(const struct config *, struct buf *);

#endif
