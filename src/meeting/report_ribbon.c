#include "meeting/report_private.h"

#include "base/mem.h"

enum { LEAST_SLOTS = 10 }; /* 0.2 s of speech make a cell of it */

static void run_add(struct report_ribbon *ribbon, char letter, int64_t count) {
    while (count > 0) {
        struct report_run *last = ribbon->count > 0 ? &ribbon->runs[ribbon->count - 1] : NULL;
        if (!last || last->letter != letter || last->count == UINT16_MAX) {
            if (ribbon->count == ribbon->cap) {
                ribbon->cap = ribbon->cap ? ribbon->cap * 2 : 16;
                ribbon->runs = mem_resize(ribbon->runs, ribbon->cap * sizeof ribbon->runs[0]);
            }
            last = &ribbon->runs[ribbon->count++];
            *last = (struct report_run){0, letter};
        }
        int64_t room = UINT16_MAX - last->count;
        int64_t now = count < room ? count : room;
        last->count = (uint16_t)(last->count + now);
        ribbon->cells += now;
        count -= now;
    }
}

static char open_letter(const struct report_ribbon *ribbon) {
    return ribbon->together >= LEAST_SLOTS     ? 'o'
           : ribbon->speech >= LEAST_SLOTS     ? 's'
           : ribbon->gap * 2 > ribbon->slots   ? 'g'
           : ribbon->muted * 2 > ribbon->slots ? 'm'
                                               : '.';
}

static void cell_close(struct report_ribbon *ribbon) {
    run_add(ribbon, '-', ribbon->open_cell - ribbon->cells);
    run_add(ribbon, open_letter(ribbon), 1);
    ribbon->is_open = false;
    ribbon->slots = ribbon->speech = ribbon->together = ribbon->muted = ribbon->gap = 0;
}

void ribbon_hear(struct report_ribbon *ribbon, const struct report_heard *heard, int64_t cell) {
    if (ribbon->is_open && cell > ribbon->open_cell)
        cell_close(ribbon);
    if (cell < ribbon->cells)
        return; /* of a second that is written already */
    ribbon->is_open = true;
    ribbon->open_cell = cell;
    ribbon->slots += heard->slots;
    ribbon->speech += heard->speech;
    ribbon->together += heard->together;
    ribbon->muted += heard->is_muted ? heard->slots : 0;
    ribbon->gap += heard->is_gap ? heard->slots : 0;
}

struct ribbon_text {
    struct buf *out;
    char letter;
    int64_t count;
};

static void text_flush(struct ribbon_text *text) {
    if (text->count > 1)
        buf_printf(text->out, "%lld", (long long)text->count);
    if (text->count > 0)
        buf_add_byte(text->out, text->letter);
    text->count = 0;
}

static void text_add(struct ribbon_text *text, char letter, int64_t count) {
    if (count <= 0)
        return;
    if (letter != text->letter)
        text_flush(text);
    text->letter = letter;
    text->count += count;
}

void ribbon_write(struct buf *out, const struct report_ribbon *ribbon, int64_t from, int64_t to) {
    struct ribbon_text text = {.out = out};
    size_t first = ribbon->count;
    int64_t at = ribbon->cells;
    while (first > 0 && at > from)
        at -= ribbon->runs[--first].count;
    if (at > from)
        text_add(&text, '-', at - from);
    for (size_t i = first; i < ribbon->count && at < to; i++) {
        int64_t begin = at > from ? at : from;
        at += ribbon->runs[i].count;
        text_add(&text, ribbon->runs[i].letter, (at < to ? at : to) - begin);
    }
    if (ribbon->is_open && ribbon->open_cell >= from && ribbon->open_cell < to) {
        int64_t begin = ribbon->cells > from ? ribbon->cells : from;
        text_add(&text, '-', ribbon->open_cell - begin);
        text_add(&text, open_letter(ribbon), 1);
    }
    text_flush(&text);
}

void ribbon_free(struct report_ribbon *ribbon) {
    mem_free(ribbon->runs);
}
