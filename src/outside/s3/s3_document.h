/*
 * What a store says in XML: errors, the id of an upload, the parts it has. Pure; expat reads. Names
 * are looked for at any depth, since stores differ in what is around them.
 */
#ifndef OUTSIDE_S3_DOCUMENT_H
#define OUTSIDE_S3_DOCUMENT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    S3_UPLOAD_ID_SIZE = 1025,
    S3_ETAG_SIZE = 129,
    S3_PARTS_MAX = 10000, /* of one object */
};

struct s3_part {
    unsigned number; /* from 1 */
    uint64_t bytes;
    char etag[S3_ETAG_SIZE]; /* as it came, with its quotes */
};

/* Texts that are too long are left empty. */
struct s3_document {
    bool is_error; /* the outermost element is <Error> */
    char code[64], message[256], region[64];
    char upload_id[S3_UPLOAD_ID_SIZE];
    char etag[S3_ETAG_SIZE]; /* of the whole object */
    struct s3_part *parts;
    size_t part_count;
    bool is_truncated; /* more parts follow, from this one on */
    unsigned next_part;
};

/* Blanks before the document are read over: a store sends them to keep a connection open. EINVAL: it
 * is no XML. Free the result in any case. */
int s3_document_parse(struct slice xml, struct s3_document *out);
void s3_document_free(struct s3_document *);

#endif
