#include "app/config/config_private.h"

#include "app/config/config_source.h"
#include "base/buf.h"
#include "base/machine.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/slice.h"
#include "meeting/rule.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENV_FILE_MAX = 1 << 20, LIVEKIT_KEYS_MAX = 32 };

static const char *keep_joined(struct config *config, const char *folder, const char *rest) {
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, rest);
    return texts_keep(config->texts, buf_take_text(&path));
}

static int set_row(struct config_source *source, struct config *config, const struct setting *row) {
    const char *value = config_source_find_row(source, row);
    if (!value && config->mode == MODE_PRODUCTION)
        value = row->fallback_production;
    bool is_default = !value;
    if (is_default)
        value = row->fallback;
    int err =
        value ? setting_parse(row, value, config, config->texts, source->problem, &source->warnings)
              : 0;
    if (!err && is_default && row->memory_for_one > 0 && config->memory_bytes > 0)
        setting_fit(row, (double)config->memory_bytes, config);
    return err;
}

static int set_named(struct config_source *source, struct config *config, const char *name) {
    return set_row(source, config, setting_find(slice_from(name)));
}

static int set_rows(struct config_source *source, struct config *config) {
    int err = 0;
    for (size_t i = 0; i < setting_count && !err; i++) {
        if (settings[i].name && !(settings[i].flags & SETTING_SPECIAL))
            err = set_row(source, config, &settings[i]);
    }
    return err;
}

/* A server without any configuration is for development and listens to this machine only. A
 * configured one is for production unless PROSA_ENV says otherwise. */
static void set_mode(struct config_source *source, struct config *config) {
    const char *mode = config_source_find(source, "PROSA_ENV");
    if (!mode)
        mode = config_source_find(source, "NODE_ENV");
    config->loopback_only =
        !source->has_env_file && !source->has_livekit && !config_source_find(source, "PROSA_HOST");

    struct slice word = slice_from(mode);
    if (slice_is_equal_nocase(word, SLICE("development")) || (!mode && config->loopback_only))
        config->mode = MODE_DEVELOPMENT;
    else
        config->mode = slice_is_equal_nocase(word, SLICE("test")) ? MODE_TEST : MODE_PRODUCTION;
}

/* Before the rows, whose defaults depend on it. */
static int set_memory(struct config_source *source, struct config *config) {
    config->memory_bytes = machine_memory_bytes("");
    return set_named(source, config, "PROSA_MEMORY");
}

static void set_folders(struct config_source *source, struct config *config) {
    const char *value = config_source_find(source, "EGRESS_AUDIO_OUTPUT_DIR");
    config->audio_dir = value ? texts_keep_copy(config->texts, slice_from(value))
                              : keep_joined(config, config->storage_dir, "egress/audio");
    value = config_source_find(source, "EGRESS_VIDEO_OUTPUT_DIR");
    config->video_dir = value ? texts_keep_copy(config->texts, slice_from(value))
                              : keep_joined(config, config->storage_dir, "egress/video");
    config->default_database = keep_joined(config, config->storage_dir, "prosa.db");
    config->egress_nonces_file = keep_joined(config, config->storage_dir, "egress-nonces");
    value = config_source_find(source, "DATABASE_URL");
    config->database_url = value ? texts_keep_copy(config->texts, slice_from(value)) : NULL;
}

static void set_shards(struct config *config) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    config->shards = cores < 1 ? 1 : cores > 256 ? 256 : (unsigned)cores;
}

static int add_livekit_key(struct config_source *source, struct config *config, struct slice key,
                           struct slice secret) {
    key = slice_trim(key);
    secret = slice_trim(secret);
    if (!key.len || !secret.len || config->livekit_key_count == LIVEKIT_KEYS_MAX) {
        buf_printf(source->problem,
                   "LIVEKIT_KEYS must be at most %d pairs key:secret, separated by commas",
                   LIVEKIT_KEYS_MAX);
        return EINVAL;
    }
    for (size_t i = 0; i < config->livekit_key_count; i++)
        if (slice_is_equal(config->livekit_keys[i].issuer, key))
            return 0; /* LIVEKIT_API_KEY comes first and wins */
    config->livekit_keys[config->livekit_key_count++] =
        (struct jwt_key){slice_from(texts_keep_copy(config->texts, key)),
                         slice_from(texts_keep_copy(config->texts, secret))};
    return 0;
}

