/* RULES_FILE. Whatever it says, a refused file names a line, and an accepted one leaves every
 * setting within its bounds for every organization and kind. */
#include "meeting/rule.h"
#include "meeting/rules_file.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(struct rules *rules) {
    struct rules_cursor at = {0};
    while (rules_next(&at)) {
        double value = *rules_value(rules, &at);
        assert(value >= at.setting->min && value <= at.setting->max);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"", "aula", "escola", "a"};
    struct rules_file *file;
    struct buf problem = {0};
    int err = rules_file_parse(&file, slice_of(data, size), &problem);
    assert(err ? slice_has_prefix(buf_slice(&problem), SLICE("line ")) : problem.len == 0);
    buf_free(&problem);
    for (int i = 0; !err && i < 16; i++) {
        struct rules rules;
        rules_init(&rules);
        rules_file_apply(file, slice_from(names[i % 4]), slice_from(names[i / 4]), &rules);
        check_bounds(&rules);
    }
    if (!err)
        rules_file_free(file);
    return 0;
}
