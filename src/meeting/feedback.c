#include "meeting/feedback.h"

#include "meeting/rule.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <stdio.h>
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

/* Names as in the old backend where it had them; digits after the point that carry meaning, and
 * those in a sentence, where a share is in per cent. */
static const struct {
    const char *name;
    int digits, digits_in_words;
    bool is_share;
} fact_names[FEEDBACK_FACTS] = {
    [FACT_RMS_DBFS] = {"rmsDbfs", 1, 0, false},
    [FACT_SPEECH_COVERAGE] = {"speechCoverage", 2, 0, true},
    [FACT_VALENCE] = {"valenceEMA", 3, 1, false},
    [FACT_AROUSAL] = {"arousalEMA", 3, 1, false},
    [FACT_CLIP_FRACTION] = {"clipFraction", 4, 1, true},
    [FACT_NOISE_DBFS] = {"noiseDbfs", 1, 0, false},
    [FACT_OVERLAP_S] = {"overlapSeconds", 1, 1, false},
    [FACT_SILENCE_S] = {"silenceSeconds", 1, 0, false},
    [FACT_INTERRUPTIONS] = {"interruptions", 0, 0, false},
    [FACT_SYLLABLES_PER_S] = {"syllablesPerSecond", 1, 1, false},
    [FACT_PAUSE_SHARE] = {"pauseShare", 2, 0, true},
    [FACT_PITCH_RANGE] = {"pitchRangeSemitones", 2, 1, false},
    [FACT_SPEECH_S] = {"speechSeconds", 1, 0, false},
    [FACT_LIMIT] = {"limit", 3, 1, false},
    [FACT_WINDOW_S] = {"windowSeconds", 1, 0, false},
    [FACT_USUAL_DBFS] = {"usualDbfs", 1, 0, false},
    [FACT_BELOW_USUAL_DB] = {"belowUsualDb", 1, 0, false},
    [FACT_ABOVE_USUAL_DB] = {"aboveUsualDb", 1, 0, false},
    [FACT_HELD_S] = {"heldSeconds", 0, 0, false},
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
    else if (is_language(name, SLICE("es")))
        *out = LOCALE_ES;
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

/* NULL: the event has no such fact. */
static const struct fact *fact_find(const struct feedback *feedback, enum feedback_fact which) {
    for (unsigned i = 0; i < feedback->facts; i++)
        if (feedback->fact[i].fact == which)
            return &feedback->fact[i];
    return NULL;
}

/* "{rmsDbfs}..." */
static const struct fact *fact_named(const struct feedback *feedback, struct slice mark) {
    for (unsigned i = 0; i < feedback->facts; i++)
        if (slice_is_equal(slice_from(fact_names[feedback->fact[i].fact].name), mark))
            return &feedback->fact[i];
    return NULL;
}

/* A share is a percentage, also as the limit of one. Zeros at the end say nothing. */
static void number_write(struct buf *out, const struct fact *fact, bool is_share,
                         enum locale locale) {
    char text[32];
    double value = is_share ? fact->value * 100 : fact->value;
    int len = snprintf(text, sizeof text, "%.*f", fact_names[fact->fact].digits_in_words, value);
    if (strchr(text, '.') && text[len - 1] == '0')
        text[len - 2] = '\0';
    char *point = strchr(text, '.');
    if (point && locale != LOCALE_EN)
        *point = ',';
    buf_add_text(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static const struct rule_why *why_of(const struct feedback *feedback) {
    const struct rule_why *whys = rule_of(feedback->type)->whys;
    for (int i = 0; i < RULE_WHYS_MAX && whys[i].in[0]; i++)
        if (fact_find(feedback, whys[i].fact) &&
            (whys[i].reason == REASON_NONE || whys[i].reason == feedback->reason))
            return &whys[i];
    return NULL;
}

/* Since when it has been so, for reminders. */
static void held_write(struct buf *out, const struct feedback *feedback, enum locale locale) {
    static const char *const words[LOCALES] = {"; há", "; for", "; desde hace"};
    const struct fact *held = fact_find(feedback, FACT_HELD_S);
    if (held && held->value >= 60)
        buf_printf(out, "%s %.0f min", words[locale], held->value / 60);
}

size_t feedback_why(char out[FEEDBACK_WHY_MAX], const struct feedback *feedback,
                    enum locale locale) {
    const struct rule_why *why = why_of(feedback);
    struct buf text = {0};
    struct slice rest = slice_from(why ? why->in[locale] : "");
    bool is_share = why && fact_names[why->fact].is_share;
    while (rest.len > 0) {
        size_t brace = slice_find_byte(rest, '{');
        buf_add_slice(&text, slice_take(rest, brace));
        rest = slice_skip(rest, brace);
        if (rest.len == 0)
            break;
        rest = slice_skip(rest, 1);
        size_t end = slice_find_byte(rest, '}');
        const struct fact *fact = fact_named(feedback, slice_take(rest, end));
        if (fact)
            number_write(&text, fact,
                         fact_names[fact->fact].is_share || (is_share && fact->fact == FACT_LIMIT),
                         locale);
        rest = slice_skip(rest, end + 1);
    }
    if (why)
        held_write(&text, feedback, locale);
    assert(text.len < FEEDBACK_WHY_MAX);
    size_t len = text.len;
    if (len > 0)
        memcpy(out, text.data, len);
    out[len] = '\0';
    buf_free(&text);
    return len;
}

void feedback_write_metadata(struct buf *out, const struct feedback *feedback, enum locale locale) {
    char why[FEEDBACK_WHY_MAX];
    json_open(out, NULL);
    for (unsigned i = 0; i < feedback->facts; i++) {
        enum feedback_fact fact = feedback->fact[i].fact;
        json_add_real(out, fact_names[fact].name, feedback->fact[i].value, fact_names[fact].digits);
    }
    if (feedback->delay_ms > 0)
        json_add_uint(out, "delayMs", feedback->delay_ms);
    if (feedback->reason != REASON_NONE)
        json_add_text(out, "reason", slice_from(reason_names[feedback->reason]));
    size_t why_len = feedback_why(why, feedback, locale);
    if (why_len > 0)
        json_add_text(out, "why", slice_of(why, why_len));
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
    feedback_write_metadata(out, feedback, locale);
    json_add_uint(out, "seq", seq);
    json_close(out);
}
