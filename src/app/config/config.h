#ifndef APP_CONFIG_H
#define APP_CONFIG_H

/*
 * The settings. The table in config_table.c declares the name, type, default, bounds and help of
 * each; `--help`, env.example, `check-config` and docs/configuration.md are made from it. To add a
 * setting, add a field here and a row there.
 *
 * Sources, strongest first: the process environment; the file `.env`; the file `env`, both in the
 * working directory. An empty value counts as unset. Values in files may refer to others: ${NAME}.
 * A secret may lie in a file of its own: NAME_FILE names it, or it is a credential of systemd.
 */

#include "base/log.h"
#include "base/slice.h"
#include "meeting/expressions.h"
#include "meeting/feedback.h"
#include "meeting/rules.h"
#include "net/tls.h"
#include "outside/disk/disk_settings.h"
#include "outside/redis/redis.h"
#include "outside/s3/s3.h"
#include "wire/media/wav.h"
#include "wire/web/jwt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buf;
struct texts;

enum config_mode { MODE_DEVELOPMENT, MODE_TEST, MODE_PRODUCTION };
enum feedback_access { ACCESS_OPEN, ACCESS_REPORT, ACCESS_HOST };
enum egress_auth { EGRESS_AUTH_OFF, EGRESS_AUTH_REPORT, EGRESS_AUTH_SIGNED };
enum webhook_verify { WEBHOOK_VERIFY_OFF, WEBHOOK_VERIFY_REQUIRED };
enum mute_policy { MUTE_PAUSE, MUTE_SILENCE };
enum channels_policy { CHANNELS_AUTO, CHANNELS_DECLARED };
/* Of which kind hashes of passwords are: as the user's is, or always of one. */
enum password_policy { PASSWORDS_KEEP, PASSWORDS_ARGON2ID, PASSWORDS_BCRYPT };
enum registration { REGISTRATION_OPEN, REGISTRATION_INVITE, REGISTRATION_OFF };
enum message_scope { MESSAGE_ALL, MESSAGE_ROOMS };
enum access_log { ACCESS_LOG_OFF, ACCESS_LOG_CLF, ACCESS_LOG_JSON };
enum socket_recovery { RECOVERY_OFF, RECOVERY_ASKED, RECOVERY_ON };
enum media_source { MEDIA_EGRESS, MEDIA_JOIN };
/* How the clients of other Socket.IO servers are reached. */
enum socket_adapter { SOCKET_ADAPTER_OFF, SOCKET_ADAPTER_REDIS };

/* Whether a bucket is in the path of a URL; PATH_AUTO: where S3_ENDPOINT is set. */
enum path_style { PATH_AUTO, PATH_ON, PATH_OFF };
enum reconcile_rooms { RECONCILE_KNOWN, RECONCILE_ALL };

/* Text is NULL where unset. Everything is owned by the config and constant after config_load. */
struct config {
    enum config_mode mode;

    /* Listener */
    const char *host; /* NULL: all interfaces, or loopback (see loopback_only) */
    unsigned port;
    bool loopback_only; /* nothing is configured: listen to this machine only */
    const char *tls_cert_file;
    const char *tls_key_file;
    const char *cors_origins; /* comma separated, as browsers write them; NULL: all are echoed */
    const char *trust_proxy;  /* comma separated networks */
    bool web_page;
    bool web_moods;
    const char *web_contact;         /* NULL: none */
    const char *web_frame_ancestors; /* comma separated origins, or "*"; NULL: none */
    size_t memory_bytes;             /* that the process may use; 0: unknown */
    size_t client_memory_bytes;
    unsigned max_connections;
    unsigned max_tracks;
    size_t max_head_bytes;
    size_t max_body_bytes;
    size_t max_webhook_bytes;
    int64_t head_timeout_ms;
    int64_t answer_timeout_ms;
    size_t answer_bytes_a_s;
    int64_t keep_alive_ms;
    unsigned shards;
    int64_t drain_ms;

    /* Storage */
    const char *database_url;       /* NULL: SQLite at default_database */
    const char *default_database;   /* <storage>/prosa.db */
    const char *egress_nonces_file; /* <storage>/egress-nonces */
    unsigned database_stall_ms;
    const char *storage_dir;
    const char *audio_dir;
    const char *video_dir;

    /* LiveKit */
    const char *livekit_url;      /* http(s)://..., without a slash at the end */
    struct jwt_key *livekit_keys; /* the first signs our own calls; the texts are terminated */
    size_t livekit_key_count;
    enum media_source media_source;
    bool join_record_video;
    const char *join_rooms, *join_rooms_except; /* patterns of names */
    enum webhook_verify webhook_verify;         /* `auto` already decided */
    const char *egress_ws_base;
    bool egress_autostart;
    enum egress_auth egress_auth;
    const char *egress_url_secret;
    enum reconcile_rooms reconcile_rooms;
    int64_t reconcile_seconds;
    int64_t livekit_timeout_ms;

    /* Recording */
    const char *record_format; /* wav, flac, opus, off; NULL: unset */
    enum wav_layout wav_layout;
    double header_seconds;
    enum disk_fsync fsync;
    double fsync_seconds;
    enum mute_policy on_mute;
    unsigned mute_tail_ms;
    unsigned egress_delay_ms;
    enum channels_policy record_channels;
    unsigned opus_bitrate_bps;
    unsigned encode_max;
    unsigned recording_ttl_days;
    size_t disk_min_free_bytes;
    size_t disk_warn_free_bytes;
    size_t disk_queue_bytes;
    size_t max_egress_message_bytes;

