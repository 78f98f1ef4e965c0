#include "app/config/config.h"
#include "base/buf.h"
#include "base/mem.h"
#include "meeting/rule.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct config *parse(const char *file, char *const *environment) {
    struct config *config;
    struct buf problem = {0};
    int err = config_parse(&config, (const char *[CONFIG_FILES]){file}, environment, &problem);
    if (err)
        print_error("%.*s\n", SLICE_ARG(buf_slice(&problem)));
    assert_int_equal(err, 0);
    buf_free(&problem);
    return config;
}

/* The whole sentence that stops the start. */
static void expect_refusal(const char *file, const char *sentence) {
    struct config *config;
    struct buf problem = {0};
    assert_int_not_equal(config_parse(&config, (const char *[CONFIG_FILES]){file}, NULL, &problem),
                         0);
    assert_slice_equal(buf_slice(&problem), sentence);
    buf_free(&problem);
}

static void defaults_stand(void **state) {
    struct config *config = parse(NULL, NULL);
    assert_int_equal(config->port, 3001);
    assert_true(config->loopback_only);
    assert_int_equal(config->mode, MODE_DEVELOPMENT);
    assert_string_equal(config->livekit_url, "http://localhost:7880");
    assert_string_equal(config->egress_ws_base, "ws://localhost:3001");
    assert_string_equal(config->audio_dir, "storage/egress/audio");
    assert_string_equal(config->default_database, "storage/prosa.db");
    assert_null(config->database_url);
    assert_null(config->record_format);
    assert_int_equal(config->disk_min_free_bytes, 1 << 30);
    assert_int_equal(config->feedback_access, ACCESS_OPEN);
    assert_int_equal(config->webhook_verify, WEBHOOK_VERIFY_OFF);
    assert_true(config->egress_autostart);
    assert_false(config->feedback_include_host);
    config_free(config);
}

static void an_env_file_of_the_old_backend(void **state) {
    struct config *config =
        parse("PORT=3005\n"
              "DATABASE_URL=\"postgresql://u:p@localhost:5432/live?schema=public\"\n"
              "LIVEKIT_HOST=wss://lk.example.org/\n"
              "LIVEKIT_API_KEY=devkey # ours\n"
              "LIVEKIT_API_SECRET=a-secret-of-this-test-0123\n"
              "EGRESS_WS_BASE=ws://host.docker.internal:3001\n"
              "AUDIO_PIPELINE_GROUP_SECONDS=2\n"
              "AUDIO_PIPELINE_PAYLOAD=wav\n"
              "HUME_API_KEY=\n"
              "FEEDBACK_INCLUDE_HOST=false\n",
              NULL);
    assert_int_equal(config->port, 3005);
    assert_string_equal(config->livekit_url, "https://lk.example.org");
    assert_int_equal(config->livekit_key_count, 1);
    assert_slice_equal(config->livekit_keys[0].secret, "a-secret-of-this-test-0123");
    assert_int_equal(config->webhook_verify, WEBHOOK_VERIFY_REQUIRED);
    assert_null(config->hume_api_key);
    assert_false(config->loopback_only);
    assert_int_equal(config->mode, MODE_PRODUCTION);
    assert_int_equal(config->feedback_access, ACCESS_HOST);
    assert_int_equal(config->egress_auth, EGRESS_AUTH_SIGNED);
    config_free(config);
}

static void the_environment_wins_and_empty_is_unset(void **state) {
    char port[] = "PORT=4000", empty[] = "HUME_API_KEY=", mode[] = "NODE_ENV=test";
    char *const environment[] = {port, empty, mode, NULL};
    struct config *config = parse("PORT=3005\nHUME_API_KEY=k\nNODE_ENV=production\n", environment);
    assert_int_equal(config->port, 4000);
    assert_string_equal(config->hume_api_key, "k");
    assert_int_equal(config->mode, MODE_TEST);
    config_free(config);
}

