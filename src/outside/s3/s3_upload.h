/*
 * A file becomes an object. Up to S3_PART_BYTES it is put whole; a longer one goes in parts of that
 * size, and goes on where it stood after a failure or a restart. It counts as stored once the store
 * has said itself how long it is and what its sum is. Calls block: not for a loop's thread.
 */
#ifndef OUTSIDE_S3_UPLOAD_H
#define OUTSIDE_S3_UPLOAD_H

#include "outside/s3/s3_line.h"

/* All parts but the last are equally long, as Cloudflare's store wants them. At most 10,000 of them
 * make 80 GiB. */
#define S3_PART_BYTES ((uint64_t)8 << 20)

struct s3_upload {
    /* The file, which does not change any more; and what it becomes. */
    int fd;
    uint64_t bytes;
    const char *key, *type;
    bool may_replace; /* an object that has the key */

    /* Of an upload that was begun; "": none. To be kept until it is done, also over a restart. */
    char id[S3_UPLOAD_ID_SIZE];

    char etag[S3_ETAG_SIZE]; /* of the object, once it is stored */
    uint64_t sent;           /* bytes that went over the line */
    char why[S3_WHY_SIZE];   /* a sentence, after an error */
};

/*
 * Whether the file needs an id that it does not have: s3_upload_begin() gives it one, which is to be
 * kept before anything is sent.
 */
bool s3_upload_needs_id(const struct s3_upload *);
int s3_upload_begin(struct s3_line *, struct s3_upload *);

/*
 * Sends what the store does not have yet, and looks at the result. 0: stored. EAGAIN: later. EEXIST:
 * another object has the key. EFBIG: more than 10,000 parts. EIO: the store refuses it, or the file
 * cannot be read.
 */
int s3_upload_send(struct s3_line *, struct s3_upload *);

/* 0: nothing is left of an upload that was begun and not ended. */
int s3_upload_abort(struct s3_line *, const char *key, const char *id, char why[S3_WHY_SIZE]);

/* 0: the object is gone, or was never there. */
int s3_object_delete(struct s3_line *, const char *key, char why[S3_WHY_SIZE]);

/* 0: it is there, this long, with this ETag. ENOENT: it is not. */
int s3_object_look(struct s3_line *, const char *key, uint64_t *bytes, char etag[S3_ETAG_SIZE],
                   char why[S3_WHY_SIZE]);

#endif
