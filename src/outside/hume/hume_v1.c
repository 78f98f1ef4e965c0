#include "outside/hume/hume_message.h"

#include "base/macros.h"

#include <string.h>

static bool is_type(const json_t *root, const char *name) {
    const char *type = json_string_value(json_object_get(root, "type"));
    return type && strcmp(type, name) == 0;
}

/* The two lists and the times may lie one level down. */
static const json_t *find_measurement(const json_t *root) {
    if (json_is_array(json_object_get(root, "expressions")))
        return root;
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)root, key, item) {
        if (json_is_array(json_object_get(item, "expressions")))
            return item;
    }
    return root;
}

static double number_of(const json_t *inner, const json_t *root, const char *key) {
    const json_t *value = json_object_get(inner, key);
    return json_number_value(value ? value : json_object_get(root, key));
}

/* Voice attributes ("calm", "monotone") are not used: they describe a sound, not a feeling. */
static void read_measurement(struct hume_reading *out, const struct expressions *map,
                             const json_t *root) {
    const json_t *inner = find_measurement(root);
    struct hume_span *span = &out->spans[0];
    out->kind = HUME_MEASURED;
    span->feeling = FEELING_NONE;
    if (!hume_add_scores(&span->feeling, map, json_object_get(inner, "expressions"), "probability"))
        return;
    hume_find_numbers(&span->feeling, inner);
    span->begin_ms = hume_time_ms(number_of(inner, root, "audio_start_ms"), 1);
    span->end_ms = hume_time_ms(number_of(inner, root, "audio_end_ms"), 1);
    out->count = 1;
}

static void read_error(struct hume_reading *out, const json_t *root) {
    static const char *const quotas[] = {"quota_exceeded", "insufficient_credits",
                                         "billing_inactive"};
    hume_set_code(out, json_object_get(root, "code"));
    out->kind = HUME_FAULT;
    if (strcmp(out->code, "rate_limited") == 0)
        out->kind = HUME_TOO_FAST;
    else if (strcmp(out->code, "internal_error") == 0)
        out->kind = HUME_SERVICE_FAULT;
    for (size_t i = 0; i < ARRAY_LEN(quotas); i++)
        if (strcmp(out->code, quotas[i]) == 0)
            out->kind = HUME_QUOTA;
}

void hume_v1_read(struct hume_reading *out, const struct expressions *map, struct slice message) {
    *out = (struct hume_reading){.kind = HUME_UNREADABLE};
    json_t *root = hume_parse(message);
    if (!root)
        return;
    out->kind = HUME_NOTHING;
    if (is_type(root, "measurement.result"))
        read_measurement(out, map, root);
    else if (is_type(root, "error"))
        read_error(out, root);
    else if (is_type(root, "session.created"))
        out->kind = HUME_READY;
    else if (is_type(root, "session.closed"))
        out->kind = HUME_ENDED;
    json_decref(root);
}