static void several_livekit_keys(void **state) {
    struct config *config = parse("NODE_ENV=test\nLIVEKIT_API_KEY=a\nLIVEKIT_API_SECRET=1\n"
                                  "LIVEKIT_KEYS=b:2, c:3:4,\n",
                                  NULL);
    assert_int_equal(config->livekit_key_count, 3);
    assert_slice_equal(config->livekit_keys[0].issuer, "a");
    assert_slice_equal(config->livekit_keys[2].issuer, "c");
    assert_slice_equal(config->livekit_keys[2].secret, "3:4");
    config_free(config);
}

static void little_memory_lowers_defaults_and_nothing_else(void **state) {
    struct config *config = parse("PROSA_MEMORY=512MiB\nSOCKET_HISTORY_BYTES=64MiB\n", NULL);
    assert_int_equal(config->memory_bytes, 512 << 20);
    assert_int_equal(config->client_memory_bytes, 64 << 20);
    assert_int_equal(config->disk_queue_bytes, 64 << 20);
    assert_int_equal(config->max_connections, 2048);
    assert_int_equal(config->max_tracks, 341);
    assert_int_equal(config->history_bytes, 64 << 20); /* as it was set */
    config_free(config);
    config = parse("PROSA_MEMORY=64GiB\n", NULL);
    assert_int_equal(config->client_memory_bytes, 1 << 30);
    assert_int_equal(config->max_connections, 10000);
    assert_int_equal(config->max_tracks, 4096);
    config_free(config);
}

static void defaults_fit_the_memory(void **state) {
    static const char *const sizes[] = {"512MiB", "1GiB", "2GiB", "4GiB", "16GiB"};
    struct memory_part parts[CONFIG_MEMORY_PARTS];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "PROSA_MEMORY=%s\nHUME_API_KEY=k\nTLS_CERT_FILE=c\nTLS_KEY_FILE=k\n", sizes[i]);
        struct config *config = parse(text, NULL);
        assert_true(config_memory(config, parts) <= config->memory_bytes);
        config_free(config);
    }
    struct buf text = {0};
    struct config *config = parse("PROSA_MEMORY=512MiB\nDISK_QUEUE_BYTES=1GiB\n", NULL);
    config_write_memory(config, &text);
    buf_add_byte(&text, 0);
    assert_non_null(strstr(text.data, " of 512 MiB, which is not enough: "));
    assert_non_null(strstr(text.data, "sound that waits for the disk 1024 MiB (DISK_QUEUE_BYTES)"));
    buf_free(&text);
    config_free(config);
}

static void sizes_and_words(void **state) {
    struct config *config =
        parse("DISK_QUEUE_BYTES=64M\nDISK_MIN_FREE=0\nAUDIO_RECORD_FORMAT=OPUS\n"
              "EGRESS_AUTOSTART=off\nAUDIO_HEADER_SECONDS=0.5\nPROSA_SHARDS=0\n",
              NULL);
    assert_int_equal(config->disk_queue_bytes, 64 << 20);
    assert_int_equal(config->disk_min_free_bytes, 0);
    assert_string_equal(config->record_format, "opus");
    assert_false(config->egress_autostart);
    assert_true(config->header_seconds == 0.5);
    assert_int_equal(config->shards, 0);
    config_free(config);
}

static void rules_have_settings_too(void **state) {
    struct config *config = parse("RULE_VOLUME_BAIXO_BELOW_DBFS=-30\n", NULL);
    struct rules_cursor at = {0};
    while (rules_next(&at) && strcmp(at.setting->field, "below_dbfs") != 0)
        ;
    assert_int_equal(at.type, FEEDBACK_VOLUME_BAIXO);
    assert_true(*rules_value(&config->rules, &at) == -30);
    config_free(config);
    expect_refusal("RULE_VOLUME_BAIXO_NOPE=1",
                   "RULE_VOLUME_BAIXO_NOPE is not a setting of the rules; see prosa --help");
}

static void a_cooldown_counts_for_the_former_rules_alone(void **state) {
    struct config *config = parse("RULE_VOLUME_BAIXO_COOLDOWN_S=5\n", NULL);
    assert_int_equal(config->rules.version, 2);
    assert_string_equal(config->idle_cooldown, "RULE_VOLUME_BAIXO_COOLDOWN_S");
    config_free(config);
    config = parse("RULE_VOLUME_BAIXO_COOLDOWN_S=5\nFEEDBACK_RULES=1\n", NULL);
    assert_int_equal(config->rules.version, 1);
    assert_null(config->idle_cooldown);
    config_free(config);
    config = parse("RULE_SILENCIO_PROLONGADO_COOLDOWN_S=5\n", NULL);
    assert_null(config->idle_cooldown);
    config_free(config);
}

