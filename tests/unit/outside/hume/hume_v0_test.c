#include "outside/hume/hume_message.h"

#include "base/buf.h"
#include "base/macros.h"
#include "unit.h"
#include "wire/web/base64.h"

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

static void v0_predictions_become_feelings(void **state) {
    read_v0("{\"payload_id\":\"17\",\"prosody\":{\"predictions\":[{\"time\":{\"begin\":0.5,\"end\":"
            "2.41},\"emotions\":[{\"name\":\"Anger\",\"score\":0.5},{\"name\":\"Nonsense\","
            "\"score\":1}]},{\"emotions\":[{\"name\":\"JOY\",\"score\":0.8}]}],\"extra\":[1]}}");
    assert_int_equal(reading.kind, HUME_MEASURED);
    assert_int_equal(reading.payload_id, 17);
    assert_int_equal(reading.count, 2);
    assert_int_equal(reading.spans[0].begin_ms, 500);
    assert_int_equal(reading.spans[0].end_ms, 2410);
    assert_true(reading.spans[0].feeling.valence < -0.3f);
    assert_true(reading.spans[0].feeling.arousal > 0.3f);
    assert_true(reading.spans[1].feeling.valence > 0.3f);
}

static void v0_codes_are_told_by_their_letter(void **state) {
    static const struct {
        const char *text, *code;
        enum hume_kind kind;
    } cases[] = {
        {"{\"error\":\"x\",\"code\":\"E0101\",\"payload_id\":\"3\"}", "E0101", HUME_FAULT},
        {"{\"error\":\"x\",\"code\":\"E0300\"}", "E0300", HUME_QUOTA},
        {"{\"error\":\"x\",\"code\":\"I0100\"}", "I0100", HUME_SERVICE_FAULT},
        {"{\"warning\":\"No speech detected.\",\"code\":\"W0105\"}", "W0105", HUME_NO_SPEECH},
        {"{\"prosody\":{\"warning\":\"No speech.\",\"code\":\"W0105\"}}", "W0105", HUME_NO_SPEECH},
        {"{\"error\":\"x\"}", "unknown", HUME_FAULT},
        {"{\"error\":\"x\",\"code\":\"a b\\n{}\"}", "a_b___", HUME_FAULT},
        {"{\"error\":1,\"code\":{}}", "unknown", HUME_FAULT},
        {"{\"job_details\":{}}", "", HUME_NOTHING},
        {"[]", "", HUME_UNREADABLE},
        {"{", "", HUME_UNREADABLE},
        {"{\"a\":1e999}", "", HUME_NOTHING},
        {"", "", HUME_UNREADABLE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        read_v0(cases[i].text);
        assert_int_equal(reading.kind, cases[i].kind);
        assert_string_equal(reading.code, cases[i].code);
    }
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

static void a_block_is_a_wav_in_json(void **state) {
    struct buf text = {0}, wav = {0};
    int16_t pcm[3] = {1, -2, 0x1234};
    hume_v0_write_block(&text, pcm, 3, 42);
    json_t *root = json_loadb(text.data, text.len, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "payload_id")), "42");
    assert_non_null(json_object_get(json_object_get(root, "models"), "prosody"));
    assert_true(base64_parse_leniently(&wav, slice_from(json_string_value(json_object_get(root, "data")))));
    assert_int_equal(wav.len, 50);
    assert_memory_equal(wav.data,
                        "RIFF\x2a\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0"
                        "\x02\0\x10\0data\x06\0\0\0\x01\0\xfe\xff\x34\x12",
                        50);
    json_decref(root);
    assert_slice_equal(
        buf_slice(&text),
        "{\"data\":\"UklGRioAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQYAAAABAP7/"
        "NBI=\",\"models\":{\"prosody\":{}},\"payload_id\":\"42\"}");
    buf_clear(&text);
    hume_v0_write_hello(&text);
    assert_slice_equal(buf_slice(&text), "{\"models\":{\"prosody\":{}}}");
    buf_free(&text);
    buf_free(&wav);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(v0_predictions_become_feelings),
                                       TEST(v0_codes_are_told_by_their_letter),
                                       TEST(numbers_of_compatible_services_are_found_at_any_depth),
                                       TEST(wrong_shapes_hurt_nobody),
                                       TEST(a_block_is_a_wav_in_json)};
    return cmocka_run_group_tests(tests, load_map, NULL);
}
