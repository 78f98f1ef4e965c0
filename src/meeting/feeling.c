#include "meeting/feeling.h"

#include "meeting/expressions.h"

#define FAINT 0.1 /* a lower score says nothing */

static float lean(float so_far, float by) {
    return fminf(fmaxf((isnan(so_far) ? 0 : so_far) + by, -1), 1);
}

bool feeling_add(struct feeling *feeling, const struct expressions *map, struct slice name,
                 double score) {
    const struct expression *expression = expressions_find(map, name);
    if (!expression)
        return false;
    float weight = score >= FAINT ? (float)fmin(score, 1) : 0;
    feeling->valence = lean(feeling->valence, weight * expression->valence);
    feeling->arousal = lean(feeling->arousal, weight * expression->arousal);
    return true;
}
