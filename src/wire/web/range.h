/* The Range header of a download (RFC 9110, 14): one range of bytes. */
#ifndef WIRE_RANGE_H
#define WIRE_RANGE_H

#include "base/slice.h"

enum range_result {
    RANGE_WHOLE, /* no, several or malformed ranges, or another unit: the whole body is sent */
    RANGE_PART,  /* 206 */
    RANGE_NONE   /* 416: the range lies outside the body */
};

/* RANGE_PART sets first..last, both inside a body of `size` bytes. */
enum range_result range_parse(struct slice header, uint64_t size, uint64_t *first, uint64_t *last);

#endif
