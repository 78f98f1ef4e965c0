/* What the host reads: every sentence and tip, in every language, in one table. */
#ifndef MEETING_SENTENCES_H
#define MEETING_SENTENCES_H

#include "meeting/feedback.h"

struct sentence {
    const char *text; /* "{name}" stands for the participant */
    const char *tips[FEEDBACK_TIPS_MAX];
};

/* Never NULL: every type has a sentence for each severity and cause it can have. */
const struct sentence *sentence_find(const struct feedback *feedback, enum locale locale);

#endif
