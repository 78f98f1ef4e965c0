/* Rows of recordings that the store listed, kept past its answer. */
#ifndef APP_RECORDING_PAGE_H
#define APP_RECORDING_PAGE_H

#include "outside/files/recording_info.h"

#include <stddef.h>

struct store_recording_list;

struct recording_page {
    struct recording_info *rows; /* own their texts */
    size_t count;
};

/* Replaces the page by copies of the rows of the list. */
void recording_page_keep(struct recording_page *, const struct store_recording_list *);
void recording_page_free(struct recording_page *);

#endif
