#include "app/config/setting.h"
#include "base/buf.h"
#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

enum colour { RED, GREEN, BLUE };

/* A table needs no struct config. Guards lie around every field. */
struct target {
    uint64_t before;
    union {
        const char *text;
        unsigned count;
        int64_t duration;
        size_t bytes;
        double real;
        bool flag;
        enum colour colour;
    };
    uint64_t after;
};

enum { GUARD = 0x5a5a };
#define AT .offset = offsetof(struct target, text)

static struct texts texts;
static struct buf warnings;

static int close_texts(void **state) {
    texts_free(&texts);
    buf_free(&warnings);
    return 0;
}

static struct target take(const struct setting *row, const char *value) {
    struct target target = {.before = GUARD, .after = GUARD};
    struct buf problem = {0};
    int err = setting_parse(row, value, &target, &texts, &problem, &warnings);
    if (err)
        fail_msg("%.*s", SLICE_ARG(buf_slice(&problem)));
    assert_int_equal(target.before, GUARD);
    assert_int_equal(target.after, GUARD);
    return target;
}

/* The value is refused with this sentence, and the field stays as it was. */
static void refuses(const struct setting *row, const char *value, const char *sentence) {
    struct target target = {.before = GUARD, .after = GUARD};
    struct buf problem = {0};
    assert_int_equal(setting_parse(row, value, &target, &texts, &problem, &warnings), EINVAL);
    assert_slice_equal(buf_slice(&problem), sentence);
    assert_int_equal(target.before, GUARD);
    assert_null(target.text);
    assert_int_equal(target.after, GUARD);
    buf_free(&problem);
}

static void expect_printed(const struct setting *row, const char *value, const char *printed) {
    struct target target = take(row, value);
    struct buf out = {0};
    setting_write_value(row, &target, &out);
    assert_slice_equal(buf_slice(&out), printed);
    buf_free(&out);
}

static void a_text_has_a_length(void **state) {
    static const struct setting row = {"T", .type = SETTING_TEXT, AT, .min = 2, .max = 4};
    assert_string_equal(take(&row, "ab").text, "ab");
    assert_string_equal(take(&row, "abcd").text, "abcd");
    refuses(&row, "a", "T is \"a\": it must be text of 2 to 4 bytes");
    refuses(&row, "abcde", "T is \"abcde\": it must be text of 2 to 4 bytes");
    expect_printed(&row, "abc", "abc");
}

static void a_text_is_copied(void **state) {
    static const struct setting row = {"T", .type = SETTING_TEXT, AT, .max = 4};
    char value[] = "ab";
    struct target target = take(&row, value);
    value[0] = 'x';
    assert_string_equal(target.text, "ab");
}

static void an_address_gets_its_scheme(void **state) {
    static const struct setting http = {"H", .type = SETTING_HTTP_URL, AT, .max = 16};
    static const struct setting ws = {"W", .type = SETTING_WS_URL, AT, .max = 16};
    assert_string_equal(take(&http, "a:1").text, "http://a:1");
    assert_string_equal(take(&http, "wss://a/").text, "https://a");
    assert_string_equal(take(&http, "HTTP://a//").text, "http://a");
    assert_string_equal(take(&ws, "a").text, "ws://a");
    assert_string_equal(take(&ws, "https://a/b").text, "wss://a/b");
    assert_string_equal(take(&ws, "1234567890123456").text, "ws://1234567890123456");
    static const char *const bad[] = {"ftp://a", "http://",          "://a", "a b", "http:///a",
                                      "a\x7f",   "12345678901234567"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char sentence[96];
        snprintf(sentence, sizeof sentence,
                 "W is \"%s\": it must be an address like wss://host:port", bad[i]);
        refuses(&ws, bad[i], sentence);
    }
}

static void a_count_is_whole_and_within_its_bounds(void **state) {
    static const struct setting row = {"C", .type = SETTING_COUNT, AT, .min = 2, .max = 4294967295};
    assert_int_equal(take(&row, "2").count, 2);
    assert_int_equal(take(&row, "4294967295").count, 4294967295);
    static const char *const bad[] = {"1",  "4294967296", "-3",  "+3",   " 3",  "3 ",
                                      "3x", "0x3",        "3.5", "1e99", "nan", "three"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char sentence[96];
        snprintf(sentence, sizeof sentence,
                 "C is \"%s\": it must be a whole number from 2 to 4294967295", bad[i]);
        refuses(&row, bad[i], sentence);
    }
    expect_printed(&row, "30", "30");
}

static void a_time_may_have_a_unit(void **state) {
    static const struct setting ms = {"D", .type = SETTING_MS, AT, .max = 9999999999};
    static const struct setting seconds = {"S", .type = SETTING_SECONDS, AT, .min = 1,
                                           .max = 31536000};
    assert_int_equal(take(&ms, "9999999999").duration, 9999999999);
    assert_int_equal(take(&ms, "0").duration, 0);
    assert_int_equal(take(&ms, "20s").duration, 20000);
    assert_int_equal(take(&ms, "1.5 minutes").duration, 90000);
    assert_int_equal(take(&seconds, "900").duration, 900);
    assert_int_equal(take(&seconds, "15m").duration, 900);
    assert_int_equal(take(&seconds, "7d").duration, 604800);
    assert_int_equal(take(&seconds, "2 Hours").duration, 7200);
    assert_int_equal(take(&seconds, "1000ms").duration, 1);
    refuses(&ms, "10000000000",
            "D is \"10000000000\": it must be a number of ms from 0 to 9999999999, or a time such "
            "as 15m");
    refuses(&seconds, "1500ms",
            "S is \"1500ms\": it must be a number of seconds from 1 to 31536000, or a time such as "
            "15m");
    refuses(
        &seconds, "2 years",
        "S is \"2 years\": it must be a number of seconds from 1 to 31536000, or a time such as "
        "15m");
    expect_printed(&ms, "9999999999", "9999999999");
    expect_printed(&seconds, "15m", "900");
}

