#include "base/macros.h"
#include "outside/s3/s3_outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static enum s3_outcome outcome(long status, const char *code, const char *region) {
    struct s3_document document = {.is_error = code[0] != '\0'};
    snprintf(document.code, sizeof document.code, "%s", code);
    snprintf(document.region, sizeof document.region, "%s", region);
    return s3_outcome_of(status, &document);
}

static void each_answer_has_its_outcome(void **state) {
    static const struct {
        long status;
        const char *code, *region;
        enum s3_outcome outcome;
    } answers[] = {
        {200, "", "", S3_DONE},
        {204, "", "", S3_DONE},
        {0, "", "", S3_AGAIN},
        {400, "RequestTimeout", "", S3_AGAIN},
        {408, "", "", S3_AGAIN},
        {409, "OperationAborted", "", S3_AGAIN},
        {429, "", "", S3_AGAIN},
        {500, "InternalError", "", S3_AGAIN},
        {502, "", "", S3_AGAIN},
        {503, "SlowDown", "", S3_AGAIN},
        {504, "", "", S3_AGAIN},
        {200, "InternalError", "", S3_AGAIN},
        {200, "SomethingElse", "", S3_AGAIN},
        {200, "NoSuchUpload", "", S3_ANEW},
        {404, "NoSuchUpload", "", S3_ANEW},
        {404, "NoSuchKey", "", S3_MISSING},
        {404, "", "", S3_MISSING},
        {404, "NoSuchBucket", "", S3_REFUSED},
        {412, "PreconditionFailed", "", S3_EXISTS},
        {412, "", "", S3_EXISTS},
        {403, "RequestTimeTooSkewed", "", S3_SKEWED},
        {400, "AuthorizationHeaderMalformed", "eu-west-1", S3_ELSEWHERE},
        {400, "AuthorizationHeaderMalformed", "", S3_REFUSED},
        {301, "PermanentRedirect", "eu-west-1", S3_ELSEWHERE},
        {301, "", "", S3_REFUSED},
        {403, "SignatureDoesNotMatch", "", S3_REFUSED},
        {403, "", "", S3_REFUSED},
        {400, "EntityTooSmall", "", S3_REFUSED},
        {501, "NotImplemented", "", S3_REFUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        if (outcome(answers[i].status, answers[i].code, answers[i].region) != answers[i].outcome)
            fail_msg("%ld %s", answers[i].status, answers[i].code);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_answer_has_its_outcome)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
