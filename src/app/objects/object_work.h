/*
 * One step about one object, which blocks: on a worker. What becomes of it is decided by whoever
 * asked for the step.
 */
#ifndef APP_OBJECT_WORK_H
#define APP_OBJECT_WORK_H

#include "outside/s3/s3_upload.h"
#include "outside/store/store_object.h"

struct storage;

struct object_work {
    /* Constant meanwhile. */
    struct s3 *s3;
    const struct storage *storage;
    const atomic_bool *is_stopped;
    enum store_object_state state; /* what there is to do */
    char *path, *key;              /* owned; the key is not NULL */
    char *upload_id;               /* owned; NULL or "": none */
    struct slice format;           /* of outside/files/format.h: constant text */

    /*
     * The result. 0: done. EINPROGRESS: an upload in parts has begun, and its id is to be kept before
     * the next step. ENOENT: the file is not on this disk. Others as in s3_upload_send().
     */
    int err;
    uint64_t sent; /* bytes */
    char why[S3_WHY_SIZE];
};

/* On a worker. */
void object_work_run(struct object_work *);
void object_work_free(struct object_work *); /* what it holds, not the struct */

#endif
