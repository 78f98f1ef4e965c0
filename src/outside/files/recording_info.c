#include "outside/files/recording_info.h"

#include "base/macros.h"
#include "base/mem.h"

#include <assert.h>

static const size_t offsets[] = {
    offsetof(struct recording_info, id),     offsetof(struct recording_info, meeting),
    offsetof(struct recording_info, room),   offsetof(struct recording_info, participant),
    offsetof(struct recording_info, name),   offsetof(struct recording_info, track),
    offsetof(struct recording_info, format), offsetof(struct recording_info, path),
    offsetof(struct recording_info, sha256), offsetof(struct recording_info, end),
};
static_assert(ARRAY_LEN(offsets) == RECORDING_INFO_TEXTS, "a text is missing");

struct slice *recording_info_text(struct recording_info *info, size_t i) {
    assert(i < RECORDING_INFO_TEXTS);
    return (struct slice *)(void *)((char *)info + offsets[i]);
}

static struct slice copy(struct slice text) {
    return text.len > 0 ? slice_of(slice_copy_text(text), text.len) : SLICE_NONE;
}

static void drop(struct slice text) {
    mem_free((char *)(uintptr_t)text.ptr);
}

void recording_info_own(struct recording_info *info) {
    for (size_t i = 0; i < RECORDING_INFO_TEXTS; i++) {
        struct slice *text = recording_info_text(info, i);
        *text = copy(*text);
    }
}

void recording_info_set(struct slice *text, struct slice with) {
    struct slice before = *text;
    *text = copy(with);
    drop(before);
}

void recording_info_rename(struct recording_info *info, struct slice meeting, struct slice name) {
    if (meeting.len > 0)
        recording_info_set(&info->meeting, meeting);
    if (name.len > 0)
        recording_info_set(&info->name, name);
}

void recording_info_delay(struct recording_info *info, unsigned delay_ms) {
    info->has_way = info->is_delay_measured = true;
    info->delay_ms = delay_ms;
}

void recording_info_free(struct recording_info *info) {
    for (size_t i = 0; i < RECORDING_INFO_TEXTS; i++)
        drop(*recording_info_text(info, i));
    *info = (struct recording_info){0};
}