static void the_map_of_expressions_is_a_setting(void **state) {
    struct config *config = parse("HUME_EXPRESSION_MAP=Joy=0.5:-0.5,Awe=none\n", NULL);
    assert_true(expressions_find(&config->expressions, SLICE("joy"))->valence == 0.5f);
    assert_null(expressions_find(&config->expressions, SLICE("awe")));
    config_free(config);
    expect_refusal("HUME_EXPRESSION_MAP=Joy=0.5:-0.5,Awe=2:0",
                   "HUME_EXPRESSION_MAP: \"Awe=2:0\" cannot be read: it must be "
                   "Name=valence:arousal with numbers from -1 to 1, or Name=none");
}

static void the_second_generation_takes_one_rate_only(void **state) {
    expect_refusal(
        "HUME_WS_URL=wss://x/v1/expression/audio/realtime\nHUME_TARGET_SAMPLE_RATE=48000",
        "HUME_TARGET_SAMPLE_RATE is 48000: the v1 protocol of HUME_WS_URL takes 16000 "
        "only");
    struct config *config =
        parse("HUME_WS_URL=wss://x/v10/models\nHUME_TARGET_SAMPLE_RATE=48000\n", NULL);
    assert_int_equal(config->hume_rate_hz, 48000);
    config_free(config);
}

static void bad_values_are_named(void **state) {
    expect_refusal("PORT=abc", "PORT is \"abc\": it must be a whole number from 0 to 65535");
    expect_refusal("PORT=65536", "PORT is \"65536\": it must be a whole number from 0 to 65535");
    expect_refusal("PORT=30.5", "PORT is \"30.5\": it must be a whole number from 0 to 65535");
    expect_refusal("PORT=0x10", "PORT is \"0x10\": it must be a whole number from 0 to 65535");
    expect_refusal("FEEDBACK_ACCESS=all",
                   "FEEDBACK_ACCESS is \"all\": it must be one of open|report|host");
    expect_refusal("EGRESS_AUTOSTART=maybe", "EGRESS_AUTOSTART is \"maybe\": it must be true or "
                                             "false (on, off, yes, no, 1, 0)");
    expect_refusal("LIVEKIT_API_URL=ftp://x",
                   "LIVEKIT_API_URL is \"ftp://x\": it must be an address like https://host:port");
    expect_refusal("DISK_QUEUE_BYTES=1XB",
                   "DISK_QUEUE_BYTES is \"1XB\": it must be a size from 1 MiB to 64 GiB");
    expect_refusal("LIVEKIT_KEYS=a",
                   "LIVEKIT_KEYS must be at most 32 pairs key:secret, separated by commas");
    expect_refusal("LIVEKIT_API_KEY=a",
                   "LIVEKIT_API_KEY is set but LIVEKIT_API_SECRET is not: LiveKit needs both");
    expect_refusal("TLS_KEY_FILE=a",
                   "TLS_KEY_FILE is set but TLS_CERT_FILE is not: TLS needs both");
    expect_refusal("PROSA_SHARD=2",
                   "PROSA_SHARD is not a setting of this version; see prosa --help");
    expect_refusal("PROSA_REDIS_URL=x", "PROSA_REDIS_URL cannot be set: several nodes over Redis "
                                        "are not part of this version");
}

static void secrets_are_not_repeated(void **state) {
    expect_refusal("EGRESS_URL_SECRET=short",
                   "EGRESS_URL_SECRET cannot be used: it must be text of 16 to 1024 bytes");
    expect_refusal("JWT_ACCESS_SECRET=short",
                   "JWT_ACCESS_SECRET is shorter than 16 bytes: production refuses it");
    expect_refusal("JWT_REFRESH_SECRET=dev-refresh-secret-change-me",
                   "JWT_REFRESH_SECRET is a "
                   "published development value: production refuses it");
}

