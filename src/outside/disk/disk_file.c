#include "outside/disk/disk_file_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/disk/chain.h"
#include "outside/disk/disk_finish.h"
#include "outside/disk/disk_part.h"
#include "outside/disk/disk_sync.h"

#include <errno.h>
#include <stdio.h>

enum { TRIES_BEFORE_NEW_PART = 10 };

void disk_file_set_frame_bytes(struct disk_file *file, uint32_t channels) {
    const struct disk_settings *settings = &file->thread->settings;
    file->frame_bytes = 1;
    file->limit_bytes = UINT64_MAX;
    if (file->format != RECORD_WAV)
        return;
    uint64_t limit =
        settings->wav_layout == WAV_CANONICAL ? WAV_CANONICAL_DATA_MAX : (uint64_t)INT64_MAX;
    if (settings->part_bytes > 0 && settings->part_bytes < limit)
        limit = settings->part_bytes;
    file->frame_bytes = (uint16_t)(channels * sizeof(int16_t));
    file->limit_bytes = limit - limit % file->frame_bytes;
}

struct disk_file *disk_file_new(struct disk_thread *thread, const struct recording_info *info) {
    struct disk_file *file = mem_alloc(sizeof *file);
    const struct format *format = format_find(info->format);
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    file->thread = thread;
    file->format = format->id;
    disk_file_set_frame_bytes(file, info->channels);
    file->info = *info;
    file->named_ms = info->started_ms;
    file->info.id = slice_from(id);
    if (format->is_video)
        file->info.rate_hz = file->info.channels = 0;
    recording_info_own(&file->info);
    storage_folder_name(file->folder, info->meeting);
    list_init(&file->all);
    list_init(&file->due);
    return file;
}

static int64_t bytes_ms(const struct disk_file *file, uint64_t bytes) {
    if (file->format != RECORD_WAV)
        return 0;
    return (int64_t)(bytes / file->frame_bytes * 1000 / file->info.rate_hz);
}

void disk_file_set_due(struct disk_file *file) {
    if (!list_is_empty(&file->due))
        return;
    file->due_ms = clock_mono_ms() + file->thread->settings.header_ms;
    list_add(&file->thread->due_files, &file->due);
    disk_thread_wake(file->thread);
}

static int open_part(struct disk_file *file) {
    struct disk_thread *thread = file->thread;
    if (atomic_load(&thread->stats.space) == DISK_SPACE_FULL)
        return ENOSPC;
    /* Bytes lost before there was a file do not become silence: the file begins later instead. */
    file->past_bytes += file->lost_bytes;
    file->lost_bytes = 0;
    struct recording_info info = file->info;
    info.part = file->parts + 1;
    info.started_ms += bytes_ms(file, file->past_bytes) + file->past_paused_ms;
    const struct disk_part_settings settings = {.info = &info,
                                                .folder = file->folder,
                                                .named_ms = file->named_ms,
                                                .paused_from_ms =
                                                    file->is_paused ? file->paused_from_ms : 0};
    int err = disk_part_open(&file->part, thread, &settings);
    if (err)
        return err;
    file->parts++;
    disk_count(&thread->stats.open_files, 1);
    disk_part_report(file->part);
    disk_file_set_due(file);
    return 0;
}

/* Tries three times. A header that still cannot be written is left to the next start's repair. */
static void refresh_stubbornly(struct disk_file *file) {
    int err = disk_part_refresh(file->part);
    for (int tries = 1; err && tries < 3; tries++)
        err = disk_part_refresh(file->part);
    file->part->is_header_stale = err != 0;
    if (err) {
        disk_count(&file->thread->stats.errors, 1);
        log_warn("disk", "cannot write a header; the next start will repair it",
                 log_text("file", file->part->sidecar.file), log_errno(err));
    }
}

static void end_part(struct disk_file *file, const char *end, int64_t at_ms) {
    struct disk_part *part = file->part;
    struct sidecar *sidecar = &part->sidecar;
    struct recording_info *info = &sidecar->info;
    info->bytes = part->bytes;
    sidecar->frames = disk_part_frames(part);
    recording_info_set(&info->end, slice_from(end));
    info->ended_ms =
        at_ms ? at_ms : info->started_ms + sidecar_duration_ms(sidecar) + sidecar->paused_ms;
    file->past_bytes += part->bytes;
    file->past_paused_ms += sidecar->paused_ms;
}

