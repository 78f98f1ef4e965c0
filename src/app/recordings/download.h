/* Sends a file, or a range of it, as the answer to a request: read in chunks by a worker, never held whole. */
#ifndef APP_DOWNLOAD_H
#define APP_DOWNLOAD_H

#include "base/slice.h"

#include <stdbool.h>

struct http_request;
struct storage;
struct worker;

struct download_file {
    const struct storage *storage;
    bool is_video;
    bool is_head;          /* only the head of the answer is wanted */
    struct slice path;     /* below the folder of its kind */
    struct slice format;   /* "wav", ...: decides the type */
    struct slice range;    /* the Range header, or empty */
    struct slice if_range; /* the If-Range header, or empty */
};

/* Takes the request over and answers it. */
void download_start(struct worker *worker, struct http_request *req,
                    const struct download_file *file);

#endif
