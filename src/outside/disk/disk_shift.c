#include "outside/disk/disk_file_private.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

/* ---- One file ---- */

/*
 * Moves `len` bytes of the file; the two places may overlap. *moved bytes have arrived, from the
 * end where they go to a later place, else from the beginning.
 */
static int move_bytes(int fd, uint64_t to, uint64_t from, uint64_t len, uint64_t *moved) {
    uint8_t chunk[CHUNK_BYTES];
    for (*moved = 0; *moved < len;) {
        uint64_t left = len - *moved;
        size_t step = left < sizeof chunk ? (size_t)left : sizeof chunk;
        uint64_t at = to > from ? left - step : *moved;
        size_t got;
        int err = file_read_at(fd, chunk, step, from + at, &got);
        if (!err && got < step)
            err = EIO;
        if (!err)
            err = file_write_at(fd, chunk, step, to + at);
        if (err)
            return err;
        *moved += step;
    }
    return 0;
}

/* A hole reads as zeros and takes no room. Where the file system has none, zeros are written. */
static int clear_bytes(int fd, uint64_t at, uint64_t len) {
    static const uint8_t zeros[CHUNK_BYTES];
    if (len == 0 ||
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)len) == 0)
        return 0;
    int err = 0;
    for (uint64_t done = 0; done < len && !err;) {
        size_t step = len - done < sizeof zeros ? (size_t)(len - done) : sizeof zeros;
        err = file_write_at(fd, zeros, step, at + done);
        done += step;
    }
    return err;
}

int disk_part_insert(struct disk_part *part, uint64_t tail, uint64_t bytes) {
    uint64_t end = part->head_bytes + part->bytes, from = end - tail, moved, back;
    if (ftruncate(part->fd, (off_t)(end + bytes)))
        return errno;
    int err = move_bytes(part->fd, from + bytes, from, tail, &moved);
    if (!err)
        err = clear_bytes(part->fd, from, bytes < tail ? bytes : tail);
    part->is_unsynced = true;
    if (err) {
        move_bytes(part->fd, end - moved, end - moved + bytes, moved, &back);
        return ftruncate(part->fd, (off_t)end) ? errno : err;
    }
    part->bytes += bytes;
    part->gap_at = from - part->head_bytes;
    part->gap_end = part->gap_at + bytes;
    return 0;
}

int disk_part_remove(struct disk_part *part, uint64_t tail, uint64_t bytes) {
    uint64_t end = part->head_bytes + part->bytes, from = end - tail, moved, back;
    int err = move_bytes(part->fd, from - bytes, from, tail, &moved);
    part->is_unsynced = true;
    part->bytes -= bytes;
    if (!err && part->said_bytes > part->bytes) /* a header never claims more than there is */
        err = disk_part_refresh(part);
    if (!err && ftruncate(part->fd, (off_t)(end - bytes)))
        err = errno;
    if (err) {
        part->bytes += bytes;
        move_bytes(part->fd, from, from - bytes, moved, &back);
        clear_bytes(part->fd, from - bytes, bytes);
        return err;
    }
    part->gap_end -= bytes;
    return 0;
}

/* ---- A recording ---- */

static void owe(struct disk_file *file, uint64_t bytes) {
    uint64_t here = bytes < file->lost_bytes ? bytes : file->lost_bytes;
    file->lost_bytes -= here;
    file->owed_bytes += bytes - here;
}

static void put_in(struct disk_file *file, uint64_t tail_bytes, uint64_t bytes) {
    uint64_t paid = bytes < file->owed_bytes ? bytes : file->owed_bytes;
    file->owed_bytes -= paid;
    bytes -= paid;
    if (bytes == 0)
        return;
    int err = disk_file_is_ready(file) ? disk_file_make_up_lost(file) : EAGAIN;
    if (err) {
        file->lost_bytes += bytes;
        if (err != EAGAIN)
            disk_file_on_written(file, err, 0);
        return;
    }
    struct disk_part *part = file->part;
    if (bytes > file->limit_bytes - part->bytes) { /* then it lies behind, over as many parts */
        disk_file_on_written(file, disk_file_make_up(file, bytes, GAP_NETWORK), 0);
        return;
    }
    uint64_t tail = tail_bytes < part->bytes ? tail_bytes : part->bytes;
    err = disk_part_insert(part, tail, bytes);
    if (err)
        file->lost_bytes += bytes;
    else
        sidecar_insert_gap(&part->sidecar, (part->bytes - tail - bytes) / file->frame_bytes,
                           bytes / file->frame_bytes);
    part->is_sidecar_stale = true;
    disk_file_on_written(file, err, 0);
}

static void take_back(struct disk_file *file, uint64_t tail_bytes, uint64_t bytes) {
    struct disk_part *part = file->part;
    if (!part || file->lost_bytes > 0 || tail_bytes > part->bytes ||
        part->gap_end != part->bytes - tail_bytes || part->gap_end - part->gap_at < bytes) {
        owe(file, bytes);
        return;
    }
    uint64_t at = part->gap_end / file->frame_bytes;
    int err = disk_part_remove(part, tail_bytes, bytes);
    if (err)
        owe(file, bytes);
    else
        sidecar_remove_gap(&part->sidecar, at, bytes / file->frame_bytes);
    part->is_sidecar_stale = true;
    disk_file_on_written(file, err, 0);
}

void disk_file_on_shift(struct disk_file *file, uint64_t tail_bytes, int64_t bytes) {
    if (bytes > 0)
        put_in(file, tail_bytes, (uint64_t)bytes);
    else
        take_back(file, tail_bytes, (uint64_t)-bytes);
}
