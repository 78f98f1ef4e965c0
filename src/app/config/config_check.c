/* What no single setting shows to be wrong, and settings with a syntax of their own. */
#include "app/config/config_private.h"
#include "app/config/config_source.h"
#include "app/config/origins.h"
#include "app/config/proxy.h"
#include "app/config/webhook_targets.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/client_address.h"
#include "outside/db/db_url.h"
#include "outside/hume/hume.h"
#include "wire/web/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

enum { WHY_BYTES = 256 };

/* ---- Addresses ---- */

/* `all` is what `*` becomes. */
static int settle_origins(struct config_source *source, struct config *config, const char *name,
                          const char **value, const char *all) {
    struct buf origins = {0};
    struct slice bad;
    if (!*value)
        return 0;
    if (origins_normalise(&origins, slice_from(*value), &bad)) {
        buf_printf(source->problem,
                   "%s: \"%.*s\" is not an origin: it must be like "
                   "https://app.example.org or http://localhost:3000, or * alone for all",
                   name, SLICE_ARG(bad));
        buf_free(&origins);
        return EINVAL;
    }
    *value = origins.len ? texts_keep(config->texts, buf_take_text(&origins)) : all;
    return 0;
}

int config_settle_origins(struct config_source *source, struct config *config) {
    int err = settle_origins(source, config, "CORS_ORIGINS", &config->cors_origins, NULL);
    if (err)
        return err;
    return settle_origins(source, config, "WEB_FRAME_ANCESTORS", &config->web_frame_ancestors, "*");
}

int config_settle_proxy(struct config_source *source, struct config *config) {
    struct url url;
    if (!config->https_proxy)
        return 0;
    char *proxy = proxy_normalise(config->https_proxy);
    if (!proxy) {
        buf_add_text(source->problem,
                     "HTTPS_PROXY cannot be used: it must be host:port or "
                     "http://user:password@host:port, with / and @ in a password percent-encoded");
        return EINVAL;
    }
    config->https_proxy = texts_keep(config->texts, proxy);
    if (!url_parse(&url, slice_from(config->hume_ws_url)) &&
        proxy_is_skipped(slice_from(config->no_proxy), url.host, url_port(&url)))
        config->https_proxy = NULL;
    return 0;
}

static int check_host(struct config_source *source, const struct config *config) {
    uint8_t bytes[16];
    if (!config->host || strcmp(config->host, "localhost") == 0 ||
        inet_pton(AF_INET, config->host, bytes) == 1 ||
        inet_pton(AF_INET6, config->host, bytes) == 1)
        return 0;
    buf_printf(source->problem, "PROSA_HOST is \"%s\": it must be an address or localhost",
               config->host);
    return EINVAL;
}

static int check_database(struct config_source *source, const struct config *config) {
    struct db_url url;
    char why[WHY_BYTES] = "";
    if (!config->database_url)
        return 0;
    if (db_url_parse(&url, config->database_url, why, sizeof why)) {
        buf_add_text(source->problem, why);
        return EINVAL;
    }
    db_url_free(&url);
    return 0;
}

static int check_proxies(struct config_source *source, const struct config *config) {
    struct networks proxies = {0};
    struct slice bad;
    if (config->trust_proxy && networks_parse(&proxies, config->trust_proxy, &bad)) {
        buf_printf(source->problem, "TRUST_PROXY: %.*s is not an address or network",
                   SLICE_ARG(bad));
        return EINVAL;
    }
    networks_free(&proxies);
    return 0;
}

/* ---- Secrets ---- */

static bool is_published(const char *secret) {
    static const char *const published[] = {
        "change-me",          "changeme",          "change_me",          "your-secret",
        "your_secret",        "dev-access-secret", "dev-refresh-secret", "dev_access_secret",
        "dev_refresh_secret", "supersecret",       "super-secret",       "example",
        "placeholder",
    };
    struct buf lower = {0};
    for (const char *c = secret; *c; c++)
        buf_add_byte(&lower, (char)tolower((unsigned char)*c));
    buf_add_byte(&lower, 0);
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(published); i++)
        found = found || strstr(lower.data, published[i]);
    buf_free(&lower);
    return found;
}

static int check_secret(struct config_source *source, const struct config *config, const char *name,
                        const char *secret) {
    if (!secret || config->mode != MODE_PRODUCTION)
        return 0;
    if (strlen(secret) < 16) {
        buf_printf(source->problem, "%s is shorter than 16 bytes: production refuses it", name);
        return EINVAL;
    }
    if (is_published(secret)) {
        buf_printf(source->problem, "%s is a published development value: production refuses it",
                   name);
        return EINVAL;
    }
    return 0;
}

/* Whoever knows one of these secrets may make any webhook and any host. */
static int check_livekit_secrets(struct config_source *source, const struct config *config) {
    const char *first = config_source_find(source, "LIVEKIT_API_KEY");
    for (size_t i = 0; i < config->livekit_key_count; i++) {
        const struct jwt_key *key = &config->livekit_keys[i];
        bool is_first = first && slice_is_equal(key->issuer, slice_trim(slice_from(first)));
        const char *name = is_first ? "LIVEKIT_API_SECRET" : "A secret of LIVEKIT_KEYS";
        if (check_secret(source, config, name, key->secret.ptr))
            return EINVAL;
    }
    return 0;
}

