/* What the host is told: one event, its sentence and tips in three languages, its JSON. */
#ifndef MEETING_FEEDBACK_H
#define MEETING_FEEDBACK_H

#include "base/buf.h"
#include "base/slice.h"
#include "meeting/feedback_type.h"

enum {
    FEEDBACK_NAME_MAX = 256,    /* bytes of an identity or a name */
    FEEDBACK_FACTS_MAX = 8,     /* facts of one event */
    FEEDBACK_WHY_MAX = 256,     /* bytes of an explanation, terminator included */
    FEEDBACK_MESSAGE_MAX = 512, /* bytes of a sentence with the longest name, terminator included */
};

/* A number that comes with an event. */
struct fact {
    enum feedback_fact fact;
    double value;
};

/* A value: it owns everything in it and may be copied across threads. */
struct feedback {
    enum feedback_type type;
    enum severity severity;
    enum feedback_reason reason;
    int64_t ts_ms; /* meeting time of the decision: the end of the window */
    int64_t window_start_ms;
    int64_t window_end_ms;
    /* How much later than spoken the sound came; 0: at once, as far as is known. Of the group the
     * longest. */
    unsigned delay_ms;
    bool is_group; /* about the meeting; participant is "group" then */
    unsigned facts;
    struct fact fact[FEEDBACK_FACTS_MAX];
    char participant[FEEDBACK_NAME_MAX + 1]; /* identity as it joined, UTF-8 */
    char name[FEEDBACK_NAME_MAX + 1];        /* as shown; empty when none is known */
};

const char *feedback_type_name(enum feedback_type type);
const char *severity_name(enum severity severity);

/* "pt-BR" and "pt" in any letter case, "en", "es", and what starts with them ("en-US"). */
bool locale_find(struct slice name, enum locale *out);

/* The sentence, with the name (else the identity) in it. Terminated; returns its length. */
size_t feedback_message(char out[FEEDBACK_MESSAGE_MAX], const struct feedback *feedback,
                        enum locale locale);

/* Fills `tips` with static strings and returns how many there are. */
size_t feedback_tips(const char *tips[FEEDBACK_TIPS_MAX], const struct feedback *feedback,
                     enum locale locale);

/* What was measured, in words: "12 dB softer than usual (-34 dBFS over 5 s of speech)". Terminated;
 * returns its length, 0 when there is nothing to say. */
size_t feedback_why(char out[FEEDBACK_WHY_MAX], const struct feedback *feedback,
                    enum locale locale);

/* The metadata object alone, as it is stored: the facts, and why in words. */
void feedback_write_metadata(struct buf *out, const struct feedback *feedback, enum locale locale);

/* The event as a JSON object, as hosts receive it. */
void feedback_write_json(struct buf *out, const struct feedback *feedback, enum locale locale,
                         struct slice id, struct slice meeting_id, uint64_t seq);

#endif
