#include "outside/s3/s3_outcome.h"

#include "base/macros.h"

#include <string.h>

/* Codes that say more than the status does. */
static const struct {
    const char *code;
    enum s3_outcome outcome;
} codes[] = {
    {"AuthorizationHeaderMalformed", S3_ELSEWHERE},
    {"InternalError", S3_AGAIN},
    {"NoSuchBucket", S3_REFUSED},
    {"NoSuchKey", S3_MISSING},
    {"NoSuchUpload", S3_ANEW},
    {"OperationAborted", S3_AGAIN},
    {"PermanentRedirect", S3_ELSEWHERE},
    {"PreconditionFailed", S3_EXISTS},
    {"RequestTimeTooSkewed", S3_SKEWED},
    {"RequestTimeout", S3_AGAIN},
    {"ServiceUnavailable", S3_AGAIN},
    {"SlowDown", S3_AGAIN},
};

static enum s3_outcome of_status(long status) {
    switch (status) {
    case 301:
    case 307:
        return S3_ELSEWHERE;
    case 404:
        return S3_MISSING;
    case 412:
        return S3_EXISTS;
    case 0:
    case 408:
    case 409:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return S3_AGAIN;
    default:
        return status >= 200 && status < 300 ? S3_DONE : S3_REFUSED;
    }
}

enum s3_outcome s3_outcome_of(long status, const struct s3_document *document) {
    enum s3_outcome outcome = of_status(status);
    if (outcome == S3_DONE && !document->is_error)
        return S3_DONE;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (!strcmp(document->code, codes[i].code))
            outcome = codes[i].outcome;
    /* An error that came with 200 and is not in the table may be gone the next time. */
    if (outcome == S3_DONE)
        outcome = S3_AGAIN;
    return outcome == S3_ELSEWHERE && !document->region[0] ? S3_REFUSED : outcome;
}
