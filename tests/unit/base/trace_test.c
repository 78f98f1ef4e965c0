#include "base/trace.h"

#include "unit.h"

#include <string.h>

#define ID   "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void what_is_a_trace(void **state) {
    struct trace trace = {0};
    assert_true(trace_parse(&trace, SLICE("00-" ID "-" SPAN "-01")));
    assert_string_equal(trace.id, ID);
    assert_string_equal(trace.span, SPAN);
    assert_string_equal(trace.flags, "01");
    assert_true(trace_parse(&trace, SLICE(" 00-" ID "-" SPAN "-00 ")));
    assert_true(trace_parse(&trace, SLICE("cc-" ID "-" SPAN "-01-what-will-be")));
}

static void what_is_none(void **state) {
    static const char *const texts[] = {
        "",
        "00",
        "00-" ID "-" SPAN,
        "00-" ID "-" SPAN "-1",
        "00-" ID "-" SPAN "-01-more",
        "cc-" ID "-" SPAN "-01more",
        "ff-" ID "-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-" SPAN "-01",
        "00-" ID "-" SPAN "-0x",
        "00_" ID "_" SPAN "_01",
    };
    struct trace trace = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(trace_parse(&trace, slice_from(texts[i])));
    assert_string_equal(trace.id, "");
}

static void what_is_asked_of_others_goes_on_with_it(void **state) {
    char first[TRACE_TEXT_SIZE] = "", second[TRACE_TEXT_SIZE] = "";
    struct trace trace, next;
    assert_false(trace_write(first));
    assert_true(trace_parse(&trace, SLICE("00-" ID "-" SPAN "-01")));
    trace_enter(&trace);
    assert_true(trace_write(first));
    assert_true(trace_write(second));
    trace_enter(NULL);
    assert_null(trace_current());
    assert_true(trace_parse(&next, slice_from(first)));
    assert_string_equal(next.id, ID);
    assert_string_not_equal(next.span, SPAN);
    assert_string_not_equal(first, second);
}

RUN_TESTS(TEST(what_is_a_trace), TEST(what_is_none), TEST(what_is_asked_of_others_goes_on_with_it))
