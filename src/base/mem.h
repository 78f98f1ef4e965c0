/* Memory allocation that never fails: without memory the process says so and aborts, so no caller
 * checks. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/macros.h"

#include <stddef.h>

/* Makes large blocks go back to the system when they are freed. Call it before any other thread
 * starts. */
void mem_init(void);

/* Zeroed. `size` 0 gives a unique pointer. Free with mem_free. */
void *mem_alloc(size_t size);
void *mem_alloc_array(size_t count, size_t size);

/* Not zeroed; for buffers that are written before they are read. */
void *mem_alloc_raw(size_t size);

/* New bytes are not zeroed. */
void *mem_resize(void *ptr, size_t size);

void *mem_copy(const void *ptr, size_t size);
char *mem_copy_text(const char *text);
void mem_free(void *ptr);

#endif
