/* What follows from a store's answer. Pure. */
#ifndef OUTSIDE_S3_OUTCOME_H
#define OUTSIDE_S3_OUTCOME_H

#include "outside/s3/s3_document.h"

enum s3_outcome {
    S3_DONE,
    S3_AGAIN,     /* a moment's trouble: no answer, too busy, an error of its own */
    S3_ANEW,      /* the upload that parts were for is gone */
    S3_EXISTS,    /* there is such an object, and it was not to be written over */
    S3_MISSING,   /* there is no such object */
    S3_SKEWED,    /* its clock and ours differ by more than it allows */
    S3_ELSEWHERE, /* the bucket is in another region */
    S3_REFUSED,   /* and will be refused again */
};

/*
 * status 0: there was no answer. The document is that of the body, empty where it had none; an error
 * in it counts under status 200 as well, since a store that worked for long begins its answer before
 * it knows the result.
 */
enum s3_outcome s3_outcome_of(long status, const struct s3_document *);

#endif
