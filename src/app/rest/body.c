#include "app/rest/body.h"

#include "app/rest/email.h"
#include "base/macros.h"
#include "net/http/http_server.h"
#include "wire/web/json_read.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <ctype.h>
#include <string.h>

enum { FORM_FIELDS_MAX = 100 };

/* ---- Rules ---- */

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

/* A missing value fails every rule. */
static bool rule_holds(const struct body_rule *rule, const json_t *value) {
    const bool is_text = json_is_string(value);
    const struct slice text = slice_of(json_string_value(value), json_string_length(value));
    switch (rule->kind) {
    case RULE_NONE:
        return true;
    case RULE_STRING:
        return is_text;
    case RULE_EMAIL:
        return is_text && email_is_valid(text);
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

static void add_failure(struct buf *failures, const char *name, const struct body_rule *rule) {
    static const char *const texts[] = {
        [RULE_STRING] = "must be a string",
        [RULE_EMAIL] = "must be an email",
        [RULE_NOT_EMPTY] = "should not be empty",
        [RULE_MIN_LENGTH] = "must be longer than or equal to",
        [RULE_MAX_LENGTH] = "must be shorter than or equal to",
        [RULE_IN] = "must be one of the following values:",
    };
    struct buf text = {0};
    buf_printf(&text, "%s %s", name, texts[rule->kind]);
    if (rule->kind == RULE_MIN_LENGTH || rule->kind == RULE_MAX_LENGTH)
        buf_printf(&text, " %u characters", rule->length);
    for (const char *const *choice = rule->choices; choice && *choice; choice++)
        buf_printf(&text, "%s %s", choice == rule->choices ? "" : ",", *choice);
    json_add_text(failures, NULL, buf_slice(&text));
    buf_free(&text);
}

static bool is_declared(const char *name, const struct body_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return true;
    }
    return false;
}

static void check_field(const struct body_field *field, const json_t *value, struct buf *failures) {
    if (field->is_optional && (!value || json_is_null(value)))
        return;
    for (size_t i = BODY_RULES_MAX; i-- > 0;) {
        if (!rule_holds(&field->rules[i], value))
            add_failure(failures, field->name, &field->rules[i]);
    }
}

bool body_validate(const json_t *body, const struct body_field *fields, size_t count,
                   struct buf *failures) {
    const size_t before = failures->len;
    /* The walk changes nothing, but its macro takes no pointer to const. */
    union {
        const json_t *in;
        json_t *out;
    } object = {.in = body};
    const char *name;
    json_t *value;
    json_object_foreach(object.out, name, value) {
        if (is_declared(name, fields, count))
            continue;
        struct buf text = {0};
        buf_printf(&text, "property %s should not exist", name);
        json_add_text(failures, NULL, buf_slice(&text));
        buf_free(&text);
    }
    for (size_t i = 0; i < count; i++)
        check_field(&fields[i], json_object_get(body, fields[i].name), failures);
    return failures->len > before;
}

/* ---- Bodies ---- */

bool body_type_is(const struct http_request *req, const char *type) {
    const struct slice *value = http_find_header(req->head, "content-type");
    if (!value)
        return false;
    return slice_is_equal_nocase(slice_trim(slice_take(*value, slice_find_byte(*value, ';'))),
                                 slice_from(type));
}

/* The value of Content-Type's parameter `charset`, without quotes; empty when there is none. */
static struct slice find_charset(const struct http_request *req) {
    const struct slice *type = http_find_header(req->head, "content-type");
    struct slice rest = type ? *type : SLICE_NONE, part, name, value;
    while (slice_cut(&rest, ';', &part)) {
        if (!slice_split(part, '=', &name, &value) ||
            !slice_is_equal_nocase(slice_trim(name), SLICE("charset")))
            continue;
        value = slice_trim(value);
        bool is_quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
        return is_quoted ? slice_of(value.ptr + 1, value.len - 2) : value;
    }
    return SLICE_NONE;
}

bool body_check_charset(struct http_request *req) {
    static const char *const known[] = {"", "utf-8", "utf8", "us-ascii"};
    struct slice charset = find_charset(req);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_is_equal_nocase(charset, slice_from(known[i])))
            return true;
    struct buf upper = {0};
    for (size_t i = 0; i < charset.len; i++)
        buf_add_byte(&upper, (char)toupper((unsigned char)charset.ptr[i]));
    http_respond_unsupported(req, "charset", buf_slice(&upper));
    buf_free(&upper);
    return false;
}

json_t *body_parse_form(struct slice body) {
    struct buf json = {0};
    struct slice name, value;
    json_open(&json, NULL);
    for (unsigned i = 0; i < FORM_FIELDS_MAX && query_next(&body, &name, &value); i++) {
        struct buf key = {0}, text = {0};
        if (!url_decode(&key, name, true) && !url_decode(&text, value, true) && key.len > 0) {
            json_add_text(&json, NULL, buf_slice(&key));
            buf_add_byte(&json, ':');
            json_add_text(&json, NULL, buf_slice(&text));
        }
        buf_free(&key);
        buf_free(&text);
    }
    json_close(&json);
    json_t *object = json_read(buf_slice(&json));
    buf_free(&json);
    return object;
}

json_t *body_parse_json(struct slice text) {
    json_t *body = json_read(text);
    if (json_is_object(body))
        return body;
    const bool is_array = json_is_array(body);
    json_decref(body);
    return is_array ? json_object() : NULL; /* an array has none of the fields */
}

json_t *body_read(struct http_request *req) {
    if (req->body.len > 0 && !body_check_charset(req))
        return NULL;
    if (body_type_is(req, "application/x-www-form-urlencoded"))
        return body_parse_form(req->body);
    if (!body_type_is(req, "application/json") || req->body.len == 0)
        return json_object();
    json_t *body = body_parse_json(req->body);
    if (!body)
        http_respond_error(req, 400, "The body is no valid JSON object");
    return body;
}

static void open_refusal(struct buf *json) {
    json_open(json, NULL);
    json_open_array(json, "message");
}

static void send_refusal(struct http_request *req, struct buf *json) {
    json_close_array(json);
    json_add_text(json, "error", SLICE("Bad Request"));
    json_add_int(json, "statusCode", 400);
    json_close(json);
    http_respond_json(req, 400, buf_slice(json));
}

bool body_check(struct http_request *req, const json_t *body, const struct body_field *fields,
                size_t count) {
    struct buf json = {0};
    open_refusal(&json);
    const bool has_failed = body_validate(body, fields, count, &json);
    if (has_failed)
        send_refusal(req, &json);
    buf_free(&json);
    return !has_failed;
}

void body_refuse(struct http_request *req, const char *failure) {
    struct buf json = {0};
    open_refusal(&json);
    json_add_text(&json, NULL, slice_from(failure));
    send_refusal(req, &json);
    buf_free(&json);
}

struct slice body_text(const json_t *body, const char *name) {
    const json_t *value = json_object_get(body, name);
    return slice_of(json_string_value(value), json_string_length(value));
}
