#include "base/text.h"
#include "meeting/feedback.h"
#include "unit.h"

#include <jansson.h>

static struct feedback quiet(void) {
    return (struct feedback){
        .type = FEEDBACK_VOLUME_BAIXO,
        .severity = SEVERITY_CRITICAL,
        .ts_ms = 1795349609774,
        .window_start_ms = 1795349606774,
        .window_end_ms = 1795349609774,
        .facts = 4,
        .fact = {{FACT_RMS_DBFS, -36.97945},
                 {FACT_SPEECH_COVERAGE, 1},
                 {FACT_LIMIT, -36},
                 {FACT_WINDOW_S, 3}},
        .participant = "bob_x_y",
    };
}

static void the_old_message_and_tips_are_kept(void **state) {
    struct feedback feedback = quiet();
    char message[FEEDBACK_MESSAGE_MAX];
    const char *tips[FEEDBACK_TIPS_MAX];
    feedback_message(message, &feedback, LOCALE_PT_BR);
    assert_string_equal(message, "bob_x_y: quase inaudível; aumente o ganho imediatamente.");
    assert_int_equal(feedback_tips(tips, &feedback, LOCALE_PT_BR), 2);
    assert_string_equal(tips[0], "Aumente o ganho de entrada");
    assert_string_equal(tips[1], "Aproxime-se do microfone");
    feedback = (struct feedback){.type = FEEDBACK_SILENCIO_PROLONGADO,
                                 .severity = SEVERITY_WARNING,
                                 .reason = REASON_GROUP,
                                 .is_group = true,
                                 .participant = "group"};
    feedback_message(message, &feedback, LOCALE_PT_BR);
    assert_string_equal(message, "Silêncio prolongado na reunião; retome a conversa.");
}

static void the_json_is_the_contracts(void **state) {
    struct feedback feedback = quiet();
    strcpy(feedback.name, "Bob \"X\" \xC3\x87");
    struct buf out = {0};
    feedback_write_json(&out, &feedback, LOCALE_PT_BR, SLICE("id-1"), SLICE("M1"), 7);
    assert_slice_equal(
        buf_slice(&out),
        "{\"id\":\"id-1\",\"type\":\"volume_baixo\",\"severity\":\"critical\",\"ts\":1795349609774,"
        "\"meetingId\":\"M1\",\"participantId\":\"bob_x_y\",\"participantName\":\"Bob \\\"X\\\" "
        "\xC3\x87\","
        "\"window\":{\"start\":1795349606774,\"end\":1795349609774},"
        "\"message\":\"Bob \\\"X\\\" \xC3\x87: quase inaudível; aumente o ganho imediatamente.\","
        "\"tips\":[\"Aumente o ganho de entrada\",\"Aproxime-se do microfone\"],"
        "\"metadata\":{\"rmsDbfs\":-37.0,\"speechCoverage\":1.00,\"limit\":-36.000,"
        "\"windowSeconds\":3.0,\"why\":\"-37 dBFS em 3 s de fala; o limite é -36\"},\"seq\":7}");
    buf_free(&out);
}

static void the_delay_of_the_sound_is_told(void **state) {
    struct feedback feedback = {.type = FEEDBACK_OVERLAP_FALA, .is_group = true, .delay_ms = 2180};
    struct buf out = {0};
    feedback_write_metadata(&out, &feedback, LOCALE_EN);
    buf_add_byte(&out, 0);
    assert_non_null(strstr(out.data, "\"delayMs\":2180"));
    buf_free(&out);
}

