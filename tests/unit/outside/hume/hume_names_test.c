#include "outside/hume/hume_names.h"

#include "unit.h"

static void assert_named(const char *code, const char *name) {
    assert_string_equal(hume_code_name(hume_code_index(code)), name);
}

static void codes_are_counted_by_name_or_kind(void **state) {
    for (unsigned i = 0; i < HUME_CODES; i++)
        assert_int_equal(hume_code_index(hume_code_name(i)), i);
    assert_named("E0301", "E03xx");
    assert_named("proxy_407", "proxy");
    assert_named("E9999", "other");
    assert_named("", "other");
}

RUN_TESTS(TEST(codes_are_counted_by_name_or_kind))
