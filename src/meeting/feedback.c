#include "meeting/feedback.h"

#include "meeting/rule.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <string.h>

static const char *const severity_names[] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_CRITICAL] = "critical",
};

static const char *const reason_names[] = {
    [REASON_GROUP] = "group",
    [REASON_DEAD_MIC] = "dead_mic",
    [REASON_NO_FRAMES] = "no_frames",
    [REASON_CLIPPING] = "clipping",
    [REASON_NOT_RECORDED] = "not_recorded",
    [REASON_ENCRYPTED] = "encrypted",
};

/* Names as in the old backend where it had them; digits after the point that carry meaning. */
static const struct {
    const char *name;
    int digits;
} fact_names[FEEDBACK_FACTS] = {
    [FACT_RMS_DBFS] = {"rmsDbfs", 1},
    [FACT_SPEECH_COVERAGE] = {"speechCoverage", 2},
    [FACT_VALENCE] = {"valenceEMA", 3},
    [FACT_AROUSAL] = {"arousalEMA", 3},
    [FACT_CLIP_FRACTION] = {"clipFraction", 4},
    [FACT_NOISE_DBFS] = {"noiseDbfs", 1},
    [FACT_OVERLAP_S] = {"overlapSeconds", 1},
    [FACT_SILENCE_S] = {"silenceSeconds", 1},
    [FACT_INTERRUPTIONS] = {"interruptions", 0},
    [FACT_SYLLABLES_PER_S] = {"syllablesPerSecond", 1},
    [FACT_PAUSE_SHARE] = {"pauseShare", 2},
    [FACT_PITCH_RANGE] = {"pitchRangeSemitones", 2},
    [FACT_SPEECH_S] = {"speechSeconds", 1},
    [FACT_LIMIT] = {"limit", 3},
    [FACT_WINDOW_S] = {"windowSeconds", 1},
    [FACT_USUAL_DBFS] = {"usualDbfs", 1},
    [FACT_BELOW_USUAL_DB] = {"belowUsualDb", 1},
    [FACT_ABOVE_USUAL_DB] = {"aboveUsualDb", 1},
    [FACT_HELD_S] = {"heldSeconds", 0},
};

const char *feedback_type_name(enum feedback_type type) {
    return rule_of(type)->name;
}

const char *severity_name(enum severity severity) {
    assert(severity <= SEVERITY_CRITICAL);
    return severity_names[severity];
}

static bool is_language(struct slice name, struct slice language) {
    return slice_has_prefix_nocase(name, language) &&
           (name.len == language.len || name.ptr[language.len] == '-' ||
            name.ptr[language.len] == '_');
}

bool locale_find(struct slice name, enum locale *out) {
    if (is_language(name, SLICE("pt")))
        *out = LOCALE_PT_BR;
    else if (is_language(name, SLICE("en")))
        *out = LOCALE_EN;
    else
        return false;
    return true;
}

/* Never NULL: every type has a sentence for each severity and reason that it can have. */
static const struct sentence *sentence_of(const struct feedback *feedback, enum locale locale) {
    assert(locale < LOCALES);
    const struct rule_sentence *sentences = rule_of(feedback->type)->sentences;
    for (int i = 0; i < RULE_SENTENCES_MAX; i++)
        if (sentences[i].in[locale].text && sentences[i].least <= feedback->severity &&
            (sentences[i].reason == REASON_NONE || sentences[i].reason == feedback->reason) &&
            (!sentences[i].is_group || feedback->is_group))
            return &sentences[i].in[locale];
    assert(!"a type without a sentence");
    return NULL;
}

size_t feedback_message(char out[FEEDBACK_MESSAGE_MAX], const struct feedback *feedback,
                        enum locale locale) {
    struct slice rest = slice_from(sentence_of(feedback, locale)->text);
    struct slice name = slice_from(feedback->name[0] ? feedback->name : feedback->participant);
    struct slice mark = SLICE("{name}");
    size_t len = 0;
    while (rest.len > 0) {
        struct slice piece = slice_take(rest, 1);
        bool is_mark = slice_has_prefix(rest, mark);
        rest = slice_skip(rest, is_mark ? mark.len : 1);
        if (is_mark)
            piece = name;
        assert(len + piece.len < FEEDBACK_MESSAGE_MAX);
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    out[len] = '\0';
    return len;
}

size_t feedback_tips(const char *tips[FEEDBACK_TIPS_MAX], const struct feedback *feedback,
                     enum locale locale) {
    const struct sentence *sentence = sentence_of(feedback, locale);
    size_t count = 0;
    while (count < FEEDBACK_TIPS_MAX && sentence->tips[count]) {
        tips[count] = sentence->tips[count];
        count++;
    }
    return count;
}

void feedback_write_metadata(struct buf *out, const struct feedback *feedback) {
    json_open(out, NULL);
    for (unsigned i = 0; i < feedback->facts; i++) {
        enum feedback_fact fact = feedback->fact[i].fact;
        json_add_real(out, fact_names[fact].name, feedback->fact[i].value, fact_names[fact].digits);
    }
    if (feedback->reason != REASON_NONE)
        json_add_text(out, "reason", slice_from(reason_names[feedback->reason]));
    json_close(out);
}

void feedback_write_json(struct buf *out, const struct feedback *feedback, enum locale locale,
                         struct slice id, struct slice meeting_id, uint64_t seq) {
    char message[FEEDBACK_MESSAGE_MAX];
    size_t message_len = feedback_message(message, feedback, locale);
    const char *tips[FEEDBACK_TIPS_MAX];
    size_t tip_count = feedback_tips(tips, feedback, locale);
    json_open(out, NULL);
    json_add_text(out, "id", id);
    json_add_text(out, "type", slice_from(feedback_type_name(feedback->type)));
    json_add_text(out, "severity", slice_from(severity_name(feedback->severity)));
    json_add_int(out, "ts", feedback->ts_ms);
    json_add_text(out, "meetingId", meeting_id);
    json_add_text(out, "participantId", slice_from(feedback->participant));
    if (feedback->name[0])
        json_add_text(out, "participantName", slice_from(feedback->name));
    json_open(out, "window");
    json_add_int(out, "start", feedback->window_start_ms);
    json_add_int(out, "end", feedback->window_end_ms);
    json_close(out);
    json_add_text(out, "message", slice_of(message, message_len));
    json_open_array(out, "tips");
    for (size_t i = 0; i < tip_count; i++)
        json_add_text(out, NULL, slice_from(tips[i]));
    json_close_array(out);
    json_add_name(out, "metadata");
    feedback_write_metadata(out, feedback);
    json_add_uint(out, "seq", seq);
    json_close(out);
}
