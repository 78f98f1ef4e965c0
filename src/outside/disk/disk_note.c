#include "outside/disk/disk_file_private.h"

#include "base/macros.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

struct note *note_new(enum note_kind kind, int64_t at_ms, int64_t value, struct slice text) {
    struct note *note = mem_alloc(sizeof *note + text.len + 1);
    note->kind = kind;
    note->at_ms = at_ms;
    note->value = value;
    note->len = text.len;
    if (text.len > 0)
        memcpy(note->text, text.ptr, text.len);
    return note;
}

static void apply_pause(struct disk_file *file, int64_t at_ms) {
    if (file->is_paused)
        return;
    file->is_paused = true;
    file->paused_from_ms = at_ms;
    if (file->part) {
        sidecar_add_pause(&file->part->sidecar, disk_part_frames(file->part), at_ms);
        file->part->is_sidecar_stale = true;
    }
}

static void apply_resume(struct disk_file *file, int64_t at_ms) {
    if (!file->is_paused)
        return;
    file->is_paused = false;
    file->has_resumed = true;
    if (file->part) {
        sidecar_end_pause(&file->part->sidecar, file->paused_from_ms, at_ms);
        file->part->is_sidecar_stale = true;
    } else if (at_ms > file->paused_from_ms) {
        file->past_paused_ms += at_ms - file->paused_from_ms;
    }
}

/* A part that began since then has no pause of its own: it begins elsewhere. */
static void apply_place(struct disk_file *file, int64_t by_ms) {
    struct sidecar *sidecar = file->part ? &file->part->sidecar : NULL;
    bool has_pause = sidecar && sidecar->pauses_total > 0;
    if (!file->has_resumed)
        file->info.started_ms += by_ms;
    else if (!has_pause)
        file->past_paused_ms += by_ms;
    if (!sidecar)
        return;
    if (has_pause)
        sidecar_move_pause_end(sidecar, by_ms);
    else
        sidecar->info.started_ms += by_ms;
    file->part->is_sidecar_stale = true;
}

static void apply_rename(struct disk_file *file, struct slice meeting, struct slice name) {
    recording_info_rename(&file->info, meeting, name);
    if (file->part) {
        recording_info_rename(&file->part->sidecar.info, meeting, name);
        if (disk_part_save_sidecar(file->part, false)) /* before it is reported, as when opened */
            disk_count(&file->thread->stats.errors, 1);
        disk_part_report(file->part);
    }
}

static void apply_patch(struct disk_file *file, uint64_t offset, struct slice bytes) {
    if (!file->part || atomic_load(&file->is_broken) || offset + bytes.len > file->part->bytes)
        return;
    int err = disk_part_patch(file->part, offset, bytes.ptr, bytes.len);
    if (err)
        disk_file_on_failure(file, err, 0);
}

static void apply_doubt(struct disk_file *file, uint32_t bit) {
    file->info.doubts |= bit;
    if (file->part) {
        file->part->sidecar.info.doubts |= bit;
        file->part->is_sidecar_stale = true;
    }
}

static void apply_delay(struct disk_file *file, unsigned delay_ms) {
    recording_info_delay(&file->info, delay_ms);
    if (file->part) {
        recording_info_delay(&file->part->sidecar.info, delay_ms);
        file->part->is_sidecar_stale = true;
    }
}

/* Notes about an encoded stream. For a WAV its bytes tell the same. */
static void apply_encoder_note(struct disk_file *file, const struct note *note) {
    struct disk_part *part = file->part;
    if (!part)
        return;
    if (note->kind == NOTE_GAP)
        sidecar_add_gap(&part->sidecar, part->sidecar.frames, (uint64_t)note->value, GAP_NETWORK);
    else
        part->sidecar.frames = (uint64_t)note->value;
    part->is_sidecar_stale = true;
}

static void disk_file_deliver_note(struct mail *mail, void *owner) {
    struct note *note = CONTAINER_OF(mail, struct note, mail);
    struct disk_file *file = note->target;
    struct slice text = slice_of(note->text, note->len);
    disk_file_adopt(file);
    switch (note->kind) {
    case NOTE_PAUSE:
        apply_pause(file, note->at_ms);
        break;
    case NOTE_RESUME:
        apply_resume(file, note->at_ms);
        break;
    case NOTE_PLACE:
        apply_place(file, note->value);
        break;
    case NOTE_ZEROS:
        disk_file_on_zeros(file, (uint64_t)note->value);
        break;
    case NOTE_SHIFT: {
        uint64_t tail_bytes;
        assert(note->len == sizeof tail_bytes);
        memcpy(&tail_bytes, note->text, sizeof tail_bytes);
        disk_file_on_shift(file, tail_bytes, note->value);
        break;
    }
    case NOTE_FRAMES:
    case NOTE_GAP:
        apply_encoder_note(file, note);
        break;
    case NOTE_DRIFT:
        if (file->part)
            file->part->sidecar.drift_ms = note->value;
        break;
    case NOTE_RENAME:
        apply_rename(file, slice_take(text, (size_t)note->value),
                     slice_skip(text, (size_t)note->value));
        break;
    case NOTE_PATCH:
        apply_patch(file, (uint64_t)note->value, text);
        break;
    case NOTE_DOUBT:
        apply_doubt(file, (uint32_t)note->value);
        break;
    case NOTE_DELAY:
        apply_delay(file, (unsigned)note->value);
        break;
    case NOTE_BROKEN:
        atomic_store(&file->is_broken, true);
        break;
    case NOTE_CLOSE:
        disk_file_finish(file, note->text, note->at_ms);
        file = NULL;
        break;
    }
    if (file && file->part && file->part->is_sidecar_stale)
        disk_file_set_due(file);
    mem_free(note);
}

void disk_file_send_note(struct disk_file *file, struct note *note) {
    note->target = file;
    note->mail.deliver = disk_file_deliver_note;
    disk_thread_send(file->thread, &note->mail);
}
