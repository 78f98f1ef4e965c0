#include "wire/redis/msgpack.h"

#include "base/macros.h"
#include "base/mem.h"
#include "base/text.h"
#include "unit.h"
#include "wire/web/json.h"

#include <stdio.h>

/* What notepack.io 3.0.1 writes for these texts. */
static const struct {
    const char *json, *hex;
} values[] = {
    {"null", "c0"},
    {"true", "c3"},
    {"0", "00"},
    {"127", "7f"},
    {"128", "cc80"},
    {"255", "ccff"},
    {"256", "cd0100"},
    {"65535", "cdffff"},
    {"65536", "ce00010000"},
    {"4294967295", "ceffffffff"},
    {"4294967296", "cf0000000100000000"},
    {"9007199254740991", "cf001fffffffffffff"},
    {"-1", "ff"},
    {"-32", "e0"},
    {"-33", "d0df"},
    {"-128", "d080"},
    {"-129", "d1ff7f"},
    {"-32768", "d18000"},
    {"-32769", "d2ffff7fff"},
    {"-2147483648", "d280000000"},
    {"-2147483649", "d3ffffffff7fffffff"},
    {"-9007199254740991", "d3ffe0000000000001"},
    {"0.1", "cb3fb999999999999a"},
    {"-0", "00"},
    {"1.5", "cb3ff8000000000000"},
    {"\"\"", "a0"},
    {"\"a\"", "a161"},
    {"\"é€😀\"", "a9c3a9e282acf09f9880"},
    {"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
     "bf78787878787878787878787878787878787878787878787878787878787878"},
    {"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
     "d9207878787878787878787878787878787878787878787878787878787878787878"},
    {"[]", "90"},
    {"[1]", "9101"},
    {"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "9f000000000000000000000000000000"},
    {"[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "dc001000000000000000000000000000000000"},
    {"{}", "80"},
    {"{\"a\":1}", "81a16101"},
    {"{\"1\":2}", "81a13102"},
};

static struct buf from_hex(const char *hex) {
    struct buf bytes = {0};
    for (; hex[0] && hex[1]; hex += 2)
        buf_add_byte(&bytes, (char)(text_hex_value(hex[0]) << 4 | text_hex_value(hex[1])));
    return bytes;
}

static void assert_packs(const char *json, const struct slice *binaries, unsigned count,
                         const char *hex) {
    struct buf packed = {0}, wanted = from_hex(hex);
    assert_true(json_check(slice_from(json)));
    msgpack_add_json(&packed, slice_from(json), binaries, count);
    assert_int_equal(packed.len, wanted.len);
    assert_memory_equal(packed.data, wanted.data, wanted.len);
    buf_free(&packed);
    buf_free(&wanted);
}

/* json NULL: the bytes are refused. */
static struct msgpack_binaries assert_reads(const char *hex, const char *json) {
    struct buf bytes = from_hex(hex), text = {0};
    struct msgpack_binaries binaries = {0};
    struct slice rest = buf_slice(&bytes);
    assert_int_equal(msgpack_to_json(&text, &rest, &binaries), json != NULL);
    if (json) {
        assert_int_equal(rest.len, 0);
        assert_slice_equal(buf_slice(&text), json);
        assert_true(json_check(buf_slice(&text)));
    }
    buf_free(&text);
    buf_free(&bytes);
    return binaries;
}

static void values_are_written_as_servers_of_node_write_them(void **state) {
    for (unsigned i = 0; i < ARRAY_LEN(values); i++)
        assert_packs(values[i].json, NULL, 0, values[i].hex);
}

static void values_are_read_as_they_were(void **state) {
    for (unsigned i = 0; i < ARRAY_LEN(values); i++)
        assert_reads(values[i].hex, strcmp(values[i].json, "-0") ? values[i].json : "0");
}

static void white_space_and_escapes_do_not_matter(void **state) {
    assert_packs(" [ 1 , { \"a\" : [ ] , \"b\" : { } } ] ", NULL, 0, "920182a16190a16280");
    assert_packs("[\"\\u00e9\\n\"]", NULL, 0, "91a3c3a90a");
    assert_packs("[\"\\ud800\"]", NULL, 0, "91a3efbfbd");
}

static void numbers_beyond_64_bits_are_no_integers(void **state) {
    assert_packs("18446744073709551615", NULL, 0, "cfffffffffffffffff");
    assert_packs("18446744073709551616", NULL, 0, "cb43f0000000000000");
    assert_packs("-9223372036854775808", NULL, 0, "d38000000000000000");
    assert_packs("-9223372036854775809", NULL, 0, "cbc3e0000000000000");
    assert_packs("1e21", NULL, 0, "cb444b1ae4d6e2ef50");
}

static void placeholders_stand_for_binaries(void **state) {
    const struct slice binaries[] = {SLICE("\xde\xad"), SLICE("")};
    assert_packs(
        "[{\"_placeholder\":true,\"num\":0},{\"b\":{\"num\":1,\"_placeholder\":true}},[1]]",
        binaries, 2, "93c402dead81a162c4009101");
    /* There is no third. */
    assert_packs("{\"_placeholder\":true,\"num\":2}", binaries, 2,
                 "82ac5f706c616365686f6c646572c3a36e756d02");
    assert_packs("{\"_placeholder\":true,\"num\":0}", NULL, 0,
                 "82ac5f706c616365686f6c646572c3a36e756d00");
}

static void binaries_travel_beside_the_text(void **state) {
    struct msgpack_binaries binaries =
        assert_reads("92c402deadc500010a", "[{\"_placeholder\":true,\"num\":0},"
                                           "{\"_placeholder\":true,\"num\":1}]");
    assert_int_equal(binaries.count, 2);
    assert_int_equal(binaries.parts[0].len, 2);
    assert_int_equal(binaries.parts[1].len, 1);
    assert_reads("9bc400c400c400c400c400c400c400c400c400c400c400", NULL);
}

static void numbers_are_read_as_javascript_prints_them(void **state) {
    assert_reads("cb0000000000000000", "0");
    assert_reads("cb8000000000000000", "0");
    assert_reads("cb4340000000000000", "9007199254740992");
    assert_reads("cb444b1ae4d6e2ef50", "1e+21");
    assert_reads("cb43e158e460913d00", "10000000000000000000");
    assert_reads("cb3eb0c6f7a0b5ed8d", "0.000001");
    assert_reads("cb3e7ad7f29abcaf48", "1e-7");
    assert_reads("cbc05edd2f1a9fbe77", "-123.456");
    assert_reads("cb7fefffffffffffff", "1.7976931348623157e+308");
    assert_reads("cb0000000000000001", "5e-324");
    assert_reads("cb7ff8000000000000", "null");
    assert_reads("cbfff0000000000000", "null");
    assert_reads("ca3fc00000", "1.5");
}

static void times_are_texts(void **state) {
    assert_reads("d6ff00000000", "\"1970-01-01T00:00:00.000Z\"");
    assert_reads("d7ff1d5353006553f100", "\"2023-11-14T22:13:20.123Z\"");
    assert_reads("c70cff3b8b87c0ffffffffffffffff", "\"1969-12-31T23:59:59.999Z\"");
    assert_reads("c70cff000000007fffffffffffffff", "null");
    assert_reads("d60100000000", NULL);
}

static void texts_need_not_be_utf8(void **state) {
    assert_reads("a4f0908080", "\"\xf0\x90\x80\x80\"");
    assert_reads("a161", "\"a\"");
    struct buf bytes = from_hex("a3eda080"), text = {0};
    struct slice rest = buf_slice(&bytes);
    assert_true(msgpack_to_json(&text, &rest, &(struct msgpack_binaries){0}));
    assert_true(text_is_utf8(buf_slice(&text)));
    buf_free(&text);
    buf_free(&bytes);
}

static void names_of_members_may_be_numbers(void **state) {
    assert_reads("820102c0c3", "{\"1\":2,\"null\":true}");
    assert_reads("819001", NULL);
}

static void what_is_cut_short_is_refused(void **state) {
    static const char *const whole[] = {"93a66846496f5849820102c003cb3fb999999999999a",
                                        "c70cff3b8b87c0ffffffffffffffff", "dc0002d90161c40101"};
    for (unsigned i = 0; i < ARRAY_LEN(whole); i++) {
        struct buf bytes = from_hex(whole[i]);
        for (size_t len = 0; len < bytes.len; len++) {
            struct buf text = {0};
            struct slice rest = slice_of(bytes.data, len);
            assert_false(msgpack_to_json(&text, &rest, &(struct msgpack_binaries){0}));
            buf_free(&text);
        }
        buf_free(&bytes);
    }
    assert_reads("c1", NULL);
    assert_reads("ddffffffff", NULL);
    assert_reads("dbffffffff61", NULL);
}

static void depth_is_bounded(void **state) {
    for (unsigned depth = MSGPACK_DEPTH_MAX; depth <= MSGPACK_DEPTH_MAX + 1; depth++) {
        struct buf bytes = {0}, text = {0};
        for (unsigned i = 1; i < depth; i++)
            msgpack_open_array(&bytes, 1);
        msgpack_open_array(&bytes, 0);
        struct slice rest = buf_slice(&bytes);
        bool is_good = depth <= MSGPACK_DEPTH_MAX;
        assert_int_equal(msgpack_to_json(&text, &rest, &(struct msgpack_binaries){0}), is_good);
        buf_free(&text);
        buf_free(&bytes);
    }
}

RUN_TESTS(TEST(values_are_written_as_servers_of_node_write_them),
          TEST(values_are_read_as_they_were), TEST(white_space_and_escapes_do_not_matter),
          TEST(numbers_beyond_64_bits_are_no_integers), TEST(placeholders_stand_for_binaries),
          TEST(binaries_travel_beside_the_text), TEST(numbers_are_read_as_javascript_prints_them),
          TEST(times_are_texts), TEST(texts_need_not_be_utf8),
          TEST(names_of_members_may_be_numbers), TEST(what_is_cut_short_is_refused),
          TEST(depth_is_bounded))
