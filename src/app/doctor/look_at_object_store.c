/* The object store: whether an object can be written there and deleted again, as recordings will be. */
#include "app/doctor/doctor_private.h"
#include "base/mem.h"
#include "outside/s3/s3_upload.h"

#include <curl/curl.h>

static const char *remedy_of(const struct s3_answer *answer) {
    if (answer->status == 0)
        return "check S3_ENDPOINT, and what is between";
    if (answer->status == 404)
        return "make the bucket, or correct S3_BUCKET";
    if (answer->status == 403)
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be a pair that may put and delete "
               "objects in the bucket";
    return "S3_ENDPOINT must be the address of an S3-compatible store; S3_FORCE_PATH_STYLE says "
           "where the bucket is in URLs";
}

static void try_object(struct doctor *doctor, struct s3 *s3, const char *key) {
    struct findings *findings = &doctor->findings;
    const char *bucket = doctor->config->s3.bucket;
    struct s3_line *line = s3_line_open(s3, NULL);
    const struct s3_request request = {
        .method = "PUT", .key = slice_from(key), .body = SLICE("prosa doctor was here\n")};
    struct s3_answer answer;
    char why[S3_WHY_SIZE] = "";
    s3_line_call(line, &request, &answer);
    if (answer.outcome != S3_DONE)
        findings_add(findings, FINDING_FAULT, "object store", remedy_of(&answer),
                     "nothing can be written into %s: %s", bucket, answer.why);
    else if (s3_object_delete(line, key, why))
        findings_add(findings, FINDING_FAULT, "object store",
                     "without the right to delete objects, erasing a meeting leaves them there",
                     "%s was written into %s and cannot be deleted: %s", key, bucket, why);
    else
        findings_add(findings, FINDING_GOOD, "object store", NULL,
                     "%s takes objects and deletes them", bucket);
    s3_answer_free(&answer);
    s3_line_close(line);
}

void look_at_object_store(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct s3 *s3;
    char why[S3_WHY_SIZE];
    struct buf key = {0};
    if (!config->s3.bucket || s3_open(&s3, &config->s3, why, sizeof why))
        return;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    buf_printf(&key, "%s%sprosa-doctor", config->s3_prefix ? config->s3_prefix : "",
               config->s3_prefix ? "/" : "");
    char *text = buf_take_text(&key);
    try_object(doctor, s3, text);
    mem_free(text);
    s3_free(s3);
}
