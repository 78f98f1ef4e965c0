#include "unit.h"
#include "wire/web/range.h"

static void a_part_is_cut_out(void **state) {
    static const struct {
        const char *header;
        uint64_t first, last;
    } parts[] = {
        {"bytes=0-0", 0, 0},  {"bytes=0-99", 0, 99},  {"bytes=10-", 10, 99},
        {"bytes=-1", 99, 99}, {"bytes=-500", 0, 99},  {"bytes=99-1000000", 99, 99},
        {"Bytes=5-6", 5, 6},  {" bytes= 5-6 ", 5, 6}, {"bytes=1-18446744073709551615", 1, 99}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint64_t first, last;
        assert_int_equal(range_parse(slice_from(parts[i].header), 100, &first, &last), RANGE_PART);
        assert_int_equal(first, parts[i].first);
        assert_int_equal(last, parts[i].last);
    }
}

static void what_makes_no_sense_gets_the_whole(void **state) {
    static const char *const headers[] = {"",
                                          "bytes",
                                          "bytes=",
                                          "bytes=-",
                                          "bytes=a-b",
                                          "bytes=5-4",
                                          "bytes=0-1,5-6",
                                          "items=0-1",
                                          "bytes=0-1x",
                                          "bytes=+1-2",
                                          "bytes=1-18446744073709551616",
                                          "bytes=1--2"};
    uint64_t first, last;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(range_parse(slice_from(headers[i]), 100, &first, &last), RANGE_WHOLE);
}

static void nothing_of_it_may_be_there(void **state) {
    uint64_t first, last;
    assert_int_equal(range_parse(SLICE("bytes=100-"), 100, &first, &last), RANGE_NONE);
    assert_int_equal(range_parse(SLICE("bytes=-0"), 100, &first, &last), RANGE_NONE);
    assert_int_equal(range_parse(SLICE("bytes=0-"), 0, &first, &last), RANGE_NONE);
    assert_int_equal(range_parse(SLICE("bytes=-5"), 0, &first, &last), RANGE_NONE);
}

RUN_TESTS(TEST(a_part_is_cut_out), TEST(what_makes_no_sense_gets_the_whole),
          TEST(nothing_of_it_may_be_there))
