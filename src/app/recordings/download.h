/*
 * Answers a request with a file or a range of it. A worker reads the file in chunks, so it is never
 * in memory as a whole. Control thread only.
 */
#ifndef APP_DOWNLOAD_H
#define APP_DOWNLOAD_H

#include "base/slice.h"

#include <stdbool.h>

struct http_request;
struct worker;

struct download_file {
    const struct storage *storage;
    bool is_head;          /* the request is HEAD: no body */
    struct slice path;     /* below the folder of its kind */
    struct slice format;   /* "wav", ...: gives the kind and the Content-Type */
    struct slice range;    /* the Range header, or empty */
    struct slice if_range; /* the If-Range header, or empty */
};

/* Takes the request over and answers it. The texts of `file` are copied. */
void download_start(struct worker *worker, struct http_request *req,
                    const struct download_file *file);

#endif
