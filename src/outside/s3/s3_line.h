/*
 * Signed requests to the store, one after the other, over a connection that is kept. Each call
 * blocks: not for a loop's thread. What the store says of its region or its clock is learned, and
 * the request made once more.
 */
#ifndef OUTSIDE_S3_LINE_H
#define OUTSIDE_S3_LINE_H

#include "outside/s3/s3.h"
#include "outside/s3/s3_outcome.h"

#include <stdatomic.h>

struct s3_line;

/* Where *is_stopped becomes true, a call ends within a second, as one without an answer. */
struct s3_line *s3_line_open(struct s3 *, const atomic_bool *is_stopped);
void s3_line_close(struct s3_line *); /* NULL is fine */

struct s3_request {
    const char *method;
    struct slice key;
    struct slice query; /* as struct sigv4_request has it */

    /* The body: bytes in memory, or a stretch of a file where `file_bytes` is above 0. */
    struct slice body;
    int fd;
    uint64_t offset, file_bytes;

    /* Of a request that makes an object: its type, and the SHA-256 of all its bytes, which the store
     * keeps beside it. NULL: it makes none. */
    const char *type, *sum;
    bool is_only_if_absent; /* S3_EXISTS where there is an object of that key */
};

enum { S3_WHY_SIZE = 400 };

struct s3_answer {
    enum s3_outcome outcome;
    long status; /* 0: none came */
    struct s3_document document;
    /* Of the answer's head: */
    char etag[S3_ETAG_SIZE];
    char sum[SIGV4_SHA256_SIZE]; /* that was given when the object was made */
    uint64_t bytes;              /* Content-Length */
    char why[S3_WHY_SIZE];       /* a sentence, where it is not S3_DONE */
};

/* Free the answer in any case. */
void s3_line_call(struct s3_line *, const struct s3_request *, struct s3_answer *);
void s3_answer_free(struct s3_answer *);

#endif
