#include "app/server/hour.h"

#include "base/buf.h"
#include "unit.h"
#include "wire/web/json_write.h"

#include <stdlib.h>

static char *written(const struct hour *hour) {
    struct buf json = {0};
    json_open(&json, NULL);
    hour_write(hour, &json);
    json_close(&json);
    return buf_take_text(&json);
}

static void an_empty_hour_has_its_lines(void **state) {
    struct hour *hour = calloc(1, sizeof *hour);
    char *json = written(hour);
    assert_string_equal(json, "{\"tracks\":[],\"lateTicks\":[],\"queueBytes\":[],\"drops\":[]}");
    free(json);
    free(hour);
}

static void the_oldest_comes_first_and_goes_first(void **state) {
    struct hour *hour = calloc(1, sizeof *hour);
    for (uint64_t i = 0; i < HOUR_SAMPLES + 2; i++)
        hour_add(hour, (const uint64_t[HOUR_LINES]){i, 1, 2, 3});
    char *json = written(hour);
    assert_memory_equal(json, "{\"tracks\":[2,3,4,", 17);
    assert_non_null(strstr(json, ",360,361],\"lateTicks\":[1,"));
    free(json);
    free(hour);
}

RUN_TESTS(TEST(an_empty_hour_has_its_lines), TEST(the_oldest_comes_first_and_goes_first))
