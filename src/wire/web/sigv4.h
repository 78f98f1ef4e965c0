/*
 * Signature version 4 of Amazon's API, as every S3-compatible store checks it. A request is signed
 * in a header, or in the query of a URL that somebody else will call (presigned).
 *
 * Source: "AWS Signature Version 4 for API requests" of Amazon's documentation.
 */
#ifndef WIRE_SIGV4_H
#define WIRE_SIGV4_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

struct sigv4_key {
    struct slice id, secret;
    struct slice session_token; /* empty: the key is a lasting one */
    struct slice region;        /* "us-east-1", "auto" ... */
};

struct sigv4_header {
    const char *name; /* in small letters */
    struct slice value;
};

struct sigv4_request {
    const char *method;
    struct slice path;  /* encoded, begins with '/' */
    struct slice query; /* encoded, sorted, each name with its '=' */
    /* All that are signed, sorted by name; "host" is among them. */
    const struct sigv4_header *headers;
    size_t header_count;
    struct slice body_sha256; /* in hexadecimal, or SIGV4_UNSIGNED */
};

#define SIGV4_UNSIGNED SLICE("UNSIGNED-PAYLOAD")

enum { SIGV4_DATE_SIZE = 17, SIGV4_SHA256_SIZE = 65 };

/* The value of `x-amz-date`: "20130524T000000Z". */
void sigv4_date(int64_t unix_s, char out[SIGV4_DATE_SIZE]);

/* SHA-256 in hexadecimal, as `x-amz-content-sha256` has it. */
void sigv4_sha256(struct slice bytes, char out[SIGV4_SHA256_SIZE]);

/* Appends text as paths and queries are signed: all but A-Z a-z 0-9 - . _ ~ becomes %XX. A path
 * keeps its '/'. */
void sigv4_encode(struct buf *out, struct slice text, bool is_path);

/* Appends the value of the header `authorization`. The request's `x-amz-date` is of unix_s. */
void sigv4_authorize(struct buf *out, const struct sigv4_key *, const struct sigv4_request *,
                     int64_t unix_s);

/*
 * Appends the query of a URL that is good for the method, from unix_s on, for valid_s. `host` is its
 * only header. `more` are further parameters, encoded, sorted, their names in small letters; or empty.
 */
void sigv4_presign(struct buf *out, const struct sigv4_key *, const char *method, struct slice host,
                   struct slice path, struct slice more, int64_t unix_s, unsigned valid_s);

#endif
