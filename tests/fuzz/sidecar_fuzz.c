/* The .json beside a recording, by anybody's hand: what is read is written so that it reads the
 * same. */
#include "outside/files/sidecar.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sidecar first, second;
    if (sidecar_parse_json(slice_of(data, size), &first))
        return 0;
    struct buf once = {0}, twice = {0};
    sidecar_write_json(&once, &first);
    int err = sidecar_parse_json(buf_slice(&once), &second);
    assert(err == 0);
    sidecar_write_json(&twice, &second);
    assert(slice_is_equal(buf_slice(&once), buf_slice(&twice)));
    assert(second.gap_count <= SIDECAR_LIST_MAX && second.pause_count <= SIDECAR_LIST_MAX);
    char path[SIDECAR_PATH_SIZE];
    (void)sidecar_describe(&second, "folder", path);
    sidecar_free(&first);
    sidecar_free(&second);
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
