/* Request bodies of any kind. The first byte says how the rest is sent: as JSON or as a form. A
 * body is read as an object or refused, and every list of its failures is JSON. */
#include "app/rest/body.h"
#include "base/macros.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const roles[] = {"OWNER", "ADMIN", "MEMBER", NULL};

static const struct body_field fields[] = {
    {"email", .rules = {{RULE_EMAIL}}},
    {"password", .rules = {{RULE_STRING}, {RULE_MIN_LENGTH, 8}, {RULE_MAX_LENGTH, 12}}},
    {"name", .is_optional = true, .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}}},
    {"role", .is_optional = true, .rules = {{RULE_STRING}, {RULE_IN, .choices = roles}}},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct slice text = slice_of(data + 1, size - 1);
    json_t *body = data[0] % 2 ? body_parse_form(text) : body_parse_json(text);
    struct buf failures = {0};
    assert(body || data[0] % 2 == 0);
    if (body) {
        assert(json_is_object(body));
        json_open_array(&failures, NULL);
        bool has_failed = body_validate(body, fields, ARRAY_LEN(fields), &failures);
        json_close_array(&failures);
        assert(json_check(buf_slice(&failures)));
        assert(has_failed == (failures.len > 2));
        struct slice email = body_text(body, "email");
        assert(has_failed || email.len > 0);
    }
    buf_free(&failures);
    json_decref(body);
    return 0;
}