    /* Object store: s3.bucket NULL: there is none */
    struct s3_settings s3;
    enum path_style s3_path_style;
    const char *s3_prefix;
    double s3_keep_local_hours;
    unsigned s3_link_s;

    /* Redis: redis_url NULL: there is none */
    const char *redis_url, *redis_sentinels, *redis_sentinel_name;
    struct redis_place redis; /* what they say */
    enum socket_adapter socket_adapter;
    const char *socket_adapter_key;

    /* Analysis */
    double group_seconds;
    bool normalize;
    int pipeline_payload;
    unsigned feedback_rules;
    bool feedback_include_host;
    enum feedback_access feedback_access;
    enum locale feedback_locale;
    unsigned feedback_ttl_days;
    unsigned report_ttl_days;
    unsigned page_right_days;
    struct rules rules;     /* defaults changed by RULE_<TYPE>_<FIELD> */
    const char *rules_file; /* rulebook.h */
    /* A RULE_<TYPE>_COOLDOWN_S that was set and has no effect; NULL: none. */
    const char *idle_cooldown;

    /* Hume */
    const char *hume_api_key;
    const char *hume_ws_url;
    unsigned hume_rate_hz;
    bool hume_v0_hello;
    bool hume_skip_silence;
    const char *hume_expression_map;
    struct expressions expressions; /* with the changes of hume_expression_map */
    /* "http://host:port"; NULL: none, or HUME_WS_URL is reached without it */
    const char *https_proxy;
    const char *no_proxy;

    /* Socket.IO */
    enum socket_recovery socket_recovery;
    enum message_scope message_scope;
    size_t message_bytes;
    unsigned messages_per_second;
    unsigned rooms_per_client;
    size_t client_queue_bytes;
    size_t history_bytes;
    size_t socket_packet_bytes;
    size_t socket_bytes_per_second;

    /* Accounts */
    const char *jwt_access_secret;
    const char *jwt_access_secret_previous;
    const char *jwt_refresh_secret;
    int64_t jwt_access_ttl_s;
    int64_t jwt_refresh_ttl_s;
    enum registration registration;
    const char *reset_url; /* NULL: none */
    const char *default_organization;
    enum password_policy password_policy;
    unsigned argon2_memory_kib;
    unsigned argon2_passes;
    unsigned logins_per_minute; /* of one address, and the two after it; 0: no limit */
    unsigned register_per_hour;
    unsigned refreshes_per_minute;

    /* Webhooks to others; NULL: none */
    const char *webhook_urls;
    const char *webhook_secret;
    int64_t webhook_retry_ms;
    int64_t webhook_timeout_ms;
    int64_t webhook_give_up_s;

    /* Watching it */
    const char *metrics_token;
    const char *metrics_client_ca_file; /* needs TLS */
    enum log_level log_level;
    enum log_format log_format;
    enum access_log access_log;

    const char *env_file; /* the files that were read; NULL: none */
    /* What was put right, ignored or is doubtful, a sentence a line; NULL: nothing. */
    const char *warnings;
    struct texts *texts; /* owns the texts above */
};

/*
 * Reads the environment and the env files of the working directory. 0, or EINVAL with one sentence
 * in `problem` that names the setting. Reads no file but the env file: secrets come with
 * config_secrets().
 */
int config_load(struct config **config, struct buf *problem);
void config_free(struct config *);

/* The files of the server's TLS; cert NULL: it speaks without. Borrowed from the config. */
struct tls_files config_tls_files(const struct config *config);

/* The same from given sources (tests, demo): `files` are the texts of env files, the strongest
 * first, each of which may be NULL; `environ` as in execve. */
enum { CONFIG_FILES = 2 };
int config_parse(struct config **config, const char *const files[CONFIG_FILES],
                 char *const *environment, struct buf *problem);

/*
 * Fills the secrets that are unset from <storage>/secrets (mode 0600), which it makes at the first
 * start. 0 or errno with a sentence in `problem`.
 */
int config_secrets(struct config *, struct buf *problem);

/*
 * Whether this process can write where recordings, videos and SQLite's file go, by trying. 0, or
 * errno with a sentence in `problem` that names the setting, the user and what to do.
 */
int config_check_folders(const struct config *, struct buf *problem);

/* The documents made from the table. */
void config_write_help(FILE *);
/* The settings as a list of man's macros; `text` escapes what it prints. */
void config_write_man(FILE *, void (*text)(const char *, FILE *));
void config_write_example(FILE *);
void config_write_markdown(FILE *);
void config_write_rules_schema(FILE *);

/* What each line of an env file of the old backend means here, a line each; never a value. */
void config_write_former(struct slice file, FILE *);
/* What the old backend let in and these settings refuse, each with the setting that lets it in. */
void config_write_shut_doors(const struct config *, FILE *);

/* The values in force, NAME=value a line; of secrets only whether they are set. */
void config_write_values(const struct config *, FILE *);

/* What the server may use at most, part by part, and all of it. */
struct memory_part {
    const char *what, *setting; /* NULL: no setting changes it */
    uint64_t bytes;
};
enum { CONFIG_MEMORY_PARTS = 8 };
uint64_t config_memory(const struct config *, struct memory_part parts[CONFIG_MEMORY_PARTS]);
/* One line with the sum, the memory there is, and the parts. */
void config_write_memory(const struct config *, struct buf *);

/* One line that names what is open to strangers, each with the setting that closes it; empty when
 * nothing is. */
void config_open_doors(const struct config *, struct buf *);

#endif
