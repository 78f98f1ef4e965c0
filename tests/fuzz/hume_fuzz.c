/* Messages from the prosody service. Whatever comes, feelings stay between -1 and 1, times are not
 * negative, and codes hold only characters that are safe in a log. */
#include "outside/hume/hume_message.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(float value) {
    assert(isnan(value) || (value >= -1 && value <= 1));
}

static void check(const struct hume_reading *reading) {
    assert(reading->count <= HUME_SPANS);
    assert(strlen(reading->code) < HUME_CODE_SIZE);
    assert(
        strspn(reading->code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
        strlen(reading->code));
    assert(reading->count == 0 || reading->kind == HUME_MEASURED);
    for (unsigned i = 0; i < reading->count; i++) {
        check_number(reading->spans[i].feeling.valence);
        check_number(reading->spans[i].feeling.arousal);
        assert(reading->spans[i].begin_ms >= 0 && reading->spans[i].end_ms >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct expressions map;
    struct hume_reading reading;
    if (map.count == 0)
        expressions_init(&map);
    hume_v0_read(&reading, &map, slice_of(data, size));
    check(&reading);
    hume_v1_read(&reading, &map, slice_of(data, size));
    check(&reading);
    return 0;
}
