/* docs/rules.schema.json: what RULES_FILE may hold, for editors (JSON Schema 2020-12). */
#include "app/config/config.h"
#include "base/buf.h"
#include "meeting/rule.h"
#include "meeting/rules_file.h"
#include "wire/web/json_write.h"

#include <string.h>

static void write_object(struct buf *out, const char *name) {
    json_open(out, name);
    json_add_text(out, "type", SLICE("object"));
}

static void write_reference(struct buf *out, const char *name, const char *to) {
    json_open(out, name);
    json_add_text(out, "$ref", slice_from(to));
    json_close(out);
}

/* An object whose members have free names. */
static void write_named(struct buf *out, const char *name, const char *to) {
    write_object(out, name);
    json_open(out, "propertyNames");
    json_add_int(out, "minLength", 1);
    json_add_int(out, "maxLength", RULES_NAME_MAX);
    json_close(out);
    write_reference(out, "additionalProperties", to);
    json_close(out);
}

static void write_setting(struct buf *out, const struct rule_setting *setting) {
    json_open(out, setting->field);
    json_open_array(out, "type");
    json_add_text(out, NULL, SLICE("number"));
    if (strcmp(setting->field, "enabled") == 0)
        json_add_text(out, NULL, SLICE("boolean"));
    json_close_array(out);
    json_add_real(out, "minimum", setting->min, 3);
    json_add_real(out, "maximum", setting->max, 3);
    json_add_real(out, "default", setting->value, 3);
    json_add_text(out, "description", slice_from(setting->help));
    json_close(out);
}

static void write_rules(struct buf *out) {
    write_object(out, "rules");
    json_open(out, "properties");
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        const struct rule *rule = rule_of((enum feedback_type)type);
        write_object(out, rule->name);
        json_open(out, "properties");
        for (int i = 0; i < RULE_SETTINGS_MAX && rule->settings[i].field; i++)
            write_setting(out, &rule->settings[i]);
        json_close(out);
        json_add_bool(out, "additionalProperties", false);
        json_close(out);
    }
    json_close(out);
    json_add_bool(out, "additionalProperties", false);
    json_close(out);
}

static void write_layers(struct buf *out, bool is_root) {
    json_open(out, "properties");
    if (is_root) {
        json_open(out, "$schema");
        json_add_text(out, "type", SLICE("string"));
        json_close(out);
    }
    write_reference(out, "rules", "#/$defs/rules");
    write_named(out, "kinds", "#/$defs/rules");
    if (is_root)
        write_named(out, "organizations", "#/$defs/organization");
    json_close(out);
    json_add_bool(out, "additionalProperties", false);
}

/* Two spaces for each depth, a member a line. */
static void print_indented(struct slice json, FILE *out) {
    int depth = 0;
    bool is_string = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (c == '"' && (i == 0 || json.ptr[i - 1] != '\\'))
            is_string = !is_string;
        bool is_open = !is_string && (c == '{' || c == '[');
        bool is_shut = !is_string && (c == '}' || c == ']');
        depth += is_open - is_shut;
        if (is_shut)
            fprintf(out, "\n%*s", 2 * depth, "");
        putc(c, out);
        if (is_open || (c == ',' && !is_string))
            fprintf(out, "\n%*s", 2 * depth, "");
        else if (c == ':' && !is_string)
            putc(' ', out);
    }
    putc('\n', out);
}

void config_write_rules_schema(FILE *file) {
    struct buf out = {0};
    json_open(&out, NULL);
    json_add_text(&out, "$schema", SLICE("https://json-schema.org/draft/2020-12/schema"));
    json_add_text(&out, "title", SLICE("RULES_FILE of Prosa"));
    json_add_text(&out, "type", SLICE("object"));
    write_layers(&out, true);
    json_open(&out, "$defs");
    write_object(&out, "organization");
    write_layers(&out, false);
    json_close(&out);
    write_rules(&out);
    json_close(&out);
    json_close(&out);
    print_indented(buf_slice(&out), file);
    buf_free(&out);
}
