/*
 * A bucket of an object store: where it is, what signs requests to it, and links to its objects.
 * Any thread may use it; what it learns from the store, its region and its clock, is guarded.
 */
#ifndef OUTSIDE_S3_H
#define OUTSIDE_S3_H

#include "base/buf.h"
#include "base/slice.h"
#include "wire/web/sigv4.h"

#include <stdbool.h>
#include <stdint.h>

/* Borrowed until s3_free(). NULL or "" where not set. */
struct s3_settings {
    const char *endpoint; /* "https://s3.example.org:9000"; not set: Amazon's own */
    const char *bucket;
    const char *region;
    const char *key_id, *secret, *session_token;
    /* "https://host/bucket/key" in place of "https://bucket.host/key". */
    bool is_path_style;
    const char *encryption;        /* "AES256" or "aws:kms" */
    const char *encryption_key_id; /* of aws:kms */
    const char *storage_class;     /* "STANDARD_IA" ... */
};

struct s3;

/* EINVAL: `why` is a sentence that names the setting. */
int s3_open(struct s3 **, const struct s3_settings *, char *why, size_t why_size);
void s3_free(struct s3 *); /* NULL is fine */

const struct s3_settings *s3_settings(const struct s3 *);

/* Where an object is. `key` may be empty: the bucket itself. */
struct s3_place {
    char *host; /* with its port, where that is not the scheme's own */
    char *path; /* encoded */
    char *url;  /* of both */
};
void s3_place_of(const struct s3 *, struct slice key, struct s3_place *out);
void s3_place_free(struct s3_place *);

/* The region by which requests are signed; what the store named last. */
enum { S3_REGION_SIZE = 64 };
void s3_region(struct s3 *, char out[S3_REGION_SIZE]);
void s3_learn_region(struct s3 *, const char *region);

/* How far the store's clock is ahead of ours, in seconds. */
int64_t s3_skew_s(struct s3 *);
void s3_learn_skew(struct s3 *, int64_t skew_s);

/*
 * Appends a URL by which anybody can GET the object, or HEAD it, for valid_s. The store's answer has
 * this type, and saves as this file name.
 */
void s3_link(struct s3 *, const char *method, struct slice key, struct slice type,
             struct slice file_name, int64_t now_s, unsigned valid_s, struct buf *out);

#endif