void disk_file_close_part(struct disk_file *file, const char *end, int64_t at_ms) {
    struct disk_part *part = file->part;
    if (!part)
        return;
    refresh_stubbornly(file);
    if (file->is_paused)
        sidecar_end_pause(&part->sidecar, file->paused_from_ms, at_ms);
    part->is_broken = atomic_load(&file->is_broken);
    end_part(file, end, at_ms);
    list_remove(&file->due);
    file->part = NULL;
    disk_count(&file->thread->stats.open_files, (uint64_t)-1);
    disk_finish_send(file->thread->finish, part);
}

static bool is_full_error(int err) {
    return err == ENOSPC || err == EDQUOT;
}

static void log_failure(struct disk_file *file, int err, uint64_t failing) {
    struct slice name = slice_from(file->part ? file->part->sidecar.file : file->folder);
    if (!is_full_error(err))
        log_error("disk", "cannot write a recording; retrying", log_slice("file", name),
                  log_errno(err));
    else if (failing == 1) /* one line for all of them */
        log_error("disk", "disk full: recordings continue when there is space", log_errno(err));
}

void disk_file_on_failure(struct disk_file *file, int err, uint64_t lost_bytes) {
    struct disk_stats *stats = &file->thread->stats;
    disk_count(&stats->errors, 1);
    file->retry_ms = clock_mono_ms() + file->thread->settings.retry_ms;
    if (file->tries++ == 0)
        log_failure(file, err, atomic_fetch_add(&stats->failing_files, 1) + 1);
    disk_count(&stats->gap_bytes, lost_bytes);
    file->lost_bytes += lost_bytes;
    if (file->format != RECORD_WAV)
        atomic_store(&file->is_broken, true);
    else if (file->tries % TRIES_BEFORE_NEW_PART == 0 && !is_full_error(err))
        disk_file_close_part(file, "error", 0);
}

static void on_success(struct disk_file *file) {
    if (file->tries == 0)
        return;
    file->tries = 0;
    uint64_t left = atomic_fetch_sub(&file->thread->stats.failing_files, 1) - 1;
    log_info("disk", "a recording is written again", log_text("file", file->part->sidecar.file),
             log_int("stillFailing", (int64_t)left));
}

/* Appends silence, over as many parts as it takes. *left is what could not be written. */
static int extend(struct disk_file *file, uint64_t bytes, enum sidecar_cause cause,
                  uint64_t *left) {
    for (*left = bytes; *left > 0;) {
        struct disk_part *part = file->part;
        uint64_t room = file->limit_bytes - part->bytes;
        uint64_t step = *left < room ? *left : room;
        if (step > 0) {
            uint64_t at = disk_part_frames(part);
            int err = disk_part_extend(part, step);
            if (err)
                return err;
            if (cause != GAP_NONE) {
                sidecar_add_gap(&part->sidecar, at, step / file->frame_bytes, cause);
                part->is_sidecar_stale = true;
            }
            *left -= step;
        }
        if (*left > 0) {
            disk_file_close_part(file, "part", 0);
            int err = open_part(file);
            if (err)
                return err;
        }
    }
    return 0;
}

/* lost_bytes is cleared first: open_part() would count it as well when a part begins on the way. */
int disk_file_make_up_lost(struct disk_file *file) {
    uint64_t lost = file->lost_bytes, left;
    file->lost_bytes = 0;
    int err = extend(file, lost, GAP_DISK, &left);
    file->lost_bytes = left;
    return err;
}

bool disk_file_is_ready(struct disk_file *file) {
    if (atomic_load(&file->is_broken) || (file->tries > 0 && clock_mono_ms() < file->retry_ms))
        return false;
    int err = file->part ? 0 : open_part(file);
    if (err)
        disk_file_on_failure(file, err, 0);
    return !err;
}

int disk_file_make_up(struct disk_file *file, uint64_t bytes, enum sidecar_cause cause) {
    int err = disk_file_make_up_lost(file);
    uint64_t left = bytes;
    if (!err)
        err = extend(file, bytes, cause, &left);
    file->lost_bytes += left;
    return err;
}

void disk_file_on_written(struct disk_file *file, int err, uint64_t lost_bytes) {
    if (err)
        disk_file_on_failure(file, err, lost_bytes);
    else
        on_success(file);
    if (file->part)
        disk_file_set_due(file);
}

/* Digital silence becomes a hole in the file: the same length, but no room on the disk. */
void disk_file_on_zeros(struct disk_file *file, uint64_t bytes) {
    if (disk_file_is_ready(file))
        disk_file_on_written(file, disk_file_make_up(file, bytes, GAP_NONE), 0);
    else
        file->lost_bytes += bytes;
}

