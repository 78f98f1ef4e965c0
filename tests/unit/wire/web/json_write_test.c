#include "unit.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <math.h>

static void commas_stand_between_members_and_items(void **state) {
    struct buf out = {0};
    json_open(&out, NULL);
    json_add_text(&out, "id", SLICE("7"));
    json_open_array(&out, "items");
    for (int i = 0; i < 2; i++) {
        json_open(&out, NULL);
        json_add_int(&out, "i", i);
        json_add_bool(&out, "odd", i % 2);
        json_close(&out);
    }
    json_open_array(&out, NULL);
    json_close_array(&out);
    json_close_array(&out);
    json_open(&out, "none");
    json_close(&out);
    json_add_null(&out, "next");
    json_close(&out);
    assert_slice_equal(buf_slice(&out), "{\"id\":\"7\",\"items\":[{\"i\":0,\"odd\":false},"
                                        "{\"i\":1,\"odd\":true},[]],\"none\":{},\"next\":null}");
    assert_true(json_check(buf_slice(&out)));
    buf_free(&out);
}

static void every_kind_of_value_is_followed_by_a_comma(void **state) {
    struct buf out = {0};
    json_add_int(&out, NULL, INT64_MIN);
    json_add_uint(&out, NULL, UINT64_MAX);
    json_add_real(&out, NULL, 2.0 / 3, 3);
    json_add_real(&out, NULL, -0.5, 0);
    json_add_real(&out, NULL, INFINITY, 1);
    json_add_real(&out, NULL, (double)NAN, 1);
    json_add_bool(&out, NULL, true);
    json_add_text(&out, NULL, SLICE("[,"));
    json_add_raw(&out, NULL, SLICE("{ \"a\":1 } "));
    json_add_null(&out, NULL);
    assert_slice_equal(buf_slice(&out),
                       "-9223372036854775808,18446744073709551615,0.667,-0,null,null,true,\"[,\","
                       "{ \"a\":1 } ,null");
    buf_free(&out);
}

static void text_is_escaped(void **state) {
    struct buf out = {0}, plain = {0};
    json_add_text(&out, NULL, SLICE("\"\\\n\x01\xff\xc3\xa9/"));
    assert_slice_equal(buf_slice(&out), "\"\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9/\"");
    json_unquote(&plain, buf_slice(&out));
    assert_slice_equal(buf_slice(&plain), "\"\\\n\x01\xef\xbf\xbd\xc3\xa9/");
    buf_free(&plain);
    buf_free(&out);
}

static void what_is_missing_becomes_null(void **state) {
    struct buf out = {0};
    json_open(&out, NULL);
    json_add_text_or_null(&out, "a", SLICE_NONE);
    json_add_text_or_null(&out, "b", SLICE("x"));
    json_add_text(&out, "c", SLICE_NONE);
    json_add_time_or_null(&out, "d", 0);
    json_add_time_or_null(&out, "e", 1795348800123);
    json_add_time(&out, "f", 0);
    json_close(&out);
    assert_slice_equal(buf_slice(&out), "{\"a\":null,\"b\":\"x\",\"c\":\"\",\"d\":null,"
                                        "\"e\":\"2026-11-22T12:00:00.123Z\","
                                        "\"f\":\"1970-01-01T00:00:00.000Z\"}");
    buf_free(&out);
}

static void a_name_waits_for_what_others_write(void **state) {
    struct buf out = {0};
    json_open(&out, NULL);
    json_add_int(&out, "first", 1);
    json_add_name(&out, "inner");
    json_open(&out, NULL);
    json_close(&out);
    json_add_name(&out, "token");
    buf_add_text(&out, "\"abc\"");
    json_add_name(&out, "data");
    json_add_raw(&out, NULL, SLICE("[]"));
    json_close(&out);
    assert_slice_equal(buf_slice(&out), "{\"first\":1,\"inner\":{},\"token\":\"abc\",\"data\":[]}");
    buf_free(&out);
}

static void lines_break_behind_the_comma(void **state) {
    struct buf out = {0};
    json_open(&out, NULL);
    json_break_line(&out, 2);
    json_add_int(&out, "version", 1);
    json_break_line(&out, 2);
    json_add_int(&out, "count", 2);
    json_open_array(&out, "gaps");
    for (int i = 0; i < 2; i++) {
        json_break_line(&out, 4);
        json_open(&out, NULL);
        json_close(&out);
    }
    json_close_array(&out);
    json_break_line(&out, 0);
    json_add_null(&out, "end");
    json_close(&out);
    assert_slice_equal(buf_slice(&out), "{\n  \"version\":1,\n  \"count\":2,\"gaps\":[\n    {},\n"
                                        "    {}],\n\"end\":null}");
    buf_free(&out);
}

RUN_TESTS(TEST(commas_stand_between_members_and_items),
          TEST(every_kind_of_value_is_followed_by_a_comma), TEST(text_is_escaped),
          TEST(what_is_missing_becomes_null), TEST(a_name_waits_for_what_others_write),
          TEST(lines_break_behind_the_comma))
