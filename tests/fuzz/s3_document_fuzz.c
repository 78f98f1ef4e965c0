/* Whatever a store says, its document is bounded and its texts are terminated. */
#include "outside/s3/s3_document.h"
#include "outside/s3/s3_outcome.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct s3_document document;
    s3_document_parse(slice_of(data, size), &document);
    require(document.part_count <= S3_PARTS_MAX && document.next_part <= S3_PARTS_MAX);
    require(strlen(document.upload_id) < sizeof document.upload_id);
    for (size_t i = 0; i < document.part_count; i++) {
        const struct s3_part *part = &document.parts[i];
        require(part->number >= 1 && part->number <= S3_PARTS_MAX);
        require(part->etag[0] && strlen(part->etag) < sizeof part->etag);
    }
    require(!document.is_error || s3_outcome_of(200, &document) != S3_DONE);
    s3_document_free(&document);
    return 0;
}
