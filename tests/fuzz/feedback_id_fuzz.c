/* What becomes a UUID comes back as the same id, and what comes from a UUID becomes the same one. */
#include "outside/store/feedback_id.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct slice text = slice_of(data, size);
    char uuid[FEEDBACK_UUID_SIZE], id[FEEDBACK_ID_SIZE];
    if (feedback_id_to_uuid(text, uuid)) {
        assert(feedback_id_from_uuid(slice_from(uuid), id));
        assert(slice_is_equal(slice_from(id), text));
    }
    if (feedback_id_from_uuid(text, id)) {
        assert(feedback_id_to_uuid(slice_from(id), uuid));
        assert(slice_is_equal_nocase(slice_from(uuid), text));
    }
    return 0;
}
