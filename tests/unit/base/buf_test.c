#include "base/buf.h"
#include "base/mem.h"
#include "unit.h"

static void it_grows_and_keeps_its_bytes(void **state) {
    struct buf buf = {0};
    for (int i = 0; i < 1000; i++)
        buf_printf(&buf, "%d,", i);
    assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4);
    assert_memory_equal(buf.data, "0,1,2,3", 7);
    assert_memory_equal(buf.data + buf.len - 8, "998,999,", 8);
    buf_free(&buf);
    assert_null(buf.data);
}

static void consuming_moves_the_rest_to_the_front(void **state) {
    struct buf buf = {0};
    buf_add_text(&buf, "GET / HTTP");
    buf_consume(&buf, 4);
    assert_slice_equal(buf_slice(&buf), "/ HTTP");
    buf_consume(&buf, buf.len);
    assert_int_equal(buf.len, 0);
    buf_add_byte(&buf, 'x');
    char *text = buf_take_text(&buf);
    assert_string_equal(text, "x");
    mem_free(text);
    buf_free(&buf);
}

RUN_TESTS(TEST(it_grows_and_keeps_its_bytes), TEST(consuming_moves_the_rest_to_the_front))