static int set_livekit_keys(struct config_source *source, struct config *config) {
    const char *key = config_source_find(source, "LIVEKIT_API_KEY"),
               *secret = config_source_find(source, "LIVEKIT_API_SECRET");
    config->livekit_keys = mem_alloc_array(LIVEKIT_KEYS_MAX, sizeof *config->livekit_keys);
    if (!key != !secret) {
        buf_printf(source->problem, "%s is set but %s is not: LiveKit needs both",
                   key ? "LIVEKIT_API_KEY" : "LIVEKIT_API_SECRET",
                   key ? "LIVEKIT_API_SECRET" : "LIVEKIT_API_KEY");
        return EINVAL;
    }
    if (key && add_livekit_key(source, config, slice_from(key), slice_from(secret)))
        return EINVAL;

    struct slice rest = slice_from(config_source_find(source, "LIVEKIT_KEYS"));
    while (rest.len) {
        size_t comma = slice_find_byte(rest, ',');
        struct slice pair = slice_trim(slice_take(rest, comma));
        size_t colon = slice_find_byte(pair, ':');
        if (pair.len &&
            add_livekit_key(source, config, slice_take(pair, colon), slice_skip(pair, colon + 1)))
            return EINVAL;
        rest = slice_skip(rest, comma + 1);
    }
    return 0;
}

static int set_webhook_verify(struct config_source *source, struct config *config) {
    enum { AUTO, ON, OFF, YES, NO };
    if (set_named(source, config, "LIVEKIT_WEBHOOK_VERIFY"))
        return EINVAL;
    unsigned choice = config->webhook_verify;
    if ((choice == ON || choice == YES) && !config->livekit_key_count) {
        buf_add_text(source->problem, "LIVEKIT_WEBHOOK_VERIFY is on, but there is no "
                                      "LIVEKIT_API_SECRET to verify with");
        return EINVAL;
    }
    bool is_required =
        choice == AUTO ? config->livekit_key_count > 0 : choice == ON || choice == YES;
    config->webhook_verify = is_required ? WEBHOOK_VERIFY_REQUIRED : WEBHOOK_VERIFY_OFF;
    return 0;
}

static int set_special(struct config_source *source, struct config *config) {
    set_folders(source, config);
    set_shards(config);
    int err = set_named(source, config, "PROSA_SHARDS");
    if (!err)
        err = set_livekit_keys(source, config);
    return err ? err : set_webhook_verify(source, config);
}

/* Reminders have replaced cooldowns, but for the time between two silences. */
static bool is_idle_cooldown(const struct config *config, struct slice name) {
    return config->feedback_rules != 1 && slice_has_suffix(name, SLICE("_COOLDOWN_S")) &&
           !slice_is_equal(name, SLICE("RULE_SILENCIO_PROLONGADO_COOLDOWN_S"));
}

/* RULE_<TYPE>_<FIELD>; the rules say which there are. */
static int set_rule(struct config_source *source, struct config *config, struct slice name,
                    const char *value) {
    const struct rule_setting *row;
    int err =
        rules_set(&config->rules, slice_skip(name, sizeof "RULE_" - 1), slice_from(value), &row);
    if (err == ENOENT) {
        buf_printf(source->problem, "%.*s is not a setting of the rules; see prosa --help",
                   SLICE_ARG(name));
        return EINVAL;
    }
    if (err) {
        buf_printf(source->problem, "%.*s is \"%s\": it must be a number from %g to %g",
                   SLICE_ARG(name), value, row->min, row->max);
        return EINVAL;
    }
    if (is_idle_cooldown(config, name) && !config->idle_cooldown)
        config->idle_cooldown = texts_keep_copy(config->texts, name);
    return 0;
}

static int set_rules(struct config_source *source, struct config *config) {
    rules_init_version(&config->rules, config->feedback_rules);
    config->rules.include_host = config->feedback_include_host;
    int err = 0;
    MAP_EACH(&source->values, at)
        if (!err && slice_has_prefix(at.key, SLICE("RULE_")))
            err = set_rule(source, config, at.key, at.value);
    return err;
}

