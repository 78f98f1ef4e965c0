/* What a look at the installation has found, in order, and how it is told. Pure. */
#ifndef APP_FINDINGS_H
#define APP_FINDINGS_H

#include "base/buf.h"

#include <stddef.h>

/* A doubt may be what the operator wants; with a fault something does not work. */
enum finding_level { FINDING_GOOD, FINDING_DOUBT, FINDING_FAULT, FINDING_LEVELS };

/* Zeroed: nothing yet. */
struct findings {
    size_t counts[FINDING_LEVELS];
    /* Both forms are written as findings come. */
    struct buf text, json;
};

void findings_free(struct findings *);

/* `about` names the part, such as "livekit". The sentence is printed by a format; `remedy` is what to
 * do, NULL where nothing has to be done. */
void findings_add(struct findings *, enum finding_level, const char *about, const char *remedy,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Lines for people, with a sum at the end. */
void findings_write_text(const struct findings *, struct buf *out);
/* {"findings":[{"about","level","finding","remedy"}...],"good":N,"doubts":N,"faults":N} */
void findings_write_json(const struct findings *, struct buf *out);

#endif
