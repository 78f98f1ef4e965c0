#include "app/recordings/recording_page.h"

#include "base/mem.h"
#include "outside/store/store_recording.h"

void recording_page_keep(struct recording_page *page, const struct store_recording_list *list) {
    recording_page_free(page);
    page->rows = mem_alloc_array(list->count, sizeof *page->rows);
    for (; page->count < list->count; page->count++) {
        page->rows[page->count] = list->recordings[page->count];
        recording_info_own(&page->rows[page->count]);
    }
}

void recording_page_free(struct recording_page *page) {
    for (size_t i = 0; i < page->count; i++)
        recording_info_free(&page->rows[i]);
    mem_free(page->rows);
    *page = (struct recording_page){0};
}
