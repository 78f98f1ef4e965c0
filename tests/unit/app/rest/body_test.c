#include "app/rest/body.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"RED", "GREEN", NULL};

static const struct field fields[] = {
    {"email", .rules = {{RULE_EMAIL}}},
    {"password", .rules = {{RULE_STRING}, {RULE_MIN_LENGTH, 8}, {RULE_MAX_LENGTH, 12}}},
    {"name", .is_optional = true, .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}}},
    {"colour", .is_optional = true, .rules = {{RULE_STRING}, {RULE_IN, .choices = colours}}},
};

static void expect(const char *body, const char *failures) {
    json_t *object = json_loads(body, 0, NULL);
    struct buf out = {0};
    assert_non_null(object);
    bool has_failed = validate(object, fields, ARRAY_LEN(fields), &out);
    buf_add_byte(&out, 0);
    assert_string_equal(out.data, failures);
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

static void emails(void **state) {
    static const char *const good[] = {"a@b.co",
                                       "a.b+c@d-e.example.org",
                                       "O'Neil@x.io",
                                       "a@xn--bcher-kva.example",
                                       "j\xC3\xBCrgen@b\xC3\xBC"
                                       "cher.example",
                                       "a@1.2.co"};
    static const char *const bad[] = {
        "",         "a",       "a@",          "@b.co",    "a@b",          "a b@c.de", "a@b..co",
        ".a@b.co",  "a.@b.co", "a..b@c.de",   "a@-b.co",  "a@b-.co",      "a@b.c",    "a@b.c0",
        "<a@b.co>", "a@b.co ", "a@[1.2.3.4]", "a@b@c.de", "\"a b\"@c.de", "a@b_c.de", "a@\xFF.de"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!text_is_email(slice_from(good[i])))
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (text_is_email(slice_from(bad[i])))
            fail_msg("%s", bad[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_bodies_have_no_failures),
        cmocka_unit_test(what_is_missing_fails_every_rule),
        cmocka_unit_test(unknown_properties_come_first),
        cmocka_unit_test(the_last_rule_of_a_field_comes_first),
        cmocka_unit_test(lengths_are_counted_as_javascript_does),
        cmocka_unit_test(emails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
