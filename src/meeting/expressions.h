/* Valence and arousal of the expressions that a prosody service names ("Anger", "surprise
 * (positive)"), for services that send neither.
 *
 * Source: the circumplex of affect (J. A. Russell, 1980, Journal of Personality and Social
 * Psychology 39, 1161-1178), on which words for feelings lie around two axes, unpleasant to
 * pleasant and sleepy to excited. Names that the circumplex lacks lie beside those nearest in
 * meaning; all are rounded to tenths. They are estimates, so operators can change them:
 * HUME_EXPRESSION_MAP. */
#ifndef MEETING_EXPRESSIONS_H
#define MEETING_EXPRESSIONS_H

#include "base/slice.h"

enum { EXPRESSIONS_MAX = 512, EXPRESSION_NAME_SIZE = 48 };

struct expression {
    char name[EXPRESSION_NAME_SIZE];
    float valence, arousal; /* -1..1 */
};

struct expressions {
    size_t count;
    struct expression list[EXPRESSIONS_MAX];
};

/* The table above. */
void expressions_init(struct expressions *map);

/* Changes and additions, "Name=valence:arousal,Name=none,...": none removes a name. 0; EINVAL: *bad
 * cannot be read; ENOSPC: there is no room for *bad. The parts before *bad are set. */
int expressions_set(struct expressions *map, struct slice text, struct slice *bad);

/* In any letter case; NULL for a name that is not in the map. */
const struct expression *expressions_find(const struct expressions *map, struct slice name);

#endif
