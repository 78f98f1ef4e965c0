#include "app/accounts/slug.h"
#include "unit.h"

static void expect(struct slice name, const char *expected) {
    char out[SLUG_SIZE];
    slug_make(name, out);
    assert_string_equal(out, expected);
}

static void letters_lose_case_and_accents(void **state) {
    expect(SLICE("Acme 2"), "acme-2");
    expect(SLICE("S\xC3\xA3o Paulo & Cia"), "sao-paulo-cia");
    expect(SLICE("\xC3\x89TOILE"), "etoile");
    expect(SLICE("2 \xC3\x97 3"), "2-3");
}

static void other_characters_become_single_dashes_inside(void **state) {
    expect(SLICE("  --a///b!! "), "a-b");
    expect(SLICE("a\xE2\x98\x95"
                 "b"),
           "a-b");
}

static void a_slug_is_never_empty_and_never_long(void **state) {
    char name[100], expected[SLUG_SIZE] = {0};
    expect(SLICE_NONE, "organization");
    expect(SLICE("!!!"), "organization");
    expect(SLICE("\xC3"), "organization");
    memset(name, 'x', sizeof name);
    memset(expected, 'x', SLUG_MAX);
    expect(slice_of(name, sizeof name), expected);
}

RUN_TESTS(TEST(letters_lose_case_and_accents), TEST(other_characters_become_single_dashes_inside),
          TEST(a_slug_is_never_empty_and_never_long))
