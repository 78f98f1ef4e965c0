#include "app/rest/email.h"
#include "base/macros.h"
#include "unit.h"

static void addresses_are_judged_as_class_validator_does(void **state) {
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
        if (!email_is_valid(slice_from(good[i])))
            fail_msg("%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (email_is_valid(slice_from(bad[i])))
            fail_msg("%s", bad[i]);
    }
}

static void lengths_have_limits(void **state) {
    char text[EMAIL_MAX + 2];
    memset(text, 'a', sizeof text);
    memcpy(text + 64, "@b.co", 5);
    assert_true(email_is_valid(slice_of(text, 69)));
    assert_false(email_is_valid(slice_of(text, sizeof text)));
    memcpy(text + 64, "a@b.co", 6);
    assert_false(email_is_valid(slice_of(text, 70)));
}

static void the_stored_form_is_lower_case_without_space_around_it(void **state) {
    char out[EMAIL_SIZE], text[EMAIL_MAX + 10];
    email_normalise(SLICE(" Ana.Q@Example.ORG\t"), out);
    assert_string_equal(out, "ana.q@example.org");
    email_normalise(SLICE("J\xC3\x9Crgen@x.de"), out);
    assert_string_equal(out, "j\xC3\x9Crgen@x.de");
    email_normalise(SLICE_NONE, out);
    assert_string_equal(out, "");
    memset(text, 'A', sizeof text);
    email_normalise(slice_of(text, sizeof text), out);
    assert_int_equal(strlen(out), EMAIL_MAX);
}

RUN_TESTS(TEST(addresses_are_judged_as_class_validator_does), TEST(lengths_have_limits),
          TEST(the_stored_form_is_lower_case_without_space_around_it))
