#include "unit.h"
#include "wire/web/url.h"

#include <errno.h>

static void a_url_is_taken_apart(void **state) {
    struct url url;
    assert_int_equal(url_parse(&url, SLICE("wss://u%40:p:w@api.example:8443/v0/x?a=1?#f")), 0);
    assert_slice_equal(url.scheme, "wss");
    assert_slice_equal(url.user, "u%40");
    assert_slice_equal(url.password, "p:w");
    assert_slice_equal(url.host, "api.example");
    assert_int_equal(url_port(&url), 8443);
    assert_slice_equal(url.path, "/v0/x");
    assert_slice_equal(url.query, "a=1?");
    assert_true(url_is_secure(&url));
}

static void what_is_left_out_has_its_default(void **state) {
    struct url url;
    assert_int_equal(url_parse(&url, SLICE("WS://h")), 0);
    assert_int_equal(url_port(&url), 80);
    assert_int_equal(url.path.len + url.query.len + url.user.len + url.password.len, 0);
    assert_int_equal(url_parse(&url, SLICE("https://h?q")), 0);
    assert_int_equal(url_port(&url), 443);
    assert_slice_equal(url.query, "q");
    assert_int_equal(url_parse(&url, SLICE("http://[::1]:8080/")), 0);
    assert_slice_equal(url.host, "::1");
    assert_int_equal(url_port(&url), 8080);
    assert_int_equal(url_parse(&url, SLICE("postgresql://h:/db")), 0);
    assert_int_equal(url_port(&url), 0);
    assert_int_equal(url.port, 0);
}

static void what_is_no_url_is_refused(void **state) {
    const char *bad[] = {
        "",           "h",          "//h/p",          "http:/h",     "http://",     "http:///p",
        "http://h:x", "http://h:0", "http://h:65536", "http://[::1", "http://[]",   "http://[::1]x",
        "1http://h",  "http://h /", "http://:80",     "ht tp://h",   "http://h/\n", "://h"};
    struct url url = {.port = 7};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(url_parse(&url, slice_from(bad[i])), EINVAL);
    assert_int_equal(url.port, 7);
}

static void escapes_are_undone(void **state) {
    struct buf out = {0};
    buf_add_text(&out, ">");
    assert_int_equal(url_decode(&out, SLICE("a%2Fb+c%c3%A7%00"), false), 0);
    assert_int_equal(out.len, 9);
    assert_memory_equal(out.data, ">a/b+c\xc3\xa7\0", 9);
    buf_clear(&out);
    assert_int_equal(url_decode(&out, SLICE("a+b%2B"), true), 0);
    assert_slice_equal(buf_slice(&out), "a b+");
    const char *bad[] = {"%", "%4", "%ZZ", "a%4", "%%41", "%4g"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(url_decode(&out, slice_from(bad[i]), true), EINVAL);
    assert_slice_equal(buf_slice(&out), "a b+");
    buf_free(&out);
}

static void every_byte_survives_encoding(void **state) {
    struct buf encoded = {0}, decoded = {0};
    char all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    url_encode(&encoded, slice_of(all, sizeof all));
    assert_int_equal(url_decode(&decoded, buf_slice(&encoded), true), 0);
    assert_true(slice_is_equal(buf_slice(&decoded), slice_of(all, sizeof all)));
    buf_clear(&encoded);
    url_encode(&encoded, SLICE("a b/\xc3\xa7~"));
    assert_slice_equal(buf_slice(&encoded), "a+b%2F%C3%A7~");
    buf_free(&encoded);
    buf_free(&decoded);
}

static void queries_are_walked_with_their_duplicates(void **state) {
    struct slice rest = SLICE("a=1&&b&=2&c=x=y&a=3&"), name, value;
    const char *names[] = {"a", "b", "", "c", "a"}, *values[] = {"1", "", "2", "x=y", "3"};
    for (int i = 0; i < 5; i++) {
        assert_true(query_next(&rest, &name, &value));
        assert_slice_equal(name, names[i]);
        assert_slice_equal(value, values[i]);
    }
    assert_false(query_next(&rest, &name, &value));
    assert_false(query_next(&rest, &name, &value));
}

static void a_parameter_is_found_by_its_decoded_name(void **state) {
    struct slice query = SLICE("room%4eame=a%20b&x=1&roomName=c&x=%ZZ"), value = SLICE("?");
    struct buf out = {0};
    assert_int_equal(query_find(query, "roomName", &value), 2);
    assert_slice_equal(value, "a%20b");
    assert_int_equal(query_find(query, "room", &value), 0);
    assert_int_equal(query_find(query, "roomNames", &value), 0);
    assert_int_equal(query_get(&out, query, "roomName"), 0);
    assert_slice_equal(buf_slice(&out), "a b");
    assert_int_equal(query_get(&out, query, "none"), ENOENT);
    assert_int_equal(query_get(&out, SLICE("x=%ZZ"), "x"), EINVAL);
    assert_int_equal(query_find(SLICE_NONE, "x", &value), 0);
    buf_free(&out);
}

RUN_TESTS(TEST(a_url_is_taken_apart), TEST(what_is_left_out_has_its_default),
          TEST(what_is_no_url_is_refused), TEST(escapes_are_undone),
          TEST(every_byte_survives_encoding), TEST(queries_are_walked_with_their_duplicates),
          TEST(a_parameter_is_found_by_its_decoded_name))
