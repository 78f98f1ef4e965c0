#include "wire/redis/resp.h"

#include "unit.h"

enum { LIMIT = 1000 };

static void a_command_is_an_array_of_texts(void **state) {
    struct buf out = {0};
    const struct slice parts[] = {SLICE("SET"), SLICE("a b"), SLICE("\r\n")};
    resp_write(&out, parts, 3);
    assert_slice_equal(buf_slice(&out), "*3\r\n$3\r\nSET\r\n$3\r\na b\r\n$2\r\n\r\n\r\n");
    buf_free(&out);
}

static enum resp_state find(const char *text, size_t len, size_t *used) {
    return resp_find(slice_of(text, len), LIMIT, used);
}

/* Found whole, and not before its last byte. */
static void assert_whole(const char *text) {
    size_t used = 0, len = strlen(text);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(find(text, i, &used), RESP_MORE);
    assert_int_equal(used, 0);
    assert_int_equal(find(text, len, &used), RESP_WHOLE);
    assert_int_equal(used, len);
}

static void a_reply_is_found_when_its_last_byte_is_there(void **state) {
    assert_whole("+OK\r\n");
    assert_whole("-ERR unknown command\r\n");
    assert_whole(":-9223372036854775807\r\n");
    assert_whole("$-1\r\n");
    assert_whole("*-1\r\n");
    assert_whole("$0\r\n\r\n");
    assert_whole("$4\r\na\r\nb\r\n");
    assert_whole("*0\r\n");
    assert_whole("*3\r\n$7\r\nmessage\r\n*2\r\n:1\r\n$-1\r\n+x\r\n");
}

static void what_follows_is_the_next_reply(void **state) {
    size_t used = 0;
    assert_int_equal(find("+OK\r\n+O", 8, &used), RESP_WHOLE);
    assert_int_equal(used, 5);
}

static void what_is_no_reply_is_refused(void **state) {
    static const char *const bad[] = {"x",         "HTTP/1.1 400", "$x\r\n",
                                      "$-2\r\n",   ":\r\n",        ":1x\r\n",
                                      "$1\r\nabc", "+a\rb\r\n",    "*1001\r\n",
                                      "$1001\r\n", "%1\r\n",       ":99999999999999999999\r\n"};
    size_t used;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(find(bad[i], strlen(bad[i]), &used), RESP_BAD);
    assert_int_equal(find("\0\r\n", 3, &used), RESP_BAD);
}

static void size_and_depth_are_bounded(void **state) {
    char text[LIMIT + 10];
    size_t used;
    memset(text, 'a', sizeof text);
    text[0] = '+';
    assert_int_equal(find(text, LIMIT, &used), RESP_MORE);
    assert_int_equal(find(text, LIMIT + 1, &used), RESP_BAD);
    for (unsigned i = 0; i < RESP_DEPTH_MAX + 1; i++)
        memcpy(text + 4 * i, "*1\r\n", 4);
    assert_int_equal(find(text, 4 * RESP_DEPTH_MAX, &used), RESP_MORE);
    assert_int_equal(find(text, 4 * (RESP_DEPTH_MAX + 1), &used), RESP_BAD);
}

static void a_reply_is_walked_head_by_head(void **state) {
    struct slice rest = slice_from("*4\r\n$2\r\nhi\r\n*2\r\n:1\r\n:2\r\n$-1\r\n-ERR no\r\n");
    struct resp_value value;
    assert_true(resp_next(&rest, &value));
    assert_int_equal(value.kind, RESP_ARRAY);
    assert_int_equal(value.number, 4);
    assert_true(resp_next(&rest, &value));
    assert_int_equal(value.kind, RESP_TEXT);
    assert_slice_equal(value.text, "hi");
    assert_true(resp_skip(&rest));
    assert_true(resp_next(&rest, &value));
    assert_int_equal(value.kind, RESP_NIL);
    assert_true(resp_next(&rest, &value));
    assert_int_equal(value.kind, RESP_ERROR);
    assert_slice_equal(value.text, "ERR no");
    assert_false(resp_next(&rest, &value));
    assert_false(resp_skip(&rest));
}

RUN_TESTS(TEST(a_command_is_an_array_of_texts), TEST(a_reply_is_found_when_its_last_byte_is_there),
          TEST(what_follows_is_the_next_reply), TEST(what_is_no_reply_is_refused),
          TEST(size_and_depth_are_bounded), TEST(a_reply_is_walked_head_by_head))
