#include "app/tracks/track_params.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct track_params parse(enum track_kind kind, const char *query) {
    struct track_params p;
    const char *why = NULL;
    int err = track_params_parse(&p, kind, slice_from(query), &why);
    if (err)
        fail_msg("%s: %s", query, why);
    return p;
}

static void refuse(enum track_kind kind, const char *query, const char *word) {
    struct track_params p, before;
    memset(&p, 0x5a, sizeof p);
    memcpy(&before, &p, sizeof p);
    const char *why = NULL;
    assert_int_equal(track_params_parse(&p, kind, slice_from(query), &why), EINVAL);
    assert_non_null(why);
    if (!strstr(why, word))
        fail_msg("%s: \"%s\" does not name %s", query, why, word);
    assert_memory_equal(&p, &before, sizeof p);
}

static void test_only_the_room_is_required(void **state) {
    (void)state;
    struct track_params p = parse(TRACK_AUDIO, "roomName=sala");
    assert_string_equal(p.room, "sala");
    assert_string_equal(p.participant, "participant");
    assert_string_equal(p.track, "track");
    assert_string_equal(p.meeting_id, "");
    assert_int_equal(p.rate_hz, 48000);
    assert_int_equal(p.channels, 1);
    assert_int_equal(p.group_ms, 0);
    refuse(TRACK_AUDIO, "", "roomName");
    refuse(TRACK_AUDIO, "roomName=", "roomName");
    refuse(TRACK_AUDIO, "participant=x", "roomName");
}

static void test_the_old_backends_url(void **state) {
    (void)state;
    struct track_params p =
        parse(TRACK_AUDIO, "roomName=sala+1&participant=bob%3Ax&trackId=TR_ab.c&meetingId=RM_1"
                           "&sampleRate=48000&channels=1&groupSeconds=2");
    assert_string_equal(p.room, "sala 1");
    assert_string_equal(p.participant, "bob:x");
    assert_string_equal(p.track, "TR_ab.c");
    assert_string_equal(p.meeting_id, "RM_1");
    assert_int_equal(p.group_ms, 2000);
}

static void test_short_names(void **state) {
    (void)state;
    struct track_params p =
        parse(TRACK_AUDIO, "room=r&track=t&groupSeconds=0.5&recordFormat=flac"
                           "&source=MICROPHONE&dtx=off&stereo=on&token=v1.2.3&other=4");
    assert_string_equal(p.room, "r");
    assert_string_equal(p.track, "t");
    assert_int_equal(p.group_ms, 500);
    assert_string_equal(p.record_format, "flac");
    assert_string_equal(p.source, "MICROPHONE");
    assert_string_equal(p.dtx, "off");
    assert_int_equal(p.stereo, STEREO_ON);
}

/* Names of parameters are read as the signature reads them. */
static void test_names_of_parameters_are_decoded(void **state) {
    (void)state;
    struct track_params p =
        parse(TRACK_AUDIO, "%72oom=r&tr%61ckId=t&record%46ormat=off&sample%52ate=8000"
                           "&channel%73=2&%64tx=off");
    assert_string_equal(p.room, "r");
    assert_string_equal(p.track, "t");
    assert_string_equal(p.record_format, "off");
    assert_string_equal(p.dtx, "off");
    assert_int_equal(p.rate_hz, 8000);
    assert_int_equal(p.channels, 2);
    refuse(TRACK_AUDIO, "roomName=a&room%4eame=b", "twice");
    refuse(TRACK_AUDIO, "roomName=a&channels=1&%63hannels=2", "channels");
    assert_string_equal(parse(TRACK_AUDIO, "roomName=a&roomName%00=b&%ZZ=c&room%4=d").room, "a");
}

static void test_names_are_kept_as_they_are(void **state) {
    (void)state;
    struct track_params p =
        parse(TRACK_AUDIO,
              "room=../../x&meetingId=..%2F..%2Fetc%2Fpasswd&participant=Jo%C3%A3o%20%26%3B");
    assert_string_equal(p.room, "../../x");
    assert_string_equal(p.meeting_id, "../../etc/passwd");
    assert_string_equal(p.participant, "Jo\xC3\xA3o &;");
}

