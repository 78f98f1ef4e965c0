#include "unit.h"
#include "wire/media/ogg.h"

/* The first page of a stereo stream, serial 0x11223344. */
static const uint8_t head[] = {
    0x4f, 0x67, 0x67, 0x53, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x44, 0x33,
    0x22, 0x11, 0x00, 0x00, 0x00, 0x00, 0xb0, 0xd7, 0x10, 0xd5, 0x01, 0x13, 0x4f, 0x70, 0x75, 0x73,
    0x48, 0x65, 0x61, 0x64, 0x01, 0x02, 0x38, 0x01, 0x80, 0xbb, 0x00, 0x00, 0x00, 0x00, 0x00};

static void a_known_page_is_read(void **state) {
    struct ogg_page page;
    assert_int_equal(ogg_parse(head, sizeof head, &page), OGG_PAGE);
    assert_int_equal(page.len, sizeof head);
    assert_int_equal(page.flags, OGG_FIRST);
    assert_int_equal(page.serial, 0x11223344);
    assert_int_equal(page.body, 28);
}

static void less_of_it_needs_more(void **state) {
    struct ogg_page page;
    for (size_t len = 0; len < sizeof head; len++)
        assert_int_equal(ogg_parse(head, len, &page), OGG_MORE);
}

static void any_wrong_byte_is_noticed(void **state) {
    struct ogg_page page;
    for (size_t i = 0; i < sizeof head; i++) {
        uint8_t bad[sizeof head];
        memcpy(bad, head, sizeof bad);
        bad[i] ^= 1;
        assert_int_not_equal(ogg_parse(bad, sizeof bad, &page), OGG_PAGE);
    }
}

static void a_page_can_be_made_the_last(void **state) {
    uint8_t bytes[sizeof head];
    memcpy(bytes, head, sizeof bytes);
    ogg_set_flags(bytes, sizeof bytes, OGG_FIRST | OGG_LAST);
    struct ogg_page page;
    assert_int_equal(ogg_parse(bytes, sizeof bytes, &page), OGG_PAGE);
    assert_int_equal(page.flags, OGG_FIRST | OGG_LAST);
    ogg_set_flags(bytes, sizeof bytes, OGG_FIRST);
    assert_memory_equal(bytes, head, sizeof head);
}

RUN_TESTS(TEST(a_known_page_is_read), TEST(less_of_it_needs_more), TEST(any_wrong_byte_is_noticed),
          TEST(a_page_can_be_made_the_last))