/* Who knows one of them makes any webhook and any host. */
static void livekit_secrets_are_judged_like_others(void **state) {
    expect_refusal("LIVEKIT_API_KEY=devkey\nLIVEKIT_API_SECRET=secret",
                   "LIVEKIT_API_SECRET is shorter than 16 bytes: production refuses it");
    expect_refusal("LIVEKIT_API_KEY=APIx\nLIVEKIT_API_SECRET=s",
                   "LIVEKIT_API_SECRET is shorter than 16 bytes: production refuses it");
    expect_refusal("LIVEKIT_API_KEY=APIx\nLIVEKIT_API_SECRET=change-me-change-me-change-me",
                   "LIVEKIT_API_SECRET is a "
                   "published development value: production refuses it");
    expect_refusal("LIVEKIT_API_KEY=APIx\nLIVEKIT_API_SECRET=a-secret-of-this-test-0123\n"
                   "LIVEKIT_KEYS=devkey:secret",
                   "A secret of LIVEKIT_KEYS is shorter than 16 bytes: production refuses it");
    expect_refusal("EGRESS_URL_SECRET=change-me-change-me",
                   "EGRESS_URL_SECRET is a "
                   "published development value: production refuses it");
}

static void development_takes_what_production_refuses(void **state) {
    struct config *config = parse("NODE_ENV=development\nJWT_ACCESS_SECRET=short\n"
                                  "LIVEKIT_API_KEY=devkey\nLIVEKIT_API_SECRET=secret\n",
                                  NULL);
    assert_string_equal(config->jwt_access_secret, "short");
    config_free(config);
}

