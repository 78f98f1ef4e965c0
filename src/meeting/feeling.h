/* What a prosody service reads in a stretch of somebody's voice. */
#ifndef MEETING_FEELING_H
#define MEETING_FEELING_H

#include "base/slice.h"

#include <math.h>
#include <stdbool.h>

struct expressions; /* meeting/expressions.h */

/* Each -1..1; NAN: not given. */
struct feeling {
    float valence; /* unpleasant .. pleasant */
    float arousal; /* sleepy .. excited */
};

#define FEELING_NONE ((struct feeling){NAN, NAN})

/* Adds a named expression ("Anger", "anger"; score 0..1) to a feeling that began as FEELING_NONE.
 * False when the name says nothing about valence or arousal. */
bool feeling_add(struct feeling *feeling, const struct expressions *map, struct slice name,
                 double score);

#endif
