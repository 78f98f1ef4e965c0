#include "meeting/expressions.h"

#include "base/macros.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* The names of the first generation as it sends them, "neutral" of the second, and some that
 * compatible services use. */
static const struct expression table[] = {
    {"Admiration", 0.7f, 0.3f},
    {"Adoration", 0.8f, 0.3f},
    {"Aesthetic Appreciation", 0.6f, -0.1f},
    {"Amusement", 0.7f, 0.5f},
    {"Anger", -0.8f, 0.8f},
    {"Annoyance", -0.6f, 0.4f},
    {"Anxiety", -0.6f, 0.6f},
    {"Awe", 0.4f, 0.4f},
    {"Awkwardness", -0.4f, 0.1f},
    {"Boredom", -0.5f, -0.7f},
    {"Calmness", 0.4f, -0.6f},
    {"Concentration", 0.1f, 0.2f},
    {"Confusion", -0.3f, 0.1f},
    {"Contemplation", 0.1f, -0.2f},
    {"Contempt", -0.7f, 0.2f},
    {"Contentment", 0.6f, -0.4f},
    {"Craving", 0.1f, 0.4f},
    {"Desire", 0.4f, 0.5f},
    {"Determination", 0.3f, 0.6f},
    {"Disappointment", -0.6f, -0.3f},
    {"Disapproval", -0.5f, 0.1f},
    {"Disgust", -0.7f, 0.3f},
    {"Distress", -0.7f, 0.6f},
    {"Doubt", -0.3f, -0.1f},
    {"Ecstasy", 0.9f, 0.8f},
    {"Embarrassment", -0.5f, 0.2f},
    {"Empathic Pain", -0.5f, 0.1f},
    {"Enthusiasm", 0.8f, 0.8f},
    {"Entrancement", 0.3f, 0.1f},
    {"Envy", -0.5f, 0.2f},
    {"Excitement", 0.7f, 0.9f},
    {"Fear", -0.7f, 0.7f},
    {"Frustration", -0.7f, 0.5f},
    {"Gratitude", 0.7f, 0.1f},
    {"Guilt", -0.6f, -0.1f},
    {"Horror", -0.9f, 0.8f},
    {"Interest", 0.4f, 0.4f},
    {"Joy", 0.9f, 0.6f},
    {"Love", 0.9f, 0.3f},
    {"Neutral", 0.0f, 0.0f},
    {"Nostalgia", 0.1f, -0.2f},
    {"Pain", -0.8f, 0.4f},
    {"Pride", 0.6f, 0.4f},
    {"Realization", 0.1f, 0.2f},
    {"Relief", 0.5f, -0.4f},
    {"Romance", 0.7f, 0.3f},
    {"Sadness", -0.8f, -0.5f},
    {"Satisfaction", 0.7f, 0.0f},
    {"Shame", -0.7f, -0.1f},
    {"Surprise (negative)", -0.4f, 0.7f},
    {"Surprise (positive)", 0.5f, 0.7f},
    {"Sympathy", 0.1f, -0.1f},
    {"Tiredness", -0.3f, -0.8f},
    {"Triumph", 0.8f, 0.8f},
};

void expressions_init(struct expressions *map) {
    *map = (struct expressions){.count = ARRAY_LEN(table)};
    memcpy(map->list, table, sizeof table);
}

static size_t index_of(const struct expressions *map, struct slice name) {
    size_t i = 0;
    while (i < map->count && !slice_is_equal_nocase(name, slice_from(map->list[i].name)))
        i++;
    return i;
}

const struct expression *expressions_find(const struct expressions *map, struct slice name) {
    size_t i = index_of(map, name);
    return i < map->count ? &map->list[i] : NULL;
}

static bool expression_parse_number(struct slice text, float *number) {
    double value;
    if (!slice_to_real(slice_trim(text), &value) || value < -1 || value > 1)
        return false;
    *number = (float)value;
    return true;
}

static bool expression_is_name(struct slice name) {
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < ' ' || name.ptr[i] == 0x7f)
            return false;
    return name.len > 0 && name.len < EXPRESSION_NAME_SIZE;
}

static int set_one(struct expressions *map, struct slice part) {
    struct slice name, value, valence, arousal;
    struct expression expression = {0};
    if (!slice_split(part, '=', &name, &value))
        return EINVAL;
    name = slice_trim(name);
    value = slice_trim(value);
    if (!expression_is_name(name))
        return EINVAL;
    size_t i = index_of(map, name);
    if (slice_is_equal_nocase(value, SLICE("none"))) {
        if (i < map->count)
            map->list[i] = map->list[--map->count];
        return 0;
    }
    if (!slice_split(value, ':', &valence, &arousal) ||
        !expression_parse_number(valence, &expression.valence) ||
        !expression_parse_number(arousal, &expression.arousal))
        return EINVAL;
    if (i == EXPRESSIONS_MAX)
        return ENOSPC;
    memcpy(expression.name, name.ptr, name.len);
    map->list[i] = expression;
    map->count += i == map->count;
    return 0;
}

int expressions_set(struct expressions *map, struct slice text, struct slice *bad) {
    struct slice part;
    while (slice_cut(&text, ',', &part)) {
        int err = set_one(map, part);
        if (err) {
            *bad = slice_trim(part);
            return err;
        }
    }
    return 0;
}
