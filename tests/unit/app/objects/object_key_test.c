#include "app/objects/object_key.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(char *text, const char *expected) {
    assert_string_equal(text, expected);
    mem_free(text);
}

static void a_key_is_the_path_below_its_prefix(void **state) {
    assert_text(object_key("", false, SLICE("RM_1/a.wav")), "audio/RM_1/a.wav");
    assert_text(object_key("prosa", true, SLICE("RM_1/a.ivf")), "prosa/video/RM_1/a.ivf");
    assert_text(object_key("casa/prosa/", false, SLICE("r/a.ogg")), "casa/prosa/audio/r/a.ogg");
}

static void a_taken_key_gets_a_number(void **state) {
    assert_text(object_key_next(SLICE("audio/r.1/a.wav")), "audio/r.1/a_n2.wav");
    assert_text(object_key_next(SLICE("audio/r.1/a_n2.wav")), "audio/r.1/a_n3.wav");
    assert_text(object_key_next(SLICE("audio/r/a_n99.wav")), "audio/r/a_n100.wav");
    assert_text(object_key_next(SLICE("audio/r.1/a")), "audio/r.1/a_n2");
    assert_text(object_key_next(SLICE("audio/r/a_n.wav")), "audio/r/a_n_n2.wav");
    assert_text(object_key_next(SLICE("audio/r/n2.wav")), "audio/r/n2_n2.wav");
}

static void a_sidecar_lies_beside_its_recording(void **state) {
    assert_text(object_key_sidecar(SLICE("audio/r.1/a_n2.wav")), "audio/r.1/a_n2.json");
    assert_text(object_key_sidecar(SLICE("audio/r.1/a")), "audio/r.1/a.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_the_path_below_its_prefix),
        cmocka_unit_test(a_taken_key_gets_a_number),
        cmocka_unit_test(a_sidecar_lies_beside_its_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
