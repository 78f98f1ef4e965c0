#include "outside/hume/hume_message.h"

#include "base/buf.h"
#include "base/macros.h"
#include "unit.h"

#include <math.h>

static struct hume_reading reading;
static struct expressions map;

static int load_map(void **state) {
    expressions_init(&map);
    return 0;
}

static void read_v0(const char *text) {
    hume_v0_read(&reading, &map, slice_from(text));
}

static void numbers_of_compatible_services_are_found_at_any_depth(void **state) {
    read_v0("{\"prosody\":{\"summary\":{\"mean_Valence\":-0.25,\"list\":[{\"AROUSAL\":7}],"
            "\"ambivalence\":0.9}}}");
    assert_int_equal(reading.kind, HUME_MEASURED);
    assert_int_equal(reading.count, 1);
    assert_true(fabsf(reading.spans[0].feeling.valence + 0.25f) < 1e-6f);
    assert_true(reading.spans[0].feeling.arousal == 1);
}

static void wrong_shapes_hurt_nobody(void **state) {
    const char *texts[] = {
        "{\"prosody\":{\"predictions\":[1,null,{},{\"emotions\":3},{\"emotions\":[1,{\"name\":2},"
        "{\"name\":\"Joy\",\"score\":\"high\"}]},{\"time\":{\"begin\":-5,\"end\":1e300}}]}}",
        "{\"prosody\":7}",
        "{\"prosody\":{\"predictions\":{}}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        read_v0(texts[i]);
        assert_int_not_equal(reading.kind, HUME_UNREADABLE);
        for (unsigned s = 0; s < reading.count; s++) {
            assert_true(reading.spans[s].begin_ms >= 0);
            assert_true(reading.spans[s].end_ms >= 0);
        }
    }
    struct buf deep = {0};
    for (int i = 0; i < 100000; i++)
        buf_add_text(&deep, "{\"a\":");
    hume_v0_read(&reading, &map, buf_slice(&deep));
    assert_int_equal(reading.kind, HUME_UNREADABLE);
    buf_free(&deep);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(numbers_of_compatible_services_are_found_at_any_depth),
                                       TEST(wrong_shapes_hurt_nobody)};
    return cmocka_run_group_tests(tests, load_map, NULL);
}
