/*
 * What expressions that a prosody service names ("Anger", "surprise (positive)") say of valence and
 * arousal, for services that send neither.
 *
 * Source: the circumplex of affect (J. A. Russell, 1980, Journal of Personality and Social
 * Psychology 39, 1161-1178), on which words for feelings lie around two axes, unpleasant to pleasant
 * and sleepy to excited. The names of contracts that it does not have lie beside those nearest in
 * meaning; all are rounded to tenths. They are estimates, and so a setting: HUME_EXPRESSION_MAP.
 */
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

/* Changes and additions, "Name=valence:arousal,Name=none,...": none takes a name out. 0, or EINVAL
 * with the part that cannot be read, or ENOSPC with the first for which there is no room; the parts
 * before it are set. */
int expressions_set(struct expressions *map, struct slice text, struct slice *bad);

/* Without regard to letter case; NULL for a name that says nothing. */
const struct expression *expressions_find(const struct expressions *map, struct slice name);

#endif
