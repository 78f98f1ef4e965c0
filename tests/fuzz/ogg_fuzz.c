/* Ogg pages: what is one with all its bytes is none, or not yet, with fewer; flags can be set and
 * set back. */
#include "wire/media/ogg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct ogg_page page, again;
    enum ogg_result result = ogg_parse(data, size, &page);
    if (result == OGG_BAD || size == 0)
        return 0;
    assert(ogg_parse(data, size - 1, &again) ==
           (result == OGG_PAGE && page.len < size ? OGG_PAGE : OGG_MORE));
    if (result == OGG_MORE)
        return 0;
    assert(page.len <= size && page.len <= OGG_PAGE_MAX && page.body <= page.len);
    uint8_t *copy = malloc(page.len);
    memcpy(copy, data, page.len);
    ogg_set_flags(copy, page.len, page.flags ^ OGG_LAST);
    assert(ogg_parse(copy, page.len, &again) == OGG_PAGE && again.flags == (page.flags ^ OGG_LAST));
    ogg_set_flags(copy, page.len, page.flags);
    assert(memcmp(copy, data, page.len) == 0);
    free(copy);
    return 0;
}
