#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { LARGE_BYTES = 32 * 1024 };

/* Hundreds of blocks for the prosody service (64 KB, 85 KB as text) are allocated and freed. In the
 * heap they leave holes of six times their size, so blocks that large are mapped on their own. With
 * the threshold set here, glibc does not raise it when the first such block is freed. */
void mem_init(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}

static void *or_abort(void *ptr, size_t size) {
    if (ptr)
        return ptr;
    fprintf(stderr, "prosa: out of memory (%zu bytes)\n", size);
    abort();
}

void *mem_alloc(size_t size) {
    return or_abort(calloc(1, size ? size : 1), size);
}

void *mem_alloc_array(size_t count, size_t size) {
    if (size && count > SIZE_MAX / size)
        return or_abort(NULL, SIZE_MAX);
    return mem_alloc(count * size);
}

void *mem_alloc_raw(size_t size) {
    return or_abort(malloc(size ? size : 1), size);
}

void *mem_resize(void *ptr, size_t size) {
    return or_abort(realloc(ptr, size ? size : 1), size);
}

void *mem_copy(const void *ptr, size_t size) {
    void *copy = mem_alloc_raw(size);
    if (size)
        memcpy(copy, ptr, size);
    return copy;
}

char *mem_copy_text(const char *text) {
    return mem_copy(text, strlen(text) + 1);
}

void mem_free(void *ptr) {
    free(ptr);
}