static void a_number_may_be_brought_to_its_bounds(void **state) {
    static const struct setting row = {"R", .type = SETTING_REAL, .flags = SETTING_CLAMPED,
                                       AT,  .min = 0.5,           .max = 5};
    buf_clear(&warnings);
    assert_true(take(&row, "0.2").real == 0.5);
    assert_true(take(&row, "10").real == 5);
    assert_true(take(&row, "2").real == 2);
    assert_slice_equal(buf_slice(&warnings),
                       "R is \"0.2\": 0.5 is taken, since it must be a number from 0.5 to 5\n"
                       "R is \"10\": 5 is taken, since it must be a number from 0.5 to 5\n");
    refuses(&row, "x", "R is \"x\": it must be a number from 0.5 to 5");
}

static void a_size_may_have_a_unit(void **state) {
    static const struct setting row = {"B", .type = SETTING_BYTES, AT, .min = 1024, .max = 0x1p40};
    assert_int_equal(take(&row, "1024").bytes, 1024);
    assert_int_equal(take(&row, "1024 b").bytes, 1024);
    assert_int_equal(take(&row, "1K").bytes, 1024);
    assert_int_equal(take(&row, "1.5kib").bytes, 1536);
    assert_int_equal(take(&row, "2MB").bytes, 2 << 20);
    assert_int_equal(take(&row, "1024G").bytes, 1ull << 40);
    refuses(&row, "1023", "B is \"1023\": it must be a size from 1 KiB to 1024 GiB");
    refuses(&row, "1025G", "B is \"1025G\": it must be a size from 1 KiB to 1024 GiB");
    refuses(&row, "1TiB", "B is \"1TiB\": it must be a size from 1 KiB to 1024 GiB");
    refuses(&row, "1.0001K", "B is \"1.0001K\": it must be a size from 1 KiB to 1024 GiB");
    expect_printed(&row, "1K", "1024");
}

static void a_real_number_has_bounds(void **state) {
    static const struct setting row = {"R", .type = SETTING_REAL, AT, .min = 0.5, .max = 5};
    assert_true(take(&row, "0.5").real == 0.5);
    assert_true(take(&row, "5").real == 5);
    refuses(&row, "0.49", "R is \"0.49\": it must be a number from 0.5 to 5");
    refuses(&row, "5.01", "R is \"5.01\": it must be a number from 0.5 to 5");
    refuses(&row, "inf", "R is \"inf\": it must be a number from 0.5 to 5");
    expect_printed(&row, "2.5", "2.5");
}

static void a_bool_is_a_word(void **state) {
    static const struct setting row = {"F", .type = SETTING_BOOL, AT};
    static const char *const yes[] = {"true", "ON", "Yes", "1"}, *const no[] = {"false", "off",
                                                                                "NO", "0"};
    for (size_t i = 0; i < 4; i++) {
        assert_true(take(&row, yes[i]).flag);
        assert_false(take(&row, no[i]).flag);
    }
    refuses(&row, "2", "F is \"2\": it must be true or false (on, off, yes, no, 1, 0)");
    expect_printed(&row, "yes", "true");
}

static void a_choice_is_its_index_and_a_word_its_text(void **state) {
    static const struct setting choice = {"E", .type = SETTING_CHOICE, AT,
                                          .choices = "red|green|blue"};
    static const struct setting word = {"W", .type = SETTING_WORD, AT, .choices = "red|green|blue"};
    assert_int_equal(take(&choice, "red").colour, RED);
    assert_int_equal(take(&choice, "Blue").colour, BLUE);
    assert_string_equal(take(&word, "GREEN").text, "green");
    refuses(&choice, "re", "E is \"re\": it must be one of red|green|blue");
    refuses(&word, "red|green", "W is \"red|green\": it must be one of red|green|blue");
    expect_printed(&choice, "green", "green");
    expect_printed(&word, "BLUE", "blue");
}

static void a_secret_is_never_repeated(void **state) {
    static const struct setting row = {
        "S", .type = SETTING_TEXT, .flags = SETTING_SECRET, AT, .min = 16, .max = 32};
    refuses(&row, "hunter2", "S cannot be used: it must be text of 16 to 32 bytes");
    expect_printed(&row, "hunter2hunter2hunter2", "(set)");
}

RUN_TESTS(TEST(a_text_has_a_length), TEST(a_text_is_copied), TEST(an_address_gets_its_scheme),
          TEST(a_count_is_whole_and_within_its_bounds), TEST(a_time_may_have_a_unit),
          TEST(a_number_may_be_brought_to_its_bounds), TEST(a_size_may_have_a_unit),
          TEST(a_real_number_has_bounds), TEST(a_bool_is_a_word),
          TEST(a_choice_is_its_index_and_a_word_its_text),
          cmocka_unit_test_teardown(a_secret_is_never_repeated, close_texts))