static int write_chain(struct disk_file *file, const struct disk_block *chain, uint64_t bytes,
                       uint64_t *written) {
    if (file->part->bytes > 0 && bytes > file->limit_bytes - file->part->bytes) {
        disk_file_close_part(file, "part", 0);
        int err = open_part(file);
        if (err)
            return err;
    }
    return disk_part_write(file->part, chain, written);
}

static void on_blocks(struct disk_file *file, const struct disk_block *chain) {
    uint64_t bytes = chain_bytes(chain), written = 0;
    file->lost_bytes += chain->lost_bytes;
    if (!disk_file_is_ready(file)) {
        disk_count(&file->thread->stats.gap_bytes, bytes);
        file->lost_bytes += chain->silent_bytes + bytes;
        return;
    }
    int err = disk_file_make_up(file, chain->silent_bytes, GAP_NETWORK);
    if (!err && bytes > 0)
        err = write_chain(file, chain, bytes, &written);
    disk_file_on_written(file, err, bytes - written);
}

void disk_file_adopt(struct disk_file *file) {
    if (list_is_empty(&file->all))
        list_add(&file->thread->files, &file->all);
}

static void disk_file_deliver_blocks(struct mail *mail, void *owner) {
    struct disk_block *chain = CONTAINER_OF(mail, struct disk_block, mail);
    disk_file_adopt(chain->target);
    struct disk_port *port = chain->port;
    size_t bytes = chain_bytes(chain);
    on_blocks(chain->target, chain);
    disk_port_leave(port, bytes);
    disk_port_give(chain);
}

void disk_file_send_blocks(struct disk_file *file, struct disk_block *chain) {
    chain->target = file;
    chain->mail.deliver = disk_file_deliver_blocks;
    disk_thread_send(file->thread, &chain->mail);
}

bool disk_file_is_broken(const struct disk_file *file) {
    return atomic_load_explicit(&file->is_broken, memory_order_relaxed);
}

/*
 * The file was deleted while it grew, so what is written to it is lost. The next block begins a new
 * part.
 */
static void abandon_part(struct disk_file *file) {
    struct disk_part *part = file->part;
    log_error("disk", "a recording was deleted while being written; a new file begins",
              log_text("file", part->sidecar.file));
    disk_count(&file->thread->stats.errors, 1);
    end_part(file, "vanished", 0);
    disk_part_report(part);
    disk_part_free(part);
    file->part = NULL;
    disk_count(&file->thread->stats.open_files, (uint64_t)-1);
    if (file->format != RECORD_WAV)
        atomic_store(&file->is_broken, true);
}

static void on_due(struct disk_file *file) {
    list_remove(&file->due);
    if (disk_part_is_vanished(file->part)) {
        abandon_part(file);
        return;
    }
    int err = disk_part_refresh(file->part);
    if (!err && file->part->is_sidecar_stale)
        err = disk_part_save_sidecar(file->part, false);
    if (err) {
        disk_count(&file->thread->stats.errors, 1);
        disk_file_set_due(file);
    }
}

void disk_file_finish(struct disk_file *file, const char *end, int64_t at_ms) {
    if (file->part && file->format == RECORD_WAV)
        disk_file_make_up_lost(file);
    disk_file_close_part(file, end, at_ms);
    if (file->tries > 0)
        atomic_fetch_sub(&file->thread->stats.failing_files, 1);
    list_remove(&file->all);
    list_remove(&file->due);
    recording_info_free(&file->info);
    mem_free(file);
}

/* ---- All of them ---- */

void disk_files_beat(struct disk_thread *thread, int64_t now_ms) {
    while (!list_is_empty(&thread->due_files)) {
        struct disk_file *file = CONTAINER_OF(thread->due_files.next, struct disk_file, due);
        if (now_ms < file->due_ms)
            return;
        on_due(file);
    }
}

void disk_files_sync(struct disk_thread *thread, struct disk_sync *sync) {
    LIST_EACH(&thread->files, node) {
        struct disk_part *part = CONTAINER_OF(node, struct disk_file, all)->part;
        if (!part || !part->is_unsynced)
            continue;
        disk_sync_add(sync, part);
        part->is_unsynced = false;
    }
}

void disk_files_end(struct disk_thread *thread, const char *end, int64_t at_ms) {
    LIST_EACH(&thread->files, node)
        disk_file_finish(CONTAINER_OF(node, struct disk_file, all), end, at_ms);
}