static void secrets_are_made_once(void **state) {
    char folder[] = "/tmp/prosa-config-XXXXXX", path[64], storage[64];
    char *environment[] = {storage, NULL};
    struct buf problem = {0};
    struct stat info;

    assert_non_null(mkdtemp(folder));
    snprintf(storage, sizeof storage, "STORAGE_DIR=%s/a/b", folder);
    snprintf(path, sizeof path, "%s/a/b/secrets", folder);
    struct config *first = parse(NULL, environment), *second = parse(NULL, environment);
    assert_int_equal(config_secrets(first, &problem), 0);
    assert_int_equal(config_secrets(second, &problem), 0);
    assert_int_equal(strlen(first->jwt_access_secret), 43);
    assert_string_equal(first->jwt_access_secret, second->jwt_access_secret);
    assert_string_equal(first->egress_url_secret, second->egress_url_secret);
    assert_string_not_equal(first->jwt_access_secret, first->jwt_refresh_secret);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    config_free(first);
    config_free(second);

    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void the_url_secret_follows_from_livekits(void **state) {
    char folder[] = "/tmp/prosa-config-XXXXXX", storage[64], command[64];
    char *environment[] = {storage, NULL};
    struct buf problem = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(storage, sizeof storage, "STORAGE_DIR=%s", folder);
    struct config *config =
        parse("LIVEKIT_API_KEY=a\nLIVEKIT_API_SECRET=a-secret-of-this-test-0123\n", environment);
    assert_int_equal(config_secrets(config, &problem), 0);
    assert_int_equal(strlen(config->egress_url_secret), 43);
    config_free(config);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void both_files_are_read(void **state) {
    struct config *config;
    struct buf problem = {0};
    const char *const files[CONFIG_FILES] = {"PORT=4000\n", "PORT=5000\nFEEDBACK_LOCALE=en\n"};
    assert_int_equal(config_parse(&config, files, NULL, &problem), 0);
    assert_int_equal(config->port, 4000);
    assert_int_equal(config->feedback_locale, LOCALE_EN);
    assert_string_equal(config->env_file, ".env and env");
    config_free(config);
}

static void values_in_files_refer_to_others(void **state) {
    char user[] = "DB_USER=ana";
    char *const environment[] = {user, NULL};
    struct config *config =
        parse("DATABASE_URL=\"postgresql://${DB_USER}:${DB_PASS}@${DB_HOST:-localhost}/x\"\n"
              "DB_USER=not the environment's\nDB_PASS='${PART}2'\nPART=p1\n"
              "METRICS_TOKEN=a\\${PART}$PART\n",
              environment);
    assert_string_equal(config->database_url, "postgresql://ana:p12@localhost/x");
    assert_string_equal(config->metrics_token, "a${PART}$PART");
    assert_null(config->warnings);
    config_free(config);
    config = parse("DATABASE_URL=postgresql://${DB_USER}h/x\nOTHER=${NOTHING}\n", NULL);
    assert_string_equal(config->database_url, "postgresql://h/x");
    assert_string_equal(config->warnings, "DATABASE_URL refers to ${DB_USER}, which is not set\n");
    config_free(config);
}

static void expect_warning(const char *file, const char *sentence) {
    struct config *config = parse(file, NULL);
    assert_string_equal(config->warnings ? config->warnings : "", sentence);
    config_free(config);
}

static void names_that_are_nearly_right_are_hinted(void **state) {
    expect_warning("CORS_ORIGIN=https://x.example.org\n",
                   "CORS_ORIGIN is not a setting; did you mean CORS_ORIGINS?\n");
    expect_warning("JWT_SECRET=0123456789abcdef\n",
                   "JWT_SECRET is not a setting; did you mean JWT_ACCESS_SECRET?\n");
    expect_warning("LIVEKIT_URL=wss://x\n",
                   "LIVEKIT_URL is not a setting; did you mean LIVEKIT_API_URL?\n");
    expect_warning("LIVEKIT_URL=wss://x\nLIVEKIT_API_URL=wss://x\n", "");
    expect_warning("POSTGRES_PASSWORD=x\nHOME=/root\n", "");
}

static void origins_are_as_browsers_write_them(void **state) {
    struct config *config = parse(
        "CORS_ORIGINS=https://App.Example.org/, HTTP://localhost:80,http://[::1]:3000\n", NULL);
    assert_string_equal(config->cors_origins,
                        "https://app.example.org,http://localhost,http://[::1]:3000");
    config_free(config);
    config = parse("CORS_ORIGINS=*\n", NULL);
    assert_null(config->cors_origins);
    config_free(config);
    expect_refusal("CORS_ORIGINS=https://a.example.org,app.example.org",
                   "CORS_ORIGINS: \"app.example.org\" is not an origin: it must be like "
                   "https://app.example.org or http://localhost:3000, or * alone for all");
}

static void sites_that_frame_the_page_are_origins(void **state) {
    struct config *config = parse("WEB_FRAME_ANCESTORS=HTTPS://App.Example.org/,http://b:1\n", NULL);
    assert_string_equal(config->web_frame_ancestors, "https://app.example.org,http://b:1");
    assert_true(config->web_page);
    config_free(config);
    config = parse("WEB_FRAME_ANCESTORS=*\nWEB_PAGE=off\n", NULL);
    assert_string_equal(config->web_frame_ancestors, "*");
    assert_false(config->web_page);
    config_free(config);
    expect_refusal("WEB_FRAME_ANCESTORS='self'; script-src *",
                   "WEB_FRAME_ANCESTORS: \"'self'; script-src *\" is not an origin: it must be like "
                   "https://app.example.org or http://localhost:3000, or * alone for all");
}

static void the_proxy_is_written_in_all_ways(void **state) {
    struct config *config = parse("HTTPS_PROXY=proxy.corp:3128\n", NULL);
    assert_string_equal(config->https_proxy, "http://proxy.corp:3128");
    config_free(config);
    config = parse("https_proxy=http://u:p%40@proxy.corp:3128/\n", NULL);
    assert_string_equal(config->https_proxy, "http://u:p%40@proxy.corp:3128");
    config_free(config);
    config = parse("HTTPS_PROXY=proxy.corp:3128\nno_proxy=localhost,.hume.ai\n", NULL);
    assert_null(config->https_proxy);
    config_free(config);
    expect_refusal("HTTPS_PROXY=socks5://proxy.corp:1080",
                   "HTTPS_PROXY cannot be used: it must be host:port or "
                   "http://user:password@host:port, with / and @ in a password percent-encoded");
}

static void the_database_is_read_at_the_start(void **state) {
    static const char *const prefix = "DATABASE_URL must begin with postgresql:, sqlite: or file:";
    expect_refusal("DATABASE_URL=mysql://u:p@h/db", prefix);
    expect_refusal("DATABASE_URL=prisma+postgres://localhost/?api_key=x", prefix);
    expect_refusal("DATABASE_URL=postgresql://h/db?nonsense=1",
                   "DATABASE_URL: the parameter nonsense is unknown");
    expect_refusal("DATABASE_URL=postgresql://u:p/q@h/db",
                   "DATABASE_URL is not a URL: a password with /, ?, # or @ in it must be "
                   "percent-encoded");
    expect_refusal("DATABASE_URL=postgresql://h/db?sslmode=no-verify",
                   "DATABASE_URL: sslmode must be one of disable, allow, prefer, require, "
                   "verify-ca, verify-full");
}

static void what_the_old_env_files_say_is_understood(void **state) {
    struct config *config = parse("JWT_ACCESS_TTL=15m\nJWT_REFRESH_TTL=7d\n"
                                  "AUDIO_PIPELINE_GROUP_SECONDS=10\n",
                                  NULL);
    assert_int_equal(config->jwt_access_ttl_s, 900);
    assert_int_equal(config->jwt_refresh_ttl_s, 604800);
    assert_true(config->group_seconds == 5);
    assert_string_equal(config->warnings, "AUDIO_PIPELINE_GROUP_SECONDS is \"10\": 5 is taken, "
                                          "since it must be a number from 0.5 to 5\n");
    config_free(config);
    expect_refusal("FEEDBACK_TTL_DAYS=0",
                   "FEEDBACK_TTL_DAYS is \"0\": it must be a whole number from 1 to 36500");
}

static void sizes_that_disturb_each_other_are_named(void **state) {
    expect_warning(
        "SOCKET_MESSAGE_BYTES=900KiB\n",
        "SOCKET_MESSAGE_BYTES is 921600, more than half of SOCKET_QUEUE_BYTES (1048576): "
        "of two such messages at once a client may be disconnected\n");
}

static void open_doors_are_named(void **state) {
    struct buf doors = {0};
    struct config *config = parse("NODE_ENV=development\n", NULL);
    config_open_doors(config, &doors);
    buf_add_byte(&doors, 0);
    assert_non_null(strstr(doors.data, "FEEDBACK_ACCESS=host"));
    assert_non_null(strstr(doors.data, "EGRESS_AUTH=signed"));
    assert_non_null(strstr(doors.data, "PROSA_HOST"));
    buf_free(&doors);
    config_free(config);

    config = parse("PROSA_HOST=10.0.0.1\nTLS_CERT_FILE=a\nTLS_KEY_FILE=b\nCORS_ORIGINS=https://x\n"
                   "LIVEKIT_API_KEY=a\nLIVEKIT_API_SECRET=a-secret-of-this-test-0123\n",
                   NULL);
    config_open_doors(config, &doors);
    assert_int_equal(doors.len, 0);
    config_free(config);
    buf_free(&doors);
}

RUN_TESTS(TEST(defaults_stand), TEST(an_env_file_of_the_old_backend),
          TEST(the_environment_wins_and_empty_is_unset), TEST(several_livekit_keys),
          TEST(little_memory_lowers_defaults_and_nothing_else), TEST(defaults_fit_the_memory),
          TEST(sizes_and_words), TEST(rules_have_settings_too),
          TEST(a_cooldown_counts_for_the_former_rules_alone),
          TEST(the_map_of_expressions_is_a_setting),
          TEST(the_second_generation_takes_one_rate_only), TEST(bad_values_are_named),
          TEST(secrets_are_not_repeated), TEST(livekit_secrets_are_judged_like_others),
          TEST(development_takes_what_production_refuses),
          TEST(secrets_are_made_once), TEST(the_url_secret_follows_from_livekits),
          TEST(open_doors_are_named), TEST(both_files_are_read),
          TEST(values_in_files_refer_to_others), TEST(names_that_are_nearly_right_are_hinted),
          TEST(origins_are_as_browsers_write_them),
        TEST(sites_that_frame_the_page_are_origins), TEST(the_proxy_is_written_in_all_ways),
          TEST(the_database_is_read_at_the_start), TEST(what_the_old_env_files_say_is_understood),
          TEST(sizes_that_disturb_each_other_are_named))
