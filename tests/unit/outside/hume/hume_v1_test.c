#include "outside/hume/hume_message.h"

#include "unit.h"

static struct hume_reading reading;
static struct expressions map;

static int load_map(void **state) {
    expressions_init(&map);
    return 0;
}

static void read_v1(const char *text) {
    hume_v1_read(&reading, &map, slice_from(text));
}

static void v1_messages_are_told_by_their_type(void **state) {
    read_v1("{\"type\":\"session.created\",\"session_id\":\"x\",\"config\":{}}");
    assert_int_equal(reading.kind, HUME_READY);
    read_v1("{\"type\":\"measurement.result\",\"trigger\":\"interval\",\"audio_start_ms\":41200,"
            "\"audio_end_ms\":44200,\"expressions\":[{\"name\":\"joy\",\"probability\":0.9}],"
            "\"voice_attributes\":[{\"name\":\"clear\",\"probability\":0.96}]}");
    assert_int_equal(reading.kind, HUME_MEASURED);
    assert_int_equal(reading.count, 1);
    assert_int_equal(reading.spans[0].begin_ms, 41200);
    assert_int_equal(reading.spans[0].end_ms, 44200);
    assert_true(reading.spans[0].feeling.valence > 0.5f);
    read_v1("{\"type\":\"measurement.result\",\"audio_start_ms\":1,\"result\":{\"audio_end_ms\":9,"
            "\"expressions\":[]}}");
    assert_int_equal(reading.count, 1);
    assert_int_equal(reading.spans[0].begin_ms, 1);
    assert_int_equal(reading.spans[0].end_ms, 9);
    assert_true(reading.spans[0].feeling.valence == 0); /* an empty list: neutral */
    read_v1("{\"type\":\"error\",\"code\":\"rate_limited\",\"message\":\"slow down\"}");
    assert_int_equal(reading.kind, HUME_TOO_FAST);
    read_v1("{\"type\":\"error\",\"code\":\"internal_error\"}");
    assert_int_equal(reading.kind, HUME_SERVICE_FAULT);
    read_v1("{\"type\":\"error\",\"code\":\"invalid_audio_frame\"}");
    assert_int_equal(reading.kind, HUME_FAULT);
    read_v1("{\"type\":\"session.closed\",\"reason\":\"client\"}");
    assert_int_equal(reading.kind, HUME_ENDED);
    read_v1("{\"type\":\"utterance.start\"}");
    assert_int_equal(reading.kind, HUME_NOTHING);
    read_v1("{\"type\":5}");
    assert_int_equal(reading.kind, HUME_NOTHING);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(v1_messages_are_told_by_their_type)};
    return cmocka_run_group_tests(tests, load_map, NULL);
}
