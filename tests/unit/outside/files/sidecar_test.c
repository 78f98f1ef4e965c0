#include "outside/files/sidecar.h"

#include "unit.h"

#include <errno.h>

static const char audio[] =
    "{\n"
    "  \"version\":1,\n"
    "  \"recording\":\"an-id\",\n"
    "  \"meeting\":\"RM_1\",\n"
    "  \"room\":\"r\xc3\xa4um \\\"1\\\"\",\n"
    "  \"participant\":\"bob\",\n"
    "  \"name\":\"\",\n"
    "  \"track\":\"TR\",\n"
    "  \"format\":\"wav\",\n"
    "  \"file\":\"a.wav\",\n"
    "  \"kind\":\"audio\",\"part\":2,\n"
    "  \"sampleRate\":1000,\"channels\":1,\n"
    "  \"startedAt\":\"2026-11-22T12:00:00.000Z\",\"endedAt\":null,\n"
    "  \"spokenAt\":\"2026-11-22T11:59:57.820Z\",\"delayMs\":2180,\"delayFrom\":\"measured\",\n"
    "  \"bytes\":1000,\"frames\":500,\"durationMs\":500,\"driftMs\":-3,\n"
    "  \"doubts\":[\"stereo-at-mono-address\",\"stereo-as-mono\"],\n"
    "  \"gapCount\":2,\"gapFrames\":60,\"gaps\":[\n"
    "    {\"atFrame\":100,\"frames\":50,\"cause\":\"network\"},\n"
    "    {\"atFrame\":300,\"frames\":10,\"cause\":\"disk\"}],\n"
    "  \"pauseCount\":1,\"pausedMs\":0,\"pauses\":[\n"
    "    {\"atFrame\":200,\"from\":\"2026-11-22T12:00:00.200Z\",\"to\":null}],\n"
    "  \"sha256\":null,\n"
    "  \"end\":null\n"
    "}\n";

static const char video[] = "{\n"
                            "  \"version\":1,\n"
                            "  \"recording\":\"an-id\",\n"
                            "  \"meeting\":\"RM_1\",\n"
                            "  \"room\":\"room\",\n"
                            "  \"participant\":\"bob\",\n"
                            "  \"name\":\"Bob\",\n"
                            "  \"track\":\"TR\",\n"
                            "  \"format\":\"ivf\",\n"
                            "  \"file\":\"a.ivf\",\n"
                            "  \"kind\":\"video\",\"part\":1,\n"
                            "  \"startedAt\":\"2026-11-22T12:00:00.000Z\","
                            "\"endedAt\":\"2026-11-22T12:00:02.500Z\",\n"
                            "  \"bytes\":7,\"frames\":0,\"durationMs\":2500,\"driftMs\":0,\n"
                            "  \"gapCount\":0,\"gapFrames\":0,\"gaps\":[],\n"
                            "  \"pauseCount\":0,\"pausedMs\":0,\"pauses\":[],\n"
                            "  \"sha256\":\"abc\",\n"
                            "  \"end\":\"closed\"\n"
                            "}\n";

static void assert_kept(const char *text) {
    struct sidecar sidecar;
    struct buf json = {0};
    assert_int_equal(sidecar_parse_json(slice_from(text), &sidecar), 0);
    sidecar_write_json(&json, &sidecar);
    assert_slice_equal(buf_slice(&json), text);
    buf_free(&json);
    sidecar_free(&sidecar);
}

static void what_was_read_is_written_byte_for_byte(void **state) {
    assert_kept(audio);
    assert_kept(video);
}

static void a_sidecar_describes_its_file(void **state) {
    struct sidecar sidecar;
    char path[SIDECAR_PATH_SIZE];
    assert_int_equal(sidecar_parse_json(slice_from(audio), &sidecar), 0);
    const struct recording_info info = sidecar_describe(&sidecar, "RM_1", path);
    assert_slice_equal(info.id, "an-id");
    assert_slice_equal(info.path, "RM_1/a.wav");
    assert_slice_equal(info.end, "");
    assert_int_equal(info.part, 2);
    assert_int_equal(info.bytes, 1000);
    assert_int_equal(info.duration_ms, 500);
    sidecar_free(&sidecar);
}

static void other_texts_are_refused(void **state) {
    static const char *const texts[] = {"", "[]", "{}", "{\"version\":1}",
                                        "{\"version\":1,\"room\":2}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sidecar sidecar;
        assert_int_equal(sidecar_parse_json(slice_from(texts[i]), &sidecar), EINVAL);
    }
    struct sidecar sidecar;
    assert_int_equal(sidecar_parse_json(slice_take(slice_from(audio), sizeof audio - 4), &sidecar),
                     EINVAL);
}

RUN_TESTS(TEST(what_was_read_is_written_byte_for_byte), TEST(a_sidecar_describes_its_file),
          TEST(other_texts_are_refused))
