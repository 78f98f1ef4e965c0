#include "outside/files/format.h"

#include "unit.h"

static void each_format_is_found_by_its_name(void **state) {
    for (enum record_format id = 0; id < RECORD_FORMATS; id++) {
        const struct format *format = format_of(id);
        assert_int_equal(format->id, id);
        assert_ptr_equal(format_find(format_name(id)), format);
        assert_int_equal(format_is_video(format_name(id)), id == RECORD_H264 || id == RECORD_IVF);
        assert_memory_equal(format->mime, format->is_video ? "video/" : "audio/", 6);
    }
    assert_null(format_find(SLICE("off")));
    assert_null(format_find(SLICE("WAV")));
    assert_null(format_find(SLICE_NONE));
    assert_false(format_is_video(SLICE("mp4")));
}

static void a_file_has_the_format_of_its_ending(void **state) {
    assert_int_equal(format_of_file("a.wav")->id, RECORD_WAV);
    assert_int_equal(format_of_file("a.wav.ivf")->id, RECORD_IVF);
    assert_null(format_of_file("a.json"));
    assert_null(format_of_file("wav"));
    assert_null(format_of_file("a.wav."));
}

RUN_TESTS(TEST(each_format_is_found_by_its_name), TEST(a_file_has_the_format_of_its_ending))