static void every_event_that_can_be_has_a_sentence_and_json_in_every_language(void **state) {
    for (int type = 0; type < FEEDBACK_TYPES; type++)
        for (int severity = SEVERITY_INFO; severity <= SEVERITY_CRITICAL; severity++)
            for (int reason = REASON_NONE; reason <= REASON_ENCRYPTED; reason++)
                for (int group = 0; group < 2; group++)
                    for (int locale = 0; locale < LOCALES; locale++) {
                        struct feedback feedback = {.type = (enum feedback_type)type,
                                                    .severity = (enum severity)severity,
                                                    .reason = (enum feedback_reason)reason,
                                                    .is_group = group};
                        memset(feedback.participant, 'x', FEEDBACK_NAME_MAX);
                        char message[FEEDBACK_MESSAGE_MAX];
                        const char *tips[FEEDBACK_TIPS_MAX];
                        size_t len = feedback_message(message, &feedback, (enum locale)locale);
                        assert_true(len > 20 && text_is_utf8(slice_of(message, len)));
                        assert_null(strchr(message, '{'));
                        assert_int_equal(feedback_tips(tips, &feedback, (enum locale)locale), 2);
                        struct buf out = {0};
                        feedback_write_json(&out, &feedback, (enum locale)locale, SLICE("i"),
                                            SLICE("m"), 1);
                        json_t *json = json_loadb(out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
                        assert_non_null(json);
                        json_decref(json);
                        buf_free(&out);
                    }
}

static void every_type_has_a_name_of_its_own(void **state) {
    assert_string_equal(feedback_type_name(FEEDBACK_VOLUME_BAIXO), "volume_baixo");
    for (int type = 0; type < FEEDBACK_TYPES; type++)
        for (int other = 0; other < type; other++)
            assert_string_not_equal(feedback_type_name((enum feedback_type)type),
                                    feedback_type_name((enum feedback_type)other));
}

static void assert_why(const struct feedback *feedback, enum locale locale, const char *text) {
    char why[FEEDBACK_WHY_MAX];
    feedback_why(why, feedback, locale);
    assert_string_equal(why, text);
}

static void an_event_says_why_in_words(void **state) {
    struct feedback feedback = quiet();
    assert_why(&feedback, LOCALE_EN, "-37 dBFS over 3 s of speech; the limit is -36");
    feedback.fact[feedback.facts++] = (struct fact){FACT_USUAL_DBFS, -24.6};
    feedback.fact[feedback.facts++] = (struct fact){FACT_BELOW_USUAL_DB, 12.38};
    assert_why(&feedback, LOCALE_PT_BR,
               "12 dB mais baixo que o habitual (-37 dBFS em 3 s de fala)");
    assert_why(&feedback, LOCALE_EN, "12 dB softer than usual (-37 dBFS over 3 s of speech)");
    assert_why(&feedback, LOCALE_ES, "12 dB más bajo de lo habitual (-37 dBFS en 3 s de habla)");
    feedback.fact[feedback.facts++] = (struct fact){FACT_HELD_S, 240.2};
    assert_why(&feedback, LOCALE_EN,
               "12 dB softer than usual (-37 dBFS over 3 s of speech); for 4 min");
    feedback = (struct feedback){.type = FEEDBACK_VOLUME_ALTO,
                                 .reason = REASON_CLIPPING,
                                 .facts = 2,
                                 .fact = {{FACT_CLIP_FRACTION, 0.0123}, {FACT_LIMIT, 0.01}}};
    assert_why(&feedback, LOCALE_PT_BR, "1,2 % do som distorcido; o limite é 1");
    feedback = (struct feedback){.type = FEEDBACK_SILENCIO_PROLONGADO,
                                 .reason = REASON_NO_FRAMES,
                                 .facts = 1,
                                 .fact = {{FACT_SILENCE_S, 10.04}}};
    assert_why(&feedback, LOCALE_EN, "no audio for 10 s");
    feedback = (struct feedback){.type = FEEDBACK_ENTUSIASMO_ALTO};
    assert_why(&feedback, LOCALE_EN, "");
}

/* Whatever comes with it, no mark is left and nothing is cut. */
static void every_explanation_is_whole(void **state) {
    for (int type = 0; type < FEEDBACK_TYPES; type++)
        for (int reason = REASON_NONE; reason <= REASON_ENCRYPTED; reason++)
            for (int first = 0; first < FEEDBACK_FACTS; first++)
                for (int locale = 0; locale < LOCALES; locale++) {
                    struct feedback feedback = {.type = (enum feedback_type)type,
                                                .reason = (enum feedback_reason)reason,
                                                .facts = FEEDBACK_FACTS_MAX};
                    for (unsigned i = 0; i < FEEDBACK_FACTS_MAX; i++)
                        feedback.fact[i] = (struct fact){
                            (enum feedback_fact)(((unsigned)first + i) % FEEDBACK_FACTS), -12345.6};
                    char why[FEEDBACK_WHY_MAX];
                    size_t len = feedback_why(why, &feedback, (enum locale)locale);
                    assert_true(text_is_utf8(slice_of(why, len)) && strlen(why) == len);
                    assert_null(strpbrk(why, "{}"));
                }
}

static void locales_are_found_by_language(void **state) {
    static const char *const good[] = {"pt-BR", "PT", "pt_PT", "en",    "en-US",
                                       "EN",    "es", "ES",    "es-419"};
    enum locale locale;
    for (int i = 0; i < 9; i++) {
        assert_true(locale_find(slice_from(good[i]), &locale));
        assert_int_equal(locale, i / 3);
    }
    assert_false(locale_find(SLICE("ptx"), &locale));
    assert_false(locale_find(SLICE(""), &locale));
    assert_false(locale_find(SLICE("de"), &locale));
}

RUN_TESTS(TEST(the_old_message_and_tips_are_kept), TEST(the_json_is_the_contracts),
          TEST(the_delay_of_the_sound_is_told),
          TEST(every_event_that_can_be_has_a_sentence_and_json_in_every_language),
          TEST(every_type_has_a_name_of_its_own), TEST(locales_are_found_by_language),
          TEST(an_event_says_why_in_words), TEST(every_explanation_is_whole))
