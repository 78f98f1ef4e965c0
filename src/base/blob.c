#include "base/blob.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

struct blob *blob_new(size_t cap) {
    assert(cap <= UINT32_MAX);
    struct blob *blob = mem_alloc_raw(sizeof *blob + cap);
    atomic_init(&blob->refs, 1);
    blob->cap = (uint32_t)cap;
    blob->len = 0;
    return blob;
}

struct blob *blob_from(struct slice s) {
    struct blob *blob = blob_new(s.len);
    blob_append(blob, s.ptr, s.len);
    return blob;
}

struct blob *blob_ref(struct blob *blob) {
    atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
    return blob;
}

void blob_unref(struct blob *blob) {
    if (blob && atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) == 1)
        mem_free(blob);
}

size_t blob_append(struct blob *blob, const void *ptr, size_t len) {
    size_t room = blob->cap - blob->len;
    size_t count = len < room ? len : room;
    if (count)
        memcpy(blob->data + blob->len, ptr, count);
    blob->len += (uint32_t)count;
    return count;
}
