#include "app/rest/body.h"
#include "base/macros.h"
#include "unit.h"
#include "wire/web/json_write.h"

static const char *const colours[] = {"RED", "GREEN", NULL};

static const struct body_field fields[] = {
    {"email", .rules = {{RULE_EMAIL}}},
    {"password", .rules = {{RULE_STRING}, {RULE_MIN_LENGTH, 8}, {RULE_MAX_LENGTH, 12}}},
    {"name", .is_optional = true, .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}}},
    {"colour", .is_optional = true, .rules = {{RULE_STRING}, {RULE_IN, .choices = colours}}},
};

static void expect(const char *body, const char *failures) {
    json_t *object = json_loads(body, 0, NULL);
    struct buf out = {0};
    assert_non_null(object);
    json_open_array(&out, NULL);
    bool has_failed = body_validate(object, fields, ARRAY_LEN(fields), &out);
    json_close_array(&out);
    buf_add_byte(&out, 0);
    assert_string_equal(out.data, *failures ? failures : "[]");
    assert_int_equal(has_failed, *failures != 0);
    buf_free(&out);
    json_decref(object);
}

#define SOUND "\"email\":\"a@b.co\",\"password\":\"12345678\""

static void sound_bodies_have_no_failures(void **state) {
    expect("{" SOUND "}", "");
    expect("{" SOUND ",\"name\":null,\"colour\":null}", "");
    expect("{" SOUND ",\"name\":\"x\",\"colour\":\"green\"}", "");
}

static void what_is_missing_fails_every_rule(void **state) {
    expect(
        "{}",
        "[\"email must be an email\",\"password must be shorter than or equal to 12 characters\","
        "\"password must be longer than or equal to 8 characters\",\"password must be a string\"]");
    expect(
        "{\"email\":null,\"password\":12345678}",
        "[\"email must be an email\",\"password must be shorter than or equal to 12 characters\","
        "\"password must be longer than or equal to 8 characters\",\"password must be a string\"]");
}

static void unknown_properties_come_first(void **state) {
    expect("{\"zzz\":1,\"email\":\"x\",\"password\":\"short\",\"a\\\"b\":2}",
           "[\"property zzz should not exist\",\"property a\\\"b should not exist\",\"email must "
           "be an email\","
           "\"password must be longer than or equal to 8 characters\"]");
}

static void the_last_rule_of_a_field_comes_first(void **state) {
    expect(
        "{" SOUND ",\"name\":\"\",\"colour\":5}",
        "[\"name should not be empty\",\"colour must be one of the following values: RED, GREEN\","
        "\"colour must be a string\"]");
}

static void lengths_are_counted_as_javascript_does(void **state) {
    /* Six characters beyond U+FFFF are twelve units; seven are fourteen. */
    expect("{\"email\":\"a@b.co\",\"password\":"
           "\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
           "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"}",
           "");
    expect("{\"email\":\"a@b.co\",\"password\":"
           "\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80"
           "\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80\"}",
           "[\"password must be shorter than or equal to 12 characters\"]");
    expect("{\"email\":\"a@b.co\",\"password\":"
           "\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}",
           "");
}

RUN_TESTS(TEST(sound_bodies_have_no_failures), TEST(what_is_missing_fails_every_rule),
          TEST(unknown_properties_come_first), TEST(the_last_rule_of_a_field_comes_first),
          TEST(lengths_are_counted_as_javascript_does))
