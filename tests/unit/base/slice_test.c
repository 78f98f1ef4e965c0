#include "base/mem.h"
#include "base/slice.h"
#include "unit.h"

static void parts_are_cut_at_the_separator(void **state) {
    struct slice rest = SLICE("a,,b"), part;
    assert_true(slice_cut(&rest, ',', &part));
    assert_slice_equal(part, "a");
    assert_true(slice_cut(&rest, ',', &part));
    assert_slice_equal(part, "");
    assert_true(slice_cut(&rest, ',', &part));
    assert_slice_equal(part, "b");
    assert_false(slice_cut(&rest, ',', &part));
    rest = SLICE("a,");
    assert_true(slice_cut(&rest, ',', &part));
    assert_true(slice_cut(&rest, ',', &part));
    assert_slice_equal(part, "");
    assert_false(slice_cut(&rest, ',', &part));
}

static void numbers_are_whole_and_bounded(void **state) {
    uint64_t value = 0;
    assert_true(slice_to_uint(SLICE("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_false(slice_to_uint(SLICE("18446744073709551616"), UINT64_MAX, &value));
    assert_false(slice_to_uint(SLICE(""), 10, &value));
    assert_false(slice_to_uint(SLICE("-1"), 10, &value));
    assert_false(slice_to_uint(SLICE("1x"), 10, &value));
    assert_false(slice_to_uint(SLICE("11"), 10, &value));
    assert_true(slice_to_uint(SLICE("007"), 10, &value));
    assert_int_equal(value, 7);
}

static void comparisons(void **state) {
    assert_true(slice_is_equal_nocase(SLICE("Content-Length"), SLICE("content-lengTH")));
    assert_false(slice_is_equal_nocase(SLICE("["), SLICE("{")));
    assert_true(slice_compare(SLICE("a"), SLICE("ab")) < 0);
    assert_true(slice_compare(SLICE("\xff"), SLICE("a")) > 0);
    assert_true(slice_has_prefix(SLICE("feedback:x"), SLICE("feedback:")));
    assert_false(slice_has_prefix(SLICE("feed"), SLICE("feedback:")));
    assert_true(slice_has_suffix(SLICE("a.wav"), SLICE(".wav")));
    assert_slice_equal(slice_trim(SLICE(" \t a b\t")), "a b");
    assert_slice_equal(slice_trim(SLICE(" \t ")), "");
    assert_int_equal(slice_skip(SLICE("abc"), 9).len, 0);
    char *text = slice_copy_text(slice_take(SLICE("abc"), 2));
    assert_string_equal(text, "ab");
    mem_free(text);
}

static void nothing_ends_where_it_begins(void **state) {
    struct slice text = SLICE("abc");
    assert_ptr_equal(slice_end(text), text.ptr + 3);
    assert_ptr_equal(slice_end(slice_skip(text, 4)), text.ptr + 3);
    assert_null(slice_end(SLICE_NONE));
    assert_null(slice_skip(SLICE_NONE, 1).ptr);
}

static void a_text_is_replaced_even_by_a_part_of_itself(void **state) {
    char *text = slice_copy_text(SLICE("abc"));
    slice_replace_text(&text, slice_skip(slice_from(text), 1));
    assert_string_equal(text, "bc");
    slice_replace_text(&text, SLICE_NONE);
    assert_string_equal(text, "");
    mem_free(text);
}

static void a_split_needs_its_separator(void **state) {
    struct slice before = SLICE("?"), after = SLICE("?");
    assert_false(slice_split(SLICE("abc"), ':', &before, &after));
    assert_slice_equal(before, "?");
    assert_true(slice_split(SLICE("a:b:c"), ':', &before, &after));
    assert_slice_equal(before, "a");
    assert_slice_equal(after, "b:c");
    assert_true(slice_split(SLICE(":"), ':', &before, &after));
    assert_int_equal(before.len + after.len, 0);
}

static void a_real_is_in_decimal_notation(void **state) {
    double value = 7;
    assert_true(slice_to_real(SLICE("-0.25"), &value) && value == -0.25);
    assert_true(slice_to_real(SLICE("+12"), &value) && value == 12);
    const char *const bad[] = {"",
                               "nan",
                               "inf",
                               "0x10",
                               "1e3",
                               " 1",
                               "1 ",
                               "1-",
                               "--1",
                               "1.2.3",
                               "0.0000000000000000000000000000001"};
    value = 7;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(slice_to_real(slice_from(bad[i]), &value));
    assert_true(value == 7);
}

static void zeros_are_nothing_but_zeros(void **state) {
    char bytes[200] = {0};
    assert_true(slice_is_zero(SLICE_NONE));
    for (size_t len = 1; len <= sizeof bytes; len++)
        for (size_t at = 0; at < len; at++) {
            assert_true(slice_is_zero(slice_of(bytes, len)));
            bytes[at] = 1;
            assert_false(slice_is_zero(slice_of(bytes, len)));
            bytes[at] = 0;
        }
}

static void one_sample_breaks_the_silence(void **state) {
    int16_t pcm[300] = {0};
    for (size_t i = 0; i < 300; i++) {
        pcm[i] = i % 2 ? 1 : -1;
        assert_false(slice_is_zero(slice_of(pcm, sizeof pcm)));
        assert_true(slice_is_zero(slice_of(pcm, i * sizeof *pcm)));
        pcm[i] = 0;
    }
}

RUN_TESTS(TEST(a_real_is_in_decimal_notation), TEST(zeros_are_nothing_but_zeros),
          TEST(one_sample_breaks_the_silence), TEST(a_text_is_replaced_even_by_a_part_of_itself),
          TEST(a_split_needs_its_separator), TEST(parts_are_cut_at_the_separator),
          TEST(numbers_are_whole_and_bounded), TEST(comparisons),
          TEST(nothing_ends_where_it_begins))
