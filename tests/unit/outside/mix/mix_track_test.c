/* Where a file's samples lie in time. */
#include "outside/mix/mix_track.h"

#include "outside/files/sidecar.h"
#include "unit.h"

static void a_file_without_pauses_is_one_stretch(void **state) {
    struct mix_stretch out[4];
    assert_int_equal(mix_stretches(NULL, 1000, 48000, 48000, out, 4), 1);
    assert_int_equal(out[0].at_ms, 1000);
    assert_int_equal(out[0].frames, 48000);
    assert_int_equal(mix_stretches(NULL, 1000, 0, 48000, out, 4), 0);
}

static void pauses_move_what_follows(void **state) {
    struct sidecar_pause pauses[] = {
        {.at = 0, .from_ms = 1000, .to_ms = 3000}, /* muted from the beginning */
        {.at = 48000, .from_ms = 4000, .to_ms = 9000},
        {.at = 96000, .from_ms = 10000, .to_ms = 0},     /* not over */
        {.at = 900000, .from_ms = 20000, .to_ms = 30000} /* beyond what is there */
    };
    struct sidecar sidecar = {.pauses = pauses, .pause_count = 4};
    struct mix_stretch out[8];
    assert_int_equal(mix_stretches(&sidecar, 1000, 96000, 48000, out, 8), 2);
    assert_int_equal(out[0].at_ms, 3000);
    assert_int_equal(out[0].first, 0);
    assert_int_equal(out[0].frames, 48000);
    assert_int_equal(out[1].at_ms, 9000);
    assert_int_equal(out[1].first, 48000);
    assert_int_equal(out[1].frames, 48000);
    sidecar.info.rate_hz = 16000; /* Opus is decoded at another rate than it came with */
    assert_int_equal(mix_stretches(&sidecar, 1000, 288000, 48000, out, 8), 2);
    assert_int_equal(out[1].first, 144000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_pauses_is_one_stretch),
        cmocka_unit_test(pauses_move_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
