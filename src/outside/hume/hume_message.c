#include "outside/hume/hume_message.h"

#include "wire/web/json_read.h"

#include <math.h>
#include <string.h>

enum { TIME_MAX_MS = 7 * 24 * 3600 * 1000 };

json_t *hume_parse(struct slice message) {
    if (message.len > HUME_MESSAGE_MAX)
        return NULL;
    json_t *value = json_read(message);
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

void hume_set_code(struct hume_reading *out, const json_t *code) {
    const char *text = json_is_string(code) ? json_string_value(code) : "unknown";
    size_t n = 0;
    for (; text[n] && n < sizeof out->code - 1; n++) {
        char c = text[n];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
        out->code[n] = is_plain ? c : '_';
    }
    out->code[n] = 0;
}

bool hume_add_scores(struct feeling *feeling, const struct expressions *map, const json_t *list,
                     const char *value_key) {
    if (!json_is_array(list))
        return false;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const json_t *name = json_object_get(item, "name");
        const json_t *score = json_object_get(item, value_key);
        if (json_is_string(name) && json_is_number(score))
            feeling_add(feeling, map, slice_of(json_string_value(name), json_string_length(name)),
                        json_number_value(score));
    }
    /* A list without any expression that we know is neutral. */
    feeling->valence = isnan(feeling->valence) ? 0 : feeling->valence;
    feeling->arousal = isnan(feeling->arousal) ? 0 : feeling->arousal;
    return true;
}

/* "valence", "VALENCE" or "..._valence". */
static bool is_key(const char *key, const char *word) {
    struct slice k = slice_from(key), w = slice_from(word);
    if (k.len < w.len || !slice_is_equal_nocase(slice_skip(k, k.len - w.len), w))
        return false;
    return k.len == w.len || key[k.len - w.len - 1] == '_';
}

static float bounded(double value) {
    return value < -1 ? -1 : value > 1 ? 1 : (float)value;
}

static void find_in_member(struct feeling *feeling, const char *key, const json_t *value) {
    if (json_is_number(value) && is_key(key, "valence"))
        feeling->valence = bounded(json_number_value(value));
    else if (json_is_number(value) && is_key(key, "arousal"))
        feeling->arousal = bounded(json_number_value(value));
    else
        hume_find_numbers(feeling, value);
}

void hume_find_numbers(struct feeling *feeling, const json_t *value) {
    size_t i;
    const char *key;
    json_t *item;
    json_array_foreach(value, i, item)
        hume_find_numbers(feeling, item);
    json_object_foreach((json_t *)(uintptr_t)value, key, item)
        find_in_member(feeling, key, item);
}

int64_t hume_time_ms(double value, double unit_ms) {
    double ms = value * unit_ms;
    if (!(ms > 0))
        return 0;
    return ms < TIME_MAX_MS ? (int64_t)llround(ms) : TIME_MAX_MS;
}
