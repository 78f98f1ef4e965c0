#include "meeting/report_erase.h"

#include "wire/web/json_read.h"

#include <stdlib.h>

static bool is_about(const json_t *object, const char *name, struct slice identity) {
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) &&
           slice_is_equal(slice_of(json_string_value(value), json_string_length(value)), identity);
}

/* Their place in `people`; -1: they are not in it. */
static int place_of(const json_t *report, struct slice identity) {
    json_t *person;
    size_t i;
    json_array_foreach(json_object_get(report, "people"), i, person) {
        if (is_about(person, "participantId", identity))
            return (int)i;
    }
    return -1;
}

/* Items of a list that name them. */
static void drop_items(json_t *list, struct slice identity) {
    for (size_t i = json_array_size(list); i-- > 0;)
        if (is_about(json_array_get(list, i), "participantId", identity))
            json_array_remove(list, i);
}

/* A place in the list without `gone`; -1: it was theirs. */
static int moved(const json_t *value, int gone) {
    int place = (int)json_integer_value(value);
    return place == gone ? -1 : place > gone ? place - 1 : place;
}

static void drop_pairs(json_t *matrix, int gone) {
    for (size_t i = json_array_size(matrix); i-- > 0;) {
        json_t *pair = json_array_get(matrix, i);
        int by = moved(json_object_get(pair, "by"), gone);
        int of = moved(json_object_get(pair, "of"), gone);
        if (by < 0 || of < 0) {
            json_array_remove(matrix, i);
            continue;
        }
        json_object_set_new(pair, "by", json_integer(by));
        json_object_set_new(pair, "of", json_integer(of));
    }
}

/* A moment in which they are heard is no longer one to hear. */
static void drop_moments(json_t *moments, int gone) {
    for (size_t i = json_array_size(moments); i-- > 0;) {
        json_t *people = json_object_get(json_array_get(moments, i), "people");
        bool is_theirs = false;
        for (size_t k = 0; k < json_array_size(people); k++) {
            int place = moved(json_array_get(people, k), gone);
            is_theirs |= place < 0;
            json_array_set_new(people, k, json_integer(place));
        }
        if (is_theirs)
            json_array_remove(moments, i);
    }
}

static void write(struct buf *out, const json_t *report) {
    char *text = json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (text)
        buf_add_text(out, text);
    free(text);
}

bool report_erase(struct buf *out, struct slice json, struct slice identity) {
    json_t *report = json_read(json);
    int place = json_is_object(report) ? place_of(report, identity) : -1;
    if (place >= 0) {
        json_array_remove(json_object_get(report, "people"), (size_t)place);
        drop_pairs(json_object_get(report, "matrix"), place);
        drop_moments(json_object_get(report, "moments"), place);
        drop_items(json_object_get(report, "events"), identity);
        drop_items(json_object_get(report, "marks"), identity);
        write(out, report);
    }
    json_decref(report);
    return place >= 0;
}