static int set_expressions(struct config_source *source, struct config *config) {
    struct slice bad;
    expressions_init(&config->expressions);
    if (!config->hume_expression_map)
        return 0;
    int err = expressions_set(&config->expressions, slice_from(config->hume_expression_map), &bad);
    if (err == ENOSPC)
        buf_printf(source->problem, "HUME_EXPRESSION_MAP: there is no room for \"%.*s\": %d names",
                   SLICE_ARG(bad), EXPRESSIONS_MAX);
    else if (err)
        buf_printf(source->problem,
                   "HUME_EXPRESSION_MAP: \"%.*s\" cannot be read: it must be Name=valence:arousal "
                   "with numbers from -1 to 1, or Name=none",
                   SLICE_ARG(bad));
    return err ? EINVAL : 0;
}

/* An unknown name with our prefix is probably a typing error, so it is not ignored. */
static int refuse_unknown(struct config_source *source, struct config *config) {
    for (size_t i = 0; i < unbuilt_count; i++)
        if (config_source_find(source, unbuilt_settings[i].name)) {
            buf_printf(source->problem, "%s cannot be set: %s", unbuilt_settings[i].name,
                       unbuilt_settings[i].reason);
            return EINVAL;
        }
    MAP_EACH(&source->values, at)
        if (slice_has_prefix(at.key, SLICE("PROSA_")) && !setting_find(at.key)) {
            buf_printf(source->problem, "%.*s is not a setting of this version; see prosa --help",
                       SLICE_ARG(at.key));
            return EINVAL;
        }
    return 0;
}

/* What changes a value after all of them are known. */
static int settle_addresses(struct config_source *source, struct config *config) {
    int err = config_settle_origins(source, config);
    return err ? err : config_settle_proxy(source, config);
}

static void keep_warnings(struct config_source *source, struct config *config) {
    config_source_hint(source);
    if (source->warnings.len > 0)
        config->warnings = texts_keep(config->texts, buf_take_text(&source->warnings));
}

int config_parse(struct config **out, const char *const files[CONFIG_FILES],
                 char *const *environment, struct buf *problem) {
    static int (*const steps[])(struct config_source *, struct config *) = {
        set_rows,       set_special,      set_rules,    set_expressions,
        refuse_unknown, settle_addresses, config_check,
    };
    struct config *config = mem_alloc(sizeof *config);
    config->texts = mem_alloc(sizeof *config->texts);
    struct config_source source;
    config_source_open(&source, files, CONFIG_FILES, environment, problem);
    bool has_first = files && files[0], has_second = files && files[1];
    config->env_file = has_first && has_second ? ".env and env"
                       : has_first             ? ".env"
                       : has_second            ? "env"
                                               : NULL;
    set_mode(&source, config);
    int err = config_source_read_secrets(&source);
    if (!err)
        err = set_memory(&source, config);
    for (size_t i = 0; i < ARRAY_LEN(steps) && !err; i++)
        err = steps[i](&source, config);
    if (!err)
        keep_warnings(&source, config);
    config_source_close(&source);
    if (err) {
        config_free(config);
        return err;
    }
    *out = config;
    return 0;
}

/* ENOENT: there is no such file. */
static int read_text(const char *path, char **text) {
    struct buf buf = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    /* A folder named `env` has nothing to do with Prosa. */
    struct stat info;
    bool is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    int err = is_file ? file_read_all(fd, ENV_FILE_MAX, &buf) : ENOENT;
    close(fd);
    if (err)
        buf_free(&buf);
    else
        *text = buf_take_text(&buf);
    return err;
}

int config_load(struct config **config, struct buf *problem) {
    static const char *const names[CONFIG_FILES] = {".env", "env"};
    char *texts[CONFIG_FILES] = {NULL};
    int err = 0;
    for (size_t i = 0; i < CONFIG_FILES && !err; i++) {
        err = read_text(names[i], &texts[i]);
        if (err && err != ENOENT)
            buf_printf(problem, "%s cannot be read: %s", names[i], strerror(err));
        err = err == ENOENT ? 0 : err;
    }
    if (!err)
        err = config_parse(config, (const char *const *)texts, environ, problem);
    for (size_t i = 0; i < CONFIG_FILES; i++)
        mem_free(texts[i]);
    return err;
}

void config_free(struct config *config) {
    if (!config)
        return;
    texts_free(config->texts);
    mem_free(config->texts);
    mem_free(config->livekit_keys);
    mem_free(config);
}
