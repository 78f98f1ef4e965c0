#include "base/macros.h"
#include "outside/livekit/livekit_info.h"
#include "unit.h"
#include "wire/web/json_read.h"

static json_t *parse(const char *text) {
    json_t *json = json_read(slice_from(text));
    assert_non_null(json);
    return json;
}

static void both_spellings_of_an_egress(void **state) {
    static const char *const texts[] = {
        "{\"egressId\":\"EG_1\",\"roomName\":\"r\",\"startedAt\":\"1700000000123000000\","
        "\"track\":{\"trackId\":\"TR_1\",\"websocketUrl\":\"ws://h/x?a=b\"}}",
        "{\"egress_id\":\"EG_1\",\"room_name\":\"r\",\"status\":\"EGRESS_STARTING\","
        "\"started_at\":1700000000123000000,\"error\":\"\","
        "\"track\":{\"track_id\":\"TR_1\",\"websocket_url\":\"ws://h/x?a=b\"}}",
    };
    for (int i = 0; i < 2; i++) {
        json_t *json = parse(texts[i]);
        struct livekit_egress egress;
        livekit_read_egress(&egress, json);
        assert_slice_equal(egress.id, "EG_1");
        assert_slice_equal(egress.room_name, "r");
        assert_slice_equal(egress.track_sid, "TR_1");
        assert_slice_equal(egress.url, "ws://h/x?a=b");
        assert_int_equal(egress.status, EGRESS_STARTING);
        assert_int_equal(egress.started_ms, 1700000000123);
        json_decref(json);
    }
}

static bool is_audio(const char *text) {
    json_t *json = parse(text);
    struct livekit_track track;
    livekit_read_track(&track, json);
    bool is = livekit_track_is_audio(&track);
    json_decref(json);
    return is;
}

static void which_tracks_are_audio(void **state) {
    assert_true(
        is_audio("{\"sid\":\"TR_1\",\"source\":\"MICROPHONE\",\"mimeType\":\"audio/red\"}"));
    assert_true(is_audio("{\"sid\":\"TR_1\",\"type\":\"AUDIO\"}"));
    assert_true(is_audio("{\"sid\":\"TR_1\",\"type\":0,\"source\":4}"));
    assert_true(is_audio("{\"sid\":\"TR_1\",\"source\":\"microphone\"}"));
    assert_true(is_audio("{\"sid\":\"TR_1\",\"source\":\"SCREEN_SHARE_AUDIO\"}"));
    assert_true(is_audio("{\"sid\":\"TR_1\",\"encryption\":\"NONE\"}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"type\":\"VIDEO\"}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"type\":1}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"type\":\"DATA\"}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"type\":\"HOLOGRAM\"}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"source\":\"CAMERA\"}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"mimeType\":\"Video/VP8\"}"));
    assert_false(is_audio("{\"sid\":\"TR_1\",\"encryption\":\"GCM\"}"));
    assert_false(is_audio("{\"source\":\"MICROPHONE\"}"));
}

static struct livekit_track features_of(const char *text) {
    json_t *json = parse(text);
    struct livekit_track track;
    livekit_read_track(&track, json);
    json_decref(json);
    return track;
}

static void what_a_track_says_of_its_audio(void **state) {
    assert_true(features_of("{\"stereo\":true}").is_stereo);
    assert_true(features_of("{\"audioFeatures\":[\"TF_NO_DTX\",\"TF_STEREO\"]}").is_stereo);
    assert_true(features_of("{\"audio_features\":[0]}").is_stereo);
    assert_false(features_of("{\"audioFeatures\":[\"TF_NO_DTX\",2,\"X\"]}").is_stereo);
    assert_true(features_of("{\"audioFeatures\":[\"TF_STEREO\",1]}").has_no_dtx);
    assert_false(features_of("{\"audioFeatures\":[\"TF_STEREO\"]}").has_no_dtx);
}

static void the_next_page_of_a_list(void **state) {
    static const char *const answers[] = {"{\"items\":[],\"next_page_token\":{\"token\":\"p2\"}}",
                                          "{\"nextPageToken\":{\"token\":\"p2\"}}",
                                          "{\"next_page_token\":\"p2\"}"};
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        json_t *json = parse(answers[i]);
        assert_slice_equal(livekit_read_next_page(json), "p2");
        json_decref(json);
    }
    json_t *last = parse("{\"items\":[],\"next_page_token\":null}");
    assert_int_equal(livekit_read_next_page(last).len, 0);
    json_decref(last);
}

static void participants(void **state) {
    json_t *json = parse("{\"sid\":\"PA_1\",\"identity\":\"bob\",\"joinedAt\":\"1700000000\","
                         "\"kind\":\"AGENT\",\"permission\":{\"canUpdateMetadata\":true}}");
    struct livekit_participant p;
    livekit_read_participant(&p, json);
    assert_slice_equal(p.identity, "bob");
    assert_int_equal(p.joined_ms, 1700000000000);
    assert_true(p.may_edit_metadata);
    assert_true(livekit_is_service(&p));
    json_decref(json);

    json = parse(
        "{\"identity\":\"eve\",\"joined_at_ms\":\"1700000000500\",\"joined_at\":\"1700000000\"}");
    livekit_read_participant(&p, json);
    assert_int_equal(p.joined_ms, 1700000000500);
    assert_int_equal(p.kind, KIND_STANDARD);
    assert_false(livekit_is_service(&p));
    json_decref(json);
}

static void expect_person(const char *metadata, bool is_host, const char *name) {
    struct livekit_person person;
    livekit_read_person(&person, slice_from(metadata));
    assert_int_equal(person.is_host, is_host);
    assert_slice_equal(person.name, name);
    json_decref(person.document);
}

static void persons(void **state) {
    expect_person("{\"role\":\"Host\",\"name\":\" Ana \"}", true, "Ana");
    expect_person("{\"roles\":[\"guest\",\"HOST\"],\"displayName\":\"Bo\"}", true, "Bo");
    expect_person("{\"isHost\":true,\"name\":\"  \",\"participantName\":\"Cy\"}", true, "Cy");
    expect_person("{\"isHost\":\"true\",\"role\":5,\"roles\":{}}", false, "");
    expect_person("not json", false, "");
    expect_person("", false, "");
    expect_person("[\"host\"]", false, "");
}

static void deep_json_is_refused(void **state) {
    char text[400];
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    assert_null(json_read(slice_of(text, sizeof text)));
}

RUN_TESTS(TEST(both_spellings_of_an_egress), TEST(which_tracks_are_audio),
          TEST(what_a_track_says_of_its_audio), TEST(the_next_page_of_a_list), TEST(participants),
          TEST(persons), TEST(deep_json_is_refused))
