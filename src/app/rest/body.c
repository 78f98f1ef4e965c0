#include "app/rest/body.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/http/http_server.h"
#include "wire/web/url.h"

#include <string.h>

enum { DEPTH_MAX = 64, FORM_FIELDS_MAX = 100 };

/* E-mail addresses as class-validator takes them: one '@', a host with a dot, no quoting. */

static bool is_local_char(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c >= 0x80 || strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

static bool is_local_part(struct slice local) {
    bool was_dot = true;
    if (local.len == 0 || local.len > 64)
        return false;
    for (size_t i = 0; i < local.len; i++) {
        unsigned char c = (unsigned char)local.ptr[i];
        if (c == 0 || (c == '.' ? was_dot : !is_local_char(c)))
            return false;
        was_dot = c == '.';
    }
    return !was_dot;
}

static bool is_host_label(struct slice label) {
    if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        unsigned char c = (unsigned char)label.ptr[i];
        bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alnum && c != '-' && c < 0x80)
            return false;
    }
    return true;
}

static bool is_top_label(struct slice label) {
    for (size_t i = 0; i < label.len; i++) {
        if (label.ptr[i] >= '0' && label.ptr[i] <= '9' &&
            !slice_has_prefix_nocase(label, SLICE("xn--")))
            return false;
    }
    return label.len >= 2;
}

bool text_is_email(struct slice text) {
    size_t at = slice_find_byte(text, '@');
    struct slice host = slice_skip(text, at + 1), label = SLICE_NONE;
    unsigned labels = 0;
    if (at >= text.len || host.len == 0 || host.len > 254 || text.len > 320 ||
        !text_is_utf8(text) || !is_local_part(slice_take(text, at)))
        return false;
    for (struct slice rest = host; slice_cut(&rest, '.', &label); labels++) {
        if (!is_host_label(label))
            return false;
    }
    return labels >= 2 && is_top_label(label);
}

/* Rules. */

static size_t utf16_length(struct slice text) {
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        units += (c & 0xC0) != 0x80;
        units += c >= 0xF0;
    }
    return units;
}

static bool is_chosen(struct slice text, const char *const *choices) {
    for (; *choices; choices++) {
        if (slice_is_equal_nocase(text, slice_from(*choices)))
            return true;
    }
    return false;
}

/* A value that is not there fails every rule. */
static bool rule_holds(const struct rule *rule, const json_t *value) {
    const bool is_text = json_is_string(value);
    const struct slice text = slice_of(json_string_value(value), json_string_length(value));
    switch (rule->kind) {
    case RULE_NONE:
        return true;
    case RULE_STRING:
        return is_text;
    case RULE_EMAIL:
        return is_text && text_is_email(text);
    case RULE_NOT_EMPTY:
        return value && !json_is_null(value) && !(is_text && text.len == 0);
    case RULE_MIN_LENGTH:
        return is_text && utf16_length(text) >= rule->length;
    case RULE_MAX_LENGTH:
        return is_text && utf16_length(text) <= rule->length;
    case RULE_IN:
        return is_text && is_chosen(text, rule->choices);
    }
    return false;
}

static void write_failure(struct buf *out, const char *name, const struct rule *rule) {
    buf_printf(out, "%s ", name);
    switch (rule->kind) {
    case RULE_NONE:
        break;
    case RULE_STRING:
        buf_add_text(out, "must be a string");
        break;
    case RULE_EMAIL:
        buf_add_text(out, "must be an email");
        break;
    case RULE_NOT_EMPTY:
        buf_add_text(out, "should not be empty");
        break;
    case RULE_MIN_LENGTH:
        buf_printf(out, "must be longer than or equal to %u characters", rule->length);
        break;
    case RULE_MAX_LENGTH:
        buf_printf(out, "must be shorter than or equal to %u characters", rule->length);
        break;
    case RULE_IN:
        buf_add_text(out, "must be one of the following values: ");
        for (const char *const *choice = rule->choices; *choice; choice++)
            buf_printf(out, "%s%s", choice == rule->choices ? "" : ", ", *choice);
        break;
    }
}

static void add_item(struct buf *failures, struct slice text) {
    if (failures->len > 1)
        buf_add_byte(failures, ',');
    text_add_json(failures, text);
}

