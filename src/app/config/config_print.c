#include "app/config/config_private.h"
#include "base/buf.h"
#include "base/macros.h"
#include "meeting/rule.h"

#include <ctype.h>

enum { RULE_NAME_SIZE = 80 };

/* The default, and that of production or of little memory where it differs. Nothing for a setting
 * without one. */
static void write_fallback(const struct setting *row, FILE *out) {
    struct buf share = {0};
    if (row->memory_for_one >= 1024)
        setting_write_bytes(&share, row->memory_for_one);
    if (row->fallback && row->fallback_production)
        fprintf(out, "%s, in production %s", row->fallback, row->fallback_production);
    else if (share.len > 0)
        fprintf(out, "%s, at most one for %.*s of memory", row->fallback,
                SLICE_ARG(buf_slice(&share)));
    else if (row->memory_for_one > 0)
        fprintf(out, "%s, at most 1/%g of the memory", row->fallback, row->memory_for_one);
    else if (row->fallback)
        fputs(row->fallback, out);
    buf_free(&share);
}

static void rule_name(const struct rules_cursor *at, char name[RULE_NAME_SIZE]) {
    snprintf(name, RULE_NAME_SIZE, "RULE_%s_%s", rule_of(at->type)->name, at->setting->field);
    for (char *c = name; *c; c++)
        *c = (char)toupper((unsigned char)*c);
}

/* ", with FEEDBACK_RULES=1: 6.5" where that differs. */
static void write_former(const struct rule_setting *setting, FILE *out) {
    if (setting->former < setting->value || setting->former > setting->value)
        fprintf(out, ", with FEEDBACK_RULES=1: %g", setting->former);
}

void config_write_help(FILE *out) {
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *row = &settings[i];
        if (!row->name) {
            fprintf(out, "\n  %s\n", row->help);
            continue;
        }
        fprintf(out, "    %-30s %s%s", row->name, row->help, row->fallback ? " [" : "");
        write_fallback(row, out);
        fputs(row->fallback ? "]\n" : "\n", out);
    }

    struct rules_cursor at = {0};
    fprintf(out, "\n  Rules of feedback\n");
    while (rules_next(&at)) {
        char name[RULE_NAME_SIZE];
        rule_name(&at, name);
        fprintf(out, "    %-47s %s [%g", name, at.setting->help, at.setting->value);
        write_former(at.setting, out);
        fputs("]\n", out);
    }
}

void config_write_man(FILE *out, void (*text)(const char *, FILE *)) {
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *row = &settings[i];
        fprintf(out, row->name ? ".TP\n.B %s\n" : ".SS %s\n", row->name ? row->name : row->help);
        if (!row->name)
            continue;
        text(row->help, out);
        fputs(row->fallback ? "\n[" : "\n", out);
        write_fallback(row, out);
        fputs(row->fallback ? "]\n" : "", out);
    }
    fputs(".SS Rules of feedback\n"
          "RULE_<TYPE>_<FIELD>; \\fBprosa \\-\\-help\\fR lists them.\n",
          out);
}

void config_write_example(FILE *out) {
    fputs("# Settings of Prosa. Copy to .env and change what you need; each value shown is the "
          "default.\n"
          "# The process environment wins over this file; an empty value counts as unset.\n"
          "# A secret may lie in a file of its own: NAME_FILE=PATH in place of NAME=SECRET.\n"
          "# Made by `prosa check-config --env-example`.\n",
          out);
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *row = &settings[i];
        if (!row->name) {
            fprintf(out, "\n# ---- %s ----\n", row->help);
            continue;
        }
        fprintf(out, "\n# %s\n", row->help);
        if (row->choices)
            fprintf(out, "# one of %s\n", row->choices);
        if (row->fallback_production)
            fprintf(out, "# in production: %s\n", row->fallback_production);
        if (row->memory_for_one > 0) {
            fputs("# default: ", out);
            write_fallback(row, out);
            fputs("\n", out);
        }
        fprintf(out, "#%s=%s\n", row->name, row->fallback ? row->fallback : "");
    }

    struct rules_cursor at = {0};
    fputs("\n# ---- Rules of feedback ----\n\n", out);
    while (rules_next(&at)) {
        char name[RULE_NAME_SIZE];
        rule_name(&at, name);
        fprintf(out, "# %s", at.setting->help);
        write_former(at.setting, out);
        fprintf(out, "\n#%s=%g\n", name, at.setting->value);
    }
}