static int check_webhooks(struct config_source *source, const struct config *config) {
    struct slice bad = SLICE_NONE;
    if (!config->webhook_urls)
        return 0;
    const char *wrong = webhook_urls_check(slice_from(config->webhook_urls), &bad);
    if (wrong) {
        buf_printf(source->problem, "WEBHOOK_URLS: ");
        webhook_origin_write(source->problem, bad);
        buf_printf(source->problem, " %s", wrong);
        return EINVAL;
    }
    wrong = config->webhook_secret
                ? webhook_secrets_check(slice_from(config->webhook_secret))
                : "is not set, but WEBHOOK_URLS is: receivers could not know who "
                  "sends; `echo whsec_$(openssl rand -base64 32)` makes one";
    if (wrong)
        buf_printf(source->problem, "WEBHOOK_SECRET %s", wrong);
    return wrong ? EINVAL : 0;
}

/* ---- The whole ---- */

static int check_hume_key(struct config_source *source, const struct config *config) {
    for (const char *c = config->hume_api_key; c && *c; c++)
        if (*c <= ' ' || *c >= 0x7f) {
            buf_add_text(source->problem,
                         "HUME_API_KEY holds a character that no header may carry");
            return EINVAL;
        }
    return 0;
}

/* A message always fits the empty queue of a client. */
static void warn_of_sizes(struct config_source *source, const struct config *config) {
    if (config->message_bytes > config->socket_packet_bytes)
        buf_printf(&source->warnings,
                   "SOCKET_MESSAGE_BYTES is %zu, but SOCKET_PACKET_BYTES lets only %zu in\n",
                   config->message_bytes, config->socket_packet_bytes);
    if (config->message_bytes > config->client_queue_bytes / 2)
        buf_printf(
            &source->warnings,
            "SOCKET_MESSAGE_BYTES is %zu, more than half of SOCKET_QUEUE_BYTES (%zu): of two "
            "such messages at once a client may be disconnected\n",
            config->message_bytes, config->client_queue_bytes);
}

static void warn_of_sources(struct config_source *source, const struct config *config) {
    if (config->media_source == MEDIA_JOIN && !config->livekit_key_count)
        buf_add_text(&source->warnings, "MEDIA_SOURCE is join, but without LIVEKIT_API_KEY no room "
                                        "can be joined\n");
}

/* An object store that cannot be opened is found here, before the first recording ends. */
static int check_object_store(struct config_source *source, struct config *config) {
    struct s3 *s3;
    char why[WHY_BYTES];
    if (!config->s3.bucket)
        return 0;
    config->s3.is_path_style = config->s3_path_style == PATH_AUTO
                                   ? config->s3.endpoint != NULL
                                   : config->s3_path_style == PATH_ON;
    int err = s3_open(&s3, &config->s3, why, sizeof why);
    if (err)
        buf_add_text(source->problem, why);
    else
        s3_free(s3);
    return err;
}

static int check_redis(struct config_source *source, struct config *config) {
    char why[WHY_BYTES];
    if (!config->redis_url && config->socket_adapter == SOCKET_ADAPTER_REDIS) {
        buf_add_text(source->problem,
                     "SOCKET_ADAPTER is redis, and REDIS_URL does not say where it "
                     "is");
        return EINVAL;
    }
    if (!config->redis_url)
        return 0;
    int err = redis_place_parse(&config->redis, config->redis_url, config->redis_sentinels,
                                config->redis_sentinel_name, why, sizeof why);
    if (err)
        buf_printf(source->problem, "REDIS_URL, REDIS_SENTINELS: %s", why);
    return err;
}

static int check_tls(struct config_source *source, const struct config *config) {
    if (!config->tls_cert_file != !config->tls_key_file) {
        buf_printf(source->problem, "%s is set but %s is not: TLS needs both",
                   config->tls_cert_file ? "TLS_CERT_FILE" : "TLS_KEY_FILE",
                   config->tls_cert_file ? "TLS_KEY_FILE" : "TLS_CERT_FILE");
        return EINVAL;
    }
    if (config->metrics_client_ca_file && !config->tls_cert_file) {
        buf_add_text(source->problem,
                     "METRICS_CLIENT_CA_FILE is set, but certificates of clients come "
                     "by TLS alone: set TLS_CERT_FILE and TLS_KEY_FILE");
        return EINVAL;
    }
    return 0;
}

struct tls_files config_tls_files(const struct config *config) {
    return (struct tls_files){config->tls_cert_file, config->tls_key_file,
                              config->metrics_client_ca_file};
}

int config_check(struct config_source *source, struct config *config) {
    if (check_secret(source, config, "JWT_ACCESS_SECRET", config->jwt_access_secret) ||
        check_secret(source, config, "JWT_ACCESS_SECRET_PREVIOUS",
                     config->jwt_access_secret_previous) ||
        check_secret(source, config, "JWT_REFRESH_SECRET", config->jwt_refresh_secret) ||
        check_secret(source, config, "EGRESS_URL_SECRET", config->egress_url_secret) ||
        check_livekit_secrets(source, config))
        return EINVAL;
    if (check_host(source, config) || check_database(source, config) ||
        check_proxies(source, config) || check_hume_key(source, config) ||
        check_webhooks(source, config) || check_object_store(source, config) ||
        check_redis(source, config) || check_tls(source, config))
        return EINVAL;
    warn_of_sizes(source, config);
    warn_of_sources(source, config);
    if (hume_is_v1(config->hume_ws_url) && config->hume_rate_hz != 16000) {
        buf_printf(source->problem,
                   "HUME_TARGET_SAMPLE_RATE is %u: the v1 protocol of HUME_WS_URL takes 16000 only",
                   config->hume_rate_hz);
        return EINVAL;
    }
    return 0;
}
