/* Bytes with a reference count: one owner fills them, after that they never change and several
 * threads may hold them. Nothing else in the program is reference-counted. */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include "base/slice.h"

#include <stdatomic.h>

struct blob {
    atomic_uint refs;
    uint32_t cap; /* bytes in data */
    uint32_t len; /* bytes filled */
    uint8_t data[];
};

/* Empty, with one reference, room for `cap` bytes. */
struct blob *blob_new(size_t cap);
struct blob *blob_from(struct slice s);

/* Thread-safe. Returns `blob`. */
struct blob *blob_ref(struct blob *blob);

/* Frees with the last reference; NULL is allowed. */
void blob_unref(struct blob *blob);

/* Appends as much as there is room for; returns how many of the `len` bytes fitted. Only while
 * there is one owner. */
size_t blob_append(struct blob *blob, const void *ptr, size_t len);

#endif