static void write_markdown_row(FILE *out, const struct setting *row) {
    struct buf kind = {0};
    setting_write_kind(row, &kind);
    fprintf(out, "| `%s`", row->name);
    if (row->alias)
        fprintf(out, " or `%s`", row->alias);
    fprintf(out, " | ");
    for (size_t i = 0; i < kind.len; i++)
        fputs(kind.data[i] == '|' ? "\\|" : (char[]){kind.data[i], 0}, out);
    fputs(" | ", out);
    write_fallback(row, out);
    fprintf(out, " | %s |\n", row->help);
    buf_free(&kind);
}

static void write_expressions(FILE *out) {
    struct expressions map;
    fputs(
        "\n## Expressions\n\n"
        "A prosody service describes a voice by expressions: names with scores. When it sends no\n"
        "valence and arousal, Prosa estimates them: the sum of score times place over the names\n"
        "below, limited to -1 and 1. Scores under 0.1 and other names do not count. The places\n"
        "follow the circumplex of affect (J. A. Russell, 1980, Journal of Personality and Social\n"
        "Psychology 39, 1161-1178), from unpleasant to pleasant and from sleepy to excited; names\n"
        "that it lacks are placed beside those nearest in meaning. Upper and lower case are the\n"
        "same. `HUME_EXPRESSION_MAP=Calmness=0.5:-0.5,Nostalgia=none,Hope=0.6:0.3` moves one,\n"
        "removes one and adds one.\n\n"
        "| name | valence | arousal |\n| --- | --- | --- |\n",
        out);
    expressions_init(&map);
    for (size_t i = 0; i < map.count; i++)
        fprintf(out, "| %s | %.1f | %.1f |\n", map.list[i].name, (double)map.list[i].valence,
                (double)map.list[i].arousal);
}

void config_write_markdown(FILE *out) {
    fputs("# Settings\n\nMade by `prosa check-config --markdown`.\n\n"
          "They come from the environment, then from `.env`, then from `env` in the working "
          "directory. Secrets may lie in\n"
          "files of their own, as containers and service managers give them: "
          "`JWT_ACCESS_SECRET_FILE=/run/secrets/access` in\n"
          "place of `JWT_ACCESS_SECRET=...`, or a credential of systemd under the setting's name. "
          "These can be secret:\n\n",
          out);
    for (size_t i = 0; i < setting_count; i++)
        if (settings[i].name && settings[i].flags & SETTING_SECRET)
            fprintf(out, "- `%s`\n", settings[i].name);
    for (size_t i = 0; i < setting_count; i++) {
        if (settings[i].name)
            write_markdown_row(out, &settings[i]);
        else
            fprintf(out,
                    "\n## %s\n\n| name | value | default | meaning |\n| --- | --- | --- | --- |\n",
                    settings[i].help);
    }

    struct rules_cursor at = {0};
    fputs("\n## Rules of feedback\n\n| name | value | default | meaning |\n| --- | --- | --- | --- "
          "|\n",
          out);
    while (rules_next(&at)) {
        char name[RULE_NAME_SIZE];
        rule_name(&at, name);
        fprintf(out, "| `%s` | a number from %g to %g | %g", name, at.setting->min, at.setting->max,
                at.setting->value);
        write_former(at.setting, out);
        fprintf(out, " | %s |\n", at.setting->help);
    }
    write_expressions(out);
}

void config_open_doors(const struct config *config, struct buf *out) {
    const struct {
        bool is_open;
        const char *door;
    } doors[] = {
        {!config->loopback_only && !config->host, "every network interface (PROSA_HOST)"},
        {!config->tls_cert_file && !config->loopback_only, "plain HTTP (TLS_CERT_FILE)"},
        {config->webhook_verify == WEBHOOK_VERIFY_OFF,
         "unsigned webhooks (LIVEKIT_API_SECRET, LIVEKIT_WEBHOOK_VERIFY)"},
        {config->egress_auth != EGRESS_AUTH_SIGNED, "audio from anyone (EGRESS_AUTH=signed)"},
        {config->feedback_access != ACCESS_HOST, "feedback for everyone (FEEDBACK_ACCESS=host)"},
        {config->message_scope == MESSAGE_ALL,
         "messages to every client (SOCKET_MESSAGE_SCOPE=rooms)"},
        {config->registration == REGISTRATION_OPEN, "registration (AUTH_REGISTRATION=invite)"},
        {!config->cors_origins, "every web origin (CORS_ORIGINS)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(doors); i++)
        if (doors[i].is_open)
            buf_printf(out, "%s%s", out->len ? "; " : "", doors[i].door);
}

void config_write_values(const struct config *config, FILE *out) {
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *row = &settings[i];
        if (!row->name || row->flags & SETTING_SPECIAL)
            continue;
        struct buf value = {0};
        setting_write_value(row, config, &value);
        fprintf(out, "%s=%.*s\n", row->name, SLICE_ARG(buf_slice(&value)));
        buf_free(&value);
    }
}
