/* The files of web/, and the descriptions of the API in docs/, as `tools/embed_page` writes them into
 * the binary; constant, sorted by name. */
#ifndef APP_PAGE_FILES_H
#define APP_PAGE_FILES_H

#include "base/slice.h"

#include <stddef.h>

struct page_file {
    const char *name; /* "index.html", "views/live.js" */
    const char *type; /* for Content-Type */
    const char *etag; /* of the content, with its quotes; the packed form adds -gz inside them */
    struct slice plain, packed; /* packed by gzip */
};

extern const struct page_file page_files[];
extern const size_t page_file_count;
extern const struct page_file description_files[];
extern const size_t description_file_count;
/* One file: the report as tools/bundle_report makes it, PAGE_REPORT_MARK where its JSON belongs. */
extern const struct page_file report_page_files[];
extern const size_t report_page_file_count;
#define PAGE_REPORT_MARK "@REPORT@"

/* NULL: there is no such file. */
const struct page_file *page_file_find(struct slice name);

#endif