static void test_names_that_are_no_names(void **state) {
    (void)state;
    refuse(TRACK_AUDIO, "room=%C3%28", "UTF-8");
    refuse(TRACK_AUDIO, "room=a%00b", "control");
    refuse(TRACK_AUDIO, "room=a%0Ab", "control");
    refuse(TRACK_AUDIO, "room=a&participant=%7F", "participant");
    refuse(TRACK_AUDIO, "room=a&trackId=%ZZ", "trackId");
    refuse(TRACK_AUDIO, "room=a&meetingId=%1b", "meetingId");
}

static void test_names_have_at_most_256_bytes(void **state) {
    (void)state;
    char query[600] = "room=";
    memset(query + 5, 'n', 256);
    query[261] = 0;
    assert_int_equal(strlen(parse(TRACK_AUDIO, query).room), 256);
    strcat(query, "n");
    refuse(TRACK_AUDIO, query, "256");
}

static void test_twice_must_agree(void **state) {
    (void)state;
    assert_string_equal(parse(TRACK_AUDIO, "room=a&roomName=%61").room, "a");
    refuse(TRACK_AUDIO, "room=a&roomName=b", "twice");
    refuse(TRACK_AUDIO, "room=a&sampleRate=48000&sampleRate=44100", "sampleRate");
}

static void test_numbers_have_bounds(void **state) {
    (void)state;
    assert_int_equal(parse(TRACK_AUDIO, "room=a&sampleRate=8000").rate_hz, 8000);
    assert_int_equal(parse(TRACK_AUDIO, "room=a&sampleRate=192000").rate_hz, 192000);
    assert_int_equal(parse(TRACK_AUDIO, "room=a&sampleRate=44100.9").rate_hz, 44100);
    assert_int_equal(parse(TRACK_AUDIO, "room=a&channels=2").channels, 2);
    assert_int_equal(parse(TRACK_AUDIO, "room=a&groupSeconds=5").group_ms, 5000);
    assert_int_equal(parse(TRACK_AUDIO, "room=a&groupSeconds=1.25").group_ms, 1250);
    static const char *const bad[][2] = {
        {"sampleRate=7999", "sampleRate"},
        {"sampleRate=192001", "sampleRate"},
        {"sampleRate=-48000", "sampleRate"},
        {"sampleRate=1e5", "sampleRate"},
        {"sampleRate=99999999999999999999", "sampleRate"},
        {"channels=0", "channels"},
        {"channels=3", "channels"},
        {"channels=1.5", "channels"},
        {"channels=two", "channels"},
        {"groupSeconds=0.4", "groupSeconds"},
        {"groupSeconds=5.1", "groupSeconds"},
        {"groupSeconds=2.", "groupSeconds"},
        {"groupSeconds=.5", "groupSeconds"},
        {"recordFormat=mp3", "recordFormat"},
        {"recordFormat=aaaaaaaaaaaaaaaaaa", "recordFormat"},
        {"source=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "source"},
        {"dtx=maybe", "dtx"},
        {"stereo=maybe", "stereo"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char query[128];
        snprintf(query, sizeof query, "room=a&%s", bad[i][0]);
        refuse(TRACK_AUDIO, query, bad[i][1]);
    }
}

static void test_video_needs_a_codec(void **state) {
    (void)state;
    assert_int_equal(parse(TRACK_VIDEO, "room=a&codec=H264").codec, TRACK_H264);
    assert_int_equal(parse(TRACK_VIDEO, "room=a&codec=avc").codec, TRACK_H264);
    assert_int_equal(parse(TRACK_VIDEO, "room=a&codec=Vp8").codec, TRACK_VP8);
    assert_int_equal(parse(TRACK_VIDEO, "room=a&codec=VP9").codec, TRACK_VP9);
    refuse(TRACK_VIDEO, "room=a", "codec");
    refuse(TRACK_VIDEO, "room=a&codec=hevc", "codec");
    assert_int_equal(parse(TRACK_AUDIO, "room=a&codec=hevc").codec, TRACK_PCM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_room_is_required),
        cmocka_unit_test(test_the_old_backends_url),
        cmocka_unit_test(test_short_names),
        cmocka_unit_test(test_names_of_parameters_are_decoded),
        cmocka_unit_test(test_names_are_kept_as_they_are),
        cmocka_unit_test(test_names_that_are_no_names),
        cmocka_unit_test(test_names_have_at_most_256_bytes),
        cmocka_unit_test(test_twice_must_agree),
        cmocka_unit_test(test_numbers_have_bounds),
        cmocka_unit_test(test_video_needs_a_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