static bool is_declared(const char *name, const struct field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return true;
    }
    return false;
}

static void check_field(const struct field *field, const json_t *value, struct buf *failures) {
    if (field->is_optional && (!value || json_is_null(value)))
        return;
    for (size_t i = RULES_MAX; i-- > 0;) {
        if (rule_holds(&field->rules[i], value))
            continue;
        struct buf text = {0};
        write_failure(&text, field->name, &field->rules[i]);
        add_item(failures, buf_slice(&text));
        buf_free(&text);
    }
}

bool validate(const json_t *body, const struct field *fields, size_t count, struct buf *failures) {
    struct buf list = {0};
    buf_add_byte(&list, '[');
    union {
        const json_t *in;
        json_t *out;
    } object = {.in = body}; /* iterating changes nothing */
    const char *name;
    json_t *value;
    json_object_foreach(object.out, name, value) {
        if (is_declared(name, fields, count))
            continue;
        struct buf text = {0};
        buf_printf(&text, "property %s should not exist", name);
        add_item(&list, buf_slice(&text));
        buf_free(&text);
    }
    for (size_t i = 0; i < count; i++)
        check_field(&fields[i], json_object_get(body, fields[i].name), &list);
    const bool has_failed = list.len > 1;
    buf_add_byte(&list, ']');
    if (has_failed)
        buf_add_slice(failures, buf_slice(&list));
    buf_free(&list);
    return has_failed;
}

/* Bodies. */

static bool type_is(const struct http_request *req, const char *type) {
    const struct slice *value = http_find_header(req->head, "content-type");
    if (!value)
        return false;
    return slice_is_equal_nocase(slice_trim(slice_take(*value, slice_find_byte(*value, ';'))),
                                 slice_from(type));
}

static bool is_too_deep(struct slice text) {
    unsigned depth = 0;
    bool is_in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_in_string && c == '\\')
            i++;
        else if (c == '"')
            is_in_string = !is_in_string;
        else if (!is_in_string && (c == '{' || c == '['))
            depth++;
        else if (!is_in_string && (c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > DEPTH_MAX)
            return true;
    }
    return false;
}

static json_t *parse_form(struct slice body) {
    json_t *object = json_object();
    struct slice name, value;
    for (unsigned i = 0; i < FORM_FIELDS_MAX && query_next(&body, &name, &value); i++) {
        struct buf key = {0}, text = {0};
        if (!url_decode(&key, name, true) && !url_decode(&text, value, true) && key.len > 0 &&
            !memchr(key.data, 0, key.len)) {
            buf_add_byte(&key, 0);
            /* What is no UTF-8 is passed over. */
            (void)json_object_set_new(object, key.data,
                                      json_stringn(text.data ? text.data : "", text.len));
        }
        buf_free(&key);
        buf_free(&text);
    }
    return object;
}

static json_t *parse_json(struct slice text) {
    json_error_t error;
    json_t *body = is_too_deep(text) ? NULL : json_loadb(text.ptr, text.len, 0, &error);
    if (json_is_object(body))
        return body;
    const bool is_array = json_is_array(body);
    json_decref(body);
    return is_array ? json_object() : NULL; /* a list has none of the fields */
}

json_t *body_read(struct http_request *req) {
    if (type_is(req, "application/x-www-form-urlencoded"))
        return parse_form(req->body);
    if (!type_is(req, "application/json") || req->body.len == 0)
        return json_object();
    json_t *body = parse_json(req->body);
    if (!body)
        http_respond_error(req, 400, "The body is no valid JSON object");
    return body;
}

bool body_check(struct http_request *req, const json_t *body, const struct field *fields,
                size_t count) {
    struct buf answer = {0};
    buf_add_text(&answer, "{\"message\":");
    const bool has_failed = validate(body, fields, count, &answer);
    buf_add_text(&answer, ",\"error\":\"Bad Request\",\"statusCode\":400}");
    if (has_failed)
        http_respond_json(req, 400, buf_slice(&answer));
    buf_free(&answer);
    return !has_failed;
}

struct slice body_text(const json_t *body, const char *name) {
    const json_t *value = json_object_get(body, name);
    return slice_of(json_string_value(value), json_string_length(value));
}
