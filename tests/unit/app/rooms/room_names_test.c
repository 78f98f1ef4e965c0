/* Patterns of room names. */
#include "app/rooms/room_names.h"
#include "unit.h"

static void patterns_fit_names(void **state) {
    static const struct {
        const char *patterns, *name;
        bool fits;
    } rows[] = {
        {"*", "", true},
        {"*", "any room", true},
        {"", "a", false},
        {",", "a", false},
        {"sala", "sala", true},
        {"sala", "sala2", false},
        {"sala", "Sala", false},
        {"a, sala* ", "sala2", true},
        {"test-*,demo", "demo", true},
        {"*-interna", "di\xc3\xa1ria-interna", true},
        {"*-interna", "interna", false},
        {"a*b*c", "aXbYbZc", true},
        {"a*b*c", "aXbYbZ", false},
        {"a**", "a", true},
        {"?", "\xc3\xa1", true},
        {"?", "ab", false},
        {"??", "a", false},
        {"*?", "", false},
        {"a?c*", "abcd", true},
        {"*aaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (room_names_fit(slice_from(rows[i].patterns), slice_from(rows[i].name)) != rows[i].fits)
            fail_msg("%s: %s", rows[i].patterns, rows[i].name);
}

RUN_TESTS(TEST(patterns_fit_names))
